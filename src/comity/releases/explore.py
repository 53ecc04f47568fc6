"""Filters and crosses one protected table, and never passes a partial sum off as a total.

A protected table holds every margin (code `all`), so most answers are single published cells. Where several codes are
chosen, their cells are added; one hidden cell among them makes the sum hidden. Everything here can be worked out by
anyone who downloads the table, so it reveals nothing new.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from comity.errors import ComityError, nearest
from comity.wording import Message, message

TOTAL = "all"


class BadQuestion(ComityError):
    """A filter or a crossing names something the table does not have.

    Residents read it, so `said` holds its two sentences in every language.
    """

    def __init__(self, what: Message, next_step: Message) -> None:
        self.said = (what, next_step)
        super().__init__(str(what), str(next_step))


@dataclass(frozen=True)
class Cells:
    """One protected table in memory, column by column, sorted by the order of its codes.

    codes: per dimension, every code in the file. positions: per dimension, for each row the index into `codes`.
    keys: int64, for each row its place in the grid of all combinations, ascending. counts: int64, 0 where hidden.
    hidden: true where the count is suppressed. All arrays have one entry a row.
    """

    dimensions: tuple[str, ...]
    codes: tuple[tuple[str, ...], ...]
    positions: tuple[NDArray[np.unsignedinteger], ...] = field(repr=False)
    keys: NDArray[np.int64] = field(repr=False)
    counts: NDArray[np.int64] = field(repr=False)
    hidden: NDArray[np.bool_] = field(repr=False)

    def __len__(self) -> int:
        return len(self.counts)

    def number(self, dimension: str) -> int:
        """Position of `dimension`; raises BadQuestion with the nearest one."""
        if dimension not in self.dimensions:
            near = nearest(dimension, self.dimensions)
            raise BadQuestion(
                message("This table has no column '{column}'.", column=dimension),
                message("Did you mean '{near}'?", near=near)
                if near
                else message("Its columns are: {columns}.", columns=", ".join(self.dimensions)),
            )
        return self.dimensions.index(dimension)


@dataclass(frozen=True)
class Value:
    """One number of an answer. status: "published", "suppressed", or "absent" where the file has no such cell."""

    count: int | None
    status: str


@dataclass(frozen=True)
class Question:
    """What is asked of a table: one dimension down, one across or none, and conditions on any.

    where: dimension -> the codes to keep; a dimension that is not named is not restricted.
    """

    rows: str
    columns: str | None = None
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Crossing:
    """The answer: `values[i][j]` belongs to `row_codes[i]` and `column_codes[j]`.

    The total, `all`, comes last in each; where a condition leaves one code, there is none."""

    question: Question
    row_codes: tuple[str, ...]
    column_codes: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]

    @property
    def has_suppressed(self) -> bool:
        return any(value.status == "suppressed" for row in self.values for value in row)


@dataclass(frozen=True)
class Rows:
    """Rows of the file that meet the conditions: how many, how many by code, and one page of them."""

    count: int
    facets: Mapping[str, Mapping[str, int]]
    page: tuple[tuple[tuple[str, ...], Value], ...]


def read_cells(path: Path, *, order: Mapping[str, Sequence[str]] | None = None) -> Cells:
    """The protected table in the Parquet file at `path`.

    order: per dimension, the codes in the order that answers list them; others follow in the file's order, `all` last.
    """
    table = pq.read_table(path)
    dimensions = tuple(name for name in table.column_names if name not in ("count", "status"))
    codes, positions = [], []
    for name in dimensions:
        column = table.column(name).combine_chunks().dictionary_encode()
        found = column.dictionary.to_pylist()
        there = set(found)
        first = [code for code in (order or {}).get(name, ()) if code in there]
        listed = list(dict.fromkeys([*first, *(code for code in found if code != TOTAL), *found]))
        place = {code: index for index, code in enumerate(listed)}
        kind = np.uint8 if len(listed) <= 256 else np.uint16 if len(listed) <= 65536 else np.uint32
        codes.append(tuple(listed))
        positions.append(np.array([place[code] for code in found], dtype=kind)[column.indices.to_numpy()])
    keys = np.ravel_multi_index(positions, [len(each) for each in codes]).astype(np.int64)
    order_of_keys = np.argsort(keys, kind="stable")
    counts = table.column("count").combine_chunks().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    hidden = pc.not_equal(table.column("status"), "published").to_numpy().astype(bool)
    return Cells(
        dimensions=dimensions,
        codes=tuple(codes),
        positions=tuple(each[order_of_keys] for each in positions),
        keys=keys[order_of_keys],
        counts=counts[order_of_keys],
        hidden=hidden[order_of_keys],
    )


def cross(cells: Cells, question: Question, *, parents: Mapping[str, Mapping[str, str]] | None = None) -> Crossing:
    """The answer to `question`.

    parents: per dimension {code: parent code}; of a parent and its child both chosen, only the parent is added up.
    Raises BadQuestion for a dimension or code that the table does not have.
    """
    axes = [cells.number(question.rows)] + ([] if question.columns is None else [cells.number(question.columns)])
    if len(set(axes)) < len(axes):
        raise BadQuestion(
            message("'{column}' cannot be crossed with itself.", column=question.rows),
            message("Choose another column, or none, to go across."),
        )
    for name, codes in zip(cells.dimensions, cells.codes, strict=True):
        if TOTAL not in codes:
            raise BadQuestion(
                message("The column '{column}' of this table has no totals.", column=name),
                message("Ask for its rows instead."),
            )
    chosen = {cells.number(name): _known(cells, name, codes) for name, codes in question.where.items() if codes}
    trees = {cells.number(name): tree for name, tree in (parents or {}).items() if name in cells.dimensions}
    labels: list[tuple[str, ...]] = []
    totals: list[int] = []  # per axis, how many of its last positions make up the total
    wanted: list[list[int]] = []
    for number, known in enumerate(cells.codes):
        added = outermost(chosen.get(number, (TOTAL,)), trees.get(number, {}))
        wanted.append(_indices(cells, number, added))
        if number in axes:
            shown = chosen.get(number) or tuple(code for code in known if code != TOTAL)
            has_total = number not in chosen or len(shown) > 1  # the total of one code would be that code again
            wanted[number] = [*_indices(cells, number, shown), *(wanted[number] if has_total else [])]
            totals.append(len(added) if has_total else 0)
            labels.append((*shown, TOTAL) if has_total else shown)
    grids = _look_up(cells, wanted, axes=sorted(axes))
    for axis, length in enumerate(totals):
        grids = [_with_total(grid, axis, length) for grid in grids]
    if len(axes) == 1:
        labels.append((TOTAL,))
        grids = [grid[:, np.newaxis] for grid in grids]
    elif axes[0] > axes[1]:
        labels.reverse()
        grids = [grid.T for grid in grids]
    counts, hidden, missing = grids
    values = tuple(
        tuple(_value(int(counts[i, j]), bool(hidden[i, j]), not missing[i, j]) for j in range(len(labels[1])))
        for i in range(len(labels[0]))
    )
    return Crossing(question, labels[0], labels[1], values)


def select_rows(
    cells: Cells, where: Mapping[str, Sequence[str]], *, facets: Sequence[str] = (), limit: int = 100, offset: int = 0
) -> Rows:
    """Rows of the file that meet `where`, in the order of codes, with the number of rows by code for each of `facets`.

    Raises BadQuestion for a dimension or code that the table does not have.
    """
    kept: NDArray[np.bool_] | None = None
    for name, codes in where.items():
        number = cells.number(name)
        held = _holds(cells, number, _known(cells, name, tuple(codes)))[cells.positions[number]]
        kept = held if kept is None else kept & held
    found = None if kept is None else np.flatnonzero(kept)
    counted = {}
    for name in facets:
        number = cells.number(name)
        positions = cells.positions[number] if found is None else cells.positions[number][found]
        tally = np.bincount(positions, minlength=len(cells.codes[number]))
        counted[name] = {code: int(n) for code, n in zip(cells.codes[number], tally, strict=True) if n}
    count = len(cells) if found is None else len(found)
    page = range(offset, min(offset + limit, count)) if found is None else found[offset : offset + limit]
    return Rows(
        count=count,
        facets=counted,
        page=tuple(
            (
                tuple(codes[positions[row]] for codes, positions in zip(cells.codes, cells.positions, strict=True)),
                _value(int(cells.counts[row]), bool(cells.hidden[row]), True),
            )
            for row in page
        ),
    )


def as_csv(crossing: Crossing, dimensions: Sequence[str]) -> str:
    """The answer in the shape of the tables themselves: a column a dimension, then count and status.

    A condition on several codes is written with "; " between them, and a dimension without a condition is `all`.
    """
    question = crossing.question
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow([*dimensions, "count", "status"])
    fixed = {name: "; ".join(codes) for name, codes in question.where.items() if codes}
    for row_code, row in zip(crossing.row_codes, crossing.values, strict=True):
        for column_code, value in zip(crossing.column_codes, row, strict=True):
            codes = dict.fromkeys(dimensions, TOTAL) | fixed
            for name, code in ((question.rows, row_code), (question.columns, column_code)):
                if name is not None and (code != TOTAL or name not in fixed):
                    codes[name] = code
            writer.writerow(
                [*(codes[name] for name in dimensions), "" if value.count is None else value.count, value.status]
            )
    return sink.getvalue()


def outermost(codes: Sequence[str], parents: Mapping[str, str]) -> tuple[str, ...]:
    """`codes` without those that lie inside another one of them, so that adding them counts nothing twice."""
    chosen = set(codes)

    def is_inside(code: str) -> bool:
        parent = parents.get(code)
        return parent is not None and (parent in chosen or is_inside(parent))

    return tuple(code for code in codes if not is_inside(code))


def _known(cells: Cells, name: str, codes: Sequence[str]) -> tuple[str, ...]:
    known = cells.codes[cells.number(name)]
    for code in codes:
        if code not in known:
            near = nearest(code, known)
            raise BadQuestion(
                message("'{code}' is not a value of '{column}' in this table.", code=code, column=name),
                message("Did you mean '{near}'?", near=near) if near else message("Choose one of those in the list."),
            )
    return tuple(dict.fromkeys(codes))


def _holds(cells: Cells, number: int, codes: Sequence[str]) -> NDArray[np.bool_]:
    """Per position of one dimension, whether its code is among `codes`."""
    wanted = set(codes)
    return np.fromiter((code in wanted for code in cells.codes[number]), dtype=bool, count=len(cells.codes[number]))


def _indices(cells: Cells, number: int, codes: Sequence[str]) -> list[int]:
    position = {code: index for index, code in enumerate(cells.codes[number])}
    return [position[code] for code in codes if code in position]


def _look_up(cells: Cells, wanted: Sequence[Sequence[int]], *, axes: Sequence[int]) -> list[NDArray[Any]]:
    """Count, number of hidden and number of missing cells, added up over every dimension that is not one of `axes`."""
    shape = [len(each) for each in cells.codes]
    strides = np.cumprod([1, *shape[:0:-1]])[::-1]
    keys = np.zeros([1] * len(shape), dtype=np.int64)
    for number, positions in enumerate(wanted):
        across = [1] * len(shape)
        across[number] = len(positions)
        keys = keys + (np.array(positions, dtype=np.int64) * strides[number]).reshape(across)
    found = np.minimum(np.searchsorted(cells.keys, keys), len(cells) - 1)
    there = cells.keys[found] == keys
    others = tuple(number for number in range(len(shape)) if number not in axes)
    parts = (np.where(there, cells.counts[found], 0), there & cells.hidden[found], ~there)
    return [part.sum(axis=others) for part in parts]


def _with_total(grid: NDArray[Any], axis: int, length: int) -> NDArray[Any]:
    """`grid` with the last `length` positions of `axis` added up into one."""
    if length == 0:
        return grid
    singles, parts = np.split(grid, [grid.shape[axis] - length], axis=axis)
    return np.concatenate([singles, parts.sum(axis=axis, keepdims=True)], axis=axis)


def _value(count: int, is_hidden: bool, is_there: bool) -> Value:
    if not is_there:
        return Value(None, "absent")
    return Value(None, "suppressed") if is_hidden else Value(count, "published")
