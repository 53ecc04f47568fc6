"""The bundled Minneapolis data reproduce the numbers that were published about them."""

from __future__ import annotations

from pathlib import Path

import pytest

import comity
from comity.records import count, open_records, read_mapping, standardise

DEMO = Path(comity.__file__).parent / "demo"


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    mapping = read_mapping(DEMO / "sources" / "minneapolis_stops.yaml")
    return standardise(
        mapping, DEMO / "data" / "minneapolis_stops_2017.csv.gz", tmp_path_factory.mktemp("minneapolis") / "r"
    )


def test_every_stop_is_accepted_and_accounted_for(records):
    account = records.accounting

    assert (account.source_rows, account.accepted, account.rejected, account.duplicates) == (51_920, 51_920, 0, 0)
    assert count(records).to_pylist() == [{"count": 51_920}]


def test_black_and_white_vehicle_stops_and_person_searches_are_the_published_ones(records):
    table = count(records, ["subject_race", "search_person"], {"type": "vehicular", "subject_race": ["black", "white"]})

    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("black", "no", 8418),
        ("black", "yes", 1344),
        ("white", "no", 7844),
        ("white", "yes", 323),
    ]


def test_race_that_was_not_recorded_stays_apart_from_race_recorded_as_unknown(records):
    races = {row["subject_race"]: row["count"] for row in count(records, ["subject_race"]).to_pylist()}

    assert (races["not recorded"], races["unknown"]) == (8_221, 9_219)
    assert sum(races.values()) == 51_920


def test_local_groups_stay_separate_and_name_the_standard_group_they_lie_within(records):
    races = {row["subject_race"]: row["count"] for row in count(records, ["subject_race"]).to_pylist()}

    assert (races["east african"], races["native american"]) == (2_188, 1_516)
    assert records.hierarchies["subject_race"] == {"east african": "black", "native american": "other"}


def test_a_reopened_folder_is_the_same_records(records):
    assert open_records(records.folder) == records
