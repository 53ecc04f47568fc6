"""Equal shares in floating point with a bound on its error: quick steps of add1 that say so when they cannot tell.

Compiled by Numba where the extra `fast` is installed; without it every step is exact and slower. Set COMITY_NUMBA=0 to
do without.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from comity.priorities.election import Grouped


def compiled_steps(
    ballots: Grouped, costs: Sequence[Fraction], worths: Sequence[Fraction], ranks: Sequence[int]
) -> Callable[[int], list[int] | None] | None:
    """A function from a share to the projects bought with it, or to None where it cannot tell; None without Numba.

    ranks: for each project its place in a tie. Whole numbers of the same unit stay whole, so that ties can be seen.
    """
    if os.environ.get("COMITY_NUMBA", "1") == "0" or importlib.util.find_spec("numba") is None:
        return None
    from comity.priorities.compiled import buy_with_share

    members = [np.flatnonzero(column > 0) for column in ballots.scores.T]
    starts = np.concatenate([[0], np.cumsum([len(rows) for rows in members])])
    rows = np.concatenate(members)
    scores = np.concatenate([ballots.scores[each, at] for at, each in enumerate(members)]).astype(float)
    weights = ballots.weights.astype(float)
    cost, worth = np.array([float(each) for each in costs]), np.array([float(each) for each in worths])
    rank = np.array(ranks)
    if any(Fraction(float(each)) != each for each in (*costs, *worths)):
        return None  # a cost such as 1/3 that no float holds

    def step(share: int) -> list[int] | None:
        found = buy_with_share(float(share), starts, rows, scores, weights, cost, worth, rank)
        return None if found[0] == -2 else [int(each) for each in found if each >= 0]

    return step
