"""The released numbers that commitments are bound to, read from the public folder and from nothing else.

A number is a cell of a protected table, a cell as a share of another cell of it, or an estimate of a finding. Its
definition is fingerprinted, so that a number that has come to mean something else is never compared.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from comity.releases.catalogue import TOTAL, Catalogue, Release, Table, read_catalogue, state_of
from comity.site.commitments import change
from comity.site.commitments.change import Number

SHARE, COUNT, FINDING = "share", "count", "finding"
Cell = Mapping[str, str]


@dataclass(frozen=True)
class Measure:
    """A released number. kind: "share" (cell of base), "count" (cell) or "finding" (its estimate, or that of a figure).

    cell, base: dimension -> code; dimensions left out are taken together. figure: English label of a row of the finding.
    """

    kind: str
    dataset: str
    table: str = ""
    cell: Cell = field(default_factory=dict)
    base: Cell = field(default_factory=dict)
    finding: str = ""
    figure: str = ""


@dataclass(frozen=True)
class Reading:
    """What a release says of a measure. unit: "share", "count", or a finding's. k, n: the counts behind a share or count."""

    release: str
    number: Number
    unit: str
    k: int | None = None
    n: int | None = None
    days: int | None = None

    def as_record(self) -> dict[str, Any]:
        return {
            "release": self.release, "estimate": self.number.estimate, "low": self.number.low, "high": self.number.high,
            "unit": self.unit, "k": self.k, "n": self.n, "days": self.days,
        }  # fmt: skip


class CannotRead(Exception):
    """A release does not say the number. code: why; a key of `wording.REASONS`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def catalogue(public: Path) -> Catalogue:
    """The catalogue of a public folder as it is now."""
    return _catalogue_at(public, state_of(public))


def newest(found: Catalogue, dataset: str, period: str) -> Release | None:
    """The newest version of a dataset and period that has not been withdrawn."""
    return next((each for each in found.datasets.get(dataset, ()) if each.period == period), None)


def kind_of_period(period: str) -> str:
    """ "0000" for a year, "0000-q0" for a quarter, "0000-00" for a month: only periods of a kind compare."""
    return re.sub(r"\d", "0", period)


def read(release: Release, measure: Measure, *, spread: float = 1.0) -> Reading:
    """The number in `release`. spread: as in `change.share`. Raises CannotRead."""
    if measure.kind == FINDING:
        return _estimate(release, measure)
    table = _table(release, measure)
    off = _most_off(release)
    k = _count(release, table, measure.cell)
    if measure.kind == COUNT:
        if release.covers is None:
            raise CannotRead("no-days")
        days = (release.covers[1] - release.covers[0]).days + 1
        return Reading(release.id, change.count(k, 1, off=off, spread=spread), COUNT, k=k, days=days)
    n = _count(release, table, measure.base)
    if n <= off or k > n:
        raise CannotRead("no-base")
    return Reading(release.id, change.share(k, n, off=off, spread=spread), SHARE, k=k, n=n)


def spread_before(found: Catalogue, measure: Measure, baseline: Release, definition: str) -> float:
    """How many times as wide chance alone makes intervals too narrow, from comparable periods up to the baseline."""
    if measure.kind == FINDING:
        return 1.0
    counts, exposures = [], []
    for release in found.datasets.get(measure.dataset, ()):
        if release.period > baseline.period or kind_of_period(release.period) != kind_of_period(baseline.period):
            continue
        if is_broken_between(found, measure, release, baseline):
            continue
        try:
            if definition_of(release, measure) != definition:
                continue
            reading = read(release, measure)
        except CannotRead:
            continue
        counts.append(reading.k or 0)
        exposures.append(float(reading.n or reading.days or 1))
    return change.scatter(counts, exposures, is_share=measure.kind == SHARE)


def is_broken_between(found: Catalogue, measure: Measure, first: Release, last: Release) -> bool:
    """Whether a declared series break that concerns the number lies between two periods."""
    tables = {measure.table} if measure.table else _tables_behind(first, measure)
    return any(
        first.period < each.period <= last.period and (not tables or any(each.concerns(name) for name in tables))
        for each in found.breaks_of(measure.dataset)
    )


def definition_of(release: Release, measure: Measure) -> str:
    """A fingerprint of what the number means: conditions, columns, codes and their definitions; wording and method of a finding."""
    said: dict[str, Any] = {"kind": measure.kind}
    if measure.kind == FINDING:
        finding = release.finding(measure.finding)
        if finding is None:
            raise CannotRead("no-finding")
        method = release.methods.get(finding["method"], {})
        said |= {
            "question": _english(finding["question"]),
            "method": finding["method"],
            "how": _english(method.get("how")),
        }
        said["unit"] = _figure(finding, measure)["unit"] if measure.figure else finding["unit"]
        tables = [release.table(name) for name in sorted(_tables_behind(release, measure))]
        said["tables"] = [_meaning(release, each, {d.name for d in each.dimensions}) for each in tables if each]
    else:
        used = {name for name, code in (*measure.cell.items(), *measure.base.items()) if code != TOTAL}
        said["table"] = _meaning(release, _table(release, measure), used)
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def label_of(release: Release, measure: Measure) -> dict[str, str]:
    """The number's name in each language of the release, from its own labels."""
    if measure.kind == FINDING:
        finding = release.finding(measure.finding)
        if finding is None:
            raise CannotRead("no-finding")
        figure = _figure(finding, measure)["label"] if measure.figure else None
        return {
            language: ": ".join(filter(None, (text, _in(figure, language))))
            for language, text in finding["question"].items()
        }
    table = _table(release, measure)
    return {language: _cell_label(table, measure, language) for language in table.title}


