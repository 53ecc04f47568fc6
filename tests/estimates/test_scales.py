"""Scale scores keep don't-know out, reliability has honest errors, and a question that groups read differently is
found."""

from __future__ import annotations

import numpy as np
import pytest

from comity.errors import ComityError
from comity.estimates import Design, Survey
from comity.estimates.scales import Scale, check_invariance, estimate_alpha, estimate_omega, score_scale


def answers(n: int = 600, seed: int = 1, *, shift: float = 0.0, loadings=(0.8, 0.7, 0.6, 0.7)) -> Survey:
    """Four items of one factor for two languages; `shift` moves the second item in Spanish."""
    rng = np.random.default_rng(seed)
    spanish = rng.random(n) < 0.4
    factor = rng.normal(0.3 * spanish, 1)
    data = {"w": rng.uniform(0.5, 2, n), "psu": rng.integers(0, 60, n), "language": np.where(spanish, "es", "en")}
    for at, loading in enumerate(loadings):
        noise = rng.normal(0, np.sqrt(1 - loading**2), n)
        data[f"q{at}"] = loading * factor + noise + (shift * spanish if at == 1 else 0.0)
    return Survey.read(data, Design(weights="w", clusters="psu"))


SCALE = Scale(items=["q0", "q1", "q2", "q3"], low=-10, high=10)


def test_scores_run_from_0_to_100_with_reversed_items_turned():
    survey = Survey.read({"a": [1.0, 5.0, 3.0], "b": [5.0, 1.0, 3.0]})

    scores = score_scale(survey, Scale(items=["a", "b"], low=1, high=5, reverse=["b"]))

    assert scores.tolist() == [0.0, 100.0, 50.0]


def test_dont_know_is_never_neutral_and_two_thirds_must_be_answered():
    survey = Survey.read({"a": [5.0, 5.0, 9.0], "b": [5.0, 9.0, 9.0], "c": [9.0, 9.0, 9.0]})

    scores = score_scale(survey, Scale(items=["a", "b", "c"], low=1, high=5, missing_codes=[9]))

    assert scores[0] == 100.0  # two of three answered, and the unanswered one does not pull to the middle
    assert np.isnan(scores[1:]).all()


def test_an_answer_outside_the_scale_is_refused():
    survey = Survey.read({"a": [1.0, 99.0], "b": [1.0, 2.0]})

    with pytest.raises(ComityError, match="99, outside 1 to 5"):
        score_scale(survey, Scale(items=["a", "b"], low=1, high=5))


def test_alpha_with_equal_weights_is_the_textbook_one():
    survey = Survey.read({name: answers().columns.numbers(name) for name in SCALE.items})

    values = np.column_stack([survey.columns.numbers(name) for name in SCALE.items])
    matrix = np.cov(values.T)
    textbook = 4 / 3 * (1 - np.trace(matrix) / matrix.sum())

    assert estimate_alpha(survey, SCALE).estimate == pytest.approx(textbook, rel=1e-12)


def test_reliability_has_the_standard_error_of_a_jackknife():
    survey = answers()
    psus = survey.psu

    for estimate in (estimate_alpha, estimate_omega):
        parts = []
        for left_out in np.unique(psus):
            rest = Survey.read(survey.columns.where(psus != left_out), survey.design)
            parts.append(estimate(rest, SCALE).estimate)
        jackknife = np.sqrt(59 / 60 * ((np.array(parts) - np.mean(parts)) ** 2).sum())
        assert estimate(survey, SCALE).se == pytest.approx(jackknife, rel=0.03)


def test_omega_recovers_the_loadings_it_was_made_with():
    found = estimate_omega(answers(n=40_000), SCALE)

    loadings = np.array([0.8, 0.7, 0.6, 0.7])
    truth = loadings.sum() ** 2 / (loadings.sum() ** 2 + (1 - loadings**2).sum())
    assert found.estimate == pytest.approx(truth, abs=0.015)


def test_questions_understood_alike_pass_and_a_shifted_one_is_named():
    alike = check_invariance(answers(n=3000), SCALE, by="language")
    shifted = check_invariance(answers(n=3000, shift=0.8), SCALE, by="language")

    assert alike.level == "scalar"
    assert shifted.level == "metric"
    assert max(shifted.largest_gap, key=shifted.largest_gap.get) == "q1"
    assert shifted.scalar.chi_square > shifted.metric.chi_square + 50


@pytest.mark.slow
def test_a_chi_square_that_holds_is_about_its_degrees_of_freedom():
    found = [check_invariance(answers(n=1500, seed=seed), SCALE, by="language") for seed in range(12)]

    assert found[0].scalar.df == 10
    assert np.mean([each.configural.chi_square for each in found]) == pytest.approx(found[0].configural.df, rel=0.6)
    assert np.mean([each.scalar.chi_square for each in found]) == pytest.approx(10, rel=0.6)


def test_small_groups_are_refused():
    with pytest.raises(ComityError, match="needs 100 in each group"):
        check_invariance(answers(n=120), SCALE, by="language")
