"""Small counts are compared exactly, breaks are declared, and a steady series seldom alarms."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from tests.reference.exact_counts import binomial_limit, mid_p_tails

from comity.disparity.change import change_finding, funnel
from comity.disparity.finding import Verdict
from comity.disparity.intervals import rate_ratio
from comity.disparity.pictures import picture
from comity.disparity.point_pictures import funnel_picture
from comity.errors import ComityError
from comity.wording import message

QUARTERS = [f"{2015 + q // 4}-q{q % 4 + 1}" for q in range(12)]


def series(counts, **columns):
    return pa.table({"period": QUARTERS[: len(counts)], "count": counts, **columns})


def test_the_exact_interval_ends_where_the_mid_p_tail_is_two_and_a_half_percent():
    interval = rate_ratio(9, 1.0, 20, 4.0)

    for bound, side in ((interval.low, 0), (interval.high, 1)):
        assert mid_p_tails(9, 29, bound / (bound + 4))[side] == pytest.approx(0.025, abs=1e-9)
    assert interval.estimate == pytest.approx(9 / 5)


def test_a_doubling_is_shown_and_a_steady_series_is_not():
    doubled = change_finding(series([20, 22, 19, 21, 20, 18, 44]))
    steady = change_finding(series([20, 22, 19, 21, 20, 18, 21]))

    assert doubled.verdict is Verdict.SHOWS
    assert steady.verdict is Verdict.DOES_NOT_SHOW
    assert picture(doubled, "en", "narrow").to_dict()["vconcat"]


def test_a_series_that_jumps_about_is_not_called_a_change():
    finding = change_finding(series([5, 60, 8, 55, 4, 70, 62]))

    assert finding.verdict is Verdict.CANNOT_TELL
    assert "earlier periods vary" in str(finding.reason)


def test_only_periods_since_the_declared_break_count():
    finding = change_finding(series([90, 95, 91, 20, 22, 19, 21]), breaks=["2015-q4"])

    assert finding.n == 20 + 22 + 19 + 21
    assert finding.verdict is Verdict.DOES_NOT_SHOW


def test_false_alarms_of_a_steady_series_are_at_most_one_in_twenty():
    rng = np.random.default_rng(4)
    shown = covered = 0
    for _ in range(400):
        counts = rng.poisson(8, 9)
        finding = change_finding(series(counts))
        shown += finding.verdict is Verdict.SHOWS
        covered += finding.low <= 1 <= finding.high
    assert shown / 400 <= 0.06
    assert 0.93 <= covered / 400 <= 0.98


@pytest.mark.parametrize(
    ("table", "breaks", "said"),
    [
        (series([1, -2, 3]), [], "The count for '2015-q2' is -2"),
        (series([1, None, 3]), [], "'count' is missing for '2015-q2'"),
        (series([1, 2, 3], exposure=[1.0, 0.0, 1.0]), [], "The exposure for '2015-q2' is 0"),
        (series([1, 2, 3]), ["2014-q1"], "'2014-q1' is not a period"),
        (series([1, 2, 3]), ["2015-q3"], "only one period since the break"),
        (pa.table({"period": ["a", "a"], "count": [1, 2]}), [], "'a' is named twice"),
        (pa.table({"month": ["a", "b"], "count": [1, 2]}), [], "no column 'period'"),
    ],
)
def test_series_that_make_no_sense_are_refused(table, breaks, said):
    with pytest.raises(ComityError) as refused:
        change_finding(table, breaks=breaks)

    assert said in str(refused.value)


def test_a_funnel_names_the_place_that_stands_out():
    rng = np.random.default_rng(6)
    exposure = rng.integers(200, 3000, 40)
    counts = rng.binomial(exposure, 0.1)
    counts[7] = int(0.25 * exposure[7])
    table = pa.table({"place": [f"p{i}" for i in range(40)], "count": counts, "exposure": exposure})

    points = funnel(table)

    overall = counts.sum() / exposure.sum()
    assert points[3].far_high * points[3].exposure == pytest.approx(
        binomial_limit(int(points[3].exposure), overall, 0.999)
    )
    assert [point.place for point in points if point.stands_out] == ["p7"]
    assert funnel_picture(points, title=message("hits")).to_dict()["layer"]
