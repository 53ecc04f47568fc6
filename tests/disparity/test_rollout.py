"""Effects of a staggered roll-out are the brute-force ones, and nothing is called caused without a comparison."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from tests.disparity.conftest import data_file
from tests.reference.rollout_dummies import (
    imputed_effect,
    long_differences,
    random_timing_effect,
    saturated_effects,
)

from comity.disparity.finding import Verdict
from comity.disparity.pictures import picture
from comity.disparity.rollout import rollout_finding
from comity.disparity.rollout_estimators import callaway_santanna, impute, roth_santanna, sun_abraham
from comity.disparity.rollout_panel import comparable, read_panel
from comity.errors import ComityError


def simulated(effect=0.0, units=60, periods=12, seed=1, trend=0.0, never=20):
    rng = np.random.default_rng(seed)
    adopted = np.where(np.arange(units) < never, -1, rng.integers(4, 10, units))
    when = np.arange(periods)
    y = rng.normal(0, 1, units)[:, None] + 0.2 * when + rng.normal(0, 1, (units, periods))
    y = y + effect * ((adopted >= 0)[:, None] & (when >= adopted[:, None])) + trend * (adopted >= 0)[:, None] * when
    return table_of(y, adopted), y, adopted


def table_of(y, adopted):
    units, periods = y.shape
    return pa.table(
        {
            "unit": np.repeat([f"u{i}" for i in range(units)], periods).tolist(),
            "period": np.tile([f"{t:03d}" for t in range(periods)], units).tolist(),
            "outcome": y.reshape(-1),
            "adopted": np.repeat([None if a < 0 else f"{a:03d}" for a in adopted], periods).tolist(),
        }
    )


def test_imputation_equals_least_squares_with_a_dummy_for_each_unit_and_period():
    table, y, adopted = simulated(effect=0.7, units=25, periods=12)

    overall, by_time = impute(read_panel(table))

    assert overall.estimate == pytest.approx(imputed_effect(y, adopted), abs=1e-9)
    assert overall.treated == sum(each.treated for each in by_time)


def with_gaps(y, share=0.1, seed=9):
    return np.where(np.random.default_rng(seed).random(y.shape) < share, np.nan, y)


@pytest.mark.parametrize("gaps", [False, True])
def test_sun_and_abraham_equals_least_squares_with_a_dummy_for_each_cohort_and_period(gaps):
    _, y, _ = simulated(effect=0.7, units=24, periods=9)
    adopted = np.repeat([-1, 4, 6], 8)
    y = with_gaps(y) if gaps else y

    overall, by_time = sun_abraham(read_panel(table_of(y, adopted)))

    estimate, variance = saturated_effects(y, adopted)
    assert overall.estimate == pytest.approx(estimate, abs=1e-8)
    assert overall.error == pytest.approx(np.sqrt(variance), rel=1e-6)
    assert overall.treated == sum(each.treated for each in by_time if each.event_time >= 0)
    assert -1 not in {each.event_time for each in by_time}


@pytest.mark.parametrize("gaps", [False, True])
def test_callaway_and_santanna_equals_its_long_differences(gaps):
    _, y, adopted = simulated(effect=0.7, units=30, periods=10)
    y = with_gaps(y) if gaps else y

    assert callaway_santanna(read_panel(table_of(y, adopted))).estimate == pytest.approx(long_differences(y, adopted))


def test_roth_and_santanna_equals_its_matrices():
    _, y, _ = simulated(effect=0.7, units=30, periods=8)
    adopted = np.repeat([-1, 3, 5], 10)

    effect = roth_santanna(read_panel(table_of(y, adopted)))

    assert (effect.estimate, effect.error) == pytest.approx(random_timing_effect(y, adopted))


def test_under_random_timing_the_efficient_estimator_is_the_most_precise():
    def errors(seed):
        panel = read_panel(simulated(units=80, seed=seed)[0])
        return roth_santanna(panel).error, callaway_santanna(panel).error

    assert np.mean([ours < plain for ours, plain in map(errors, range(20))]) > 0.9


def test_random_timing_is_decisive_only_where_it_is_claimed():
    table, *_ = simulated(effect=1.5)

    claimed, not_claimed = (
        [each.part for each in rollout_finding(table, random_timing=claim).figures if "by lot" in str(each.label)]
        for claim in (True, False)
    )

    assert (claimed, not_claimed) == (["sensitivity"], ["detail"])


def test_both_estimators_find_a_large_effect():
    table, *_ = simulated(effect=1.5)

    finding = rollout_finding(table)
    variant = callaway_santanna(read_panel(table))

    assert finding.verdict is Verdict.SHOWS
    assert finding.low < 1.5 < finding.high
    assert variant.low < 1.5 < variant.high
    assert picture(finding, "es", "narrow").to_dict()["vconcat"]


def test_units_that_already_changed_differently_give_no_verdict():
    finding = rollout_finding(simulated(trend=0.6)[0])

    assert finding.verdict is Verdict.CANNOT_TELL
    assert "already changing differently" in str(finding.reason)


def test_without_a_comparison_nothing_is_caused():
    rng = np.random.default_rng(3)
    table = table_of(rng.normal(size=(30, 10)), np.full(30, 5))

    finding = rollout_finding(table)

    # All units adopt at once: the periods after have nobody untreated.
    assert not comparable(read_panel(table))
    assert (finding.verdict, finding.estimate) == (Verdict.CANNOT_TELL, None)
    assert "nothing is said to be caused" in str(finding.sentence)


def test_intervals_cover_and_false_alarms_are_few():
    covered, alarms = 0, 0
    for seed in range(200):
        overall, _ = impute(read_panel(simulated(units=40, periods=10, seed=seed, never=15)[0]))
        covered += overall.low <= 0 <= overall.high
        alarms += not overall.low <= 0 <= overall.high
    assert 0.90 <= covered / 200 <= 0.99
    assert alarms / 200 <= 0.10


def chicago_by_month_and_unit(file, unit, date):
    """Counts by unit (rows) and month of 2009 to 2013 (columns): force by district, complaints by beat's district."""
    import pandas as pd

    rows = pd.read_csv(data_file(file), usecols=[unit, date], low_memory=False)
    when = pd.to_datetime(rows[date], errors="coerce")
    district = pd.to_numeric(rows[unit], errors="coerce") // 100
    known = when.dt.year.between(2009, 2013) & district.between(1, 25)
    return pd.crosstab(district[known], when[known].dt.strftime("%Y-%m")).to_numpy(float)


