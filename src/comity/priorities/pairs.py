"""A ranking from comparisons of two at a time (Bradley and Terry 1952), with intervals.

The chance that i is preferred to j is w_i / (w_i + w_j). Strengths are given as logs that sum to 0, by maximum
likelihood with Newton's method: some forty lines, which is why no package is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse, special

from comity.priorities.election import PrioritiesError, id_order

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ranked:
    """strength: log-odds against the average item, with its interval. n: comparisons it was in; won: of those."""

    id: str
    strength: float
    low: float
    high: float
    won: int
    n: int


def rank_pairs(comparisons: Iterable[tuple[str, str]], *, confidence: float = 0.95) -> tuple[Ranked, ...]:
    """Items from (preferred, other) pairs, strongest first; ties by id.

    Intervals are Wald's, from the observed information; they are for one item against the average, so two whose intervals
    overlap may still differ. Raises PrioritiesError where the likelihood has no greatest value: some items never lost to
    the others, or never met them (Ford 1957).
    """
    pairs = list(comparisons)
    ids = sorted({each for pair in pairs for each in pair}, key=id_order)
    if len(ids) < 2:
        raise PrioritiesError("There are no comparisons between two items.", "Give lines of 'preferred,other'.")
    place = {each: at for at, each in enumerate(ids)}
    wins = np.zeros((len(ids), len(ids)))
    for preferred, other in pairs:
        if preferred == other:
            raise PrioritiesError(f"'{preferred}' is compared with itself.", "Compare two different items.")
        wins[place[preferred], place[other]] += 1
    _check_connected(wins, ids)
    strengths, covariance = _fit(wins)
    reach = float(special.ndtri(0.5 + confidence / 2)) * np.sqrt(np.diag(covariance))
    met = wins.sum(axis=0) + wins.sum(axis=1)
    ranked = [
        Ranked(
            each,
            float(strengths[at]),
            float(strengths[at] - reach[at]),
            float(strengths[at] + reach[at]),
            int(wins[at].sum()),
            int(met[at]),
        )
        for at, each in enumerate(ids)
    ]
    return tuple(sorted(ranked, key=lambda each: (-round(each.strength, 9), id_order(each.id))))


def _fit(wins: Floats) -> tuple[Floats, Floats]:
    """(log strengths that sum to 0, their covariance)."""
    games = wins + wins.T
    strengths = np.zeros(len(wins))
    ones = np.full(wins.shape, 1 / len(wins))  # fixes the sum: the information is singular along it
    for _ in range(100):
        chances = special.expit(strengths[:, None] - strengths[None, :])
        slope = wins.sum(axis=1) - (games * chances).sum(axis=1)
        curve = games * chances * (1 - chances)
        information = np.diag(curve.sum(axis=1)) - curve
        step = np.linalg.solve(information + ones, slope)
        step *= min(1.0, 2.0 / max(np.abs(step).max(), 1e-12))
        strengths = strengths + step
        if np.abs(step).max() < 1e-12:
            break
    covariance: Floats = np.linalg.inv(information + ones) - ones
    return strengths - strengths.mean(), covariance


def _check_connected(wins: Floats, ids: list[str]) -> None:
    count, part = sparse.csgraph.connected_components(sparse.csr_matrix(wins > 0), directed=True, connection="strong")
    if count == 1:
        return
    for each in range(count):
        inside = part == each
        if not wins[np.ix_(~inside, inside)].any():
            named = ", ".join(f"'{ids[at]}'" for at in np.flatnonzero(inside)[:3])
            raise PrioritiesError(
                f"Nothing else was ever preferred to {named}, so how much stronger it is cannot be told.",
                "Gather more comparisons, so that each item both wins and loses.",
            )
