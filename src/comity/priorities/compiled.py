"""One run of equal shares compiled by Numba and cached on disk; imported only where Numba is installed."""

from __future__ import annotations

import numba
import numpy as np

EPSILON = 4e-16  # twice the rounding of one operation
EXACT = 2.0**53  # whole numbers below this are exact


@numba.njit(cache=True)
def buy_with_share(share, starts, rows, scores, weights, cost, worth, rank):  # type: ignore[no-untyped-def]
    """Projects in the order of buying, then -1; or -2 first where two numbers lie closer than their possible error.

    rows, scores: of project p at starts[p]:starts[p + 1], the ballots that support it and by how much. rank: who goes
    first in a tie. `slack` bounds the error of every purse; it grows with each purchase by the error of the price times
    the score. A project whose supporters with money can all pay its price in full is `plain`: its value is exactly
    cost / (worth x their scores), so plain projects are compared, and ties between them found, in whole numbers.
    """
    projects = len(cost)
    left = np.full(len(weights), share)
    slack = share * EPSILON
    least = np.zeros(projects)
    waiting = np.ones(projects, np.bool_)
    is_fresh = np.zeros(projects, np.bool_)
    found = np.full(projects + 1, -1)
    doubtful = np.full(projects + 1, -2)
    for turn in range(projects):
        best, low, high, best_price, best_off, best_mass = -1, np.inf, np.inf, 0.0, 0.0, 0.0
        best_plain = False
        is_fresh[:] = False
        while True:
            project = -1
            for each in range(projects):
                if waiting[each] and not is_fresh[each] and (project < 0 or least[each] < least[project]):
                    project = each
            if project < 0 or least[project] > high:
                break
            is_fresh[project] = True
            first, end = starts[project], starts[project + 1]
            money = mass = heads = 0.0
            for at in range(first, end):
                row = rows[at]
                if left[row] > 0:
                    money += weights[row] * left[row]
                    mass += weights[row] * scores[at]
                    heads += weights[row]
            error = heads * slack + (end - first + 4) * EPSILON * (money + cost[project])
            if money < cost[project] - error:
                waiting[project] = False
                continue
            if money < cost[project] + error:
                return doubtful
            price, rest, plain = cost[project] / mass, mass, True
            while True:
                paid = able = 0.0
                for at in range(first, end):
                    row = rows[at]
                    if left[row] <= 0:
                        continue
                    lacking = price * scores[at] - left[row]
                    plain = plain and lacking < -2 * slack
                    if lacking > 0:
                        paid += weights[row] * left[row]
                    else:
                        able += weights[row] * scores[at]
                if able <= 0:
                    return doubtful
                raised = (cost[project] - paid) / able
                if paid == 0 or raised <= price:
                    break
                price, rest = raised, able
            off = error / rest
            value = price / worth[project]
            value_off = off / worth[project] + value * 4 * EPSILON
            least[project] = value - value_off
            if value - value_off > high:
                continue
            if value + value_off >= low:  # too close for floating point
                mine, other = cost[project] * worth[best] * best_mass, cost[best] * worth[project] * mass
                if not (plain and best_plain) or mine >= EXACT or other >= EXACT:
                    if not (plain and best_plain and cost[project] == worth[project] and cost[best] == worth[best]):
                        return doubtful
                    mine, other = best_mass, mass
                if mine > other or (mine == other and rank[project] > rank[best]):
                    continue
            best, low, high = project, value - value_off, value + value_off
            best_price, best_off, best_mass, best_plain = price, off, mass, plain
        if best < 0:
            return found
        most = 0.0
        for at in range(starts[best], starts[best + 1]):
            most = max(most, scores[at])
        slack_next = slack + best_off * most + (share + best_price * most) * EPSILON
        for at in range(starts[best], starts[best + 1]):
            row = rows[at]
            if left[row] > 0:
                rest_of_purse = left[row] - best_price * scores[at]
                if abs(rest_of_purse) <= slack_next:
                    return doubtful  # an empty purse must be known to be empty
                left[row] = max(0.0, rest_of_purse)
        slack = slack_next
        waiting[best] = False
        found[turn] = best
    return found
