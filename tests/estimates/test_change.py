"""Change between waves uses what the waves share; differences between domains use their covariance."""

from __future__ import annotations

import numpy as np
import pytest

from comity.errors import ComityError
from comity.estimates import (
    Design,
    Rake,
    Scale,
    Survey,
    estimate_alpha,
    estimate_change,
    estimate_difference,
    estimate_mean,
    weigh,
    with_replicate_columns,
    with_replicates,
)

DESIGN = Design(weights="w", strata="h", clusters="psu")


def waves(seed: int, *, change: float = 0.0, shared: bool = True, psus: int = 30, people: int = 8) -> list[Survey]:
    """Two waves over the same PSUs (or different ones), whose PSU effects last from one to the next."""
    rng = np.random.default_rng(seed)
    lasting = rng.normal(0, 1, psus)
    surveys = []
    for wave in (0, 1):
        mood = lasting if shared else rng.normal(0, 1, psus)
        unit = np.repeat(np.arange(psus), people)
        surveys.append(Survey.read({
            "w": rng.uniform(1, 2, psus * people), "h": [f"h{each % 3}" for each in unit],
            "psu": [f"{'' if shared else wave}p{each}" for each in unit],
            "y": 5 + wave * change + mood[unit] + rng.normal(0, 1, psus * people),
            "sex": rng.choice(["f", "m"], psus * people),
        }, DESIGN))  # fmt: skip
    return surveys


def stacked_reference(first: Survey, second: Survey) -> float:
    """Slow and obvious: with every PSU in both waves, one PSU's score is its score in wave 2 less that in wave 1."""
    variance = 0.0
    scores = {}
    for sign, survey in ((-1, first), (1, second)):
        y, w = survey.columns.numbers("y"), survey.weights
        residual = sign * w * (y - w @ y / w.sum()) / w.sum()
        for row in range(survey.rows):
            key = (survey.columns.table["h"][row].as_py(), survey.columns.table["psu"][row].as_py())
            scores[key] = scores.get(key, 0.0) + residual[row]
    for stratum in {key[0] for key in scores}:
        values = np.array([value for key, value in scores.items() if key[0] == stratum])
        variance += len(values) / (len(values) - 1) * ((values - values.mean()) ** 2).sum()
    return float(variance**0.5)


def test_change_over_shared_psus_equals_the_stacked_design():
    first, second = waves(1)

    found = estimate_change(first, second, "y")[0]

    assert found.se == pytest.approx(stacked_reference(first, second), rel=1e-10)
    assert found.estimate == pytest.approx(
        estimate_mean(second, "y")[0].estimate - estimate_mean(first, "y")[0].estimate
    )
    assert "30 sampling units are in both waves" in str(found.note)


def test_the_overlap_makes_change_far_more_precise():
    first, second = waves(2)
    apart = waves(2, shared=False)

    assert estimate_change(first, second, "y")[0].se < 0.6 * estimate_change(*apart, "y")[0].se


def test_independent_waves_add_their_variances():
    first, second = waves(3, shared=False)

    found = estimate_change(first, second, "y")[0]

    parts = [estimate_mean(each, "y")[0].se ** 2 for each in (first, second)]
    assert found.se == pytest.approx(sum(parts) ** 0.5)
    assert found.df > 27


def test_people_of_a_panel_are_linked_by_their_number():
    rng = np.random.default_rng(4)
    person = rng.normal(5, 2, 200)
    surveys = [
        Survey.read({"id": [f"p{at}" for at in range(200)], "y": person + rng.normal(0, 0.3, 200)}) for _ in range(2)
    ]

    linked = estimate_change(*surveys, "y", link="id")[0]

    differences = surveys[1].columns.numbers("y") - surveys[0].columns.numbers("y")
    assert linked.se == pytest.approx(differences.std(ddof=1) / 200**0.5)
    assert linked.se < 0.3 * estimate_change(*surveys, "y")[0].se


def test_change_goes_through_the_weighting_chain_of_each_wave():
    first, second = waves(5)
    raked = [
        weigh(each, Rake({"sex": {"f": 0.5, "m": 0.5}, "h": {"h0": 0.3, "h1": 0.3, "h2": 0.4}}))
        for each in (first, second)
    ]

    found = estimate_change(*raked, "y", by="sex")

    assert [each.domain_name for each in found] == ["f", "m"]
    assert all(each.se > 0 for each in found)


def test_the_difference_of_domains_counts_their_covariance():
    survey = waves(6)[0]

    found = estimate_difference(survey, "y", by="sex", between=("f", "m"))[0]

    parts = estimate_mean(survey, "y", by="sex")
    contrast = np.array([-1.0, 1.0])
    assert found.se == pytest.approx((contrast @ parts.covariance @ contrast) ** 0.5)
    assert found.estimate == pytest.approx(parts[1].estimate - parts[0].estimate)
    assert found.domain_name == "m less f"


def test_a_domain_that_is_not_there_is_named():
    with pytest.raises(ComityError, match="no category 'x'"):
        estimate_difference(waves(7)[0], "y", by="sex", between=("f", "x"))


