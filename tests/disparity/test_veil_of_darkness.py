"""Grouping changes nothing: the fit is that of the rows. And what cannot be used is refused in words."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pytest
from tests.reference.veil_rows import row_level_fit

from comity.disparity.finding import Verdict
from comity.disparity.veil_of_darkness import (
    VeilOptions,
    _knots,
    _window,
    fit_veil,
    natural_spline,
    read_stops,
    veil_of_darkness,
)
from comity.errors import ComityError

NEW_YEAR = datetime.date(2017, 1, 1)
WHERE = {"lat": 44.98, "lng": -93.27, "time_zone": "America/Chicago"}


def simulated(rows=6000, bias=0.0, seed=1, places=3):
    """Stops of 2017 between 16:00 and 22:00 in which the group's share falls by `bias` log odds in the dark."""
    rng = np.random.default_rng(seed)
    day = rng.integers(0, 365, rows)
    minute = rng.integers(16 * 60, 22 * 60, rows)
    place = rng.integers(0, places, rows)
    dates = np.datetime64("2017-01-01") + day
    from comity.disparity.sun import sun_times, utc_offsets

    dusk = sun_times(dates, lat=44.98, lng=-93.27, utc_offset=utc_offsets(dates, "America/Chicago")).dusk
    odds = -0.5 + 0.4 * place + 0.3 * np.sin(minute / 60) - bias * (minute >= dusk)
    black = rng.random(rows) < 1 / (1 + np.exp(-odds))
    return pa.table(
        {
            "date": pa.array(dates.astype(object), pa.date32()),
            "minute_of_day": minute,
            "place": [f"p{each}" for each in place],
            "group": np.where(black, "black", "white").tolist(),
        }
    )


def test_grouped_fit_equals_the_row_level_one():
    table = simulated(rows=2500, bias=0.3)
    stops = read_stops(table, group="black", reference="white", **WHERE)

    fit = fit_veil(stops, options=VeilOptions(), time_zone=WHERE["time_zone"])

    keep, dark = _window(stops, VeilOptions(), "UTC")
    repeat = stops.total[keep].astype(int)
    clock = stops.minute[keep] - stops.minute[keep].min()
    spline = natural_spline(np.arange(clock.max() + 1.0), _knots(clock, stops.total[keep], 6))[clock]
    place = np.eye(3)[stops.place[keep]]
    cells = np.column_stack([dark[keep], spline, place])
    y, x, day = [], [], []
    for cell, ours, total, when in zip(cells, stops.group_count[keep], repeat, stops.day[keep], strict=True):
        y += [1.0] * int(ours) + [0.0] * (total - int(ours))
        x += [cell] * total
        day += [when] * total
    beta, error = row_level_fit(np.array(y), np.array(x), np.array(day))
    assert fit.beta == pytest.approx(beta, abs=1e-8)
    assert fit.error == pytest.approx(error[0], rel=1e-8)


def test_bias_is_shown_and_its_absence_is_not():
    biased = veil_of_darkness(simulated(rows=20_000, bias=0.5), group="black", reference="white", **WHERE)
    fair = veil_of_darkness(simulated(rows=20_000), group="black", reference="white", **WHERE)

    assert biased.verdict is Verdict.SHOWS
    assert biased.low < np.exp(-0.5) < biased.high
    assert fair.verdict is not Verdict.SHOWS


def test_every_stop_is_used_or_left_out_with_its_reason():
    table = simulated(rows=300)
    extra = pa.table(
        {
            "date": pa.array(
                [datetime.date(2016, 1, 1), datetime.date(2017, 5, 1), None, datetime.date(2017, 5, 2)], pa.date32()
            ),
            "minute_of_day": pa.array([1100, None, 1100, 1100]),
            "place": ["p0"] * 4,
            "group": ["black", "white", "black", "unknown"],
        }
    )
    whole = pa.concat_tables([table, extra.cast(table.schema)])

    stops = read_stops(whole, group="black", reference="white", **WHERE)

    assert sum(stops.total) + sum(stops.excluded.values()) == 304
    assert stops.excluded["date is only a year (January 1)"] == 1
    assert stops.excluded["time or date not recorded"] == 2
    assert stops.excluded["group not recorded or unknown"] == 1


def with_column(table, name, values):
    return table.set_column(table.column_names.index(name), name, values)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: with_column(t, "minute_of_day", pa.array([0] * t.num_rows)), "midnight"),
        (lambda t: with_column(t, "date", pa.array([NEW_YEAR] * t.num_rows, pa.date32())), "January 1"),
        (lambda t: with_column(t, "minute_of_day", pa.nulls(t.num_rows, pa.int64())), "No stop has a time"),
        (lambda t: t.drop_columns(["minute_of_day"]), "no column minute_of_day"),
    ],
)  # fmt: skip
def test_times_and_dates_that_say_nothing_give_no_number(change, said):
    finding = veil_of_darkness(change(simulated(rows=200)), group="black", reference="white", **WHERE)

    assert (finding.verdict, finding.estimate) == (Verdict.CANNOT_TELL, None)
    assert said in str(finding.reason)


def test_a_polar_summer_gives_no_number():
    table = simulated(rows=200)
    june = with_column(table, "date", pa.array([datetime.date(2017, 6, 15)] * 200, pa.date32()))

    finding = veil_of_darkness(june, group="black", reference="white", lat=69.65, lng=18.96, time_zone="Europe/Oslo")

    assert "does not set" in str(finding.reason)


@pytest.mark.parametrize("lng", [93.27, 0.0])
def test_coordinates_on_the_wrong_continent_are_refused(lng):
    with pytest.raises(ComityError, match="do not belong together"):
        veil_of_darkness(
            simulated(rows=50), group="black", reference="white", lat=44.98, lng=lng, time_zone="America/Chicago"
        )
