"""An attacker on the link between invitations and responses, who has every file: it knows nothing of either program.

From each SQLite file it takes every row of every table, and for each row everything that could tell an order: its rowid, where
its bytes lie in the file, and each number in it. Two rows are matched by rank: the first code used with the first response,
and so on, for every pair of such signals.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
from scipy import stats

Signals = dict[str, dict[str, float]]


def signals(folder: Path, names: Sequence[str], *, where: Mapping[str, str] = {}) -> Signals:
    """What could tell an order: signal -> name -> value, for the rows that hold one of `names` as text.

    where: table -> condition on its rows, as an attacker would add who knows that only some rows matter.
    """
    found: Signals = {}
    wanted = {name.encode(): name for name in names}
    pattern = re.compile(b"|".join(sorted(wanted)))
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        data = path.read_bytes()
        offsets = [(match.start(), wanted[match[0]]) for match in pattern.finditer(data)]
        if offsets:
            _add(found, f"{path.name} first place", {name: at for at, name in reversed(offsets)})
            _add(found, f"{path.name} last place", {name: at for at, name in offsets})
        if data[:16] == b"SQLite format 3\0":
            for table, rows in _tables(path, where):
                for column, values in _columns(rows, pattern, wanted).items():
                    _add(found, f"{path.name} {table} {column}", values)
    return found


def best_link(invitations: Signals, responses: Signals, truth: Mapping[str, str]) -> tuple[float, int, str]:
    """(largest |rank correlation|, most right matches, by which signals), over all pairs of signals.

    truth: invitation's name -> response's name, for those who answered.
    """
    best = (0.0, 0, "nothing to go by")
    for (one, ours), (other, theirs) in product(invitations.items(), responses.items()):
        pairs = [(ours[a], theirs[b]) for a, b in truth.items() if a in ours and b in theirs]
        if len(pairs) < len(truth) // 2 or len({a for a, _ in pairs}) < 3 or len({b for _, b in pairs}) < 3:
            continue
        first, second = (stats.rankdata(column) for column in np.array(pairs).T)
        correlation = abs(float(stats.spearmanr(first, second).statistic))
        right = int(max((first == second).sum(), (first == len(pairs) + 1 - second).sum()))
        best = max(best, (correlation, right, f"{one} with {other}"))
    return best


def _add(found: Signals, signal: str, values: dict[str, float]) -> None:
    if len(values) > 2:
        found[signal] = values


def _tables(path: Path, where: Mapping[str, str]) -> list[tuple[str, list[dict[str, object]]]]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    tables = []
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        condition = f" WHERE {where[table]}" if table in where else ""
        for columns in ("rowid AS _rowid, *", "*"):
            try:
                rows = connection.execute(f'SELECT {columns} FROM "{table}"{condition}').fetchall()
            except sqlite3.OperationalError:
                continue
            tables.append((table, [{**dict(row), "_read at": at} for at, row in enumerate(rows)]))
            break
    connection.close()
    return tables


def _columns(
    rows: list[dict[str, object]], pattern: re.Pattern[bytes], wanted: Mapping[bytes, str]
) -> dict[str, dict[str, float]]:
    columns: dict[str, dict[str, float]] = {}
    for row in rows:
        whole = b"\n".join(
            each if isinstance(each, bytes) else str(each).encode() for each in row.values() if each is not None
        )
        name = pattern.search(whole)
        if name is None:
            continue
        for column, value in row.items():
            if isinstance(value, (int, float)):
                columns.setdefault(column, {})[wanted[name[0]]] = float(value)
            elif isinstance(value, bytes) and value:
                columns.setdefault(f"{column} as a number", {})[wanted[name[0]]] = float(int.from_bytes(value[:6]))
                columns.setdefault(f"{column} length", {})[wanted[name[0]]] = float(len(value.rstrip(b"\0")))
    return columns
