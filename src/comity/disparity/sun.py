"""Sunset and civil dusk for many days at once, by the equations of NOAA's solar calculator (after Meeus 1998).

Three passes: the sun's position is taken at the moment found in the pass before; dusk starts from sunset. Elevation at
the time given differs from the asked one by at most 0.02 degrees for 1950-2050 outside polar summers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from comity.errors import ComityError

SUNSET_DEGREES = -0.833  # the upper limb on the horizon, with average refraction
CIVIL_DUSK_DEGREES = -6.0

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SunTimes:
    """Minutes after local midnight, one per date asked; NaN where the sun does not go down that far (or up) that
    day.
    """

    sunset: Array
    dusk: Array


def sun_times(dates: NDArray[np.datetime64], *, lat: float | Array, lng: float | Array, utc_offset: Array) -> SunTimes:
    """Local clock time of sunset and civil dusk.

    dates: local dates, datetime64[D]. lat, lng: degrees, north and east positive, scalar or one per date. utc_offset:
    minutes that the local clock is ahead of UTC, one per date (western dusk falls on the next UTC day, so offsets
    matter). Raises ComityError for coordinates that are not on Earth.
    """
    for name, value, most in (("latitude", lat, 90), ("longitude", lng, 180)):
        worst = float(np.max(np.abs(value)))
        if not worst <= most:
            raise ComityError(f"The {name} {worst:g} is not on Earth.", f"Give degrees between -{most} and {most}.")
    midnight = dates.astype("datetime64[D]").astype(np.int64) - 10957.5 - utc_offset / 1440  # days from J2000.0, UT
    six_in_the_evening = np.full(midnight.shape, 1080.0)
    sunset = _setting(midnight, lat, lng, utc_offset, SUNSET_DEGREES, start=six_in_the_evening, passes=3)
    half_an_hour_later = np.where(np.isfinite(sunset), sunset + 30, 1080.0)
    dusk = _setting(midnight, lat, lng, utc_offset, CIVIL_DUSK_DEGREES, start=half_an_hour_later, passes=2)
    return SunTimes(sunset=sunset, dusk=dusk)


def utc_offsets(dates: NDArray[np.datetime64], time_zone: str) -> Array:
    """Minutes ahead of UTC of the local clock at 18:00 of each local date."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ComityError(
            f"There is no time zone '{time_zone}'.", "Use a name such as 'America/Chicago' (IANA time zone database)."
        ) from error
    days, where = np.unique(dates.astype("datetime64[D]"), return_inverse=True)
    offsets = np.empty(len(days))
    for index, day in enumerate(days.tolist()):
        offset = datetime(day.year, day.month, day.day, 18, tzinfo=zone).utcoffset() or timedelta(0)
        offsets[index] = offset.total_seconds() / 60
    return offsets[where]


def clock_changes(first: int, last: int, time_zone: str) -> tuple[datetime, ...]:
    """Noon (UTC) of the days in the years `first` to `last` on which the local clock is changed."""
    zone = ZoneInfo(time_zone)
    changes = []
    day = datetime(first, 1, 1, 12, tzinfo=UTC)
    before = day.astimezone(zone).utcoffset()
    while day.year <= last:
        day += timedelta(days=1)
        now = day.astimezone(zone).utcoffset()
        if now != before:
            changes.append(day)
        before = now
    return tuple(changes)


def solar_elevation(days: Array, *, lat: float | Array, lng: float | Array) -> Array:
    """Elevation of the sun's centre in degrees without refraction; days: from J2000.0 (2000-01-01 12:00 UT)."""
    sine_declination, equation = _sun(days)
    minutes = ((days + 0.5) % 1.0) * 1440
    hour_angle = np.radians((minutes + equation + 4 * lng) / 4 - 180)
    latitude = np.radians(lat)
    cosine_declination = np.sqrt(1 - sine_declination**2)
    sine = np.sin(latitude) * sine_declination + np.cos(latitude) * cosine_declination * np.cos(hour_angle)
    return np.asarray(np.degrees(np.arcsin(np.clip(sine, -1, 1))))


def _setting(
    midnight: Array,
    lat: float | Array,
    lng: float | Array,
    utc_offset: Array,
    degrees: float,
    *,
    start: Array,
    passes: int,
) -> Array:
    latitude = np.radians(lat)
    target = np.sin(np.radians(degrees))
    minutes = start
    for _ in range(passes):
        sine, equation = _sun(midnight + minutes / 1440)
        cosine = (target - np.sin(latitude) * sine) / (np.cos(latitude) * np.sqrt(1 - sine * sine))
        with np.errstate(invalid="ignore"):
            half_day = np.degrees(np.arccos(cosine))  # NaN where the sun never reaches that elevation
        minutes = 720 + 4 * (half_day - lng) - equation + utc_offset
    return np.asarray(minutes)


def _sun(days: Array) -> tuple[Array, Array]:
    """Sine of the declination, and equation of time (minutes), at `days` from J2000.0."""
    century = days / 36525.0
    mean_longitude = np.radians((280.46646 + century * (36000.76983 + 0.0003032 * century)) % 360)
    anomaly = np.radians(357.52911 + century * (35999.05029 - 0.0001537 * century))
    eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
    sine, cosine = np.sin(anomaly), np.cos(anomaly)
    double, triple = 2 * sine * cosine, sine * (3 - 4 * sine * sine)
    centre = (
        sine * (1.914602 - century * (0.004817 + 0.000014 * century))
        + double * (0.019993 - 0.000101 * century)
        + triple * 0.000289
    )
    node = np.radians(125.04 - 1934.136 * century)
    apparent = mean_longitude + np.radians(centre - 0.00569 - 0.00478 * np.sin(node))
    obliquity = np.radians(
        23.4392911 - century * (0.0130042 + century * (1.64e-7 - 5.04e-7 * century)) + 0.00256 * np.cos(node)
    )
    sine_declination = np.sin(obliquity) * np.sin(apparent)
    y = np.tan(obliquity / 2) ** 2
    two_l = 2 * mean_longitude
    sine_two, cosine_two = np.sin(two_l), np.cos(two_l)
    equation = 4 * np.degrees(
        y * sine_two
        - 2 * eccentricity * sine
        + 4 * eccentricity * y * sine * cosine_two
        - y * y * sine_two * cosine_two
        - 1.25 * eccentricity**2 * double
    )
    return sine_declination, equation
