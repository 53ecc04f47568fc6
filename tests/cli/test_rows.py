"""`comity rows`: a CSV or Parquet file of records becomes publishable, or is refused in one sentence."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from comity.cli.rows import command
from comity.errors import ComityError

POLICY = """
allowed: [day, beat, age, outcome]
time: day
place: beat
age: age
areas: [districts.csv]
sensitive: outcome
k: 5
l: 2
victims:
  - when: {relationship: [spouse, child]}
    blank: [beat, age]
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    """400 records in six beats of two districts; one in twenty is about a spouse or child."""
    (tmp_path / "rows.yaml").write_text(POLICY)
    (tmp_path / "districts.csv").write_text("code,parent\n" + "".join(f"b{n},d{n % 2}\n" for n in range(6)))
    with (tmp_path / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "day", "beat", "age", "outcome", "relationship", "notes"])
        for n in range(400):
            relationship = ("spouse", "child", *["stranger"] * 18)[n % 20]
            day = f"2026-{n % 12 + 1:02d}-{n % 28 + 1:02d}"
            writer.writerow(
                [
                    n,
                    day,
                    f"b{n * 7 % 6}",
                    16 + n * 13 % 60,
                    ("warning", "citation", "arrest")[n % 3],
                    relationship,
                    "x" * 90,
                ]
            )
    return tmp_path


def run(folder: Path, *more: str, rows: str = "rows.csv") -> dict:
    arguments = [
        str(folder / rows),
        "--policy",
        str(folder / "rows.yaml"),
        "--out",
        str(folder / "public.csv"),
        "--json",
        *more,
    ]
    return json.loads(CliRunner().invoke(command, arguments, catch_exceptions=False).output)


def test_only_listed_columns_leave_and_every_row_is_in_a_crowd(folder):
    report = run(folder)

    with (folder / "public.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    groups = Counter((row["day"], row["beat"], row["age"]) for row in rows)
    assert list(rows[0]) == ["day", "beat", "age", "outcome"]
    assert (report["published"], report["withheld"]) == (len(rows), 400 - len(rows))
    assert min(groups.values()) == report["smallest_group"] >= 5
    assert report["withheld"] <= 20
    assert report["blanked"] == 80  # beat and age of 40 records about a spouse or a child


def test_a_parquet_file_of_records_gives_the_same(folder):
    from_csv = run(folder)
    with (folder / "rows.csv").open(newline="") as file:
        pq.write_table(pa.Table.from_pylist(list(csv.DictReader(file))), folder / "rows.parquet")

    assert run(folder, rows="rows.parquet") == from_csv


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("allowed: [day, beat, age, outcome]", "allowed: [day, beat, age, outcome, notes]", "free text"),
        ("allowed: [day,", "allowed: [lat, day,", "somebody's home"),
        ("k: 5", "kk: 5", "no setting 'kk'"),
        ("k: 5", "k: many", "holds 'many'"),
        ("districts.csv", "towns.csv", "does not exist"),
        ("blank: [beat, age]", "hide: [beat]", "A rule of `victims`"),
        ("allowed: [day, beat, age, outcome]", "allowed: []", "allow no column"),
    ],
)
def test_wrong_settings_are_refused_and_nothing_is_written(folder, before, after, said):
    (folder / "rows.yaml").write_text(POLICY.replace(before, after))

    with pytest.raises(ComityError, match=said):
        run(folder)

    assert not (folder / "public.csv").exists()


def test_a_file_in_which_too_many_stand_out_is_refused(folder):
    (folder / "rows.yaml").write_text(POLICY.replace("k: 5", "k: 300").replace("sensitive", "also_identifying"))

    with pytest.raises(ComityError, match="Even at its coarsest"):
        run(folder, "--most-withheld", "0.01")
