"""The record types hold up against what departments really publish: each mapping here reads a real file completely."""

from __future__ import annotations

from pathlib import Path

import pytest

from comity.records import check, count, read_mapping, standardise

MAPPINGS = Path(__file__).parent / "mappings"


@pytest.mark.parametrize(
    ("mapping", "file", "rows", "rejected", "dropped"),
    [
        ("hartford_stops", "stops/hartford_opp", 18_646, 4, 0),
        ("mississippi_stops", "stops/mississippi_opp", 211_211, 0, 0),
        ("minneapolis_force", "force/minneapolis", 12_925, 0, 0),
        ("chicago_force", "force/chicago_trr", 67_019, 0, 0),
        ("chicago_force_subjects", "force/chicago_trr_subjects", 67_019, 0, 0),
        ("chicago_complaints", "complaints/chicago", 109_339, 0, 0),
        ("chicago_accused", "complaints/chicago_accused", 125_581, 0, 0),
        ("chicago_complainants", "complaints/chicago_complainants", 48_214, 0, 0),
    ],
)
def test_a_real_file_is_read_and_every_row_accounted_for(shared_data, mapping, file, rows, rejected, dropped):
    report = check(read_mapping(MAPPINGS / f"{mapping}.yaml"), shared_data / f"{file}.csv.gz")

    account = report.accounting
    assert (account.source_rows, account.rejected, account.duplicates) == (rows, rejected, 0)
    assert sum(account.drops_by_reason.values()) == dropped
    assert not report.loses_silently


def test_hartford_searches_and_hits_are_the_published_ones(shared_data, tmp_path):
    mapping = read_mapping(MAPPINGS / "hartford_stops.yaml")

    records = standardise(mapping, shared_data / "stops" / "hartford_opp.csv.gz", tmp_path / "hartford")

    searched = {row["search_conducted"]: row["count"] for row in count(records, ["search_conducted"]).to_pylist()}
    hits = {
        row["contraband_found"]: row["count"]
        for row in count(records, ["contraband_found"], {"search_conducted": True}).to_pylist()
    }
    assert round(searched["yes"] / (searched["yes"] + searched["no"]), 3) == 0.280
    assert round(hits["yes"] / (hits["yes"] + hits["no"]), 3) == 0.016


def test_a_time_of_midnight_is_missing_where_the_mapping_says_so(shared_data, tmp_path):
    mapping = read_mapping(MAPPINGS / "chicago_complaints.yaml")

    records = standardise(mapping, shared_data / "complaints" / "chicago.csv.gz", tmp_path / "complaints")

    assert records.accounting.missing_by_column["time"] == 22_584
