"""`comity disparity` on an instance gives what the same counts in a file give, and its findings enter releases."""

from __future__ import annotations

import csv
import json
import random
from datetime import date

import pyarrow.csv
import pytest
from click.testing import CliRunner

from comity.cli.disparity import command
from comity.disparity import threshold
from comity.disparity.stops import stop_findings
from comity.disparity.threshold_model import SamplerOptions
from comity.errors import ComityError
from comity.instance.counts import (
    break_months,
    month_counts,
    officer_counts,
    open_dataset,
    outcome_counts,
    rollout_counts,
    stop_counts,
)
from comity.instance.publish import publish
from comity.instance.settings import read_instance

MAPPING = """
source: Small Town
record_type: stop
columns:
  record_id: id
  date: {from: day, formats: ["%Y-%m-%d"]}
  time: {from: clock, formats: ["%H:%M"]}
  beat: beat
  officer_id_hash: officer
  subject_race: {from: race, codes: {b: black, w: white, u: unknown}}
  search_conducted: {from: searched, codes: {"y": "yes", "n": "no"}}
  contraband_found: {from: found, codes: {"y": "yes", "n": "no"}}
duplicates: {key: id}
"""

TABLES = """
[[datasets.stops.tables]]
name = "stops_by_month"
title.en = "Stops by month"
title.es = "Paradas por mes"
dimensions = ["month", "subject_race"]

[[datasets.stops.tables]]
name = "hits"
title.en = "Searches by group and what they found"
title.es = "Registros por grupo y lo que encontraron"
dimensions = ["subject_race", "search_conducted", "contraband_found"]
"""


@pytest.fixture
def agency(small_agency):
    """The small agency, larger, with contraband, officers and a table by month."""
    (small_agency / "sources" / "stops.yaml").write_text(MAPPING)
    settings = (small_agency / "comity.toml").read_text()
    (small_agency / "comity.toml").write_text(settings + TABLES)
    draw = random.Random(3)
    with (small_agency / "sources" / "stops.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "day", "clock", "beat", "officer", "race", "searched", "found"])
        for number in range(4000):
            race = draw.choices("bwu", [45, 50, 5])[0]
            searched = "y" if draw.random() < (0.3 if race == "b" else 0.2) else "n"
            found = "y" if searched == "y" and draw.random() < (0.2 if race == "b" else 0.35) else "n"
            day = f"2026-{draw.randint(1, 9):02d}-{draw.randint(1, 28):02d}"
            clock = f"{draw.randint(0, 23):02d}:{draw.randint(0, 59):02d}"
            officer = f"badge-zq{draw.randint(1, 20)}"
            writer.writerow([number, day, clock, f"Beat {draw.randint(1, 6)}", officer, race, searched, found])
    return small_agency


@pytest.fixture(autouse=True)
def quick_fits(monkeypatch):
    """The sampler's answer is not looked at here: so few draws are mostly refused."""
    monkeypatch.setattr(threshold, "LEVELS", (SamplerOptions(warmup=60, draws=60),))


def run(*arguments):
    return CliRunner().invoke(command, [str(each) for each in arguments], catch_exceptions=True)


def test_counts_of_an_instance_are_those_of_its_file(agency):
    rows = pyarrow.csv.read_csv(agency / "sources" / "stops.csv").to_pylist()

    counts = {(row["place"], row["group"]): row for row in outcome_counts(open_dataset(agency)).to_pylist()}
    months = month_counts(open_dataset(agency).records)

    mine = [row for row in rows if row["beat"] == "Beat 2" and row["race"] == "b"]
    assert counts["Beat 2", "black"] == {
        "place": "Beat 2",
        "group": "black",
        "stops": len(mine),
        "searches": sum(row["searched"] == "y" for row in mine),
        "hits": sum(row["found"] == "y" for row in mine),
    }
    assert months["period"].to_pylist() == [f"2026-{month:02d}" for month in range(1, 10)]
    assert (sum(months["count"].to_pylist()), months["exposure"].to_pylist()[1]) == (4000, 28.0)
    officers = officer_counts(open_dataset(agency))
    assert sum(officers["stops"].to_pylist()) == 4000
    assert set(officers.column_names) == {"officer", "beat", "hour", "stops", "events"}


def test_records_are_standardised_again_only_when_their_files_changed(agency):
    first = open_dataset(agency).records.path.stat().st_mtime_ns
    again = open_dataset(agency).records.path.stat().st_mtime_ns
    (agency / "sources" / "stops.csv").touch()
    changed = open_dataset(agency).records.path.stat().st_mtime_ns

    assert first == again < changed


@pytest.mark.parametrize(
    ("verb", "options"),
    [
        ("rates", []),
        ("outcome", []),
        ("bounds", []),
        ("veil", ["--group", "black"]),
        ("change", []),
        ("change", ["--places"]),
        ("officers", []),
        ("rollout", ["--adopted", "adopted.csv"]),
    ],
)
def test_each_verb_answers_from_an_instance_and_draws_with_a_table(agency, tmp_path, monkeypatch, verb, options):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "adopted.csv").write_text("unit,adopted\nBeat 1,2026-05\nBeat 2,2026-06\nBeat 3,2026-07\n")
    picture = tmp_path / "picture.svg"

    answer = run(verb, "--instance", agency, "stops", "--json", "--picture", picture, *options)

    assert answer.exit_code == 0, answer.exception
    assert json.loads(answer.output)
    assert picture.read_text().startswith("<svg")
    with (tmp_path / "picture.csv").open() as file:
        assert len(list(csv.DictReader(file))) > 0
    assert sorted(path.name for path in tmp_path.glob(".*")) == []


