"""Iterative proportional fitting on tables of cells, for one set of weights or many replicates at once.

Deming and Stephan (1940). One table of all combinations is cut into two halves, a matrix: a sweep over the margins of
one half needs only the matrix times the other half's factors, so a full sweep costs two matrix-vector products
however many margins there are. Where the combinations are too many for one table, the two (or more) tables stay apart
and a product is a pass over rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import reduce

import numpy as np

from comity.estimates import kernels
from comity.estimates.auxiliary import Auxiliary, spread_evenly
from comity.estimates.columns import Floats

Factors = list[Floats]  # one array (replicates, levels) for each margin
TOGETHER = 16  # replicates fitted at once, so that their tables stay in the processor's cache


def fit_factors(
    auxiliary: Auxiliary, weights: Floats, targets: Floats, *, tolerance: float, max_sweeps: int, start: Factors | None
) -> tuple[Factors, int]:
    """Factors of every level so that each column of `weights` (n, r) meets its targets (p, r); and the sweeps used.

    tolerance: largest relative distance of a category from its target. Stops without an error at `max_sweeps`:
    whoever calls verifies the margins. start: factors of a solution nearby, (1, levels) each.
    """
    count = weights.shape[1]
    found: Factors = [np.empty((count, size)) for size in auxiliary.sizes]
    most = 0
    together = TOGETHER if len(auxiliary.blocks) == 1 else 1
    for first in range(0, count, together):
        part = slice(first, first + together)
        table: _Tables = (_Matrix if len(auxiliary.blocks) == 1 else _Rows)(auxiliary, weights[:, part])
        size = min(together, count - first)
        factors = [
            np.ones((size, levels)) if start is None else np.repeat(start[at], size, axis=0)
            for at, levels in enumerate(auxiliary.sizes)
        ]
        wanted = [
            np.ascontiguousarray(targets[at : at + levels, part].T)
            for at, levels in zip(auxiliary.starts, auxiliary.sizes, strict=True)
        ]
        for sweep in range(1, max_sweeps + 1):
            most = max(most, sweep)
            gap = max(
                _fit_block(table.masses(side, factors), block, factors, wanted)
                for side, block in enumerate(table.sides)
            )
            if gap <= tolerance:
                break
        for whole, each in zip(found, factors, strict=True):
            whole[part] = each
    return found, most


def cell_factors(auxiliary: Auxiliary, factors: Factors) -> list[Floats]:
    """The product of the factors of each cell, for each block: (replicates, cells)."""
    return [_product(block, factors) for block in auxiliary.blocks]


class _Tables(ABC):
    """The weights as tables; `sides` are the groups of margins that are fitted in turn."""

    sides: tuple[tuple[int, ...], ...]

    @abstractmethod
    def masses(self, side: int, factors: Factors) -> Floats:
        """Sums by the cells of one side of weights x the factors of all other sides, (replicates, cells)."""


class _Matrix(_Tables):
    """One table, as a matrix of one half's cells by the other's."""

    def __init__(self, auxiliary: Auxiliary, weights: Floats) -> None:
        key, count = auxiliary.one_key
        self.sides = tuple(half for half in spread_evenly(auxiliary.sizes, 2) if half)
        rows = int(np.prod([auxiliary.sizes[at] for at in self.sides[0]]))
        filled = [kernels.sum_by_key(key, np.ascontiguousarray(column), count) for column in weights.T]
        self.matrix = np.stack(filled).reshape(len(filled), rows, -1)

    def masses(self, side: int, factors: Factors) -> Floats:
        if len(self.sides) == 1:
            return self.matrix[:, :, 0]
        other = _product(self.sides[1 - side], factors)
        if side == 0:
            found: Floats = np.matmul(self.matrix, other[:, :, None])[:, :, 0]
        else:
            found = np.matmul(other[:, None, :], self.matrix)[:, 0, :]
        return found


class _Rows(_Tables):
    """Several tables that only rows connect; one replicate at a time."""

    def __init__(self, auxiliary: Auxiliary, weights: Floats) -> None:
        self.sides, self.keys = auxiliary.blocks, auxiliary.keys
        self.weights = np.ascontiguousarray(weights[:, 0])
        self.counts = [int(np.prod(shape)) for shape in auxiliary.shapes]

    def masses(self, side: int, factors: Factors) -> Floats:
        others = [at for at in range(len(self.sides)) if at != side]
        weights = self.weights
        for at in others[:-1]:
            weights = weights * _product(self.sides[at], factors)[0][self.keys[at]]
        last = _product(self.sides[others[-1]], factors)[0]
        return kernels.sum_scaled(self.keys[side], self.counts[side], self.keys[others[-1]], last, weights)[None]


def _fit_block(masses: Floats, block: Sequence[int], factors: Factors, targets: Factors) -> float:
    """Fit the margins of one side to their targets in turn; the largest relative gap met on the way."""
    gap, dimensions = 0.0, len(block) + 1
    sizes = [factors[at].shape[1] for at in block]
    table = masses.reshape(len(masses), *sizes)
    for axis, at in enumerate(block, start=1):
        table = table * _along(factors[at], axis, dimensions)
    for axis, at in enumerate(block, start=1):
        reached = table.sum(axis=tuple(other for other in range(1, dimensions) if other != axis))
        # A category nobody is in cannot be moved; verification afterwards names it.
        live = reached > 0
        change = np.divide(targets[at], reached, out=np.ones_like(reached), where=live)
        distance = np.where(live, np.abs(reached - targets[at]) / np.maximum(targets[at], 1e-300), 0.0)
        gap = max(gap, float(distance.max()))
        factors[at] *= change
        table = table * _along(change, axis, dimensions)
    return gap


def _product(block: Sequence[int], factors: Factors) -> Floats:
    """Products (replicates, cells) of the factors of a block's margins, the last fastest."""
    return reduce(
        lambda found, at: (found[:, :, None] * factors[at][:, None, :]).reshape(len(found), -1),
        block[1:],
        factors[block[0]],
    )


def _along(values: Floats, axis: int, dimensions: int) -> Floats:
    shape = [1] * dimensions
    shape[0], shape[axis] = values.shape
    return values.reshape(shape)
