"""Recomputes what a release's own tables allow: totals from parts, one number in two places, and the account of quality.

Reads public files only, from a folder or an address; nothing is trusted, and digests are not looked at (`comity verify`
does that): a wrong number is found because it does not follow from the others.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from comity.disclosure import ALL, PUBLISHED, SUPPRESSED, Cell, PublishedTable
from comity.disclosure.policy import NOISY_METHODS
from comity.disclosure.tables import cell_of, levels
from comity.errors import ComityError
from comity.ledger.sources import Unreadable, source_of
from comity.releases.withholding import cell_count

_LARGEST = 500_000_000  # bytes of one file
_RELEASE = re.compile(r"(.*?)/?(?:(?<=/)[a-z]{2}/)?(?:public/)?(releases/[^/]+/[^/]+/v\d+)/?")


@dataclass(frozen=True)
class Check:
    """One published number beside the same one recomputed. `where` names the file and the place in it."""

    where: str
    published: str
    recomputed: str
    agrees: bool


@dataclass(frozen=True)
class Release:
    """A release's public files, read: about is its release.json; tables by name; files by path."""

    about: Mapping[str, Any]
    tables: Mapping[str, PublishedTable]
    files: Mapping[str, bytes]

    def json(self, name: str) -> Any:
        return _json(self.files, name)

    @property
    def is_noisy(self) -> bool:
        return self.about["policy"].get("method") in NOISY_METHODS


def check(where: str, published: object, recomputed: object) -> Check:
    """A check of two values that have to be equal."""
    return Check(where, str(published), str(recomputed), published == recomputed)


def read_release(place: str) -> Release:
    """The release in a folder, or at an address: .../releases/DATASET/PERIOD/vN. Raises ComityError when none is there."""
    found = _RELEASE.fullmatch(place if "://" in place else str(Path(place).resolve()))
    if found is None and "://" in place:
        raise ComityError(
            f"{place} is not the address of a release.", "Give .../releases/DATASET/PERIOD/vN, as its page has it."
        )
    base, folder = (found[1] or "/", f"{found[2]}/") if found else (place, "")
    if "://" not in base and "/public/" in place and (Path(base) / "public").is_dir():
        base = f"{base}/public"
    source = source_of(base)

    def read(name: str) -> bytes:
        try:
            content = source.read(folder + name, _LARGEST)
        except Unreadable as error:
            raise ComityError(f"{name} of {place} {error}.", "Check the address, or try again later.") from None
        if content is None:
            raise ComityError(
                f"{place} has no {name}.", "Give the folder or address of one release: the one with release.json."
            )
        return content

    files = {name: read(name) for name in ("release.json", "findings.json", "quality.json")}
    about = _json(files, "release.json")
    try:
        for table in about["tables"]:
            files |= {path: read(path) for path in (f"tables/{table['name']}.csv", f"tables/{table['name']}.parquet")}
        for chart in about["charts"]:
            for language in about["languages"]:
                for size in ("wide", "narrow"):
                    path = f"charts/{chart['name']}.{language}.{size}.svg"
                    files[path] = read(path)
        tables = {each["name"]: _table(each, files[f"tables/{each['name']}.csv"]) for each in about["tables"]}
        return Release(about, tables, files)
    except (KeyError, TypeError) as error:
        raise ComityError(
            f"release.json of {place} lacks {error}.", "It is not a release as Comity publishes it."
        ) from None


def check_tables(release: Release) -> Iterator[Check]:
    """CSV against Parquet, every total against its parts, and cells that several tables show."""
    for table in release.tables.values():
        yield from _same_rows(table, release.files[f"tables/{table.name}.parquet"])
        if release.about["policy"].get("method") != "cell-key":  # perturbed totals are no sums
            yield from _totals(table)
    if not release.is_noisy:
        yield from _shared_cells(release)


def check_quality(release: Release) -> Iterator[Check]:
    """The account of data quality against itself and against the tables."""
    quality = release.json("quality.json")
    if not quality:
        return
    account = quality["accounting"]
    parts = account["accepted"] + account["rejected"] + account["duplicates"]
    yield check("quality.json, accounting, rows", account["rows"], parts)
    if release.is_noisy:
        return
    for table in release.tables.values():
        if table.where:
            continue
        total = cell_count(table.rows, {})
        if total is not None:
            yield check(f"quality.json, accounting, accepted (total of {table.name})", account["accepted"], total)
        for each in quality["missing"]:
            for key, code in (("not_recorded", "not recorded"), ("unknown", "unknown")):
                yield from _same_count(table, each["column"], code, each[key], f"quality.json, {each['column']}, {key}")
        for each in quality["reporting"]:
            yield from _same_count(
                table, "month", each["period"], each["rows"], f"quality.json, {each['period']}, rows"
            )


