"""Sequential Phragmen for projects with costs (Los, Christoff and Grossi 2022), exact.

Every voter earns money at the same even pace. As soon as the supporters of a project together have its cost, it is bought
and they have nothing left. The rule ends at the first project that the budget cannot pay; the rest is completed greedily.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from comity.priorities.election import Election
from comity.priorities.greedy import complete_greedily, passed_over
from comity.priorities.outcome import Outcome, Purchase


def phragmen(election: Election, *, complete: bool = True) -> Outcome:
    """The projects in the order in which their supporters could pay for them. A score of any size counts as support.

    share: the money that each voter had earned at the last purchase. Ties: more supporters first, then the lower id.
    """
    weights, supports = election.grouped.weights, election.grouped.scores > 0
    last = np.full(len(weights), -1)  # the purchase that emptied each voter's purse
    moments: list[Fraction] = []
    purchases: list[Purchase] = []
    left = election.budget
    waiting = {at for at in range(len(election.projects)) if supports[:, at].any()}
    while waiting:
        found: dict[int, Fraction] = {}
        for at in waiting:
            emptied = np.bincount(last[supports[:, at]] + 1, weights[supports[:, at]], len(moments) + 1)
            spent = sum((moment * int(n) for moment, n in zip(moments, emptied[1:], strict=True)), Fraction(0))
            found[at] = (election.projects[at].cost + spent) / int(emptied.sum())
        soonest = min(found.values())
        tied = [election.projects[at].id for at, moment in found.items() if moment == soonest]
        winner = election.by_id[election.first(tied)]
        if winner.cost > left:
            break
        chosen = election.projects.index(winner)
        waiting.remove(chosen)
        left -= winner.cost
        last[supports[:, chosen]] = len(moments)
        moments.append(soonest)
        purchases.append(Purchase(winner, election.supporters[winner.id], None, None, None, "phragmen"))
    if complete:
        purchases += complete_greedily(election, [each.project.id for each in purchases])
    selected = tuple(each.project.id for each in purchases)
    rest = election.budget - sum((each.project.cost for each in purchases), Fraction(0))
    share = moments[-1] if moments else None
    return Outcome("phragmen", election, selected, tuple(purchases), share, passed_over(election, selected, rest))
