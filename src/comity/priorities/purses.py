"""The purses of equal shares, exact: who has how much left after projects were bought, and what a next one would cost.

A voter who could not pay a project's full price, or only just, has nothing left, ever. Everybody else has paid each supported project
at its price, so what is left is share - sum of price x score: an integer combination of few exact prices. Floating point
only proposes; where it cannot tell two numbers apart for certain, the integers decide.

Why the floats may be trusted outside of `slack`: what is left is one difference of at most `projects` products, so its
error is below (projects + 2) roundings of a number no larger than the share; ROUNDING is a hundred times that.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from comity.priorities.election import Grouped, Integers

Floats = npt.NDArray[np.float64]
ROUNDING = 1e-12  # relative; for up to 100 projects a hundred times the true bound


class Purses:
    """The money of every group of identical ballots, each voter starting with `share`."""

    def __init__(self, ballots: Grouped, costs: Sequence[Fraction], share: Fraction) -> None:
        self._ballots, self._costs, self._share = ballots, costs, share
        self._bought: list[int] = []
        self._prices: list[Fraction] = []
        self._full = np.ones(len(ballots.weights), bool)  # False once a purse is empty
        self._left: Floats = np.full(len(ballots.weights), float(share))
        self._slack = float(share) * ROUNDING

    def payers(self, project: int) -> Integers:
        """Rows of the ballots that support `project` and have money left."""
        found: Integers = np.flatnonzero(self._full & (self._ballots.scores[:, project] > 0))
        return found

    def guess(self, project: int) -> tuple[float, float]:
        """(price per unit of score, how far off it may be); infinite where the supporters cannot pay for certain."""
        rows = self.payers(project)
        cost = float(self._costs[project])
        weights = self._ballots.weights[rows]
        scores = self._ballots.scores[rows, project]
        money = self._left[rows]
        error = float(weights.sum()) * self._slack + cost * ROUNDING
        if not len(rows) or float(weights @ money) < cost - error:
            return np.inf, 0.0
        price, rest = _fill(cost, money, scores, weights)
        return price, error / rest

    def price(self, project: int) -> Fraction | None:
        """The exact least price q at which sum of min(left, q x score) is the cost; None where that is too much."""
        rows = self.payers(project)
        cost = self._costs[project]
        weights, scores = self._ballots.weights[rows], self._ballots.scores[rows, project]
        if not len(rows) or self._sum_left(rows) < cost:
            return None
        price, rest = _fill(float(cost), self._left[rows], scores, weights)
        band = (float(weights.sum()) * self._slack + float(cost) * ROUNDING) / rest * scores + self._slack
        distance = self._left[rows] - price * scores
        poor = distance < -band
        unsure = np.flatnonzero(np.abs(distance) <= band)
        while True:
            rich = ~poor
            exact = (cost - self._sum_left(rows[poor])) / int(weights[rich] @ scores[rich])
            open_ones = unsure[~poor[unsure]]
            fallen = open_ones[self._compare(project, rows[open_ones], exact) < 0]
            if not len(fallen):
                return exact
            poor[fallen] = True

    def buy(self, project: int, price: Fraction) -> tuple[int, int]:
        """Takes the price; returns (voters who paid in full, voters who paid all they had left)."""
        rows = self.payers(project)
        scores = self._ballots.scores[rows, project]
        distance = self._left[rows] - float(price) * scores
        band = self._slack + float(price) * scores * ROUNDING
        lack = np.where(distance < -band, -1, 1)
        close = np.flatnonzero(np.abs(distance) <= band)
        lack[close] = self._compare(project, rows[close], price)
        self._full[rows[lack <= 0]] = False  # nothing is left, for ever
        self._bought.append(project)
        self._prices.append(price)
        prices = np.array([float(each) for each in self._prices])
        self._left = np.where(
            self._full, np.maximum(float(self._share) - self._ballots.scores[:, self._bought] @ prices, 0.0), 0.0
        )
        weights = self._ballots.weights[rows]
        return int(weights[lack >= 0].sum()), int(weights[lack < 0].sum())

    def left_of_supporters(self, project: int) -> Fraction:
        """Exactly what the supporters of `project` have left together."""
        return self._sum_left(self.payers(project))

    def _sum_left(self, rows: Integers) -> Fraction:
        weights = self._ballots.weights[rows]
        spent = weights @ self._ballots.scores[np.ix_(rows, self._bought)] if self._bought else []
        return self._share * int(weights.sum()) - sum(
            (price * int(count) for price, count in zip(self._prices, spent, strict=True)), Fraction(0)
        )

    def _compare(self, project: int, rows: Integers, price: Fraction) -> Integers:
        """For each row -1, 0 or 1: what is left is less than price x score, the same, or more. Exact."""
        if not len(rows):
            return np.zeros(0, np.int64)
        columns = [*self._bought, project]
        kinds, kind = np.unique(self._ballots.scores[np.ix_(rows, columns)], axis=0, return_inverse=True)
        prices = [*self._prices, price]
        signs = []
        for scores in kinds.tolist():
            left = self._share - sum((each * score for each, score in zip(prices, scores, strict=True)), Fraction(0))
            signs.append((left > 0) - (left < 0))
        found: Integers = np.array(signs, np.int64)[kind.ravel()]
        return found


def _fill(cost: float, money: Floats, scores: Integers, weights: Integers) -> tuple[float, float]:
    """(price, total score of those who can pay it): raised until what the poorer ones lack is paid by the others."""
    rest = float(weights @ scores)
    price = cost / rest
    while True:
        poor = money < price * scores
        left = rest_of = float(weights[~poor] @ scores[~poor])
        if rest_of <= 0:
            return price, rest
        raised = (cost - float(weights[poor] @ money[poor])) / left
        if raised <= price:
            return price, left
        price, rest = raised, left
