"""One table's total, period by period: cut into parts wherever counting changed, so that no break is passed over in silence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from comity.releases.breaks import Break
from comity.releases.catalogue import Release, Table
from comity.releases.explore import Question, Value, cross
from comity.site.portal import queries


@dataclass(frozen=True)
class Point:
    """The total of the table in one period, from its newest version."""

    release: Release
    value: Value


@dataclass(frozen=True)
class Part:
    """Periods that compare with each other. breaks: what set them apart from the part before; empty for the first."""

    breaks: tuple[Break, ...]
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Series:
    """A table over time, earliest part first."""

    table: Table
    parts: tuple[Part, ...]

    @property
    def is_broken(self) -> bool:
        return len(self.parts) > 1


def series(releases: Sequence[Release], name: str, breaks: Sequence[Break]) -> Series:
    """The table `name` over the newest versions `releases` of one dataset; `breaks` are those that concern it.

    A break begins a part with the first period that is not before its own. Only periods of the newest one's kind are
    taken: a quarter is not put beside a year.
    """
    held = [(release, table) for release in releases for table in release.tables if table.name == name]
    held.sort(key=lambda each: each[0].period)
    held = [each for each in held if _kind(each[0].period) == _kind(held[-1][0].period)]
    parts: list[Part] = []
    before = ""
    for release, table in held:
        between = tuple(each for each in breaks if parts and before < each.period <= release.period)
        point = Point(release, _total(release, table))
        if between or not parts:
            parts.append(Part(between, (point,)))
        else:
            parts[-1] = Part(parts[-1].breaks, (*parts[-1].points, point))
        before = release.period
    return Series(held[-1][1], tuple(parts))


def _kind(period: str) -> str:
    """ "0000" for a year, "0000-q0" for a quarter, "0000-00" for a month."""
    return re.sub(r"\d", "0", period)


def _total(release: Release, table: Table) -> Value:
    crossing = cross(queries.cells(release, table), Question(table.dimensions[0].name))
    return crossing.values[-1][0]
