"""Pabulib files are read as they come, written so that they can be read again, and refused in one sentence."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.priorities import PrioritiesError, parse_pabulib, read_pabulib, write_pabulib
from comity.priorities.pabulib import as_pabulib

FILE = """META
key;value
description;A small town
num_projects;2
num_votes;3
budget;{budget}
vote_type;{kind}
PROJECTS
project_id;cost;name
1;{cost};Benches; "new"
2;40;Lights
VOTES
voter_id;vote{points}
a;1,2{first}
b;2{second}
c;{third}
"""


def text(budget="100", kind="approval", cost="60,5", points="", first="", second="", third=""):
    return FILE.format(**locals())


def test_decimal_commas_and_all_kinds_of_ballots_are_read():
    approvals = parse_pabulib(text())
    ranked = parse_pabulib(text(kind="ordinal"))
    cumulative = parse_pabulib(text(kind="cumulative", points=";points", first=";3,1", second=";4", third=";"))

    assert approvals.projects[0].cost == Fraction(121, 2)
    assert [dict(each.scores) for each in approvals.ballots] == [{"1": 1, "2": 1}, {"2": 1}, {}]
    assert dict(ranked.ballots[0].scores) == {"1": 2, "2": 1}
    assert [dict(each.scores) for each in cumulative.ballots] == [{"1": 3, "2": 1}, {"2": 4}, {}]
    assert approvals.supporters == {"1": 1, "2": 2}


def test_every_file_counts_the_votes_that_it_records(shared_data):
    for path in sorted((shared_data / "budgeting").glob("*.pb")):
        election = read_pabulib(path)
        assert {each.id: each.fields["votes"] for each in election.projects} == {
            project: str(count) for project, count in election.supporters.items()
        }
        for project in election.projects:
            if "score" in project.fields:
                assert project.fields["score"] == str(election.totals[project.id])


def test_what_is_written_can_be_read_again(shared_data, tmp_path):
    for path in sorted((shared_data / "budgeting").glob("*.pb"))[::5]:
        election = read_pabulib(path)
        write_pabulib(election, tmp_path / "out.pb", selected=[election.projects[0].id])
        again = read_pabulib(tmp_path / "out.pb")

        assert (again.budget, again.kind) == (election.budget, election.kind)
        assert [(each.id, each.cost) for each in again.projects] == [(each.id, each.cost) for each in election.projects]
        assert [(each.id, each.scores) for each in again.ballots] == [
            (each.id, each.scores) for each in election.ballots
        ]
        assert [each.fields["selected"] for each in again.projects].count("1") == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "out.pb"]


def test_points_survive_writing():
    election = parse_pabulib(text(kind="scoring", points=";points", first=";2.5,1", second=";4", third=";"))

    assert [each.scores for each in parse_pabulib(as_pabulib(election)).ballots] == [
        each.scores for each in election.ballots
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "has no section META"),
        ("hello", "does not begin with a line 'META'"),
        (text(budget="much"), "the budget is 'much', which is not a number"),
        (text(budget="1/0"), "not a number"),
        (text(budget="1e999999"), "not a number"),
        (text(budget="nan"), "not a number"),
        (text(kind="guess"), "vote_type is 'guess'"),
        (text(cost=""), "line 10: the cost of '1'"),
        (text(first=",1"), "names '1' twice"),
        (text(first=",7"), "names the project '7'"),
        (text(kind="cumulative", points=";points", first=";3"), "2 projects and gives 1 points"),
        (text().replace("num_votes;3", "num_votes;4"), "says num_votes 4 and has 3"),
        (text().replace("VOTES", "VOICES"), "has no section VOTES"),
        (text(cost="-5"), "costs -5"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(content, says):
    with pytest.raises(PrioritiesError, match=says) as caught:
        parse_pabulib(content, name="town.pb")

    assert caught.value.next_step
    assert "\n" not in str(caught.value)


@settings(max_examples=80, deadline=None)
@given(content=st.text(alphabet=st.sampled_from("META\nPROJECTS;VOTES,vote1230.x\"'\0\r"), max_size=120))
def test_no_text_at_all_ends_in_a_traceback(content):
    try:
        parse_pabulib("META\nkey;value\nbudget;10\n" + content)
    except PrioritiesError:
        return  # any other error fails the test


def test_a_file_that_is_not_there_or_not_text_is_said(tmp_path):
    (tmp_path / "a.pb").write_bytes(b"\xff\xfe\x00")

    for name, says in (("none.pb", "cannot be read"), ("a.pb", "not UTF-8")):
        with pytest.raises(PrioritiesError, match=says):
            read_pabulib(tmp_path / name)