def test_opt_in_waves_have_no_margin_of_change():
    surveys = [Survey.read(each.columns, Design(kind="opt-in")) for each in waves(8)]

    with pytest.raises(ComityError, match="opt-in"):
        estimate_change(*surveys, "y")


@pytest.mark.slow
def test_intervals_of_change_cover_and_false_alarms_are_rare():
    covered, alarms = 0, 0
    for seed in range(600):
        first, second = waves(seed, psus=24, people=4)
        quiet = estimate_change(first, second, "y")[0]
        alarms += not quiet.low <= 0 <= quiet.high
        covered += quiet.low <= 0 <= quiet.high

    assert 0.93 <= covered / 600 <= 0.97
    assert alarms / 600 <= 0.07  # 5% up to the noise of 600 samples; docs/methods/calibration-estimates.md has 20,000


def both(surveys: list[Survey], method: str, **options: object) -> list[Survey]:
    return [with_replicates(each, method, **options) for each in surveys]


def test_change_by_the_jackknife_agrees_with_linearisation_on_shared_units():
    surveys = waves(7)

    plain = estimate_change(*surveys, "y")[0]
    jackknifed = estimate_change(*both(surveys, "JKn"), "y")[0]

    assert jackknifed.variance == "JKn"
    assert jackknifed.estimate == plain.estimate
    assert jackknifed.se == pytest.approx(plain.se, rel=0.02)


def test_change_by_the_jackknife_uses_the_units_that_only_some_waves_share():
    first, second = waves(8)
    part = Survey.read(second.columns.where(second.columns.categories("psu").codes >= 10), DESIGN)

    plain = estimate_change(first, part, "y")[0]
    jackknifed = estimate_change(*both([first, part], "JKn"), "y")[0]

    assert "20 sampling units are in both waves" in str(jackknifed.note)
    assert jackknifed.se == pytest.approx(plain.se, rel=0.05)


def test_change_by_the_bootstrap_needs_the_same_draws_in_both_waves():
    surveys = waves(9)

    found = estimate_change(*both(surveys, "bootstrap", count=400, seed=1), "y")[0]

    assert found.se == pytest.approx(estimate_change(*surveys, "y")[0].se, rel=0.12)
    one, two = (with_replicates(each, "bootstrap", count=400, seed=at) for at, each in enumerate(surveys))
    with pytest.raises(ComityError, match="other seeds"):
        estimate_change(one, two, "y")
    with pytest.raises(ComityError, match="One wave has replicates"):
        estimate_change(surveys[0], two, "y")


def test_change_by_replicate_columns_is_the_spread_of_the_replicates_change():
    surveys, columns = waves(10), [f"r{at}" for at in range(30)]
    read = []
    for survey in both(surveys, "JKn"):
        weights = survey.replicates.row_weights(survey, slice(0, 30))
        table = survey.columns
        for name, values in zip(columns, weights.T, strict=True):
            table = table.with_column(name, values)
        read.append(with_replicate_columns(Survey.read(table, DESIGN), "JKn", columns, scale=1, rscales=[9 / 10] * 30))

    found = estimate_change(*read, "y")[0]

    assert found.se == pytest.approx(estimate_change(*both(surveys, "JKn"), "y")[0].se, rel=1e-5)


def test_differences_and_reliability_come_from_replicates_where_the_design_is_not_told():
    """Weights that came with the data know the clusters; the columns of the design do not."""
    survey = both(waves(11), "JKn")[0]
    weights = survey.replicates.row_weights(survey, slice(0, 30))
    table = survey.columns
    for at, values in enumerate(weights.T):
        table = table.with_column(f"r{at}", values)
    table = table.with_column("z", survey.columns.numbers("y") + np.random.default_rng(1).normal(0, 1, survey.rows))
    bare = with_replicate_columns(
        Survey.read(table, Design(weights="w")), "JKn", [f"r{at}" for at in range(30)], scale=1,
        rscales=[9 / 10] * 30,
    )  # fmt: skip
    whole = Survey.read(table, DESIGN)

    one, two = (estimate_difference(each, "y", by="sex", between=("f", "m"))[0] for each in (bare, whole))
    assert (one.variance, two.variance) == ("JKn", "linearised")
    assert one.se == pytest.approx(two.se, rel=0.05)
    scale = Scale(items=["y", "z"], low=-10, high=20)
    one, two = estimate_alpha(bare, scale), estimate_alpha(whole, scale)
    assert one.se == pytest.approx(two.se, rel=0.1)


def test_waves_drawn_apart_from_one_finite_population_are_less_precise_about_change():
    """Two disjoint halves of a population: their means differ by twice what either misses, so the fpc must not help."""
    surveys = []
    for wave in (0, 1):
        rng = np.random.default_rng(wave)
        unit = [f"p{at + wave * 50}" for at in range(50)]
        surveys.append(
            Survey.read(
                {"psu": unit, "there": [100.0] * 50, "y": rng.normal(5, 1, 50)}, Design(clusters="psu", fpc="there")
            )
        )

    found = estimate_change(*surveys, "y")[0]

    parts = [estimate_mean(each, "y")[0].se for each in surveys]
    assert found.se == pytest.approx(parts[0] + parts[1], rel=1e-9)
