"""Who lives here, for the reach record: the groups of the population that the operator points to, or nothing."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from comity.population import Population, read_population
from comity.site.toolkit.catalogue import Document, cell_name


def known_values(document: Document) -> dict[str, str]:
    """The groups and people of the reach record's first rows; empty for other documents and without a population."""
    found = _population()
    values: dict[str, str] = {}
    if found is None:
        return values
    for part in document.parts:
        if part.kind == "reach":
            group, living, _ = part.fields
            for row, name in enumerate(found.groups[: part.rows], 1):
                people = found.count(name)
                values[cell_name(part, row, group)] = name
                values[cell_name(part, row, living)] = "" if people is None else str(people)
    return values


def source() -> str:
    """Where the numbers of residents come from; empty without a population."""
    found = _population()
    return f"{found.source}, {found.year}" if found else ""


def _population() -> Population | None:
    return _read(settings.POPULATION) if settings.POPULATION else None


@lru_cache(maxsize=2)
def _read(path: str) -> Population:
    return read_population(path)
