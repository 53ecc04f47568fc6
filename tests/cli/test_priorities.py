"""`comity priorities` prints the result for programs and for people, and refuses bad files in one sentence."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from comity.cli.priorities import command
from comity.errors import ComityError
from comity.priorities import read_pabulib, recorded_winners

TOWN = """META
key;value
budget;100
vote_type;approval
PROJECTS
project_id;cost;name
1;60;Benches
2;40;Lights
3;30;Trees
VOTES
voter_id;vote;sex
a;1,2;f
b;1,2;m
c;1,3;f
d;3;m
"""
VOTES = "participant,1,2,3\n" + "".join(f"{at},{side},{side},{-side}\n" for at, side in enumerate([1] * 5 + [-1] * 4))


@pytest.fixture
def run(tmp_path):
    (tmp_path / "town.pb").write_text(TOWN)
    (tmp_path / "votes.csv").write_text(VOTES)
    (tmp_path / "pairs.csv").write_text("preferred,other\na,b\nb,a\na,b\n")

    def call(*arguments):
        done = CliRunner().invoke(command, [str(tmp_path / each) if "." in each else each for each in arguments])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    return call


@pytest.mark.parametrize(
    ("rule", "selected", "cost"),
    [("equal-shares", ["1", "3"], 90), ("greedy", ["1", "2"], 100), ("phragmen", ["3", "2"], 70)],
)
def test_json_has_what_was_selected_and_what_it_costs(run, rule, selected, cost):
    record = json.loads(run(rule, "town.pb", "--json"))

    assert (record["selected"], record["cost"]) == (selected, cost)
    assert record["groups_of_voters"][0]["voters"] == 4


def test_people_are_told_who_paid_and_what_nearly_won_in_both_languages(run):
    english, spanish = run("equal-shares", "town.pb"), run("equal-shares", "town.pb", "--language", "es")

    assert "2 of 3 projects were funded for 90 of 100; 4 people voted." in english
    assert "1 Benches: 60, 3 supporters" in english
    assert "2 Lights: cost 40, 2 supporters, who had" in english
    assert "Se financiaron 2 de 3 proyectos por 90 de 100" in spanish


def test_the_recorded_rule_of_a_file_is_the_default(run, shared_data):
    path = shared_data / "budgeting" / "Netherlands_Assen_2024.pb"

    done = CliRunner().invoke(command, ["equal-shares", str(path), "--json"])

    assert set(json.loads(done.output)["selected"]) == recorded_winners(read_pabulib(path))


def test_the_result_is_written_into_a_file(run, tmp_path):
    run("greedy", "town.pb", "--into", "out.pb")

    assert recorded_winners(read_pabulib(tmp_path / "out.pb")) == {"1", "2"}


def test_groups_and_pairs_are_printed(run):
    record = json.loads(run("groups", "votes.csv", "--json", "--shuffles", "0"))

    assert [group["members"] for group in record["groups"]] == [["0", "1", "2", "3", "4"], ["5", "6", "7", "8"]]
    assert "Group A: 5 people" in run("groups", "votes.csv")
    assert "Grupo A: 5 personas" in run("groups", "votes.csv", "--language", "es")
    assert [each["id"] for each in json.loads(run("pairs", "pairs.csv", "--json"))] == ["a", "b"]
    assert "1. a: strength" in run("pairs", "pairs.csv")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("greedy", "none.pb"), "cannot be read"),
        (("greedy", "votes.csv"), "does not begin with a line 'META'"),
        (("greedy", "town.pb", "--by", "sexx"), "Did you mean 'sex'"),
        (("groups", "town.pb"), "values under|no column"),
        (("pairs", "votes.csv"), "no lines under 'preferred'"),
    ],
)
def test_bad_input_is_one_clear_sentence(run, arguments, says):
    with pytest.raises(ComityError, match=says):
        run(*arguments)


def test_the_command_line_prints_no_traceback(tmp_path):
    (tmp_path / "bad.pb").write_text("META\nkey;value\nbudget;x\n")

    done = subprocess.run(
        [sys.executable, "-c", "from comity.cli.main import main; main()", "priorities", "greedy", str(tmp_path / "bad.pb")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
