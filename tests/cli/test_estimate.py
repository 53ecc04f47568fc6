"""`comity estimate` and `comity weigh` print what they promise, from files of every kind."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
import pytest
from click.testing import CliRunner

from comity.cli.estimate import command as estimate
from comity.cli.weigh import command as weigh
from comity.errors import ComityError

TOWN = Path(__file__).parents[1] / "estimates" / "fixtures" / "town.csv"
FIELDS = ["variable", "statistic", "domain", "estimate", "se", "df", "low", "high", "n", "deff"]
DESIGN = """
weights: weight
strata: district
clusters: block
weighting:
  - step: rake
    margins:
      age: {18-34: 6000, 35-54: 8000, 55+: 5000}
      sex: {female: 10000, male: 9000}
"""


@pytest.fixture
def design(tmp_path):
    path = tmp_path / "design.yaml"
    path.write_text(DESIGN)
    return path


def run(command, *arguments):
    result = CliRunner().invoke(command, [str(each) for each in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_json_is_a_list_of_the_ten_fields(design):
    found = json.loads(run(estimate, TOWN, "--design", design, "--mean", "trust", "--json"))

    assert [list(each) for each in found] == [FIELDS]
    assert found[0]["variable"] == "trust"
    assert found[0]["statistic"] == "mean"
    assert found[0]["domain"] is None
    assert found[0]["low"] < found[0]["estimate"] < found[0]["high"]


def test_domains_are_the_categories_of_the_by_column(design):
    found = json.loads(run(estimate, TOWN, "--design", design, "--mean", "trust", "--by", "sex", "--json"))

    assert [each["domain"] for each in found] == ["female", "male"]


def test_every_statistic_can_be_asked_for(design):
    found = json.loads(
        run(
            estimate,
            TOWN,
            "--design",
            design,
            "--total",
            "visits",
            "--proportion",
            "age",
            "--ratio",
            "visits",
            "years",
            "--median",
            "years",
            "--quantile",
            "years",
            "0.9",
            "--json",
        )
    )

    assert [each["statistic"] for each in found] == ["total", *["proportion"] * 3, "ratio", "median", "quantile 0.9"]
    assert sum(each["estimate"] for each in found[1:4]) == pytest.approx(1)


def test_parquet_spss_and_stata_files_give_the_same_numbers(design, tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    table = pyarrow.csv.read_csv(TOWN)
    frame = table.to_pandas()
    pyarrow.parquet.write_table(table, tmp_path / "town.parquet")
    pyreadstat.write_sav(frame, str(tmp_path / "town.sav"))
    pyreadstat.write_dta(frame, str(tmp_path / "town.dta"))
    expected = json.loads(run(estimate, TOWN, "--design", design, "--mean", "trust", "--by", "sex", "--json"))

    for name in ("town.parquet", "town.sav", "town.dta"):
        found = json.loads(
            run(estimate, tmp_path / name, "--design", design, "--mean", "trust", "--by", "sex", "--json")
        )
        for ours, theirs in zip(found, expected, strict=True):
            assert ours["domain"] == theirs["domain"]
            numbers = ("estimate", "se", "df", "low", "high", "n", "deff")
            assert [ours[key] for key in numbers] == pytest.approx([theirs[key] for key in numbers], rel=1e-9)


def test_value_labels_of_spss_files_name_the_domains(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    frame = pyarrow.csv.read_csv(TOWN).to_pandas()
    pyreadstat.write_sav(frame, str(tmp_path / "t.sav"), variable_value_labels={"heard": {0: "not heard", 1: "heard"}})
    (tmp_path / "d.yaml").write_text("weights: weight\n")

    arguments = ["--design", tmp_path / "d.yaml", "--mean", "visits", "--by", "heard", "--json"]
    found = json.loads(run(estimate, tmp_path / "t.sav", *arguments))

    assert [each["domain"] for each in found] == ["not heard", "heard"]


def test_the_table_says_why_a_number_is_not_there(design, tmp_path):
    optin = tmp_path / "optin.yaml"
    optin.write_text("kind: opt-in\nweights: weight\n")

    output = run(estimate, TOWN, "--design", optin, "--mean", "trust")

    assert "no margin of error" in output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--mean", "trusst"], "Did you mean 'trust'?"),
        (["--mean", "age"], "holds text"),
        ([], "Nothing to estimate"),
        (["--quantile", "years", "1.5"], "'1.5'"),
        (["--mean", "trust", "--minimum-n", "100000"], "below the floor"),
        (["--mean", "trust", "--confidence", "95"], "Confidence is 95"),
    ],
)
def test_mistakes_get_one_sentence(design, arguments, words):
    with pytest.raises(ComityError) as error:
        run(estimate, TOWN, "--design", design, *arguments)

    assert words in str(error.value)


@pytest.mark.parametrize("name", ["missing.csv", "odd.xyz", "broken.parquet", "broken.sav"])
def test_files_that_cannot_be_read_are_named(design, tmp_path, name):
    if name != "missing.csv":
        (tmp_path / name).write_text("this is not a table")

    with pytest.raises(ComityError, match=name):
        run(estimate, tmp_path / name, "--design", design, "--mean", "trust")


def test_weigh_writes_weights_that_meet_the_margins(design, tmp_path):
    into = tmp_path / "weighted.csv"

    output = run(weigh, TOWN, "--design", design, "--into", into)

    table = pyarrow.csv.read_csv(into)
    women = table.filter(pyarrow.compute.equal(table["sex"], "female"))
    assert sum(women["weight_final"].to_pylist()) == pytest.approx(10000)
    assert "Kish design effect" in output


def test_weigh_prints_the_chain_as_json(design):
    found = json.loads(run(weigh, TOWN, "--design", design, "--json"))

    assert [step["step"] for step in found["steps"]] == ["rake"]
    assert found["diagnostics"]["total"] == pytest.approx(19000)


def test_weigh_leaves_nothing_behind_when_it_fails(design, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text(DESIGN.replace("55+: 5000", "55+: 4000"))
    into = tmp_path / "weighted.csv"

    with pytest.raises(ComityError, match="disagree"):
        run(weigh, TOWN, "--design", bad, "--into", into)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.yaml", "design.yaml"]
