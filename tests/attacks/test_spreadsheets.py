"""Attack: put a formula into the export, and wait for an analyst or a reader to open the file in a spreadsheet."""

from __future__ import annotations

import csv

import pyarrow.parquet as pq

from comity.records import parse_mapping, standardise

FORMULAS = ["=HYPERLINK(A1)", "@SUM(A1)", "+1+cmd", "-1+cmd"]
MAPPING = """
source: Test
record_type: stop
columns:
  date: {from: day, formats: ["%Y-%m-%d"]}
  lng: lng
  beat: beat
"""


def test_rejected_rows_open_as_text_and_stay_as_they_came_in_parquet(tmp_path):
    rows = "".join(f'never,-93.2,"{formula}"\n' for formula in FORMULAS)
    (tmp_path / "stops.csv").write_text(f"day,lng,beat\n2017-01-01,-93.2,North\n{rows}")

    records = standardise(parse_mapping(MAPPING), tmp_path / "stops.csv", tmp_path / "out")

    with records.rejects_csv.open() as file:
        read = list(csv.DictReader(file))
    assert [row["raw_beat"] for row in read] == [f"'{formula}" for formula in FORMULAS]
    assert {row["raw_lng"] for row in read} == {"-93.2"}
    assert sorted(pq.read_table(records.rejects_parquet)["raw_beat"].to_pylist()) == sorted(FORMULAS)
