"""Weights that meet known totals: raking, post-stratification, and the generalised regression family.

Deville and Särndal (1992, JASA 87:376) for linear, raking, logit and truncated-linear distances, whose bounded forms
keep weights positive. A solution is a small table of factors; a million rows are read once to find it and once to
apply it, which adds the new weights up again on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from comity.errors import ComityError
from comity.estimates import kernels
from comity.estimates.auxiliary import Auxiliary
from comity.estimates.columns import Floats
from comity.estimates.raking import Factors, cell_factors, fit_factors

Distance = Literal["linear", "raking", "logit", "truncated"]


@dataclass(frozen=True, eq=False)
class Solution:
    """What each row's weight is multiplied by: the product of its cells' `tables`; or of `rows`, one factor a row; or
    the linear predictor of `slopes` (p,). state: start for a solution nearby (a replicate's)."""

    auxiliary: Auxiliary
    state: Any
    iterations: int
    tables: list[Floats] | None = None
    rows: Floats | None = None
    slopes: Floats | None = None

    def apply(self, weights: Floats) -> tuple[Floats, Floats]:
        """The new weights (n,), and what they add up to (p,), summed from the rows themselves."""
        auxiliary = self.auxiliary
        if self.rows is not None:
            after = weights * self.rows
            return after, auxiliary.sums(after)
        if self.slopes is not None:
            return self._apply_slopes(weights, self.slopes)
        assert self.tables is not None
        if len(self.tables) == 1:
            after, sums = kernels.scale_by_key(auxiliary.keys[0], self.tables[0], weights)
            return after, auxiliary.level_sums([sums])
        after = weights
        for key, table in zip(auxiliary.keys, self.tables, strict=True):
            after, _ = kernels.scale_by_key(key, table, after)
        return after, auxiliary.sums(after)

    def _apply_slopes(self, weights: Floats, slopes: Floats) -> tuple[Floats, Floats]:
        auxiliary = self.auxiliary
        if len(auxiliary.blocks) > 1:
            after = weights * (1 + auxiliary.predict(slopes[:, None])[:, 0])
            return after, auxiliary.sums(after)
        key, _ = auxiliary.one_key
        tables = auxiliary.level_tables(slopes[: auxiliary.levels, None])
        table = 1 + tables[0][:, 0] if tables else np.ones(1)
        values = [total.values for total in auxiliary.totals]
        after, sums, totals = kernels.scale_linearly(key, table, values, slopes[auxiliary.levels :], weights)
        return after, np.concatenate([auxiliary.level_sums([sums] if tables else []), totals])


def rake(
    auxiliary: Auxiliary,
    weights: Floats,
    targets: Floats,
    *,
    tolerance: float,
    max_sweeps: int,
    start: Factors | None = None,
) -> Solution:
    """Iterative proportional fitting of `weights` to `targets` (order of auxiliary.names); no numeric totals.

    tolerance: largest relative distance of a margin's category from its target. Stops without an error at
    `max_sweeps`: whoever calls verifies the margins. start: `state` of an earlier solution.
    """
    factors, sweeps = fit_factors(
        auxiliary, weights[:, None], targets[:, None], tolerance=tolerance, max_sweeps=max_sweeps, start=start
    )
    return Solution(auxiliary, factors, sweeps, tables=[table[0] for table in cell_factors(auxiliary, factors)])


def fit_cells(auxiliary: Auxiliary, weights: Floats, targets: Floats) -> Solution:
    """Target over present weight, per category of the only margin; 1 where nobody is there."""
    present = kernels.sum_by_key(auxiliary.keys[0], weights, len(targets))
    factors = np.divide(targets, present, out=np.ones_like(present), where=present > 0)
    return Solution(auxiliary, None, 1, tables=[factors])


def calibrate(
    auxiliary: Auxiliary,
    weights: Floats,
    targets: Floats,
    *,
    distance: Distance,
    bounds: tuple[float, float] | None,
    tolerance: float,
    max_steps: int,
    start: Floats | None = None,
) -> Solution:
    """Factors F(x'lambda) with X'(weights F) = targets, by Newton's method. Stops without an error at `max_steps`."""
    if distance == "linear":
        sums, matrix = auxiliary.moments(weights)
        multipliers = solve(matrix, targets - sums)
        return Solution(auxiliary, multipliers, 1, slopes=multipliers)
    is_table = not auxiliary.totals and len(auxiliary.blocks) == 1  # rows of a cell share their factor
    space = auxiliary.of_cells() if is_table else auxiliary
    mass = auxiliary.table_sums(weights)[0] if is_table else weights
    multipliers = np.zeros(len(targets)) if start is None else np.array(start)
    scale = np.maximum(np.abs(targets), 1e-12)

    def gap_of(trial: Floats) -> float:
        factors = factor_of(space.predict(trial[:, None])[:, 0], distance, bounds)[0]
        return float(np.max(np.abs(space.sums(mass * factors) - targets) / scale))

    size, step = gap_of(multipliers), 0
    while size > tolerance and step < max_steps:
        step += 1
        factors, slopes = factor_of(space.predict(multipliers[:, None])[:, 0], distance, bounds)
        direction = solve(space.cross(mass * slopes), targets - space.sums(mass * factors))
        length = 1.0
        while length > 1e-6:
            trial = multipliers + length * direction
            new_size = gap_of(trial)
            if new_size < size:
                break
            length /= 2
        else:
            break
        multipliers, size = trial, new_size
    factors = factor_of(space.predict(multipliers[:, None])[:, 0], distance, bounds)[0]
    if is_table:
        return Solution(auxiliary, multipliers, step, tables=[factors])
    return Solution(auxiliary, multipliers, step, rows=factors)


def solve(matrix: Floats, right: Floats) -> Floats:
    """Least-norm solution of matrix @ x = right: margins share their total, so `matrix` is singular by design."""
    scale = np.sqrt(np.maximum(np.diag(matrix), np.finfo(float).tiny))
    scale[np.diag(matrix) == 0] = 1.0
    values, vectors = np.linalg.eigh(matrix / scale[:, None] / scale)
    keep = values > values.max(initial=0.0) * 1e-11
    shape = (-1,) + (1,) * (right.ndim - 1)
    inner = vectors[:, keep].T @ (right / scale.reshape(shape))
    result: Floats = (vectors[:, keep] @ (inner / values[keep].reshape(shape))) / scale.reshape(shape)
    return result


def factor_of(score: Floats, distance: Distance, bounds: tuple[float, float] | None) -> tuple[Floats, Floats]:
    """The factor F(score) of a distance, and its derivative."""
    if distance == "linear":
        return 1 + score, np.ones_like(score)
    if distance == "raking":
        factor = np.exp(np.clip(score, -50, 50))
        return factor, factor
    if bounds is None:
        raise ComityError(f"Distance '{distance}' needs bounds.", "Give bounds such as (0.3, 3) around 1.")
    low, high = bounds
    if distance == "truncated":
        free = 1 + score
        return np.clip(free, low, high), ((free > low) & (free < high)).astype(float)
    pace = (high - low) / ((1 - low) * (high - 1))
    odds = np.exp(np.clip(pace * score, -500, 500))
    below = (high - 1) + (1 - low) * odds
    factor = (low * (high - 1) + high * (1 - low) * odds) / below
    return factor, (factor - low) * (high - factor) / ((1 - low) * (high - 1))
