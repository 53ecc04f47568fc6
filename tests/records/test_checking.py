"""A dry run tells what would be lost and why, shows no more of a row than the offending value, and keeps nothing."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from comity.cli.check import command
from comity.records import check, parse_mapping

MAPPING = """
source: Test stops
record_type: stop
missing: ["", "NA"]
columns:
  date: {from: day, formats: ["%m/%d/%Y", "%d/%m/%Y"]}
  subject_race: {from: race, codes: {black: black, white: white, hispanic: hispanic}}
unused: [gone]
"""
ROWS = """day,race,name
01/02/2017,black,Alice Doe
13/02/2017,Hispanc,Bob Roe
05/05/2017,hispanc ,Cal Poe
never,white,Dee Loe
short
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "stops.yaml").write_text(MAPPING)
    (tmp_path / "stops.csv").write_text(ROWS)
    return tmp_path


def test_the_report_names_codes_columns_formats_and_examples(files):
    report = check(parse_mapping(MAPPING), files / "stops.csv")

    assert (report.accounting.source_rows, report.accounting.accepted, report.accounting.rejected) == (5, 1, 4)
    assert [(code.column, code.value, code.rows, code.nearest) for code in report.unmapped_codes] == [
        ("subject_race", "hispanc", 2, "hispanic")
    ]
    assert (report.unmapped_columns, report.idle_columns) == (["name"], ["gone"])
    assert report.ambiguous_dates == {"date": 1}
    assert [(e.value, e.rows, e.row) for e in report.examples["date: it follows none of the formats"]] == [
        ("never", 1, 4)
    ]
    assert [(e.value, e.row) for e in report.examples["row: it has too few values"]] == [("", 5)]
    assert report.loses_silently


def test_a_report_shows_nothing_of_a_row_but_the_offending_value(files):
    report = check(parse_mapping(MAPPING), files / "stops.csv")

    shown = json.dumps(report.as_record()) + report._repr_html_()

    assert "Hispanc" in shown
    assert not any(name in shown for name in ("Doe", "Roe", "Poe", "Loe"))


def test_a_report_shows_values_as_text_and_not_as_markup(files):
    (files / "stops.csv").write_text("day,race,name\n01/02/2017,<script>,a\n")

    assert "<script>" not in check(parse_mapping(MAPPING), files / "stops.csv")._repr_html_()


def test_when_all_is_decided_rejected_rows_are_not_silent(files):
    decided = MAPPING.replace("unused: [gone]", "unused: [name]").replace(
        "white: white,", "white: white, hispanc: hispanic,"
    )

    report = check(parse_mapping(decided), files / "stops.csv")

    assert report.accounting.rejected == 2
    assert not report.loses_silently


def test_all_rows_rejected_is_reported_and_counts_as_lost(files):
    (files / "stops.csv").write_text("day,race,name\nx,black,a\n")

    report = check(parse_mapping(MAPPING), files / "stops.csv")

    assert report.accounting.accepted == 0
    assert report.loses_silently


def test_nothing_is_left_behind(files):
    before = sorted(files.iterdir())

    check(parse_mapping(MAPPING), files / "stops.csv")

    assert sorted(files.iterdir()) == before


def test_the_command_prints_a_readable_report_and_exits_1_when_something_is_lost(files):
    result = CliRunner().invoke(command, [str(files / "stops.yaml"), str(files / "stops.csv")])

    assert result.exit_code == 1
    for told in ("5 rows = 1 accepted + 4 rejected", "hispanc", "Columns nobody mapped", "name", "lost silently"):
        assert told in " ".join(result.output.split())


def test_the_command_gives_json_and_exits_0_when_nothing_is_lost(files):
    (files / "stops.csv").write_text("day,race\n01/02/2017,black\n")

    result = CliRunner().invoke(command, [str(files / "stops.yaml"), str(files / "stops.csv"), "--json"])

    assert result.exit_code == 0
    assert json.loads(result.output)["accounting"]["accepted"] == 1


def test_help_shows_an_example():
    assert "comity check sources/stops.yaml" in CliRunner().invoke(command, ["--help"]).output
