"""Stops laid out for the veil of darkness: which lie in the light, which in the dark, and why others are left out.

Used are the hours between the year's earliest and latest dusk, without sunset to dusk (Grogger and Ridgeway 2006).
Everything else is counted under its reason: docs/methods/veil_of_darkness.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from comity.disparity.counts import NOT_GROUPS
from comity.disparity.sun import SunTimes, sun_times, utc_offsets
from comity.errors import ComityError
from comity.wording import Message, message

Array = NDArray[np.float64]
Ints = NDArray[np.integer]
Mask = NDArray[np.bool_]

REASONS = {
    "group not recorded or unknown": message("left out: group not recorded or unknown"),
    "other groups": message("left out: other groups"),
    "time or date not recorded": message("left out: time or date not recorded"),
    "date is only a year (January 1)": message("left out: the date is only a year"),
    "every time is midnight": message("left out: every time is midnight"),
    "the sun does not set that day": message("left out: the sun does not set that day"),
    "always light or always dark at that hour": message("left out: at hours that are light, or dark, all year"),
    "between sunset and dusk": message("left out: between sunset and dusk"),
}
"""Why stops are left out, in the order of the checks; each is counted once, under the first that holds."""


@dataclass(frozen=True)
class Stops:
    """The stops that are used; arrays have one entry per row of the table given.

    day: index into days. minute: of the local clock. dark: after dusk, otherwise before sunset. first_dark, last_light:
    by day, the first minute after dusk and the last before sunset. hours: first and last minute used. group_count,
    total: stops of the group, and of the group and its reference. excluded: stops left out, by reason.
    """

    day: Ints
    minute: Ints
    place: Ints
    dark: Mask
    group_count: Array
    total: Array
    first_dark: Ints
    last_light: Ints
    days: NDArray[np.datetime64]
    places: tuple[str, ...]
    hours: tuple[int, int]
    excluded: Mapping[str, int]


def read_stops(
    table: pa.Table,
    *,
    group: str,
    reference: str,
    lat: float,
    lng: float,
    time_zone: str,
    group_column: str = "group",
    place_column: str = "place",
) -> Stops:
    """The stops of `group` and `reference` in table (date, minute_of_day, group and place columns, and count).

    `place_column` and count may be absent. Raises ComityError for minutes outside 0-1439, counts that are negative,
    coordinates that do not fit the clock, and an unknown time zone.
    """
    rows = _read_rows(table, group, reference, group_column, place_column)
    excluded = dict.fromkeys(REASONS, 0)

    def leave_out(reason: str, gone: Mask, *, at_once: bool = True) -> None:
        if gone.any():
            count = rows.get("count")
            excluded[reason] = int(gone.sum()) if count is None else round(float(count[gone].sum()))
        if gone.any() and at_once:
            rows.update({name: values[~gone] for name, values in rows.items()})

    leave_out("group not recorded or unknown", rows["role"] == _UNKNOWN)
    leave_out("other groups", rows["role"] == _OTHER)
    leave_out("time or date not recorded", ~rows.pop("timed"))
    minute = rows["minute"]
    if len(minute) and not (minute.min() >= 0 and minute.max() <= 1439):
        wrong = minute[(minute < 0) | (minute > 1439)]
        raise ComityError(f"'minute_of_day' is {int(wrong[0])}.", "Give minutes after local midnight, from 0 to 1439.")
    days, rows["day"] = _days(rows.pop("date"))
    leave_out("date is only a year (January 1)", _annual_only(days)[rows["day"]])
    if not rows["minute"].any():
        leave_out("every time is midnight", rows["minute"] == 0)
    sun = sun_times(days, lat=lat, lng=lng, utc_offset=utc_offsets(days, time_zone))
    _check_location(sun, lat=lat, lng=lng, time_zone=time_zone)
    sets = np.isfinite(sun.sunset) & np.isfinite(sun.dusk)
    leave_out("the sun does not set that day", ~sets[rows["day"]])
    present = np.zeros(len(days), dtype=bool)
    present[rows["day"]] = True
    dusk = sun.dusk[present]
    hours = (int(np.ceil(dusk.min())), int(np.floor(dusk.max()))) if len(dusk) else (0, -1)
    first_dark = np.ceil(np.where(sets, sun.dusk, 0)).astype(np.int16)
    last_light = np.floor(np.where(sets, sun.sunset, 0)).astype(np.int16)
    outside = (rows["minute"] < hours[0]) | (rows["minute"] > hours[1])
    twilight = ~outside & (rows["minute"] > last_light[rows["day"]]) & (rows["minute"] < first_dark[rows["day"]])
    leave_out("always light or always dark at that hour", outside, at_once=False)
    leave_out("between sunset and dusk", twilight, at_once=False)
    keep = ~(outside | twilight)
    rows = {name: values[keep] for name, values in rows.items()}
    places = _codes(table, place_column)[1] if place_column in table.column_names else ("all",)
    day, minute, place, ours, total = _summed(rows, len(days), hours, len(places))
    return Stops(
        day=day,
        minute=minute,
        place=place,
        dark=minute >= first_dark[day],
        group_count=ours,
        total=total,
        first_dark=first_dark,
        last_light=last_light,
        days=days,
        places=places,
        hours=hours,
        excluded=excluded,
    )


def why_refused(stops: Stops) -> Message | None:
    """Why these stops cannot be analysed at all, or None."""
    if len(stops.total):
        return None
    for reason, text in (
        (
            "every time is midnight",
            message("Every time in the data is midnight, which means that times were not recorded."),
        ),
        (
            "date is only a year (January 1)",
            message("Every date in the data is January 1, which means that only years were recorded."),
        ),
        ("the sun does not set that day", message("On these days the sun does not set here, so it is never dark.")),
        ("time or date not recorded", message("No stop has a time of day.")),
        (
            "always light or always dark at that hour",
            message(
                "Too few stops of the two groups fall between the year's earliest and latest dusk, in the light and "
                "in the dark."
            ),
        ),
    ):
        if stops.excluded[reason]:
            return text
    return message("There are no stops of these two groups.")


_OTHER, _UNKNOWN, _OURS, _THEIRS = 0, 1, 2, 3


def _read_rows(
    table: pa.Table, group: str, reference: str, group_column: str, place_column: str
) -> dict[str, NDArray[Any]]:
    """The table as arrays by row: role (of the group), date (days since 1970), minute, timed (both are there), place,
    and count where there is one."""
    codes, names = _codes(table, group_column)
    meaning = {**dict.fromkeys(NOT_GROUPS, _UNKNOWN), group: _OURS, reference: _THEIRS}
    roles = np.array([meaning.get(name, _OTHER) for name in names], dtype=np.int8)
    try:
        date = table["date"].cast(pa.date32()).combine_chunks().cast(pa.int32())
        minute = table["minute_of_day"].cast(pa.int16()).combine_chunks()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        first = str(error).splitlines()[0][:100]
        raise ComityError(
            f"Dates or minutes cannot be read: {first}.", "Give date as YYYY-MM-DD and minute_of_day as 0 to 1439."
        ) from error
    timed = np.ones(table.num_rows, dtype=bool)
    for each in (date, minute):
        if each.null_count:
            timed &= each.is_valid().to_numpy(zero_copy_only=False)
    has_place = place_column in table.column_names
    rows: dict[str, NDArray[Any]] = {
        "role": roles[codes],
        "date": (date.fill_null(0) if date.null_count else date).to_numpy(),
        "minute": (minute.fill_null(0) if minute.null_count else minute).to_numpy(),
        "timed": timed,
        "place": _codes(table, place_column)[0] if has_place else np.zeros(table.num_rows, dtype=np.int32),
    }
    if "count" in table.column_names:
        count = np.asarray(table["count"].to_numpy(), dtype=float)
        if (count < 0).any():
            raise ComityError(f"'count' is {count.min():g}.", "Counts are whole numbers of zero or more.")
        rows["count"] = count
    return rows


def _summed(
    rows: dict[str, NDArray[Any]], days: int, hours: tuple[int, int], places: int
) -> tuple[Ints, Ints, Ints, Array, Array]:
    """(day, minute, place, stops of the group, stops) of the rows as they are or, where that is less work later, of each
    day, minute and place."""
    minutes, ours, count = hours[1] - hours[0] + 1, rows["role"] == _OURS, rows.get("count")
    size = days * minutes * places
    if size > len(ours):
        total = np.ones(len(ours)) if count is None else count
        return rows["day"], rows["minute"], rows["place"], total * ours, total
    key = rows["day"] * np.int64(minutes)
    key += rows["minute"]
    key -= hours[0]
    key *= places
    key += rows["place"]
    key *= 2
    key += ours
    by_role = np.bincount(key, count, 2 * size).reshape(size, 2).astype(float)
    used = np.flatnonzero(by_role.any(axis=1))
    moment, place = np.divmod(used, places)
    day, minute = np.divmod(moment, minutes)
    return day, minute + hours[0], place, by_role[used, 1], by_role[used].sum(axis=1)


def _days(date: Ints) -> tuple[NDArray[np.datetime64], Ints]:
    """The days that occur, in order, and each row's place among them."""
    if not len(date):
        return np.array([], dtype="datetime64[D]"), np.array([], dtype=np.int32)
    first = int(date.min())
    present = np.zeros(int(date.max()) - first + 1, dtype=bool)
    present[date - first] = True
    position = (np.cumsum(present) - 1).astype(np.int32)
    days = (np.flatnonzero(present) + first).astype("datetime64[D]")
    return days, position[date - first]


