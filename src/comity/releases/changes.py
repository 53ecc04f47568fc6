"""What a correction changed: every cell that moved between two published versions, by how much, and what else is new.

Only published values are compared, so the difference says nothing that the two versions do not say side by side. Zero,
suppressed and absent stay three different things: a difference is given only where both counts are published.
docs/reference/release-json.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

PUBLISHED, SUPPRESSED, ABSENT = "published", "suppressed", "absent"
CHANGES = "changes.json"

_COMPARED = ("verdict", "estimate", "low", "high", "n")
_ALWAYS_OTHER = ("release.json", "datapackage.json", "manifest.json", "findings.json", CHANGES)

Cell = tuple[int | None, str]
"""(count, status); the count is None unless the status is "published"."""


@dataclass(frozen=True)
class Side:
    """One version as it is published: protected tables by name, the records of its findings, digests of its files."""

    id: str
    tables: Mapping[str, pa.Table]
    findings: Sequence[Mapping[str, Any]]
    files: Mapping[str, str]


def changes_between(before: Side, after: Side) -> dict[str, Any]:
    """What `changes.json` says: tables with the cells that moved, findings that moved, other files that differ."""
    names = list(dict.fromkeys([*after.tables, *before.tables]))
    tables = [_table_changes(name, before.tables.get(name), after.tables.get(name)) for name in names]
    return {
        "from": before.id,
        "to": after.id,
        "tables": tables,
        "findings": _finding_changes(before.findings, after.findings),
        "files": sorted(
            path
            for path in {*before.files, *after.files} - set(_ALWAYS_OTHER)
            if not path.startswith(("tables/", "charts/")) and before.files.get(path) != after.files.get(path)
        ),
    }


def cells_moved(changes: Mapping[str, Any]) -> int:
    """How many cells of all tables are not what they were."""
    return sum(len(table["changes"]) for table in changes["tables"])


def digests(manifest: bytes) -> dict[str, str]:
    """Path -> SHA-256 of the files that a manifest names."""
    return {path: each["sha256"] for path, each in json.loads(manifest)["files"].items()}


def _table_changes(name: str, before: pa.Table | None, after: pa.Table | None) -> dict[str, Any]:
    """Tables that are new, gone or divided otherwise are said to be so; their cells are in the files."""
    columns = _dimensions(after if after is not None else before)
    if before is None or after is None:
        state = "added" if before is None else "removed"
        return {"name": name, "state": state, "columns": columns, "cells": 0, "changes": []}
    if set(_dimensions(before)) != set(columns):
        return {"name": name, "state": "divided otherwise", "columns": columns, "cells": 0, "changes": []}
    old, new = _cells(before, columns), _cells(after, columns)
    codes = list(dict.fromkeys([*new, *old]))
    changes = [
        {
            "where": dict(zip(columns, each, strict=True)),
            "before": _record(old.get(each, (None, ABSENT))),
            "after": _record(new.get(each, (None, ABSENT))),
            "difference": _difference(old.get(each), new.get(each)),
        }
        for each in codes
        if old.get(each) != new.get(each)
    ]
    return {"name": name, "state": "compared", "columns": columns, "cells": len(codes), "changes": changes}


def _dimensions(table: pa.Table | None) -> list[str]:
    return [name for name in table.column_names if name not in ("count", "status")] if table is not None else []


def _cells(table: pa.Table, columns: Iterable[str]) -> dict[tuple[str, ...], Cell]:
    codes = zip(*(table[name].to_pylist() for name in columns), strict=True)
    numbers = zip(table["count"].to_pylist(), table["status"].to_pylist(), strict=True)
    return {
        code: (count if status == PUBLISHED else None, status)
        for code, (count, status) in zip(codes, numbers, strict=True)
    }


def _record(cell: Cell) -> dict[str, Any]:
    return {"count": cell[0], "status": cell[1]}


def _difference(before: Cell | None, after: Cell | None) -> int | None:
    if not before or not after or before[0] is None or after[0] is None:
        return None
    return after[0] - before[0]


def _finding_changes(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    old, new = ({each["id"]: each for each in side} for side in (before, after))
    found = []
    for name in dict.fromkeys([*new, *old]):
        sides = [{key: side[name].get(key) for key in _COMPARED} if name in side else None for side in (old, new)]
        if sides[0] != sides[1]:
            question = (new.get(name) or old[name]).get("question")
            found.append({"id": name, "question": question, "before": sides[0], "after": sides[1]})
    return found
