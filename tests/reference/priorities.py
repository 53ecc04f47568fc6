"""Slow and obvious: budgeting rules in fractions, one voter at a time, and counting statements one vote at a time.

An election here is plain data: `budget` (Fraction), `costs` {project: Fraction}, `scores` [{project: Fraction}] with one
entry a voter; a project that a voter gives nothing is not in the entry. Ties go to `first(tied)`.
"""

from __future__ import annotations

from fractions import Fraction


def equal_shares(costs, scores, share, *, worth, first):
    """One run with `share` of money for each voter. Returns (selected in order, price per unit of score of each)."""
    left = [Fraction(share)] * len(scores)
    selected, prices = [], []
    while True:
        best = {}
        for project in costs:
            supporters = [voter for voter, score in enumerate(scores) if score.get(project, 0) > 0]
            if project in selected or sum((left[voter] for voter in supporters), Fraction(0)) < costs[project]:
                continue
            price = _price(costs[project], [(left[voter], scores[voter][project]) for voter in supporters])
            best[project] = price / worth(project)
        if not best:
            return selected, prices
        least = min(best.values())
        chosen = first([project for project, value in best.items() if value == least])
        price = least * worth(chosen)
        for voter, score in enumerate(scores):
            if score.get(chosen, 0) > 0:
                left[voter] -= min(left[voter], price * score[chosen])
        selected.append(chosen)
        prices.append(price)


def _price(cost, purses):
    """The least q with the sum of min(left, q * score) equal to the cost."""
    purses = sorted(purses, key=lambda each: each[0] / each[1])
    paid, rest = Fraction(0), sum((score for _, score in purses), Fraction(0))
    for left, score in purses:
        if (cost - paid) / rest <= left / score:
            return (cost - paid) / rest
        paid, rest = paid + left, rest - score
    raise AssertionError("the supporters cannot pay")


def add_one(costs, scores, budget, *, worth, first):
    """Equal shares, each voter given one more unit at a time while the result stays within the budget."""
    share = Fraction(budget) / len(scores)
    selected, _ = equal_shares(costs, scores, share, worth=worth, first=first)
    share = Fraction(int(share))
    while len(selected) < sum(any(p in score for score in scores) for p in costs) and share <= budget:
        more, _ = equal_shares(costs, scores, share + 1, worth=worth, first=first)
        if _cost(costs, more) > budget:
            break
        selected, share = more, share + 1
    return selected


def greedy(costs, scores, budget, *, first, already=()):
    selected = list(already)
    waiting = [project for project in costs if project not in selected]
    while waiting:
        totals = {project: sum(score.get(project, 0) for score in scores) for project in waiting}
        most = max(totals.values())
        if most <= 0:
            break
        chosen = first([project for project in waiting if totals[project] == most])
        waiting.remove(chosen)
        if _cost(costs, selected) + costs[chosen] <= budget:
            selected.append(chosen)
    return selected


def phragmen(costs, scores, budget, *, first):
    """Every voter earns one unit of money a unit of time; a project is bought when its supporters can pay for it."""
    loads = [Fraction(0)] * len(scores)
    selected = []
    while True:
        times = {}
        for project in costs:
            supporters = [voter for voter, score in enumerate(scores) if score.get(project, 0) > 0]
            if project not in selected and supporters:
                times[project] = (costs[project] + sum(loads[v] for v in supporters)) / len(supporters)
        if not times:
            return selected
        soonest = min(times.values())
        chosen = first([project for project, time in times.items() if time == soonest])
        if _cost(costs, selected) + costs[chosen] > budget:
            return selected
        for voter, score in enumerate(scores):
            if score.get(chosen, 0) > 0:
                loads[voter] = soonest
        selected.append(chosen)


def _cost(costs, selected):
    return sum((costs[project] for project in selected), Fraction(0))
