"""Sunset and dusk agree with published times and with the sun's elevation computed the other way round."""

from __future__ import annotations

import numpy as np
import pytest

from comity.disparity.sun import solar_elevation, sun_times, utc_offsets
from comity.errors import ComityError


def test_philadelphia_matches_published_times_less_that_tools_delay():
    # Published with OPP's tutorial from a tool 73-92 seconds later than NOAA.
    dates = np.array(["2017-06-27", "2017-12-07"], "datetime64[D]")
    published = np.array(
        [[20 * 60 + 34 + 40 / 60, 16 * 60 + 36 + 53 / 60], [21 * 60 + 7 + 26 / 60, 17 * 60 + 7 + 9 / 60]]
    )

    sun = sun_times(dates, lat=39.9525839, lng=-75.1652215, utc_offset=utc_offsets(dates, "America/New_York"))

    late_seconds = (published - np.array([sun.sunset, sun.dusk])) * 60
    assert ((late_seconds > 70) & (late_seconds < 95)).all()


@pytest.mark.parametrize("lat", [-50.0, 0.0, 25.0, 45.0, 60.0])
def test_the_sun_stands_at_six_degrees_below_at_dusk(lat):
    dates = np.arange("1990-01-01", "2030-01-01", dtype="datetime64[D]")
    offset = np.full(len(dates), -480.0)

    dusk = sun_times(dates, lat=lat, lng=-120.0, utc_offset=offset).dusk

    days = dates.astype(int) - 10957.5 + (dusk - offset) / 1440
    assert np.abs(solar_elevation(days, lat=lat, lng=-120.0) + 6).max() < 2e-5


def test_a_polar_summer_has_no_dusk():
    dates = np.array(["2017-06-21", "2017-12-21"], "datetime64[D]")

    sun = sun_times(dates, lat=69.65, lng=18.96, utc_offset=utc_offsets(dates, "Europe/Oslo"))

    assert np.isnan(sun.sunset).all()  # never sets in June, never rises in December


def test_places_that_are_not_on_earth_and_unknown_zones_are_refused():
    dates = np.array(["2017-06-27"], "datetime64[D]")

    with pytest.raises(ComityError, match="latitude 93 is not on Earth"):
        sun_times(dates, lat=93.0, lng=0.0, utc_offset=np.zeros(1))
    with pytest.raises(ComityError, match="no time zone 'America/Minneapolis'"):
        utc_offsets(dates, "America/Minneapolis")
