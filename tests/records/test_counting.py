"""Grouped counts name what is missing, keep zero rows out, and refuse a column the records do not have."""

from __future__ import annotations

from datetime import date

import pytest

from comity.errors import UsageError
from comity.records import count, mean_location

ROWS = (
    "day,at,race,stopped,y,x\n"
    "2017-01-05,00:30,black,yes,44.1,-93.1\n2017-01-05,23:59,,no,44.3,-93.3\n"
    "2017-04-01,,white,,44.2,-93.4\n2017-12-31,13:00,black,yes,,\n"
)
COLUMNS = """
  time: {from: at, formats: ["%H:%M"]}
  subject_race: race
  arrest_made: stopped
  lat: y
  lng: x
"""


def rows(table) -> list[tuple]:
    return [tuple(row.values()) for row in table.to_pylist()]


def test_groups_are_text_and_what_is_missing_is_named(standardised):
    records = standardised(ROWS, COLUMNS)

    assert rows(count(records, ["subject_race", "arrest_made"])) == [
        ("black", "yes", 2),
        ("not recorded", "no", 1),
        ("white", "not recorded", 1),
    ]
    assert rows(count(records)) == [(4,)]
    assert count(records, [], {"subject_race": "hispanic"}).to_pylist() == [{"count": 0}]


def test_days_and_times_are_grouped_by_the_units_of_analysis(standardised):
    records = standardised(ROWS, COLUMNS)

    assert rows(count(records, ["year", "quarter", "month"])) == [
        ("2017", "2017-Q1", "2017-01", 2),
        ("2017", "2017-Q2", "2017-04", 1),
        ("2017", "2017-Q4", "2017-12", 1),
    ]
    assert rows(count(records, ["hour"])) == [("00", 1), ("13", 1), ("23", 1), ("not recorded", 1)]
    assert rows(count(records, ["date", "minute_of_day"], {"quarter": "2017-Q1"})) == [
        (date(2017, 1, 5), 30, 1),
        (date(2017, 1, 5), 1439, 1),
    ]


def test_conditions_take_one_group_or_several_and_true_and_false(standardised):
    records = standardised(ROWS, COLUMNS)

    assert rows(count(records, [], {"subject_race": ["white", "not recorded"]})) == [(2,)]
    assert rows(count(records, [], {"arrest_made": True, "month": "2017-01"})) == [(1,)]
    assert rows(count(records, [], {"arrest_made": None})) == [(1,)]
    assert rows(count(records, [], {"minute_of_day": None})) == [(1,)]


def test_the_centre_of_a_place_is_the_median_of_what_is_known(standardised):
    records = standardised(ROWS, COLUMNS)

    table = mean_location(records, "year")

    assert rows(table) == [("2017", pytest.approx(44.2), pytest.approx(-93.3), 3)]


def test_a_column_the_source_does_not_have_is_refused_with_the_nearest(standardised):
    records = standardised(ROWS, COLUMNS)

    with pytest.raises(UsageError, match="have no column 'contraband_found'"):
        count(records, ["contraband_found"])
    with pytest.raises(UsageError, match="Did you mean 'subject_race'"):
        count(records, [], {"subjet_race": "black"})
