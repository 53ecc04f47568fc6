"""The budgeting rules decide what the papers and the cities' records say, exactly, in whatever order things come."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comity.priorities import (
    Ballot,
    Election,
    PrioritiesError,
    Project,
    equal_shares,
    greedy,
    phragmen,
    prefer,
    read_pabulib,
    recorded_winners,
    share_out,
)

sys.path.insert(0, str(Path(__file__).parent))
from elections import election_of, elections

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
RULES = [equal_shares, greedy, phragmen]


def plain(election):
    """The election as the slow reference takes it."""
    costs = {project.id: project.cost for project in election.projects}
    return costs, [ballot.scores for ballot in election.ballots]


def test_the_recorded_winners_of_every_file_are_reproduced(shared_data):
    files = sorted((shared_data / "budgeting").glob("*.pb"))
    wrong, checked = [], 0
    for path in files:
        election = read_pabulib(path)
        recorded = recorded_winners(election)
        rule = election.meta["rule"]
        if recorded is None:
            continue
        checked += 1
        outcome = greedy(election) if rule == "greedy" else equal_shares(election, completion="add1")
        if set(outcome.selected) != recorded:
            wrong.append((path.name, set(outcome.selected) ^ recorded))

    assert wrong == []
    assert (len(files), checked) == (26, 14)


def test_the_comparison_step_of_wieliczka_keeps_equal_shares(shared_data):
    election = read_pabulib(shared_data / "budgeting" / "Poland_Wieliczka_2023_Green_Budget.pb")

    more, fewer, same = prefer(equal_shares(election, completion="add1"), greedy(election))

    assert more > fewer
    assert more + fewer + same == 6586


@QUICK
@given(election=elections(), worth=st.sampled_from(["cost", "votes"]))
def test_equal_shares_is_the_slow_reference(reference, arithmetic, election, worth):
    costs, scores = plain(election)
    value = costs.get if worth == "cost" else lambda project: Fraction(1)

    once, prices = reference.equal_shares(
        costs, scores, election.budget / len(scores), worth=value, first=election.first
    )
    raised = reference.add_one(costs, scores, election.budget, worth=value, first=election.first)
    full = reference.greedy(costs, scores, election.budget, first=election.first, already=raised)

    outcome = equal_shares(election, worth=worth, completion="none")
    assert list(outcome.selected) == once
    assert [each.price for each in outcome.purchases] == prices
    assert list(equal_shares(election, worth=worth, completion="add1").selected) == raised
    assert list(equal_shares(election, worth=worth).selected) == full


@QUICK
@given(election=elections(most_score=5))
def test_equal_shares_with_scores_is_the_slow_reference(reference, arithmetic, election):
    costs, scores = plain(election)

    raised = reference.add_one(costs, scores, election.budget, worth=costs.get, first=election.first)

    assert list(equal_shares(election, completion="add1").selected) == raised


@QUICK
@given(election=elections(most_score=3))
def test_greedy_and_phragmen_are_the_slow_references(reference, election):
    costs, scores = plain(election)

    assert list(greedy(election).selected) == reference.greedy(costs, scores, election.budget, first=election.first)
    assert list(phragmen(election, complete=False).selected) == reference.phragmen(
        costs, scores, election.budget, first=election.first
    )


@pytest.mark.parametrize("rule", RULES)
@QUICK
@given(election=elections(), data=st.data())
def test_the_order_of_voters_and_projects_changes_nothing(rule, election, data):
    shuffled = Election(
        election.budget,
        tuple(data.draw(st.permutations(election.projects))),
        tuple(data.draw(st.permutations(election.ballots))),
    )

    assert rule(shuffled).selected == rule(election).selected


@pytest.mark.parametrize("rule", RULES)
@QUICK
@given(election=elections(), factor=st.fractions("1/7", 9))
def test_the_unit_of_money_changes_nothing(rule, election, factor):
    """Of add1 it does: it raises shares by one unit, so completion is left out."""
    scaled = Election(
        election.budget * factor,
        tuple(Project(each.id, each.cost * factor) for each in election.projects),
        election.ballots,
    )
    options = {equal_shares: {"completion": "none"}, greedy: {}, phragmen: {"complete": False}}[rule]

    assert rule(scaled, **options).selected == rule(election, **options).selected


@pytest.mark.parametrize("rule", RULES)
@QUICK
@given(election=elections(), times=st.integers(2, 5))
def test_cloning_every_voter_changes_nothing(rule, election, times):
    cloned = Election(election.budget, election.projects, election.ballots * times)
    options = {equal_shares: {"completion": "none"}, greedy: {}, phragmen: {}}[rule]

    assert rule(cloned, **options).selected == rule(election, **options).selected


@QUICK
@given(election=elections(), data=st.data())
def test_a_clone_of_a_project_is_bought_only_after_its_original(election, data):
    original = data.draw(st.sampled_from(election.projects))
    clone = Project("99", original.cost)
    ballots = tuple(
        Ballot(each.id, {**each.scores, **({"99": each.scores[original.id]} if original.id in each.scores else {})})
        for each in election.ballots
    )
    cloned = Election(election.budget, (*election.projects, clone), ballots)

    for rule in RULES:
        selected = rule(cloned).selected
        assert "99" not in selected or original.id in selected


@QUICK
@given(election=elections(), completion=st.sampled_from(["none", "add1", "greedy", "add1 then greedy"]))
def test_no_rule_overspends_and_supporters_pay_exactly_the_cost(election, completion):
    outcome = equal_shares(election, completion=completion)
    assert outcome.cost <= election.budget
    assert all(rule(election).cost <= election.budget for rule in RULES)
    assert len(set(outcome.selected)) == len(outcome.selected)

    for purchase in outcome.purchases:
        if purchase.price is not None:
            paid = purchase.price * purchase.paid_in_full
            rest = purchase.project.cost - paid
            assert rest >= 0
            assert (rest == 0) == (purchase.paid_the_rest == 0)
            assert rest < purchase.price * purchase.paid_the_rest or rest == 0


def test_a_group_with_its_own_project_gets_its_share_where_greedy_gives_it_nothing():
    """60 voters want three projects, 40 want another; each costs a third of the budget."""
    election = election_of(dict.fromkeys("abcd", 100), [{"a", "b", "c"}] * 60 + [{"d"}] * 40, 300)

    assert set(greedy(election).selected) == {"a", "b", "c"}
    assert "d" in equal_shares(election).selected
    assert "d" in phragmen(election).selected


def test_equal_shares_pays_as_in_the_worked_example_of_the_methods_page():
    election = election_of({"1": 60, "2": 40, "3": 30}, [{"1", "2"}, {"1", "2"}, {"1", "3"}, {"3"}], 100)

    outcome = equal_shares(election, completion="none")

    assert outcome.share == 25
    assert [(each.project.id, each.price, each.paid_in_full, each.paid_the_rest) for each in outcome.purchases] == [
        ("1", 20, 3, 0),
        ("3", 25, 1, 1),
    ]
    assert [(each.project.id, each.lacks) for each in outcome.nearly_won] == [("2", 30)]


def test_ties_go_to_more_supporters_then_to_the_lower_number():
    election = election_of({"10": 5, "9": 5, "2a": 5}, [{"10", "9", "2a"}] * 2, 5)

    assert [rule(election).selected for rule in RULES] == [("9",)] * 3


def test_what_groups_of_voters_got_adds_up_and_hides_small_groups():
    base = election_of({"1": 60, "2": 40}, [{"1"}] * 12 + [{"2"}] * 11 + [set()] * 3, 100)
    parts = ["north"] * 12 + ["south"] * 11 + ["west"] * 3
    ballots = tuple(
        Ballot(each.id, each.scores, (), {"part": part}) for each, part in zip(base.ballots, parts, strict=True)
    )
    outcome = greedy(Election(base.budget, base.projects, ballots))

    lines = {line.group: line for line in share_out(outcome, "part")}

    assert (lines["north"].money, lines["south"].money) == (0.6, 0.4)
    assert (lines["north"].voters, lines["north"].with_a_project) == (12, 12)
    assert lines["smaller groups"].voters is None
    assert share_out(outcome)[0].with_a_project == 23


def test_without_ballots_nothing_is_funded():
    election = election_of({"1": 5}, [], 10)

    assert [rule(election).selected for rule in RULES] == [()] * 3


@pytest.mark.parametrize(
    ("costs", "ballots", "budget", "says"),
    [
        ({}, [], 10, "There are no projects"),
        ({"1": 5}, [{"2"}], 10, "names the project '2'"),
        ({"1": 0}, [{"1"}], 10, "'1' costs 0"),
        ({"1": 5}, [{"1"}], 0, "budget is 0"),
        ({"1": 5}, [{"1": -1}], 10, "score of 0 or less"),
    ],
)
def test_what_cannot_be_an_election_is_refused(costs, ballots, budget, says):
    with pytest.raises(PrioritiesError, match=says):
        election_of(costs, ballots, budget)


def test_floats_that_cannot_tell_are_left_to_exact_numbers(arithmetic):
    """Costs of which no float holds the ratio, and a difference of one part in 10^15."""
    near = Fraction(10**15 + 1, 10**14)
    election = election_of({"1": near, "2": 10}, [{"1", "2"}, {"1", "2"}, {"1", "2"}], near)

    assert equal_shares(election, worth="votes", completion="add1").selected == ("2",)


def test_add1_passes_over_shares_at_which_nothing_can_happen(arithmetic):
    """One supporter wants what costs nearly everything: fifty thousand steps away, or one jump."""
    election = election_of({"1": 30, "2": 50_000, "3": 60_000}, [{"1"}] * 50 + [{"2"}, {"3"}], 70_000)

    assert equal_shares(election, completion="add1").selected == ("1", "2")


def test_amounts_in_small_units_are_raised_in_reasonable_steps(arithmetic):
    costs = {"1": 40_000_000, "2": 30_000_000, "3": 50_000_000}
    election = election_of(costs, [{"1", "3"}, {"2"}, {"1", "2"}, {"3"}], 90_000_000)

    outcome = equal_shares(election, completion="add1")

    assert (outcome.selected, outcome.share) == (("1", "2"), 34_990_000)


def test_ties_too_close_for_floats_are_found_in_whole_numbers():
    """k + 1/3 a supporter against k, with k so large that only whole numbers tell them apart."""
    numba = pytest.importorskip("numba")
    assert numba
    import numpy as np

    from comity.priorities.compiled import buy_with_share

    k = 1e14
    starts, rows = np.array([0, 3, 5]), np.array([0, 1, 2, 0, 1])
    found = buy_with_share(
        k * 1.2, starts, rows, np.ones(5), np.ones(3), np.array([3 * k + 1, 2 * k]), np.ones(2), np.array([0, 1])
    )

    assert found.tolist() == [1, -1, -1]


def test_many_voters_are_decided_in_good_time():
    """A very generous bound: the benchmark measures 0.2 s."""
    import time

    import numpy as np

    generator = np.random.default_rng(5)
    likes = generator.random((47_000, 22)) < generator.beta(1, 3, 22)
    one = Fraction(1)
    ballots = tuple(Ballot("", {str(each): one for each in np.flatnonzero(row)}) for row in likes)
    costs = generator.integers(20_000, 300_000, 22)
    election = Election(
        Fraction(1_000_000), tuple(Project(str(at), Fraction(int(cost))) for at, cost in enumerate(costs)), ballots
    )

    start = time.perf_counter()
    outcome = equal_shares(election, completion="none")

    assert time.perf_counter() - start < 10
    assert outcome.selected
