"""Weights that meet known totals: raking on tables of cells, and calibration by the generalised regression family.

Deming and Stephan (1940) for raking; Deville and Särndal (1992, JASA 87:376) for linear, raking, logit and
truncated-linear distances, whose bounded forms keep weights positive. Rows with the same categories share a factor,
so the work is done on the
table of cells: a million rows are read once to fill it and once to gather the factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from comity.errors import ComityError
from comity.estimates import kernels
from comity.estimates.columns import Floats

Distance = Literal["linear", "raking", "logit", "truncated"]
Integers = npt.NDArray[np.integer[Any]]

DENSE_CELLS = 10_000_000


@dataclass(frozen=True, eq=False)
class Margin:
    """One margin: the level of each row (`codes`), the names of the levels, and the total each must reach (None: from
    the sample)."""

    name: str
    codes: Integers
    labels: tuple[str, ...]
    targets: Floats | None


@dataclass(frozen=True, eq=False)
class Total:
    """One numeric column and the total it must reach (None: from the sample)."""

    name: str
    values: Floats
    target: float | None


@dataclass(frozen=True, eq=False)
class Auxiliary:
    """Margins and numeric totals as one matrix X of auxiliary variables, never formed row by row where cells will
    do."""

    margins: tuple[Margin, ...]
    totals: tuple[Total, ...] = ()

    @cached_property
    def rows(self) -> int:
        return len(self.margins[0].codes) if self.margins else len(self.totals[0].values)

    @cached_property
    def levels(self) -> int:
        return sum(len(margin.labels) for margin in self.margins)

    @cached_property
    def names(self) -> list[str]:
        """What each column of X is, for messages."""
        return [f"{m.name}={label}" for m in self.margins for label in m.labels] + [t.name for t in self.totals]

    @cached_property
    def targets(self) -> Floats:
        """The known totals, in the order of `names`; NaN where they come from the sample."""
        parts = [m.targets if m.targets is not None else np.full(len(m.labels), np.nan) for m in self.margins]
        return np.concatenate([*parts, [np.nan if t.target is None else t.target for t in self.totals]])

    @cached_property
    def cells(self) -> tuple[Integers, sparse.csr_array]:
        """The cell of each row, and the 0/1 matrix (cells, levels) of which level of each margin a cell is in."""
        if not self.margins:
            return np.zeros(self.rows, np.int64), sparse.csr_array((1, 0))
        order = [at for half in self.halves for at in half]
        codes = [self.margins[at].codes for at in order]
        sizes = [len(self.margins[at].labels) for at in order]
        if self.is_dense:
            cell: Integers = kernels.pack(codes, sizes)
            of_cell: Integers = np.stack(np.unravel_index(np.arange(int(np.prod(sizes))), sizes), axis=1)
        else:
            cell, of_cell = _compressed(codes, sizes)
        starts = np.cumsum([0, *[len(margin.labels) for margin in self.margins]])[order]
        columns = (of_cell + starts).ravel()
        pointers = np.arange(0, columns.size + 1, len(sizes))
        return cell, sparse.csr_array((np.ones(columns.size), columns, pointers), shape=(len(of_cell), self.levels))

    @cached_property
    def halves(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Margins in two halves with about equally many cells."""
        return _halve([len(margin.labels) for margin in self.margins])

    @cached_property
    def is_dense(self) -> bool:
        """True where the table of all possible cells is no larger than the rows."""
        product = float(np.prod([float(len(margin.labels)) for margin in self.margins]))
        return product <= min(DENSE_CELLS, max(65_536, self.rows))

    def sums(self, weights: Floats) -> Floats:
        """X' weights, (p,)."""
        cell, incidence = self.cells
        upper = incidence.T @ np.bincount(cell, weights=weights, minlength=incidence.shape[0])
        return np.concatenate([upper, [total.values @ weights for total in self.totals]])

    def project(self, values: Floats) -> Floats:
        """X' values for (n, k) values: (p, k)."""
        cell, incidence = self.cells
        by_cell = np.stack(
            [np.bincount(cell, weights=values[:, at], minlength=incidence.shape[0]) for at in range(values.shape[1])],
            axis=1,
        )
        upper = incidence.T @ by_cell
        lower = [total.values @ values for total in self.totals]
        return np.vstack([upper, *lower]) if lower else np.asarray(upper)

    def predict(self, coefficients: Floats) -> Floats:
        """X coefficients for (p, k) coefficients: (n, k)."""
        cell, incidence = self.cells
        fitted: Floats = (incidence @ coefficients[: self.levels])[cell]
        for at, total in enumerate(self.totals):
            fitted += total.values[:, None] * coefficients[self.levels + at]
        return fitted

    def cross(self, weights: Floats) -> Floats:
        """X' diag(weights) X, (p, p)."""
        cell, incidence = self.cells
        count = incidence.shape[0]
        by_cell = np.bincount(cell, weights=weights, minlength=count)
        size = self.levels + len(self.totals)
        matrix = np.zeros((size, size))
        matrix[: self.levels, : self.levels] = (incidence.T @ (incidence.multiply(by_cell[:, None]))).toarray()
        for at, total in enumerate(self.totals):
            weighted = weights * total.values
            mixed = incidence.T @ np.bincount(cell, weights=weighted, minlength=count)
            matrix[: self.levels, self.levels + at] = matrix[self.levels + at, : self.levels] = mixed
            for other in range(at + 1):
                value = weighted @ self.totals[other].values
                matrix[self.levels + at, self.levels + other] = matrix[self.levels + other, self.levels + at] = value
        return matrix

    def solve(self, matrix: Floats, right: Floats) -> Floats:
        """Least-norm solution of matrix @ x = right: margins share their total, so `matrix` is singular by design."""
        scale = np.sqrt(np.maximum(np.diag(matrix), np.finfo(float).tiny))
        scale[np.diag(matrix) == 0] = 1.0
        values, vectors = np.linalg.eigh(matrix / scale[:, None] / scale)
        keep = values > values.max(initial=0.0) * 1e-11
        shape = (-1,) + (1,) * (right.ndim - 1)
        inner = vectors[:, keep].T @ (right / scale.reshape(shape))
        result: Floats = (vectors[:, keep] @ (inner / values[keep].reshape(shape))) / scale.reshape(shape)
        return result


