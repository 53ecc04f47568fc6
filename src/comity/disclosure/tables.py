"""What a table of counts is: its cells, which cells tables share, and how a protected table looks when it is public.

The format is docs/reference/release-format.md. Suppression and its audit share this definition and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from comity.errors import ComityError, nearest

ALL = "all"
PUBLISHED = "published"
SUPPRESSED = "suppressed"


PERIOD = "period"
_TIMES = ("year", "quarter", "month")


class Cell(NamedTuple):
    """One number: what is counted, and the (dimension, code) pairs that every counted record meets.

    Two tables that ask for the same cell ask for the same number, so both publish it or both hide it.
    """

    measure: str
    conditions: frozenset[tuple[str, str]]

    def __str__(self) -> str:
        if not self.conditions:
            return f"{self.measure}, all"
        return f"{self.measure} with " + ", ".join(f"{name}={code}" for name, code in sorted(self.conditions))


def cell_of(measure: str, conditions: Iterable[tuple[str, str]]) -> Cell:
    """The cell with these conditions. A month, quarter or year within the cell's period takes the period's place, so
    that March in the tables of a year and the tables of March are one."""
    pairs = dict(conditions)
    period = pairs.get(PERIOD)
    if period is not None:
        for name in _TIMES:
            code = pairs.get(name)
            if code is not None and (code == period or is_within(code, period)):
                pairs[PERIOD] = period = pairs.pop(name)
    return Cell(measure, frozenset(pairs.items()))


def is_within(period: str, longer: str) -> bool:
    """Whether `period` (2017-03 or 2017-q1) is a part of `longer` (2017-q1 or 2017)."""
    return longer in periods_above(period)


def periods_above(period: str) -> tuple[str, ...]:
    """The quarter and year of a month, the year of a quarter; nothing above anything else."""
    found = re.fullmatch(r"(\d{4})-(?:(\d{2})|q([1-4]))", period)
    if found is None:
        return ()
    year, month, quarter = found.groups()
    if quarter:
        return (year,)
    return (f"{year}-q{(int(month) + 2) // 3}", year) if 1 <= int(month) <= 12 else ()


@dataclass(frozen=True)
class CountTable:
    """One table of counts before protection; margins and parent codes are added here, never by the caller.

    counts: Arrow table, one string column a dimension and `count` (int64 >= 0), finest cells only; cells without a row
    are zeros. categories: every finest code of each dimension in order. hierarchies: {dimension: {code: parent}}, a
    parent may have a parent. where: conditions that every record of the table meets. sensitive: cells, margins
    included, that rules beside the threshold hide (`sensitive_cells`). Raises ComityError when the parts do not fit
    together, naming the value that is wrong.
    """

    name: str
    measure: str
    dimensions: tuple[str, ...]
    counts: pa.Table
    categories: Mapping[str, tuple[str, ...]]
    where: Mapping[str, str] = field(default_factory=dict)
    hierarchies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sensitive: frozenset[Cell] = frozenset()

    def __post_init__(self) -> None:
        _check_shape(self)
        _check_counts(self)


@dataclass(frozen=True)
class PublishedTable:
    """A table as the public sees it: margins included, `count` null where `status` is suppressed.

    rows: Arrow table with the dimensions, `count` (int64, nullable) and `status`. The rest as in `CountTable`.
    """

    name: str
    measure: str
    dimensions: tuple[str, ...]
    rows: pa.Table
    categories: Mapping[str, tuple[str, ...]]
    where: Mapping[str, str] = field(default_factory=dict)
    hierarchies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class PublishedRelease:
    """One version of one release as it became public. minimum, width, method: what its policy promised."""

    dataset: str
    period: str
    version: int
    tables: tuple[PublishedTable, ...]
    minimum: int
    width: int
    method: str = "suppress"

    @property
    def label(self) -> str:
        return f"{self.dataset} {self.period} v{self.version}"


def levels(table: CountTable | PublishedTable, dimension: str) -> dict[str, tuple[str, ...]]:
    """Every code of `dimension` in publishing order -> the codes it is the sum of; () for a finest code.

    Finest codes first, then parents, then `all`.
    """
    parent_of = table.hierarchies.get(dimension, {})
    codes = list(table.categories[dimension])
    for code in codes:  # grows while it runs: parents of parents
        parent = parent_of.get(code)
        if parent is not None and parent not in codes:
            codes.append(parent)
    children: dict[str, list[str]] = {code: [] for code in [*codes, ALL]}
    for code in codes:
        children[parent_of.get(code, ALL)].append(code)
    return {code: tuple(below) for code, below in children.items()}


def expand(table: CountTable, *, period: str | None = None) -> Iterator[tuple[tuple[str, ...], Cell, int]]:
    """Every cell of `table` with its margins: (codes in the order of the dimensions, the cell, its count)."""
    codes_of = [tuple(levels(table, name)) for name in table.dimensions]
    pairs_of = [
        [() if code == ALL else ((name, code),) for code in codes]
        for name, codes in zip(table.dimensions, codes_of, strict=True)
    ]
    counts = with_margins(table, table.counts["count"].to_numpy())
    where = tuple(table.where.items()) + (((PERIOD, period),) if period else ())
    for place, count in zip(np.ndindex(*counts.shape), counts.ravel().tolist(), strict=True):
        codes = tuple(codes_of[axis][at] for axis, at in enumerate(place))
        own = sum((pairs_of[axis][at] for axis, at in enumerate(place)), ())
        yield codes, cell_of(table.measure, where + own), count


def with_margins(table: CountTable, values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """`values`, one a row of `table.counts`, summed up: one axis a dimension, its codes in the order of `levels`."""
    sums = np.zeros(tuple(len(table.categories[name]) for name in table.dimensions), dtype=np.int64)
    places = []
    for name in table.dimensions:
        position = {code: at for at, code in enumerate(table.categories[name])}
        places.append(np.array([position[code] for code in table.counts[name].to_pylist()], dtype=np.int64))
    np.add.at(sums, tuple(places), values)
    for axis, name in enumerate(table.dimensions):
        membership = _membership(levels(table, name), len(table.categories[name]))
        sums = np.moveaxis(np.tensordot(membership, sums, axes=(1, axis)), 0, axis)
    return sums


def _membership(below: dict[str, tuple[str, ...]], finest: int) -> npt.NDArray[np.int64]:
    """Row = code, column = finest code, 1 where the first contains the second."""
    rows: dict[str, npt.NDArray[np.int64]] = dict(zip(below, np.eye(finest, dtype=np.int64), strict=False))

    def row(code: str) -> npt.NDArray[np.int64]:
        if code not in rows:
            rows[code] = sum((row(child) for child in below[code]), np.zeros(finest, dtype=np.int64))
        return rows[code]

    return np.stack([row(code) for code in below])


def _check_shape(table: CountTable) -> None:
    def wrong(what: str, next_step: str) -> ComityError:
        return ComityError(f"Table {table.name!r}: {what}", next_step)

    if not table.dimensions:
        raise wrong("it has no dimension.", "Name at least one column to count by.")
    for name in table.dimensions:
        if table.dimensions.count(name) > 1:
            raise wrong(f"dimension {name!r} is named twice.", "Name each dimension once.")
        if name in ("count", "status"):
            raise wrong(f"a dimension cannot be called {name!r}.", "Rename the column; that name is the format's own.")
        if name in table.where:
            raise wrong(
                f"{name!r} is a dimension and a fixed condition.", "Keep it in one of `dimensions` and `where`."
            )
        if not table.categories.get(name):
            raise wrong(f"dimension {name!r} has no categories.", "List every code it can have in `categories`.")
        codes = table.categories[name]
        repeated = sorted({code for code in codes if codes.count(code) > 1})
        if repeated:
            raise wrong(f"category {repeated[0]!r} of {name!r} is listed twice.", "List each code once.")
        _check_hierarchy(table, name, wrong)
    for field_name, keys in (("categories", table.categories), ("hierarchies", table.hierarchies)):
        for key in keys:
            if key not in table.dimensions:
                close = nearest(key, table.dimensions)
                hint = f"Did you mean {close!r}?" if close else f"Dimensions are {', '.join(table.dimensions)}."
                raise wrong(f"`{field_name}` names {key!r}, which is not a dimension.", hint)


def _check_hierarchy(table: CountTable, name: str, wrong: Callable[[str, str], ComityError]) -> None:
    codes, parent_of = table.categories[name], table.hierarchies.get(name, {})
    if ALL in codes or ALL in parent_of or ALL in parent_of.values():
        raise wrong(f"code {ALL!r} of {name!r} is reserved for totals.", "Rename that code.")
    both = sorted(set(codes) & set(parent_of.values()))
    if both:
        raise wrong(
            f"code {both[0]!r} of {name!r} is both a finest code and a parent.", "Give the parent its own code."
        )
    known = {*codes, *parent_of.values()}
    for code in parent_of:
        if code not in known:
            raise wrong(f"the hierarchy of {name!r} names {code!r}, which is no category.", "Add it to `categories`.")
        seen = {code}
        above = parent_of.get(code)
        while above is not None:
            if above in seen:
                raise wrong(f"the hierarchy of {name!r} runs in a circle at {above!r}.", "Give each code one parent.")
            seen.add(above)
            above = parent_of.get(above)


def _check_counts(table: CountTable) -> None:
    def wrong(what: str, next_step: str) -> ComityError:
        return ComityError(f"Table {table.name!r}: {what}", next_step)

    for name in (*table.dimensions, "count"):
        if name not in table.counts.column_names:
            raise wrong(f"`counts` lacks the column {name!r}.", f"It has {', '.join(table.counts.column_names)}.")
    if not pa.types.is_integer(table.counts["count"].type) or table.counts["count"].null_count:
        raise wrong("`count` is not a column of whole numbers.", "Count records as int64, without missing values.")
    if table.counts.num_rows and pc.min(table.counts["count"]).as_py() < 0:
        raise wrong(f"a count is {pc.min(table.counts['count']).as_py()}.", "Counts are 0 or more.")
    for name in table.dimensions:
        strange = sorted({str(code) for code in table.counts[name].unique().to_pylist()} - set(table.categories[name]))
        if strange:
            raise wrong(f"code {strange[0]!r} of {name!r} is no category.", "List every code in `categories`.")
    keys = table.counts.group_by(list(table.dimensions)).aggregate([([], "count_all")])
    if keys.num_rows != table.counts.num_rows:
        raise wrong("`counts` has two rows for one cell.", "Group by all the dimensions before counting.")
