"""Margins and numeric totals as one matrix X of auxiliary variables that is never formed row by row.

Rows with the same categories are alike, so margins are packed into blocks of few enough combinations to be a table:
one block where all combinations fit, otherwise several. Sums, products and predictions go over those tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from comity.estimates import kernels
from comity.estimates.columns import Floats

Integers = npt.NDArray[np.integer[Any]]

DENSE_CELLS = 10_000_000  # combinations above which one table is never made
SMALL_CELLS = 65_536  # combinations whose table is always worth making


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
    """The auxiliary variables: the levels of all margins, then the numeric totals (p in all)."""

    margins: tuple[Margin, ...]
    totals: tuple[Total, ...] = ()

    @cached_property
    def rows(self) -> int:
        return len(self.margins[0].codes) if self.margins else len(self.totals[0].values)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(margin.labels) for margin in self.margins)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each margin's levels start among the columns of X."""
        return tuple(int(at) for at in np.cumsum([0, *self.sizes[:-1]]))

    @cached_property
    def levels(self) -> int:
        return sum(self.sizes)

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
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """The margins of each table; a single table has those of its first half before the others (see `raking`)."""
        if not self.margins:
            return ()
        limit = max(SMALL_CELLS, self.rows)
        if np.prod([float(size) for size in self.sizes]) <= min(DENSE_CELLS, limit):
            return (tuple(at for half in spread_evenly(self.sizes, 2) for at in half),)
        for count in range(2, len(self.sizes) + 1):
            parts = spread_evenly(self.sizes, count)
            if all(np.prod([float(self.sizes[at]) for at in part]) <= limit for part in parts):
                return parts
        return tuple((at,) for at in range(len(self.sizes)))

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The size of each block's table along each of its margins."""
        return tuple(tuple(self.sizes[at] for at in block) for block in self.blocks)

    @cached_property
    def keys(self) -> tuple[Integers, ...]:
        """The cell of each row in each block's table."""
        return tuple(
            kernels.pack([self.margins[at].codes for at in block], shape)
            for block, shape in zip(self.blocks, self.shapes, strict=True)
        )

    @cached_property
    def one_key(self) -> tuple[Integers, int]:
        """The cell of each row where one table holds everything, and the number of cells; no margins are one cell."""
        if not self.margins:
            return np.zeros(self.rows, np.int32), 1
        return self.keys[0], int(np.prod(self.shapes[0]))

    def of_cells(self) -> Auxiliary:
        """The same margins for a table of one row a cell; only where one block holds everything."""
        codes = np.unravel_index(np.arange(self.one_key[1]), self.shapes[0])
        by_margin = dict(zip(self.blocks[0], codes, strict=True))
        return Auxiliary(tuple(Margin(m.name, by_margin[at], m.labels, m.targets) for at, m in enumerate(self.margins)))

    def table_sums(self, weights: Floats) -> list[Floats]:
        """Sums of `weights` in each block's table, each (cells,)."""
        return [
            kernels.sum_by_key(key, weights, int(np.prod(shape)))
            for key, shape in zip(self.keys, self.shapes, strict=True)
        ]

    def level_sums(self, tables: Sequence[Floats]) -> Floats:
        """Sums (levels,) from the blocks' tables."""
        sums = np.zeros(self.levels)
        for block, shape, table in zip(self.blocks, self.shapes, tables, strict=True):
            full = table.reshape(shape)
            for axis, at in enumerate(block):
                others = tuple(other for other in range(len(block)) if other != axis)
                sums[self.starts[at] : self.starts[at] + self.sizes[at]] = full.sum(axis=others)
        return sums

    def level_tables(self, coefficients: Floats) -> list[Floats]:
        """Sums of the coefficients (levels, k) of each cell's levels, for each block: (cells, k)."""
        tables = []
        for block, shape in zip(self.blocks, self.shapes, strict=True):
            table = np.zeros((*shape, coefficients.shape[1]))
            for axis, at in enumerate(block):
                part = coefficients[self.starts[at] : self.starts[at] + self.sizes[at]]
                table += part.reshape([self.sizes[at] if other == axis else 1 for other in range(len(block))] + [-1])
            tables.append(table.reshape(-1, coefficients.shape[1]))
        return tables

    def sums(self, weights: Floats) -> Floats:
        """X' weights, (p,)."""
        upper = self.level_sums(self.table_sums(weights))
        return np.concatenate([upper, [total.values @ weights for total in self.totals]])

    def project(self, values: Floats) -> Floats:
        """X' values for (n, k) values: (p, k)."""
        return np.stack([self.sums(np.ascontiguousarray(values[:, at])) for at in range(values.shape[1])], axis=1)

    def predict(self, coefficients: Floats) -> Floats:
        """X coefficients for (p, k) coefficients: (n, k)."""
        fitted = np.zeros((self.rows, coefficients.shape[1]))
        for key, table in zip(self.keys, self.level_tables(coefficients[: self.levels]), strict=True):
            fitted += table[key]
        for at, total in enumerate(self.totals):
            fitted += total.values[:, None] * coefficients[self.levels + at]
        return fitted

    def cross(self, weights: Floats) -> Floats:
        """X' diag(weights) X, (p, p)."""
        return self.moments(weights)[1]

    def moments(self, weights: Floats) -> tuple[Floats, Floats]:
        """X' weights (p,) and X' diag(weights) X (p, p), in one pass over rows where one block holds everything."""
        size = self.levels + len(self.totals)
        sums, matrix = np.zeros(size), np.zeros((size, size))
        if len(self.blocks) <= 1:
            key, count = self.one_key
            tables, products = kernels.moments_by_key(key, [total.values for total in self.totals], weights, count)
            matrix[self.levels :, self.levels :] = products
            by_block = [[table] for table in tables]
        else:
            weighted = [weights, *(weights * total.values for total in self.totals)]
            by_block = [self.table_sums(each) for each in weighted]
            for row, each in enumerate(weighted[1:]):
                for column, total in enumerate(self.totals):
                    matrix[self.levels + row, self.levels + column] = each @ total.values
        if self.margins:
            sums[: self.levels] = self.level_sums(by_block[0])
            matrix[: self.levels, : self.levels] = self._pairs(by_block[0], weights)
        for at, tables_of_total in enumerate(by_block[1:], start=self.levels):
            sums[at] = tables_of_total[0].sum()
            if self.margins:
                matrix[: self.levels, at] = matrix[at, : self.levels] = self.level_sums(tables_of_total)
        return sums, matrix

    def _pairs(self, tables: Sequence[Floats], weights: Floats) -> Floats:
        """The levels' part of X' diag(weights) X: from the tables within a block, over rows between blocks."""
        matrix = np.diag(self.level_sums(tables))
        place = {at: (which, axis) for which, block in enumerate(self.blocks) for axis, at in enumerate(block)}
        for row in range(len(self.margins)):
            for column in range(row):
                (which, one), (other, two) = place[row], place[column]
                if which == other:
                    rest = tuple(axis for axis in range(len(self.blocks[which])) if axis not in (one, two))
                    part = tables[which].reshape(self.shapes[which]).sum(axis=rest)
                    part = part if one < two else part.T
                else:
                    shape = self.sizes[row], self.sizes[column]
                    key = kernels.pack([self.margins[row].codes, self.margins[column].codes], shape)
                    part = kernels.sum_by_key(key, weights, shape[0] * shape[1]).reshape(shape)
                here = slice(self.starts[row], self.starts[row] + self.sizes[row])
                there = slice(self.starts[column], self.starts[column] + self.sizes[column])
                matrix[here, there], matrix[there, here] = part, part.T
        return matrix


def spread_evenly(sizes: Sequence[int], parts: int) -> tuple[tuple[int, ...], ...]:
    """Margins in `parts` groups whose numbers of combinations are as equal as a greedy choice makes them."""
    groups: list[list[int]] = [[] for _ in range(parts)]
    products = [1.0] * parts
    for at in sorted(range(len(sizes)), key=lambda at: -sizes[at]):
        least = products.index(min(products))
        groups[least].append(at)
        products[least] *= sizes[at]
    return tuple(tuple(sorted(group)) for group in groups)
