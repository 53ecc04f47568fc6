"""All the cells of a release as one linear system, A x = 0: every total is the sum of its parts, across all tables.

Shared margins are one cell. A table with a fixed condition (`where`) is linked to the cells without that condition
by the records that do not meet it, the *rest*: a count nobody publishes, but anybody can compute by subtraction.
Model: Fischetti and Salazar (2001), "Solving the cell suppression problem on tabular data with linear constraints".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from comity.disclosure.tables import ALL, PERIOD, Cell, CountTable, expand, levels
from comity.errors import ComityError

Equation = tuple[int, tuple[int, ...]]
"""(place of the total, places of its parts)."""

_LEAST_TOTAL = 10  # below it, two conditions have equal totals by chance


@dataclass(frozen=True)
class System:
    """Cells in order of first appearance, then the rests.

    names: every cell that is this number, as its tables have it. counts: int64, one a cell. is_rest: cells that no
    table shows. equations: (total, parts), without repetition. places: per table, {codes: place of the cell}.
    """

    names: tuple[tuple[Cell, ...], ...]
    counts: npt.NDArray[np.int64]
    is_rest: npt.NDArray[np.bool_]
    equations: tuple[Equation, ...]
    places: tuple[dict[tuple[str, ...], int], ...]


def build_system(tables: Sequence[CountTable], *, period: str | None = None) -> System:
    """One system over `tables`, all of `period`. Raises ComityError when two tables give one cell different counts."""
    expanded = [list(expand(table, period=period)) for table in tables]
    same = _same_conditions({cell: count for rows in expanded for _, cell, count in rows})
    index: dict[Cell, int] = {}
    counts: list[int] = []
    first_table: list[str] = []
    names: list[dict[Cell, None]] = []
    places: list[dict[tuple[str, ...], int]] = []
    for table, rows in zip(tables, expanded, strict=True):
        here = {}
        for codes, cell, count in rows:
            place = index.setdefault(_canonical(cell, same), len(index))
            if place == len(counts):
                counts.append(count)
                first_table.append(table.name)
                names.append({})
            elif counts[place] != count:
                raise ComityError(
                    f"Tables {first_table[place]!r} and {table.name!r} disagree on {cell}:"
                    f" {counts[place]:,} and {count:,}.",
                    "Count both from the same records, or give them different measures or conditions.",
                )
            here[codes] = place
            names[place][cell] = None
        places.append(here)
    equations: dict[Equation, None] = {}
    for table, here in zip(tables, places, strict=True):
        equations.update(dict.fromkeys(_equations_within(table, here)))
    shown = len(index)
    for total, name, parts, is_whole in _links_between(tables, index, same):
        if not is_whole:
            counts.append(counts[index[total]] - sum(counts[part] for part in parts))
            parts = (*parts, len(counts) - 1)
            names.append({Cell(f"the rest of {total} by {name}", frozenset()): None})
            if counts[-1] < 0:
                raise ComityError(
                    f"Counts with a fixed {name} add up to more than {total} ({counts[index[total]]:,}).",
                    "Count all tables of one measure from the same records.",
                )
        equations[index[total], parts] = None
    return System(
        tuple(map(tuple, names)),
        np.array(counts, dtype=np.int64),
        np.arange(len(counts)) >= shown,
        tuple(equations),
        tuple(places),
    )


Condition = tuple[str, str]


def _same_conditions(counts: Mapping[Cell, int]) -> dict[Condition, Condition]:
    """Conditions on different dimensions that the same records meet -> one of them, such as type=vehicular and
    reason=traffic, or a precinct as a dimension and as the parent of neighbourhoods.

    Nobody declares them, but anybody who sees the totals agree will try them: so all their counts must agree.
    """
    alone: dict[tuple[str, int], list[Condition]] = defaultdict(list)
    containing: dict[Condition, list[Cell]] = defaultdict(list)
    for cell, count in counts.items():
        own = [condition for condition in cell.conditions if condition[0] != PERIOD]
        if len(own) == 1 and count >= _LEAST_TOTAL:
            alone[cell.measure, count] += own
        for condition in sorted(own):
            containing[condition].append(cell)
    same: dict[Condition, Condition] = {}
    for (measure, _), conditions in alone.items():
        for at, second in enumerate(conditions):
            first = next((each for each in conditions[:at] if _agree(each, second, measure, containing, counts)), None)
            if first is not None:
                same[second] = same.get(first, first)
    return same


def _agree(
    first: Condition,
    second: Condition,
    measure: str,
    containing: Mapping[Condition, list[Cell]],
    counts: Mapping[Cell, int],
) -> bool:
    if first[0] == second[0]:
        return False
    for cell in containing[second]:
        without = cell.conditions - {second}
        if cell.measure == measure and (first in without or first[0] not in {name for name, _ in without}):
            others = [Cell(measure, without | {first})]
            if first in without and len(without) > 1:
                others.append(Cell(measure, cell.conditions - {first}))
            if any(counts.get(other, counts[cell]) != counts[cell] for other in others):
                return False
    return True


def _canonical(cell: Cell, same: Mapping[Condition, Condition]) -> Cell:
    if not same:
        return cell
    return Cell(cell.measure, frozenset(same.get(each, each) for each in cell.conditions))


def _equations_within(table: CountTable, here: dict[tuple[str, ...], int]) -> list[Equation]:
    codes_of = [tuple(levels(table, name)) for name in table.dimensions]
    places = np.fromiter(here.values(), dtype=np.int64).reshape([len(codes) for codes in codes_of])
    equations: list[Equation] = []
    for axis, name in enumerate(table.dimensions):
        position = {code: at for at, code in enumerate(codes_of[axis])}
        for total, parts in levels(table, name).items():
            if parts:
                totals = np.take(places, position[total], axis=axis).ravel()
                below = np.take(places, [position[part] for part in parts], axis=axis)
                below = np.moveaxis(below, axis, -1).reshape(-1, len(parts))
                equations += zip(totals.tolist(), map(tuple, np.sort(below, axis=1).tolist()), strict=True)
    return equations


def _links_between(
    tables: Sequence[CountTable], index: Mapping[Cell, int], same: Mapping[Condition, Condition]
) -> list[tuple[Cell, str, tuple[int, ...], bool]]:
    """(total, dimension, parts, whether they are the whole) for cells that differ by a condition fixed somewhere."""
    parents: dict[str, dict[str, str]] = defaultdict(dict)
    top_level: dict[tuple[str, str], set[str]] = {}
    for table in tables:
        for name in table.dimensions:
            parents[name].update(table.hierarchies.get(name, {}))
            top_level.setdefault((table.measure, name), set(levels(table, name)[ALL]))
    fixed = {same.get(each, each)[0] for table in tables for each in table.where.items()}
    children: dict[tuple[Cell, str], dict[str, int]] = defaultdict(dict)
    for cell, place in index.items():
        for name, code in sorted(cell.conditions):
            if name in fixed:
                total = Cell(cell.measure, cell.conditions - {(name, code)})
                if total in index:
                    children[total, name][code] = place
    links = []
    for (total, name), parts in children.items():
        tops = {code: place for code, place in parts.items() if not _ancestors(code, parents[name]) & parts.keys()}
        is_whole = set(tops) >= top_level.get((total.measure, name), {""})
        links.append((total, name, tuple(sorted(tops.values())), is_whole))
    return links


def _ancestors(code: str, parent_of: dict[str, str]) -> set[str]:
    found = set()
    while code in parent_of:
        code = parent_of[code]
        found.add(code)
    return found