def test_the_threshold_test_answers_from_an_instance(agency):
    answer = run("threshold", "--instance", agency, "--json", "--no-sensitivity")

    assert {"groups", "gaps", "gates"} <= set(json.loads(answer.output))


def test_a_question_the_records_cannot_answer_names_the_column(small_agency):
    for verb, column in (("threshold", "contraband_found"), ("officers", "officer_id_hash")):
        answer = run(verb, "--instance", small_agency)

        assert isinstance(answer.exception, ComityError)
        assert column in str(answer.exception)
        assert answer.output == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rates",), "Nothing says what to analyse"),
        (("rates", "--instance", "nowhere"), "nowhere"),
        (("rollout", "--instance", "AGENCY"), "which units adopted when"),
        (("outcome", "--instance", "AGENCY", "--picture", "picture.png"), "does not end in .svg"),
        (("outcome", "--instance", "AGENCY", "--picture", "no/such/folder.svg"), "no folder"),
        (("outcome", "--instance", "AGENCY", "stop"), "There is no dataset 'stop'"),
        (("outcome", "--instance", "AGENCY", "--reference", "whit"), "no group 'whit'"),
        (("rates", "AGENCY"), "is a folder"),
    ],
)
def test_a_wrong_call_is_one_sentence(agency, arguments, said):
    answer = run(*(str(agency) if each == "AGENCY" else each for each in arguments))

    assert isinstance(answer.exception, ComityError)
    assert said in str(answer.exception)


def test_adoptions_of_unknown_units_are_refused_with_the_name(agency):
    adopted = pyarrow.table({"unit": ["Beat 9"], "adopted": ["2026-05"]})

    with pytest.raises(ComityError, match="No record has beat 'Beat 9'"):
        rollout_counts(open_dataset(agency), adopted)


def test_months_without_a_record_of_a_unit_are_zeros(agency):
    adopted = pyarrow.table({"unit": ["Beat 1"], "adopted": ["2026-05"]})

    table = rollout_counts(open_dataset(agency), adopted)

    assert table.num_rows == 6 * 9
    assert sum(table["outcome"].to_pylist()) == 4000
    assert set(table["adopted"].to_pylist()) == {None, "2026-05"}


def test_a_release_carries_every_finding_its_columns_allow(agency):
    published = publish(agency, today=date(2026, 11, 1))

    by_method = {each["method"]: each for each in published.findings}
    assert {"search_rate", "outcome_test", "threshold_test", "veil_of_darkness", "change", "stop_rate"} <= set(
        by_method
    )
    assert by_method["outcome_test"]["estimate"] is not None
    assert by_method["change"]["id"] == "change:2026-09"
    assert by_method["change"]["n"] == 4000
    methods = json.loads(next(published.public.glob("releases/*/*/v1/methods.json")).read_bytes())["methods"]
    assert set(by_method) <= set(methods)
    assert "officers" not in methods
    assert not any(b"badge-zq" in path.read_bytes() for path in published.public.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("tables", "breaks", "said"),
    [
        ({}, [], "No public table counts by month"),
        ({"months": "by_month"}, ["2026-09"], "only one month since counting began or changed"),
    ],
)
def test_a_change_that_cannot_be_checked_or_reaches_across_a_break_is_not_told(agency, tables, breaks, said):
    records = open_dataset(agency).records

    (change,) = stop_findings(
        stop_counts(records, "beat"),
        months=month_counts(records),
        place="beat",
        tables=tables,
        breaks=breaks,
        methods=["change"],
    )

    assert (str(change.verdict), change.estimate) == ("cannot tell", None)
    assert said in str(change.reason)


@pytest.mark.parametrize(("period", "month"), [("2026-05", "2026-05"), ("2026-q3", "2026-07"), ("2026", "2026-01")])
def test_a_break_begins_with_the_first_month_of_its_period(agency, period, month):
    settings = (agency / "comity.toml").read_text()
    declared = f'\n[[datasets.stops.breaks]]\nname = "form"\nperiod = "{period}"\ntext.en = "New form."\ntext.es = "Formulario."\n'
    (agency / "comity.toml").write_text(settings + declared)

    assert break_months(read_instance(agency).dataset("stops")) == (month,)