@dataclass(frozen=True, eq=False)
class Solution:
    """factors: what each row's weight is multiplied by. state: start for a solution nearby (a replicate's)."""

    factors: Floats
    state: Any
    iterations: int


def rake(
    auxiliary: Auxiliary, weights: Floats, targets: Floats, *, tolerance: float, max_sweeps: int, start: Any = None
) -> Solution:
    """Iterative proportional fitting of `weights` to `targets` (order of auxiliary.names); no numeric totals.

    tolerance: largest relative distance of a margin's category from its target. Stops without an error at
    `max_sweeps`: whoever calls verifies the margins. start: `state` of an earlier solution.
    """
    table = _HalvedTable.fill(auxiliary, weights)
    offsets = np.cumsum([0, *[len(margin.labels) for margin in auxiliary.margins]])
    wanted = [targets[offsets[at] : offsets[at + 1]] for at in range(len(auxiliary.margins))]
    factors = (
        [np.ones(len(margin.labels)) for margin in auxiliary.margins] if start is None else [f.copy() for f in start]
    )
    sweeps = table.fit(factors, wanted, tolerance, max_sweeps)
    return Solution(table.gather(factors), factors, sweeps)


def calibrate(
    auxiliary: Auxiliary,
    weights: Floats,
    targets: Floats,
    *,
    distance: Distance,
    bounds: tuple[float, float] | None,
    tolerance: float,
    max_steps: int,
    start: Any = None,
) -> Solution:
    """Factors F(x'lambda) with X'(weights F) = targets, by Newton's method. Stops without an error at `max_steps`."""
    scale = np.maximum(np.abs(targets), 1e-12)
    multipliers = np.zeros(len(targets)) if start is None else np.array(start)
    if distance == "linear":
        gap = targets - auxiliary.sums(weights)
        multipliers = auxiliary.solve(auxiliary.cross(weights), gap)
        return Solution(1 + auxiliary.predict(multipliers[:, None])[:, 0], multipliers, 1)
    space: _CellSpace | Auxiliary = auxiliary
    mass = weights
    if not auxiliary.totals:  # rows of a cell share their factor: iterate on cells
        cell, incidence = auxiliary.cells
        space = _CellSpace(incidence)
        mass = np.bincount(cell, weights=weights, minlength=incidence.shape[0])
    size = _largest_gap(space.sums(mass * factor_of(_score(space, multipliers), distance, bounds)[0]), targets, scale)
    step = 0
    while size > tolerance and step < max_steps:
        step += 1
        factors, slopes = factor_of(_score(space, multipliers), distance, bounds)
        direction = auxiliary.solve(space.cross(mass * slopes), targets - space.sums(mass * factors))
        length = 1.0
        while length > 1e-6:
            trial = multipliers + length * direction
            new_size = _largest_gap(
                space.sums(mass * factor_of(_score(space, trial), distance, bounds)[0]), targets, scale
            )
            if new_size < size:
                break
            length /= 2
        else:
            break
        multipliers, size = trial, new_size
    factors = factor_of(_score(space, multipliers), distance, bounds)[0]
    return Solution(factors if space is auxiliary else factors[cell], multipliers, step)


