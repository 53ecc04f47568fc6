"""Greedy: the projects with the most support first, each that still fits. Simple, and blind to who got nothing."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from comity.priorities.election import Election
from comity.priorities.outcome import NearlyWon, Outcome, Purchase


def greedy(election: Election) -> Outcome:
    """Projects by their total score (for approvals, votes); one that does not fit is passed over.

    A project without any support is not funded. Ties: more supporters first, then the lower project id.
    """
    purchases = complete_greedily(election, ())
    selected = tuple(each.project.id for each in purchases)
    left = election.budget - sum((each.project.cost for each in purchases), Fraction(0))
    return Outcome("greedy", election, selected, tuple(purchases), None, passed_over(election, selected, left))


def complete_greedily(election: Election, selected: Sequence[str]) -> list[Purchase]:
    """What greedy buys with the money that `selected` leaves."""
    left = election.budget - sum((election.by_id[each].cost for each in selected), Fraction(0))
    bought = []
    for project_id in in_order(election):
        project = election.by_id[project_id]
        if project_id not in selected and project.cost <= left and election.totals[project_id] > 0:
            left -= project.cost
            bought.append(Purchase(project, election.supporters[project_id], None, None, None, "greedy"))
    return bought


def in_order(election: Election) -> list[str]:
    """Project ids by total score, ties as `Election.first` resolves them."""
    waiting = sorted(election.by_id, key=lambda each: -election.totals[each])
    ordered: list[str] = []
    while waiting:
        tied = [each for each in waiting if election.totals[each] == election.totals[waiting[0]]]
        chosen = election.first(tied)
        ordered.append(chosen)
        waiting.remove(chosen)
    return ordered


def passed_over(election: Election, selected: Sequence[str], left: Fraction) -> tuple[NearlyWon, ...]:
    """Projects with support that were not funded, best supported first, with what the rest of the budget lacked."""
    return tuple(
        NearlyWon(election.by_id[each], election.supporters[each], election.by_id[each].cost - left)
        for each in in_order(election)
        if each not in selected and election.totals[each] > 0
    )
