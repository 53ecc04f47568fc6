"""Cells that earlier releases have published or hidden, joined to the system of a new release.

Only public files of the earlier releases are read. A published count that did not change is known, so it cannot give
company. A hidden count is presumed not to have changed where its total did not, nor any other part of that total: it is
one unknown in both releases and stays hidden. Other hidden counts of the past are unknowns of their own, at whole
numbers that fit what was published. docs/methods/suppression.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from comity.disclosure.system import Equation, System
from comity.disclosure.tables import (
    ALL,
    PERIOD,
    PUBLISHED,
    Cell,
    PublishedRelease,
    cell_of,
    levels,
    periods_above,
)
from comity.errors import ComityError

Key = tuple[int, Cell]
"""(number of the release, its cell); the release being made has number NOW."""

NOW = -1


@dataclass(frozen=True)
class Joined:
    """The new release's cells, then the hidden cells of earlier releases that changed since, then one known cell.

    must_hide: hidden cells of earlier releases. is_known: cells that earlier releases publish unchanged.
    """

    counts: npt.NDArray[np.int64]
    equations: tuple[Equation, ...]
    must_hide: npt.NDArray[np.bool_]
    is_known: npt.NDArray[np.bool_]


def join_earlier(system: System, earlier: Sequence[PublishedRelease], *, period: str | None) -> Joined:
    """`system` with those of the `earlier` releases (oldest first) that share cells or time with it.

    Raises ComityError when no whole numbers fit what an earlier release published.
    """
    places = {name: place for place, names in enumerate(system.names) for name in names}
    releases = [release for release in earlier if _overlaps(release.period, period)]
    known: dict[Key, int] = {}
    hidden: dict[Key, None] = {}
    sums: dict[tuple[Key, tuple[Key, ...]], None] = {}
    for number, release in enumerate(releases):
        _read(number, release, known, hidden, sums)
    now: dict[Key, int] = {(NOW, cell): int(system.counts[place]) for cell, place in places.items()}
    one_count = _unchanged(known | now, hidden, list(sums), system, places)
    over_time = _sums_over_time(known, hidden, now)
    values = None
    # What an outsider presumes may be wrong: late records can cancel out. Then fewer presumptions are left to them.
    for presumed, summed in ((one_count, over_time), (one_count, []), ({}, [])):
        values = _nearest_whole_numbers([*sums, *summed], known | now, hidden, presumed, places)
        if values is not None:
            one_count, over_time = presumed, summed
            break
    if values is None:
        raise ComityError(
            "The counts of an earlier release contradict each other.",
            "Run comity verify on the public folder; its files may have been altered.",
        )
    counts = system.counts.tolist()
    index: dict[Key, int] = {(NOW, cell): place for cell, place in places.items()}
    must_hide, is_known = set(), set()
    for key in sorted(values, key=lambda key: -key[0]):  # newest first
        same = one_count.get(key)
        if same in index:
            index[key] = index[same]
        else:
            index[key] = len(counts)
            counts.append(values[key])
        must_hide.add(index[key])
    constant = len(counts)
    for key, count in known.items():
        place = places.get(key[1])
        unchanged = place is not None and system.counts[place] == count
        index[key] = place if place is not None and unchanged else constant
        if place is not None and unchanged:
            is_known.add(place)
    equations = dict.fromkeys(system.equations)
    for total, parts in [*sums, *over_time]:
        equations[index[total], tuple(sorted(index[part] for part in parts if index[part] != constant))] = None
    size = constant + 1
    return Joined(
        np.array([*counts, 0], dtype=np.int64),
        tuple(equations),
        np.isin(np.arange(size), list(must_hide)),
        np.isin(np.arange(size), list(is_known)),
    )


def _overlaps(one: str, other: str | None) -> bool:
    return other is not None and (one == other or one in periods_above(other) or other in periods_above(one))


def _read(
    number: int,
    release: PublishedRelease,
    known: dict[Key, int],
    hidden: dict[Key, None],
    sums: dict[tuple[Key, tuple[Key, ...]], None],
) -> None:
    for table in release.tables:
        fixed = [*table.where.items(), (PERIOD, release.period)]
        columns = [table.rows[name].to_pylist() for name in table.dimensions]
        counts, statuses = table.rows["count"].to_pylist(), table.rows["status"].to_pylist()
        keys: dict[tuple[str, ...], Key] = {}
        for *codes, count, status in zip(*columns, counts, statuses, strict=True):
            own = [pair for pair in zip(table.dimensions, codes, strict=True) if pair[1] != ALL]
            key = keys[tuple(codes)] = (number, cell_of(table.measure, [*fixed, *own]))
            if status == PUBLISHED:
                known[key] = count
            else:
                hidden[key] = None
        for axis, name in enumerate(table.dimensions):
            below = levels(table, name)
            for codes_of_cell, total in keys.items():
                parts = below[codes_of_cell[axis]]
                if parts:
                    here, there = codes_of_cell[:axis], codes_of_cell[axis + 1 :]
                    sums[total, tuple(keys[(*here, part, *there)] for part in parts)] = None
    for key in known:
        hidden.pop(key, None)


def _unchanged(
    counts: Mapping[Key, int],
    hidden: Mapping[Key, None],
    sums: Sequence[tuple[Key, tuple[Key, ...]]],
    system: System,
    places: Mapping[Cell, int],
) -> dict[Key, Key]:
    """Hidden cell -> the same cell in the next newer release, where an outsider will presume that it did not change:
    its total did not, nor any part of that total that can be compared."""
    newer_of: dict[Key, Key] = {}
    newest: dict[Cell, Key] = {cell: (NOW, cell) for cell in places}
    for key in sorted([*hidden, *(key for key in counts if key[0] != NOW)], key=lambda key: -key[0]):
        if key[1] in newest:
            newer_of[key] = newest[key[1]]
        newest[key[1]] = key
    by_name = {place: (NOW, names[0]) for place, names in enumerate(system.names)}
    sums_now = [(by_name[total], tuple(by_name[part] for part in parts)) for total, parts in system.equations]
    older_of = {newer: key for key, newer in newer_of.items()}
    families = [(total, parts) for total, parts in sums if total in newer_of]
    families += [
        (older_of[total], tuple(older_of[part] for part in parts if part in older_of))
        for total, parts in [*sums, *sums_now]
        if total in older_of
    ]
    same: dict[Key, Key] = {}

    def is_same(key: Key) -> bool:
        newer = newer_of[key]
        return key in same or (key in counts and counts.get(newer) == counts[key])

    def differs(key: Key) -> bool:
        newer = newer_of.get(key)
        return newer is not None and key in counts and newer in counts and counts[newer] != counts[key]

    found = True
    while found:
        found = False
        for total, parts in families:
            if is_same(total) and not any(differs(part) for part in parts):
                fresh = [part for part in parts if part in hidden and part in newer_of and part not in same]
                same.update((part, newer_of[part]) for part in fresh)
                found = found or bool(fresh)
    return same


def _sums_over_time(
    known: Mapping[Key, int], hidden: Mapping[Key, None], now: Mapping[Key, int]
) -> list[tuple[Key, tuple[Key, ...]]]:
    """A year as the sum of its months or quarters, in the newest release of each, where the totals agree."""
    newest: dict[Cell, Key] = {}
    for number, cell in [*sorted([*known, *hidden], key=lambda key: key[0]), *now]:
        newest[cell] = (number, cell)
    parts: dict[Cell, dict[str, Key]] = defaultdict(dict)
    for cell, key in newest.items():
        code = dict(cell.conditions).get(PERIOD, "")
        for longer in periods_above(code):
            total = Cell(cell.measure, cell.conditions - {(PERIOD, code)} | {(PERIOD, longer)})
            if total in newest:
                parts[total][code] = key
    counts = {**known, **now}
    found: list[tuple[Key, tuple[Key, ...]]] = []
    agreeing: dict[tuple[str, str, bool], bool] = {}
    for total in sorted(parts, key=lambda cell: len(cell.conditions)):
        longer = dict(total.conditions)[PERIOD]
        for by_quarter in (False, True):
            chosen = tuple(parts[total][code] for code in sorted(parts[total]) if ("q" in code) == by_quarter)
            if len(chosen) != (4 if by_quarter else 3 if "q" in longer else 12):
                continue
            family = (total.measure, longer, by_quarter)
            if len(total.conditions) == 1:
                values = [counts.get(key) for key in (*chosen, newest[total])]
                agreeing[family] = None not in values and 2 * values[-1] == sum(v for v in values if v is not None)  # type: ignore[operator]
            is_new = any(key[0] != newest[total][0] for key in chosen)
            if agreeing.get(family) and is_new:
                found.append((newest[total], chosen))
    return found


def _nearest_whole_numbers(
    sums: Sequence[tuple[Key, tuple[Key, ...]]],
    fixed: Mapping[Key, int],
    hidden: Mapping[Key, None],
    presumed: Mapping[Key, Key],
    places: Mapping[Cell, int],
) -> dict[Key, int] | None:
    """Counts of 1 or more for the hidden cells that fit all sums and change least from release to release, and not at
    all where presumed; None if there are none."""
    if not hidden:
        return {}
    column = {key: at for at, key in enumerate(hidden)}
    size = len(column)
    starts, indices, values, right = [0], [], [], []
    for total, parts in sums:
        side = 0.0
        for key, sign in ((total, 1.0), *((part, -1.0) for part in parts)):
            if key in column:
                indices.append(column[key])
                values.append(sign)
            else:
                side -= sign * fixed[key]
        if len(indices) > starts[-1]:
            right.append(side)
            starts.append(len(indices))
        elif side:
            return None
    newer: dict[Cell, Key] = {cell: (NOW, cell) for cell in places}
    for key in sorted([*hidden, *fixed], key=lambda key: -key[0]):  # newest first
        reference = newer.get(key[1])
        if key in column and reference is not None:  # x - more + less = the count in the next newer release
            indices.append(column[key])
            values.append(1.0)
            if key not in presumed:
                indices += [size + column[key], 2 * size + column[key]]
                values += [-1.0, 1.0]
            if reference in column:
                indices.append(column[reference])
                values.append(-1.0)
            right.append(float(fixed.get(reference, 0)))
            starts.append(len(indices))
        if key[0] != NOW:
            newer[key[1]] = key
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = 3 * size, len(right)
    program.col_cost_ = np.concatenate([np.zeros(size), np.ones(2 * size)])
    program.col_lower_ = np.concatenate([np.ones(size), np.zeros(2 * size)])
    program.col_upper_ = np.full(3 * size, highspy.kHighsInf)
    program.row_lower_ = program.row_upper_ = np.array(right)
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = np.array(starts, dtype=np.int32)
    program.a_matrix_.index_ = np.array(indices, dtype=np.int32)
    program.a_matrix_.value_ = np.array(values)
    program.integrality_ = [highspy.HighsVarType.kInteger] * size + [highspy.HighsVarType.kContinuous] * (2 * size)
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 1), ("mip_max_nodes", 5000)):
        solver.setOptionValue(option, value)
    solver.passModel(program)
    solver.run()
    if solver.getInfo().primal_solution_status != 2:  # 2: feasible
        return None
    solution = solver.getSolution().col_value
    return {key: round(solution[at]) for key, at in column.items()}