def _annual_only(days: NDArray[np.datetime64]) -> Mask:
    """Days that are January 1 of a year that has no other day: such a "date" is only a year."""
    years = days.astype("datetime64[Y]")
    is_first = days == years.astype("datetime64[D]")
    other = set(years[~is_first].tolist())
    return np.array([first and year not in other for first, year in zip(is_first, years.tolist(), strict=True)], bool)


def _check_location(sun: SunTimes, *, lat: float, lng: float, time_zone: str) -> None:
    """A sunset outside the afternoon and evening means coordinates and time zone do not belong together."""
    known = np.isfinite(sun.sunset)
    if not known.any():
        return
    middle = float(np.median(sun.sunset[known]))
    # Even the ends of wide zones (western China, Alaska) keep the yearly median within 16:00 and 21:30.
    if not 15.5 * 60 <= middle <= 21.75 * 60:
        hours, minutes = divmod(round(middle), 60)
        raise ComityError(
            f"At {lat:g}, {lng:g} the sun would set at about {hours:02d}:{minutes:02d} on the clock of {time_zone}.",
            "Check latitude, longitude (west is negative) and time zone; they do not belong together.",
        )


def _codes(table: pa.Table, column: str) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Codes and their names; a missing name is "not recorded"."""
    values = table[column].combine_chunks()
    if not pa.types.is_dictionary(values.type):
        values = values.cast(pa.string()).dictionary_encode()
    names = [str(name) for name in values.dictionary.to_pylist()]
    codes = values.indices
    if codes.null_count:
        if "not recorded" not in names:
            names.append("not recorded")
        codes = codes.fill_null(names.index("not recorded"))
    return codes.to_numpy(), tuple(names)
