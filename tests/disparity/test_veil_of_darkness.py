"""Grouping changes nothing: the fit is that of the rows. And what cannot be used is refused in words."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pytest
from tests.reference.veil_rows import row_level_fit

from comity.disparity.finding import Verdict
from comity.disparity.sun import sun_times, utc_offsets
from comity.disparity.veil_model import VeilOptions, fit_veil, knots, natural_spline
from comity.disparity.veil_of_darkness import veil_of_darkness
from comity.disparity.veil_stops import read_stops
from comity.errors import ComityError

NEW_YEAR = datetime.date(2017, 1, 1)
WHERE = {"lat": 44.98, "lng": -93.27, "time_zone": "America/Chicago"}


def simulated(rows=6000, bias=0.0, seed=1, places=3, days=365):
    """Stops of 2017 between 16:00 and 22:00 in which the group's share falls by `bias` log odds in the dark."""
    rng = np.random.default_rng(seed)
    day = (60 + rng.integers(0, days, rows)) % 365
    minute = rng.integers(16 * 60, 22 * 60, rows)
    place = rng.integers(0, places, rows)
    dates = np.datetime64("2017-01-01") + day
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


def rows_of(stops):
    """(y, day, minute, place, dark), one entry for each stop that is used."""
    repeat = stops.total.astype(int)
    y = np.concatenate([[1.0] * int(k) + [0.0] * int(n - k) for k, n in zip(stops.group_count, repeat, strict=True)])
    return y, *(np.repeat(each, repeat) for each in (stops.day, stops.minute, stops.place, stops.dark))


@pytest.mark.parametrize("days", [365, 45])
def test_grouped_fit_and_its_errors_equal_the_row_level_ones(days):
    table = simulated(rows=2500, bias=0.3, days=days)
    stops = read_stops(table, group="black", reference="white", **WHERE)

    fit = fit_veil(stops, options=VeilOptions(), time_zone=WHERE["time_zone"])

    y, day, minute, place, dark = rows_of(stops)
    clock = minute - minute.min()
    spline = natural_spline(np.arange(clock.max() + 1.0), knots(clock, np.ones(len(clock)), 6))[clock]
    x = np.column_stack([dark, spline, np.eye(3)[place]])
    beta, plain, corrected, freedom = row_level_fit(y, x, day)
    assert np.concatenate([fit.shared, fit.own[:, 0]]) == pytest.approx(beta, abs=1e-8)
    assert fit.plain_error == pytest.approx(plain[0], rel=1e-8)
    assert fit.error == pytest.approx(corrected[0], rel=1e-8)
    assert fit.freedom == pytest.approx(freedom, rel=1e-6)
    assert fit.error > fit.plain_error * np.sqrt(1 - 1 / fit.days)


def test_a_curve_for_each_place_is_the_row_level_interaction():
    stops = read_stops(simulated(rows=4000, bias=0.3), group="black", reference="white", **WHERE)

    fit = fit_veil(stops, options=VeilOptions(spline_df=3, place_curves=True), time_zone=WHERE["time_zone"])

    y, day, minute, place, dark = rows_of(stops)
    clock = minute - minute.min()
    spline = natural_spline(np.arange(clock.max() + 1.0), knots(clock, np.ones(len(clock)), 3))[clock]
    curves = [(place == each)[:, None] * np.column_stack([np.ones(len(y)), spline]) for each in range(3)]
    beta, _, corrected, freedom = row_level_fit(y, np.column_stack([dark, *curves]), day)
    assert np.concatenate([fit.shared, fit.own.reshape(-1)]) == pytest.approx(beta, abs=1e-7)
    assert (fit.error, fit.freedom) == (pytest.approx(corrected[0], rel=1e-7), pytest.approx(freedom, rel=1e-6))


def test_grouped_counts_give_what_their_rows_give():
    table = simulated(rows=3000, bias=0.3)
    grouped = (
        table.group_by(table.column_names).aggregate([([], "count_all")]).rename_columns([*table.column_names, "count"])
    )

    one, other = (
        fit_veil(read_stops(each, group="black", reference="white", **WHERE), options=VeilOptions(), time_zone="UTC")
        for each in (table, grouped)
    )

    assert grouped.num_rows < table.num_rows
    assert (one.n, one.coefficient, one.error) == (
        other.n,
        pytest.approx(other.coefficient, abs=1e-10),
        pytest.approx(other.error, rel=1e-9),
    )


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
    assert stops.excluded["between sunset and dusk"] > 0
    assert stops.excluded["always light or always dark at that hour"] > 0


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
