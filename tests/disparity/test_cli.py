"""`comity disparity`: JSON as documented, and one plain sentence for each kind of bad input."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from comity.cli.disparity import command
from comity.disparity import threshold
from comity.disparity.threshold_model import SamplerOptions
from comity.errors import ComityError

COUNTS = "place,group,stops,searches,hits\n" + "".join(
    f"p{i},{group},{stops},{searches},{hits}\n"
    for i in range(8)
    for group, stops, searches, hits in (("Black", 900 + i, 120, 30 + i % 3), ("White", 1500 - i, 90, 30 - i % 2))
)


@pytest.fixture
def run(tmp_path):
    def call(verb, text, *options):
        file = tmp_path / "counts.csv"
        if isinstance(text, bytes):
            file.write_bytes(text)
        else:
            file.write_text(text)
        return CliRunner().invoke(command, [verb, str(file), *options], catch_exceptions=True)

    return call


@pytest.mark.parametrize("verb", ["rates", "outcome", "bounds"])
def test_findings_are_printed_with_the_rule(run, verb):
    shown, printed = run(verb, COUNTS), run(verb, COUNTS, "--json")

    assert shown.exit_code == 0
    assert "The rule was fixed before" in shown.output
    record = json.loads(printed.output)
    assert [finding["id"].split(":")[1:] for finding in record["findings"]] == [["Black", "White"]]


def test_threshold_json_is_as_documented(run, monkeypatch):
    # A quick fit, so it may well be refused: the form of the answer is what counts here.
    monkeypatch.setattr(threshold, "LEVELS", (SamplerOptions(warmup=100, draws=200),))
    printed = run("threshold", COUNTS, "--pin", "largest", "--json", "--no-sensitivity")

    record = json.loads(printed.output)
    assert {"groups", "gaps", "gates", "sensitivities", "rule"} <= set(record)
    assert record["pin"] == "p0"
    assert (printed.exit_code == 0) == (record["refused"] is None) == bool(record["groups"])
    for each in record["groups"]:
        assert {"group", "threshold", "low", "high"} <= set(each)
    assert set(record["gates"]) >= {"plausible", "r_hat", "ess_bulk", "divergences"}


@pytest.mark.parametrize(
    ("verb", "text", "said"),
    [
        ("rates", "", "is empty"),
        ("rates", b"\x00\x01\xff\xfe" * 50, "is not a CSV table"),
        ("rates", COUNTS.replace("place,", "plaza,"), "no column 'place'"),
        ("outcome", COUNTS.replace("p1,Black,901,120", "p1,Black,901,-120"), "'searches' is -120 for place 'p1'"),
        ("threshold", COUNTS.replace("p1,Black,901,120,31", "p1,Black,901,120,131"), "131 hits but only 120 searches"),
        ("veil", "date,minute_of_day\n2017-01-01,5\n", "no column 'group'"),
        ("change", "period,count\n2017,-4\n2018,3\n", "is -4"),
        ("rollout", "unit,period,outcome\na,1,2\n", "no column 'adopted'"),
        ("officers", "officer,cell,stops,events\na,x,5,9\n", "9 events but only 5 stops"),
    ],
)
def test_bad_input_is_one_sentence_with_the_value(run, verb, text, said):
    options = ["--lat", "44.98", "--lng", "-93.27", "--time-zone", "America/Chicago"] if verb == "veil" else []

    result = run(verb, text, *options)

    assert isinstance(result.exception, ComityError)
    assert said in str(result.exception)
    assert result.output == ""


def test_a_missing_file_is_named(tmp_path):
    result = CliRunner().invoke(command, ["rates", str(tmp_path / "nowhere.csv")])

    assert "There is no file" in str(result.exception)
