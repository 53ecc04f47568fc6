"""`comity protect` serves people who have one table, and names what is wrong with theirs."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner

from comity.cli.protect import command
from comity.errors import ComityError

CELLS = """place,group,stops
a,x,3
a,y,40
b,x,60
b,y,70
c,x,90
c,y,"1,000"
"""
PARENTS = "code,parent\na,north\nb,north\nc,south\n"
POLICY = """count: stops
hierarchies: {place: places.csv}
policy: {minimum: 10, cost: count}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "stops.csv").write_text(CELLS)
    (tmp_path / "places.csv").write_text(PARENTS)
    (tmp_path / "policy.yaml").write_text(POLICY)
    return tmp_path


def run(folder, *more):
    return CliRunner().invoke(command, [str(folder / "stops.csv"), "--policy", str(folder / "policy.yaml"), *more])


def test_a_table_is_protected_with_its_totals_and_roll_ups(folder):
    result = run(folder, "--out", str(folder / "out.csv"), "--json")

    with (folder / "out.csv").open(newline="") as stream:
        rows = {(row["place"], row["group"]): (row["count"], row["status"]) for row in csv.DictReader(stream)}
    assert result.exit_code == 0
    assert json.loads(result.stdout)["primary"] == 1
    assert rows["a", "x"] == ("", "suppressed")
    assert rows["all", "all"] == ("1263", "published")
    assert rows["north", "all"] == ("173", "published")
    assert {place for place, _ in rows} == {"a", "b", "c", "north", "south", "all"}


def test_without_out_the_table_goes_to_the_terminal_and_the_report_beside_it(folder):
    result = run(folder)

    assert result.stdout.splitlines()[0] == "place,group,count,status"
    assert "Hidden: 1 of" in result.stderr


def test_a_line_a_record_with_officers_behind_it(folder):
    lines = ["place,officer"] + [f"a,o{n % 2}" for n in range(40)] + [f"b,o{n % 9}" for n in range(50)]
    (folder / "stops.csv").write_text("\n".join([*lines, *(f"c,o{n % 9}" for n in range(60))]))
    (folder / "policy.yaml").write_text("unit: officer\nrules: {least_units: 3}\n")

    result = run(folder)

    assert "officer" not in result.stdout
    assert "a,,suppressed" in result.stdout


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("policy.yaml", "cuont: stops", "Did you mean 'count'"),
        ("policy.yaml", "count: stop", "Did you mean 'stops'"),
        ("policy.yaml", "policy: {minimun: 3}", "Did you mean 'minimum'"),
        ("policy.yaml", "rules: {least_units: 3}\ncount: stops", "no `unit`"),
        ("policy.yaml", "count: stops\npolicy: {method: cell-key}", "needs the records behind it"),
        ("policy.yaml", "count: stops\npolicy: {distinct: {officer: 3}}", "least_units"),
        ("policy.yaml", "count: [", "is not YAML"),
        ("policy.yaml", "hierarchies: {place: none.csv}\ncount: stops", "There is no file"),
        ("places.csv", "from,to\na,b\n", "Its columns are code and parent"),
        ("stops.csv", "", "is empty"),
        ("stops.csv", "place,group,stops\n", "nothing below"),
        ("stops.csv", "place,group,stops\na,x,many\n", "line 2: 'many' is no whole number"),
        ("stops.csv", "place,group,stops\na,x\n", "line 2: 2 values under 3 columns"),
        ("stops.csv", "place,group,stops\nall,x,4\n", "'all' of 'place' is reserved"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(folder, file, text, message):
    (folder / file).write_text(text)

    result = run(folder, "--out", str(folder / "out.csv"))

    assert isinstance(result.exception, ComityError)
    assert message in str(result.exception)
    assert not list(folder.glob("*out*"))