def _same_count(table: PublishedTable, column: str, code: str, published: int | None, where: str) -> Iterator[Check]:
    if column in table.dimensions and code in table.rows[column].to_pylist():
        yield check(f"{where} (in {table.name})", published, cell_count(table.rows, {column: code}))


def _same_rows(table: PublishedTable, parquet: bytes) -> Iterator[Check]:
    try:
        other = pq.read_table(io.BytesIO(parquet)).to_pylist()
    except pa.ArrowInvalid as error:
        yield Check(f"tables/{table.name}.parquet", f"no Parquet file ({error})", "the table of the CSV file", False)
        return
    rows = table.rows.to_pylist()
    yield check(f"tables/{table.name}.parquet, number of rows", len(other), len(rows))
    for mine, theirs in zip(rows, other, strict=False):
        yield check(f"tables/{table.name}.parquet, {_named(table, mine)}", _said(theirs), _said(mine))


def _totals(table: PublishedTable) -> Iterator[Check]:
    by_place = {tuple(row[name] for name in table.dimensions): row for row in table.rows.to_pylist()}
    for axis, name in enumerate(table.dimensions):
        below = levels(table, name)
        for place, total in by_place.items():
            codes = below.get(place[axis], ())
            parts = [by_place.get((*place[:axis], code, *place[axis + 1 :])) for code in codes]
            if not parts:
                continue
            where = f"tables/{table.name}.csv, {_named(table, total)}, over {name}"
            if None in parts:
                yield Check(where, _said(total), f"no row for {codes[parts.index(None)]}", False)
                continue
            shown = sum(part["count"] for part in parts if part is not None and part["status"] == PUBLISHED)
            hidden = sum(part is not None and part["status"] != PUBLISHED for part in parts)
            if total["status"] == PUBLISHED and not hidden:
                yield check(where, f"{total['count']:,}", f"{shown:,}")
            elif total["status"] == PUBLISHED:
                least = shown + hidden
                yield Check(where, f"{total['count']:,}", f"{least:,} or more", total["count"] >= least)


def _shared_cells(release: Release) -> Iterator[Check]:
    first: dict[Cell, tuple[str, str]] = {}
    for table in release.tables.values():
        for row in table.rows.to_pylist():
            own = [(name, row[name]) for name in table.dimensions if row[name] != ALL]
            cell = cell_of(table.measure, [*table.where.items(), *own])
            other, said = first.setdefault(cell, (table.name, _said(row)))
            if other != table.name:
                yield check(f"tables/{table.name}.csv, {_named(table, row)} (also in {other})", _said(row), said)


def _said(row: Mapping[str, Any]) -> str:
    count = row.get("count")
    return f"{count:,}" if row.get("status") == PUBLISHED and isinstance(count, int) else str(row.get("status"))


def _named(table: PublishedTable, row: Mapping[str, Any]) -> str:
    own = [f"{name}={row[name]}" for name in table.dimensions if row[name] != ALL]
    return ", ".join(own) or "all"


def _table(record: Mapping[str, Any], content: bytes) -> PublishedTable:
    dimensions = tuple(each["name"] for each in record["dimensions"])
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    for number, row in enumerate(rows, start=2):
        count = row.get("count") or ""
        is_cell = count.removeprefix("-").isdecimal() if row.get("status") == PUBLISHED else count == ""
        if (
            not is_cell
            or row.get("status") not in (PUBLISHED, SUPPRESSED)
            or any(row.get(n) is None for n in dimensions)
        ):
            raise ComityError(
                f"tables/{record['name']}.csv, line {number}: count {count!r}, status {row.get('status')!r} is no cell.",
                "A cell is a whole number that is published, or empty and suppressed.",
            )
    columns: dict[str, pa.Array] = {name: pa.array([row[name] for row in rows], pa.string()) for name in dimensions}
    columns["count"] = pa.array([int(row["count"]) if row["count"] else None for row in rows], pa.int64())
    columns["status"] = pa.array([row["status"] for row in rows], pa.string())
    return PublishedTable(
        name=record["name"],
        measure=record["measure"],
        dimensions=dimensions,
        rows=pa.table(columns),
        categories={name: tuple(record["categories"][name]) for name in dimensions},
        where=dict(record.get("where") or {}),
        hierarchies=record.get("hierarchies") or {},
    )


def _json(files: Mapping[str, bytes], name: str) -> Any:
    try:
        return json.loads(files[name])
    except ValueError as error:
        raise ComityError(f"{name} is not JSON: {error}.", "Run comity verify to see whether it was altered.") from None