@dataclass(frozen=True, eq=False)
class _CellSpace:
    """The auxiliary variables of cells instead of rows."""

    incidence: sparse.csr_array

    def sums(self, weights: Floats) -> Floats:
        return np.asarray(self.incidence.T @ weights)

    def predict(self, coefficients: Floats) -> Floats:
        return np.asarray(self.incidence @ coefficients)

    def cross(self, weights: Floats) -> Floats:
        return np.asarray((self.incidence.T @ self.incidence.multiply(weights[:, None])).toarray())


def _score(space: _CellSpace | Auxiliary, multipliers: Floats) -> Floats:
    return space.predict(multipliers[:, None])[:, 0]


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


def _largest_gap(reached: Floats, targets: Floats, scale: Floats) -> float:
    return float(np.max(np.abs(reached - targets) / scale))


def _compressed(codes: Sequence[Integers], sizes: Sequence[int]) -> tuple[Integers, Integers]:
    """The cell of each row among the cells that occur, and the codes (cells, parts) of each."""
    first, first_codes = codes[0], np.arange(sizes[0])[:, None]
    for part, size in zip(codes[1:], sizes[1:], strict=True):
        joint = first.astype(np.int64) * size + part
        count = len(first_codes) * size
        if count <= DENSE_CELLS:
            present = np.flatnonzero(np.bincount(joint, minlength=count))
            lookup = np.empty(count, np.int64)
            lookup[present] = np.arange(len(present))
            first = lookup[joint]
        else:
            present, first = np.unique(joint, return_inverse=True)
        first_codes = np.column_stack([first_codes[present // size], present % size])
    return first, first_codes


@dataclass(frozen=True, eq=False)
class _HalvedTable:
    """The table of cells as a matrix: half of the margins along its rows, half along its columns.

    A sweep over the margins of one half needs only the matrix times the other half's factors, so a full sweep costs two
    matrix-vector products however many margins there are. Sparse where few of the possible cells occur.
    """

    halves: tuple[tuple[int, ...], tuple[int, ...]]
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    keys: tuple[Integers, Integers]
    is_packed: bool
    matrix: Any
    transposed: Any

    @staticmethod
    def fill(auxiliary: Auxiliary, weights: Floats) -> _HalvedTable:
        codes = [margin.codes for margin in auxiliary.margins]
        sizes = [len(margin.labels) for margin in auxiliary.margins]
        halves = auxiliary.halves
        shapes = tuple(tuple(sizes[at] for at in half) for half in halves)
        if auxiliary.is_dense:
            cell, incidence = auxiliary.cells
            flat = np.bincount(cell, weights=weights, minlength=incidence.shape[0])
            matrix: Any = flat.reshape(int(np.prod(shapes[0])), -1)
            return _HalvedTable(halves, (shapes[0], shapes[1]), (cell, cell), True, matrix, matrix.T)
        keys = [kernels.pack([codes[at] for at in half], [sizes[at] for at in half]) for half in halves]
        shape = tuple(int(np.prod([float(size) for size in part])) for part in shapes)
        matrix = sparse.csr_array((weights, (keys[0], keys[1])), shape=shape)
        matrix.sum_duplicates()
        return _HalvedTable(halves, (shapes[0], shapes[1]), (keys[0], keys[1]), False, matrix, matrix.T.tocsr())

    def fit(self, factors: list[Floats], targets: Sequence[Floats], tolerance: float, max_sweeps: int) -> int:
        """Change `factors` (one array a margin) in place until every margin is within `tolerance`; the number of
        sweeps."""
        for sweep in range(1, max_sweeps + 1):
            gap = 0.0
            for side, matrix in ((0, self.matrix), (1, self.transposed)):
                if not self.halves[side]:
                    continue
                other = self._product(factors, 1 - side)
                mass = (matrix @ other).reshape(self.shapes[side])
                gap = max(gap, self._sweep(mass, side, factors, targets))
            if gap <= tolerance:
                return sweep
        return max_sweeps

    def gather(self, factors: Sequence[Floats]) -> Floats:
        """The product of the factors of each row."""
        first, second = self._product(factors, 0), self._product(factors, 1)
        if self.is_packed:
            return np.outer(first, second).ravel()[self.keys[0]]
        result: Floats = first[self.keys[0]] * second[self.keys[1]]
        return result

    def _product(self, factors: Sequence[Floats], side: int) -> Floats:
        product = np.ones(1)
        for at in self.halves[side]:
            product = np.outer(product, factors[at]).ravel()
        return product

    def _sweep(self, mass: Floats, side: int, factors: list[Floats], targets: Sequence[Floats]) -> float:
        """Fit the margins of one half to their targets in turn; the largest relative gap met on the way."""
        gap = 0.0
        axes = range(mass.ndim)
        for axis, at in enumerate(self.halves[side]):
            mass = mass * _along(factors[at], axis, mass.ndim)
        for axis, at in enumerate(self.halves[side]):
            reached = mass.sum(axis=tuple(other for other in axes if other != axis))
            # A category nobody is in cannot be moved; verification afterwards names it.
            change = np.divide(targets[at], reached, out=np.ones_like(reached), where=reached > 0)
            live = reached > 0
            if live.any():
                gap = max(
                    gap,
                    float(np.max(np.abs(reached[live] - targets[at][live]) / np.maximum(targets[at][live], 1e-300))),
                )
            factors[at] *= change
            mass = mass * _along(change, axis, mass.ndim)
        return gap


def _along(values: Floats, axis: int, dimensions: int) -> Floats:
    shape = [1] * dimensions
    shape[axis] = len(values)
    return values.reshape(shape)


def _halve(sizes: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Margins in two halves whose numbers of cells are as equal as a greedy choice makes them."""
    halves: tuple[list[int], list[int]] = ([], [])
    products = [1.0, 1.0]
    for at in sorted(range(len(sizes)), key=lambda at: -sizes[at]):
        side = int(products[1] < products[0])
        halves[side].append(at)
        products[side] *= sizes[at]
    return tuple(sorted(halves[0])), tuple(sorted(halves[1]))
