"""Attack a public folder as an outsider would: read every release's published files, and nothing else.

Layout: docs/reference/release-format.md. The attack itself is `comity.disclosure.audit`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from comity.disclosure.audit import Audit, audit
from comity.disclosure.policy import NOISY_METHODS
from comity.disclosure.tables import PUBLISHED, SUPPRESSED, PublishedRelease, PublishedTable
from comity.errors import ComityError

Progress = Callable[[str, float], None]


def read_public(folder: Path) -> tuple[PublishedRelease, ...]:
    """Every release of a public folder, old versions first. Raises ComityError if none is there or one is broken."""
    found = sorted(folder.glob("releases/*/*/v*/release.json"), key=_order)
    if not found:
        raise ComityError(
            f"{folder} holds no release.", "Give the public folder of an instance: the one with releases/ in it."
        )
    return tuple(_read_release(path) for path in found)


def attack_public(folder: Path, *, all_bounds: bool = False, progress: Progress | None = None) -> Audit:
    """How closely the hidden counts of all releases in `folder`, taken together, can be computed.

    The intervals asked for are the widest that any of the releases promises.
    """
    releases = read_public(folder)
    # Perturbed counts add up to nothing: sums say as little about them as about each other.
    named = [_with_dataset(release) for release in releases if release.method not in NOISY_METHODS]
    if not named:
        return Audit(0, 0, 0, None, True, max(release.width for release in releases), 0, {})
    return audit(
        named[-1].tables,
        minimum=max(release.minimum for release in named),
        width=max(release.width for release in named),
        period=named[-1].period,
        earlier=named[:-1],
        all_bounds=all_bounds,
        progress=progress,
    )


def _with_dataset(release: PublishedRelease) -> PublishedRelease:
    """Cells of two datasets are never one, even if their measures are called the same."""
    tables = tuple(replace(table, measure=f"{release.dataset}: {table.measure}") for table in release.tables)
    return replace(release, tables=tables)


def _order(path: Path) -> tuple[str, str, int]:
    """Versions of a period in their order."""
    dataset, period, version = path.parts[-4:-1]
    return dataset, period, int(version[1:]) if version[1:].isdecimal() else 0


def _read_release(path: Path) -> PublishedRelease:
    dataset, period, version = _order(path)
    try:
        record = json.loads(path.read_bytes())
        policy = record["policy"]
        minimum, method = int(policy["minimum"]), str(policy.get("method", "suppress"))
        tables = tuple(
            _read_table(path.parent / "tables", each, may_be_below_0=method == "dp") for each in record["tables"]
        )
        width = int(policy.get("width") or minimum)
        return PublishedRelease(dataset, period, version, tables, minimum, width, method)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ComityError(
            f"{path} is not a release as published: {type(error).__name__} {error}.",
            "The layout is in docs/reference/release-format.md; run comity verify to see whether the file was altered.",
        ) from error


def _read_table(folder: Path, record: Mapping[str, Any], *, may_be_below_0: bool) -> PublishedTable:
    path = folder / f"{record['name']}.csv"
    if not path.is_file():
        raise ComityError(f"{path} is missing.", "Run comity verify to see whether files were removed.")
    dimensions = tuple(each if isinstance(each, str) else each["name"] for each in record["dimensions"])
    return PublishedTable(
        name=record["name"],
        measure=record["measure"],
        dimensions=dimensions,
        rows=read_protected(path, dimensions, may_be_below_0=may_be_below_0),
        categories={name: tuple(record["categories"][name]) for name in dimensions},
        where=dict(record.get("where") or {}),
        hierarchies={name: dict(parents) for name, parents in (record.get("hierarchies") or {}).items()},
    )


def read_protected(path: Path, dimensions: Sequence[str], *, may_be_below_0: bool = False) -> pa.Table:
    """A protected table from its CSV. Raises ComityError naming the first row that is none.

    may_be_below_0: counts with noise can be.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for number, row in enumerate(rows, start=2):
        digits = (row.get("count") or "").removeprefix("-" if may_be_below_0 else "")
        is_known = row.get("status") == PUBLISHED and digits.isdecimal()
        is_hidden = row.get("status") == SUPPRESSED and not row.get("count")
        if not (is_known or is_hidden) or any(row.get(name) is None for name in dimensions):
            raise ComityError(
                f"{path}, line {number}: count {row.get('count')!r}, status {row.get('status')!r} is no cell.",
                "A cell is a whole number that is published, or empty and suppressed.",
            )
    columns: dict[str, pa.Array] = {name: pa.array([row[name] for row in rows], pa.string()) for name in dimensions}
    columns["count"] = pa.array([int(row["count"]) if row["count"] else None for row in rows], pa.int64())
    columns["status"] = pa.array([row["status"] for row in rows], pa.string())
    return pa.table(columns)