def figures_of(finding: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The rows of a finding that have an estimate with an interval."""
    for each in finding.get("figures") or ():
        if each.get("low") is not None and each.get("high") is not None:
            yield {**each, "unit": _unit(each, finding)}


def _estimate(release: Release, measure: Measure) -> Reading:
    finding = release.finding(measure.finding)
    if finding is None:
        raise CannotRead("no-finding")
    if finding["verdict"] == "cannot tell":
        raise CannotRead("finding-cannot-tell")
    row: Mapping[str, Any] = _figure(finding, measure) if measure.figure else finding
    if row.get("estimate") is None or row.get("low") is None or row.get("high") is None:
        raise CannotRead("no-interval")
    number = change.estimate(float(row["estimate"]), float(row["low"]), float(row["high"]))
    return Reading(release.id, number, str(row["unit"]), k=row.get("k"), n=row.get("n"))


def _figure(finding: Mapping[str, Any], measure: Measure) -> Mapping[str, Any]:
    for each in finding.get("figures") or ():
        if _english(each["label"]) == measure.figure:
            return {**each, "unit": _unit(each, finding)}
    raise CannotRead("no-finding")


def _unit(row: Mapping[str, Any], finding: Mapping[str, Any]) -> str:
    """docs/reference/release-json.md: a row's own unit, else that of its part."""
    if row.get("unit"):
        return str(row["unit"])
    if "wilson_low" in row:
        return "share"
    return "per 1,000" if row.get("part") == "group" and finding["unit"] == "ratio" else str(finding["unit"])


def _table(release: Release, measure: Measure) -> Table:
    table = release.table(measure.table)
    if table is None:
        raise CannotRead("no-table")
    names = {each.name for each in table.dimensions}
    if not {*measure.cell, *measure.base} <= names:
        raise CannotRead("no-table")
    return table


def _count(release: Release, table: Table, cell: Cell) -> int:
    wanted = tuple(cell.get(each.name, TOTAL) for each in table.dimensions)
    entry = release.file(f"tables/{table.name}.parquet")
    counts = _counts_at(
        str(entry["sha256"]) if entry else "", table.parquet, tuple(each.name for each in table.dimensions)
    )
    if wanted not in counts:
        raise CannotRead("absent")
    found = counts[wanted]
    if found is None:
        raise CannotRead("suppressed")
    return found


def _most_off(release: Release) -> int:
    """By how much protection may have changed a count, at most. Raises CannotRead where no such bound is published."""
    method = release.policy.get("method", "suppress")
    if method == "cell-key":
        return int(release.policy["perturbation"]["most"])
    if method == "dp":
        raise CannotRead("noise")
    return 0


def _tables_behind(release: Release, measure: Measure) -> set[str]:
    finding = release.finding(measure.finding)
    return {str(each["table"]) for each in (finding or {}).get("counts") or ()}


def _meaning(release: Release, table: Table, used: set[str]) -> dict[str, Any]:
    columns = {each["name"]: each for each in release.dictionary}
    return {
        "measure": table.measure,
        "where": dict(table.where),
        "columns": {
            each.name: {
                "definition": _english(columns.get(each.name, {}).get("definition")),
                "codes": [
                    [code.code, _english(code.label), code.parent, _english(said.get(code.code))]
                    for said in [{c["code"]: c.get("definition") for c in columns.get(each.name, {}).get("codes") or ()}]
                    for code in each.codes
                ],
            }
            for each in table.dimensions
            if each.name in used
        },
    }  # fmt: skip


def _cell_label(table: Table, measure: Measure, language: str) -> str:
    def words(cell: Cell) -> str:
        parts = []
        for dimension in table.dimensions:
            code = cell.get(dimension.name, TOTAL)
            if code != TOTAL:
                known = dimension.by_code.get(code)
                parts.append(f"{_in(dimension.label, language)}: {_in(known.label, language) if known else code}")
        return ", ".join(parts)

    title, cell, base = _in(table.title, language), words(measure.cell), words(measure.base)
    if measure.kind == COUNT:
        return " – ".join(filter(None, (title, cell)))
    return " – ".join(filter(None, (title, f"{cell or '100%'} / {base or _in(table.measure_label, language)}")))


def _english(text: Any) -> str:
    return _in(text, "en")


def _in(text: Any, language: str) -> str:
    if text is None or isinstance(text, str):
        return text or ""
    return str(text.get(language) or text.get("en") or next(iter(text.values()), ""))


@lru_cache(maxsize=4)
def _catalogue_at(public: Path, state: str) -> Catalogue:
    return read_catalogue(public)


@lru_cache(maxsize=16)
def _counts_at(digest: str, path: Path, dimensions: tuple[str, ...]) -> dict[tuple[str, ...], int | None]:
    """The table's counts by their codes; None where suppressed. Kept by the file's digest."""
    table = pq.read_table(path)
    columns = [table.column(name).to_pylist() for name in dimensions]
    shown = table.column("count").to_pylist()
    status = table.column("status").to_pylist()
    return {
        codes: count if state == "published" else None
        for codes, count, state in zip(zip(*columns, strict=True), shown, status, strict=True)
    }
