"""Stops in the dark are told by the sun, and benchmarks that disagree give no verdict."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pytest

from comity.disparity.benchmarks import dark_hours, dark_hours_findings, side_by_side
from comity.disparity.finding import Verdict
from comity.disparity.pictures import picture
from comity.disparity.rates import Benchmark, stop_rate_findings
from comity.disparity.sun import sun_times, utc_offsets

WHERE = {"lat": 44.98, "lng": -93.27, "time_zone": "America/Chicago"}


def simulated(rows=20_000, places=12, light_excess=1.0, seed=1):
    """Stops at all hours; Black people are stopped `light_excess` times as often while it is light."""
    rng = np.random.default_rng(seed)
    day, minute, place = rng.integers(0, 365, rows), rng.integers(0, 1440, rows), rng.integers(0, places, rows)
    dates = np.datetime64("2017-01-01") + day
    dusk = sun_times(dates, lat=44.98, lng=-93.27, utc_offset=utc_offsets(dates, "America/Chicago")).dusk
    light = (minute > 480) & (minute < dusk)
    odds = (0.3 + 0.05 * place / places) * np.where(light, light_excess, 1.0)
    return pa.table(
        {
            "date": pa.array(dates.astype(object), pa.date32()),
            "minute_of_day": pa.array(minute, pa.int32()),
            "place": [f"p{each}" for each in place],
            "group": np.where(rng.random(rows) < odds / (1 + odds), "black", "white").tolist(),
            "count": np.ones(rows, dtype=np.int64),
        }
    )


def test_light_and_dark_are_told_as_by_that_days_sunset_and_dusk():
    table = simulated(rows=3000)
    evening = table.filter(pa.array(table["minute_of_day"].to_numpy() > 13 * 60))

    light, dark = dark_hours(evening, **WHERE)

    days = np.array(evening["date"].to_pylist(), dtype="datetime64[D]")
    sun = sun_times(days, lat=44.98, lng=-93.27, utc_offset=utc_offsets(days, "America/Chicago"))
    minute = evening["minute_of_day"].to_numpy()
    # A stop in the very minute of sunset or dusk may fall on either side.
    assert abs(light.total - int((minute < sun.sunset).sum())) <= 3
    assert abs(sum(dark.table["people"].to_pylist()) - int((minute > sun.dusk).sum())) <= 3
    assert light.total + sum(dark.table["people"].to_pylist()) < evening.num_rows


def test_times_that_are_not_recorded_are_left_out():
    table = simulated(rows=200)
    without = table.set_column(1, "minute_of_day", pa.nulls(200, pa.int32()))

    assert dark_hours(without, **WHERE) is None
    assert dark_hours_findings(without, reference="white", **WHERE) == []


def test_more_stops_in_the_light_are_shown_and_none_are_not():
    more, none = (
        dark_hours_findings(simulated(light_excess=excess), reference="white", **WHERE)[0] for excess in (1.6, 1.0)
    )

    assert (more.verdict, none.verdict) == (Verdict.SHOWS, Verdict.DOES_NOT_SHOW)
    assert more.low < 1.6 < more.high
    assert {figure.k for figure in more.figures} == {None}  # no public table tells light from dark


def residents(places=12, black=1000.0, white=2000.0):
    names = [f"p{i}" for i in range(places)]
    table = pa.table(
        {"place": names * 2, "group": ["black"] * places + ["white"] * places, "people": [black] * places + [white] * places}
    )  # fmt: skip
    return Benchmark("residents", table, "a census", 2017)


def compared(minutes, benchmark):
    light, dark = dark_hours(minutes, **WHERE)
    findings = [
        *stop_rate_findings(light, benchmark, reference="white"),
        *stop_rate_findings(light, dark, reference="white", coarse=True),
    ]
    return side_by_side(findings, reference="white", supplied=["residents"])


def test_benchmarks_that_disagree_cannot_tell_and_each_failure_is_said():
    (finding,) = compared(simulated(), residents(black=100.0))

    assert finding.verdict is Verdict.CANNOT_TELL
    assert "stops in the dark" in str(finding.reason)
    assert {"Residents are not the people", "Stops in the dark stand"} <= {
        str(limit)[: len(start)] for limit in finding.limits for start in ("Residents are not the people", "Stops in the dark stand")
    }  # fmt: skip
    missing = [figure.more["benchmark"] for figure in finding.figures if figure.estimate is None]
    assert missing == ["drivers", "crash_involved"]
    assert picture(finding, "es", "narrow").to_dict()["layer"]


def test_benchmarks_that_agree_show():
    (finding,) = compared(simulated(light_excess=1.6), residents(black=500.0))

    assert finding.verdict is Verdict.SHOWS


def test_one_benchmark_alone_is_not_put_side_by_side():
    light, _ = dark_hours(simulated(rows=2000), **WHERE)

    assert side_by_side(stop_rate_findings(light, residents(), reference="white"), reference="white") == []


@pytest.mark.parametrize("day", [datetime.date(2017, 6, 15), datetime.date(2017, 12, 15)])
def test_a_polar_day_or_night_has_only_one_kind_of_stop(day):
    table = simulated(rows=500)
    polar = table.set_column(0, "date", pa.array([day] * 500, pa.date32()))

    assert dark_hours(polar, lat=78.2, lng=15.6, time_zone="Europe/Oslo") is None