@pytest.mark.parametrize(
    ("file", "unit", "date", "units"),
    [
        ("force/chicago_trr.csv.gz", "beat", "trr_date", 25),
        ("complaints/chicago.csv.gz", "beat", "incident_date", 25),
    ],
    ids=["force", "complaints"],
)
def test_invented_adoption_in_chicagos_districts_seldom_shows_an_effect(file, unit, date, units):
    grid = chicago_by_month_and_unit(file, unit, date)
    shown = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        adopted = np.where(rng.random(len(grid)) < 0.5, -1, rng.integers(20, 45, len(grid)))
        shown += rollout_finding(table_of(grid, adopted)).verdict is Verdict.SHOWS

    assert grid.shape == (units, 60)
    assert shown <= 2


def rows(*cells):
    names = ("unit", "period", "outcome", "adopted")
    return pa.table({name: [cell[at] for cell in cells] for at, name in enumerate(names)})


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (rows(("a", "1", 1.0, None), ("a", "1", 2.0, None), ("b", "2", 1.0, "1")), "has two rows for '1'"),
        (rows(("a", "1", 1.0, None), ("b", "1", 2.0, "1")), "2 units and 1 periods"),
        (rows(("a", "1", 1.0, "1"), ("a", "2", 2.0, "2"), ("b", "2", 1.0, None)), "'a' has two adoption dates"),
    ],
)
def test_panels_that_make_no_sense_are_refused(table, said):
    with pytest.raises(ComityError) as refused:
        read_panel(table)

    assert said in str(refused.value)
