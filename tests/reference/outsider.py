"""A slow, obvious attacker: two linear programs by SciPy a hidden count, on a system written out cell by cell."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from scipy.optimize import linprog

from comity.disclosure import PublishedTable


def intervals(tables: Sequence[PublishedTable]) -> dict[tuple[str, frozenset], tuple[float, float]]:
    """(measure, conditions) of every hidden cell -> the least and the greatest count that fits what is published.

    Understands shared cells, hierarchies of one step, and tables with one fixed condition.
    """
    known: dict[tuple[str, frozenset], int] = {}
    hidden: set[tuple[str, frozenset]] = set()
    for table in tables:
        for row in table.rows.to_pylist():
            own = {(name, row[name]) for name in table.dimensions if row[name] != "all"}
            cell = (table.measure, frozenset(own | set(table.where.items())))
            if row["status"] == "published":
                known[cell] = row["count"]
            else:
                hidden.add(cell)
    column: dict[object, int] = {}
    rows: list[dict[int, float]] = []
    right: list[float] = []

    def add(total: object, parts: list[object]) -> None:
        row: dict[int, float] = {}
        side = 0.0
        for cell, sign in ((total, 1.0), *((part, -1.0) for part in parts)):
            if cell in known:
                side -= sign * known[cell]
            else:
                at = column.setdefault(cell, len(column))
                row[at] = row.get(at, 0.0) + sign
        rows.append(row)
        right.append(side)

    for table in tables:
        for name in table.dimensions:
            others = [each for each in table.dimensions if each != name]
            codes = [[*_codes(table, each), None] for each in others]
            for choice in itertools.product(*codes):
                own = {(other, code) for other, code in zip(others, choice, strict=True) if code is not None}
                fixed = own | set(table.where.items())
                for total, parts in _sums(table, name):
                    above = fixed | ({(name, total)} if total is not None else set())
                    below = [(table.measure, frozenset(fixed | {(name, part)})) for part in parts]
                    add((table.measure, frozenset(above)), below)
    for measure, conditions in [*known, *hidden]:
        for name, code in conditions:
            total = (measure, conditions - {(name, code)})
            if any(name in table.where for table in tables) and (total in known or total in hidden):
                add(total, [(measure, conditions), ("rest", name, code, total)])
    for cell in hidden - known.keys():
        column.setdefault(cell, len(column))
    matrix = np.zeros((len(rows), len(column)))
    for number, row in enumerate(rows):
        for at, value in row.items():
            matrix[number, at] = value
    limits = [(1.0 if cell in hidden else 0.0, None) for cell in column]
    found = {}
    for cell in hidden:
        if cell in known:
            found[cell] = (known[cell], known[cell])
            continue
        ends = []
        for sign in (1.0, -1.0):
            objective = np.zeros(len(column))
            objective[column[cell]] = sign
            result = linprog(objective, A_eq=matrix, b_eq=right, bounds=limits, method="highs")
            assert result.status in (0, 3), result.message
            ends.append(float("inf") if result.status == 3 else sign * result.fun)
        found[cell] = (np.ceil(ends[0] - 1e-6), np.floor(ends[1] + 1e-6) if ends[1] < np.inf else np.inf)
    return found


def _codes(table: PublishedTable, name: str) -> list[str]:
    parents = dict.fromkeys(table.hierarchies.get(name, {}).values())
    return [*table.categories[name], *parents]


def _sums(table: PublishedTable, name: str) -> list[tuple[str | None, list[str]]]:
    parent_of = table.hierarchies.get(name, {})
    sums = [
        (parent, [code for code in table.categories[name] if parent_of.get(code) == parent])
        for parent in dict.fromkeys(parent_of.values())
    ]
    tops = [code for code in table.categories[name] if code not in parent_of] + [parent for parent, _ in sums]
    return [*sums, (None, tops)]
