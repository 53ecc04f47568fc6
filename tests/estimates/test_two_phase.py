"""A sample drawn from the sample: weights, variance pair by pair, R's twophase, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.reference.two_phase import variance_of_total

from comity.errors import ComityError
from comity.estimates import (
    Design,
    Rake,
    SecondPhase,
    Survey,
    estimate_mean,
    estimate_total,
    parse_specification,
    read_survey_file,
    weigh,
    with_replicates,
)

FOLLOW_UP = SecondPhase(selected="followed", strata="answered")


def town() -> dict[str, list]:
    """The made-up town; everyone who answered at first, and every second of the others, is in phase 2."""
    table = read_survey_file(Path(__file__).parent / "fixtures" / "town.csv").table
    data = table.to_pydict()
    others = [at for at, answered in enumerate(data["responded"]) if not answered]
    data["answered"] = ["first" if answered else "follow-up" for answered in data["responded"]]
    followed = {at for at in others if others.index(at) % 2 == 1}
    data["followed"] = [bool(answered) or at in followed for at, answered in enumerate(data["responded"])]
    data["people_there"] = [len(data["person"]) * 20.0] * len(data["person"])
    return data


@pytest.mark.parametrize(
    ("design", "unit"),
    [
        ({"strata": "district", "clusters": "block", "fpc": "blocks"}, "block"),
        ({"fpc": "people_there"}, "person"),
    ],
)
def test_the_variance_is_the_sum_over_all_pairs(design, unit):
    data = town()
    survey = Survey.read(data, Design(second_phase=FOLLOW_UP, **design))
    strata = data["district"] if "strata" in design else ["all"] * len(data["person"])

    found = estimate_total(survey, "visits")[0]

    slow = variance_of_total(
        data["visits"],
        data["followed"],
        data[unit],
        dict(zip(data[unit], strata, strict=True)),
        dict(zip(strata, data[design["fpc"]], strict=True)),
        data["answered"],
    )
    assert found.se**2 == pytest.approx(slow, rel=1e-9)
    assert found.n == sum(data["followed"])


def test_it_agrees_with_r_where_phase_one_is_a_simple_random_sample():
    """svymean and svytotal of twophase(list(~1, ~1), list(NULL, ~answered), fpc = list(~N, NULL), method = "full")."""
    survey = Survey.read(town(), Design(second_phase=FOLLOW_UP, fpc="people_there"))

    mean, total = estimate_mean(survey, "visits")[0], estimate_total(survey, "visits")[0]

    assert (total.estimate, total.se) == pytest.approx((9540, 539.2746281), rel=1e-9)
    assert mean.se == pytest.approx(0.1523374656, rel=1e-9)


def test_follow_up_removes_the_bias_of_those_who_answer_at_once_and_its_error_is_honest():
    rng = np.random.default_rng(5)
    people = 4000
    easy = rng.random(people) < 0.6
    y = 3 + 2 * easy + rng.normal(0, 1, people)
    errors, stated, covered = [], [], 0
    for _ in range(300):
        first = rng.choice(people, 300, replace=False)
        answered = easy[first]
        hard = np.flatnonzero(~answered)
        drawn = answered.copy()
        drawn[rng.choice(hard, len(hard) // 4, replace=False)] = True
        data = {
            "y": np.where(drawn, y[first], np.nan), "drawn": drawn.astype(int), "answered": answered.astype(int),
            "N": np.full(300, float(people)),
        }  # fmt: skip
        phase = SecondPhase(selected="drawn", strata="answered")
        found = estimate_mean(Survey.read(data, Design(fpc="N", second_phase=phase)), "y")[0]
        errors.append(found.estimate - y.mean())
        stated.append(found.se)
        covered += found.low <= y.mean() <= found.high

    assert abs(np.mean(errors)) < 0.02
    assert np.mean(stated) / np.std(errors) == pytest.approx(1, abs=0.1)
    assert 0.92 <= covered / 300 <= 0.98


def test_known_probabilities_take_the_place_of_strata():
    rng = np.random.default_rng(6)
    y, p = rng.normal(10, 2, 200), rng.uniform(0.3, 0.9, 200)
    drawn = rng.random(200) < p
    data = {"y": y, "p": p, "drawn": drawn.astype(int), "N": np.full(200, 2000.0)}
    phase = SecondPhase(selected="drawn", probabilities="p")

    found = estimate_total(Survey.read(data, Design(fpc="N", second_phase=phase)), "y")[0]

    f, rows = 200 / 2000, np.flatnonzero(drawn)
    slow = 0.0
    for k in rows:
        for m in rows:
            both = f if k == m else f * 199 / 1999
            again = p[k] if k == m else p[k] * p[m]
            slow += (both - f * f) / both / again * y[k] / f * y[m] / f
            slow += (again - p[k] * p[m]) / again * y[k] / (f * p[k]) * y[m] / (f * p[m])
    assert found.se**2 == pytest.approx(slow, rel=1e-9)


def test_later_steps_start_from_the_second_phase():
    survey = Survey.read(town(), Design(weights="weight", second_phase=FOLLOW_UP))

    raked = weigh(survey, Rake({"sex": {"female": 10_000, "male": 9_000}}))

    assert [step.record["step"] for step in raked.steps] == ["second phase", "rake"]
    assert raked.weights.sum() == pytest.approx(19_000)
    assert (raked.weights > 0).sum() == sum(town()["followed"])


def test_the_design_file_knows_the_second_phase():
    content = {"fpc": "people_there", "second_phase": {"selected": "followed", "strata": "answered"}}

    found = estimate_total(Survey.read(town(), parse_specification(content).design), "visits")[0]

    assert found.se == pytest.approx(539.2746281, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "phase", "words"),
    [
        ({}, {"selected": "folowed"}, ["Did you mean 'followed'?"]),
        ({"followed": [0] * 177}, {"selected": "followed"}, ["nobody was drawn"]),
        ({"followed": ["perhaps"] * 177}, {"selected": "followed"}, ["'perhaps'", "yes or no"]),
        ({"followed": [1] + [0] * 176}, {"selected": "followed"}, ["Only 1 of 177"]),
        ({"p": [0.0] * 177}, {"selected": "followed", "probabilities": "p"}, ["is 0 in a row that was drawn"]),
    ],
)
def test_what_does_not_fit_is_refused(change, phase, words):
    with pytest.raises(ComityError) as error:
        Survey.read(town() | change, Design(second_phase=SecondPhase(**phase)))

    for word in words:
        assert word in str(error.value)


def test_replicates_that_would_miss_the_second_phase_are_refused():
    survey = Survey.read(town(), Design(weights="weight", clusters="block", second_phase=FOLLOW_UP))

    with pytest.raises(ComityError, match="do not carry the second phase"):
        with_replicates(survey, "JKn")
