"""Who works here beside who lives here: published shares only, and a hidden count stays hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from comity.population import Population, read_population
from comity.releases.catalogue import TOTAL, Catalogue, Release, Table
from comity.releases.explore import Question, Value, cross, read_cells
from comity.site.outreach.aggregates import CONTACTS, WORKFORCE


@dataclass(frozen=True)
class Line:
    """One group. officers: None where it is not in the table. share, here: 0-1, of all officers and of all residents; None
    where a number is hidden or not known."""

    label: Mapping[str, str]
    officers: Value | None
    share: float | None
    here: float | None


@dataclass(frozen=True)
class Beside:
    """release: the one that `lines` are from. source: who counted the residents, and when; "" where nobody did."""

    release: Release
    table: Table
    lines: tuple[Line, ...]
    residency: tuple[Line, ...]
    source: str


def workforce(found: Catalogue) -> Beside | None:
    """The newest release of who works here; None where there is none."""
    release = _newest(found, WORKFORCE)
    table = release.table("by_group") if release else None
    if release is None or table is None:
        return None
    people = _population()
    return Beside(
        release,
        table,
        _lines(table, people),
        _lines(release.table("by_residency"), None),
        f"{people.source}, {people.year}" if people else "",
    )


def contacts(found: Catalogue) -> Release | None:
    """The newest release of contacts that enforced nothing."""
    return _newest(found, CONTACTS)


def _newest(found: Catalogue, dataset: str) -> Release | None:
    return next(iter(found.datasets.get(dataset, ())), None)


def _lines(table: Table | None, people: Population | None) -> tuple[Line, ...]:
    if table is None:
        return ()
    (dimension,) = table.dimensions
    crossing = cross(_cells(table), Question(dimension.name))
    values: dict[str, Value] = {code: row[0] for code, row in zip(crossing.row_codes, crossing.values, strict=True)}
    total = values[TOTAL].count
    living = people.count() if people else None
    lines = []
    for code, _depth in dimension.in_tree_order:
        value = values.get(code.code)
        count = value.count if value else None
        residents = people.count(code.code) if people and code.code in people.groups else None
        lines.append(
            Line(
                code.label,
                value,
                count / total if count is not None and total else None,
                residents / living if residents is not None and living else None,
            )
        )
    return tuple(lines)


def _cells(table: Table):  # type: ignore[no-untyped-def]
    order: Mapping[str, Sequence[str]] = {
        each.name: tuple(code.code for code, _ in each.in_tree_order) for each in table.dimensions
    }
    return read_cells(table.parquet, order=order)


def _population() -> Population | None:
    return _read(settings.POPULATION) if settings.POPULATION else None


@lru_cache(maxsize=2)
def _read(path: str) -> Population:
    return read_population(path)
