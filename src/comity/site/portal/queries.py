"""What the pages read: the catalogue of the current state, and protected tables in memory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext as _

from comity.releases.catalogue import Catalogue, Chart, Place, Release, Table, read_catalogue, state_of
from comity.releases.explore import Cells, read_cells
from comity.releases.withdrawals import Withdrawal


def catalogue() -> Catalogue:
    """The catalogue of the public folder as it is now; read again only when its state has changed."""
    return _catalogue_at(settings.PUBLIC, state_of(settings.PUBLIC))


def state() -> str:
    """What changes whenever the public folder does."""
    return state_of(settings.PUBLIC)


def check_public(public: Path) -> None:
    """Raises BrokenRelease, in one sentence, for a folder that cannot be shown."""
    read_catalogue(public)


def today(found: Catalogue) -> date:
    """The day it is where the agency is."""
    try:
        zone = ZoneInfo(found.agency.get("time_zone") or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return settings.CLOCK().astimezone(zone).date()


class Withdrawn(Exception):
    """What was asked for was withdrawn; `tombstone` says by whom, when and why."""

    def __init__(self, tombstone: Withdrawal) -> None:
        self.tombstone = tombstone
        super().__init__(f"{tombstone.id} was withdrawn on {tombstone.withdrawn}.")


def release_or_404(dataset: str, period: str, version: int) -> tuple[Catalogue, Release]:
    """The version; raises Withdrawn where there is a tombstone instead."""
    found = catalogue()
    release = found.release(dataset, period, version)
    tombstone = found.withdrawal(dataset, period, version)
    if release is None and tombstone is not None:
        raise Withdrawn(tombstone)
    if release is None:
        raise Http404(_("There is no release with this address."))
    return found, release


def table_or_404(release: Release, name: str) -> Table:
    table = release.table(name)
    if table is None:
        raise Http404(_("This release has no table with this name."))
    return table


def place_or_404(found: Catalogue, dimension: str, slug: str) -> Place:
    for place in found.places.get(dimension, ()):
        if place.slug == slug:
            return place
    raise Http404(_("There is no place with this address."))


def cells(release: Release, table: Table) -> Cells:
    """The table's numbers; kept in memory by the file's digest, so a new state with the same table reads nothing."""
    entry = release.file(f"tables/{table.name}.parquet")
    order = tuple((each.name, tuple(code.code for code, _ in each.in_tree_order)) for each in table.dimensions)
    return _cells_of(str(entry["sha256"]) if entry else str(table.parquet), table.parquet, order)


def parents(table: Table) -> dict[str, dict[str, str]]:
    """Per dimension of `table`, {code: parent code}."""
    return {
        dimension.name: {code.code: code.parent for code in dimension.codes if code.parent is not None}
        for dimension in table.dimensions
    }


@dataclass(frozen=True)
class Picture:
    """The files of one chart in one language, as addresses under /public/, with their size in pixels."""

    wide: str
    narrow: str | None
    width: int | None
    height: int | None
    alt: Mapping[str, str]


def picture(release: Release, chart: Chart | None, language: str) -> Picture | None:
    """The chart in `language`, or in English, or None when the release holds no such picture."""
    if chart is None:
        return None
    for each in (language, "en"):
        wide = f"charts/{chart.name}.{each}.wide.svg"
        if wide in release.files:
            narrow = f"charts/{chart.name}.{each}.narrow.svg"
            width, height = _size_of(release.path / wide)
            return Picture(
                wide=f"/public/{release.address}/{wide}",
                narrow=f"/public/{release.address}/{narrow}" if narrow in release.files else None,
                width=width,
                height=height,
                alt=chart.alt,
            )
    return None


@lru_cache(maxsize=2)
def _catalogue_at(public: Path, state: str) -> Catalogue:
    return read_catalogue(public)


@lru_cache(maxsize=8)
def _cells_of(digest: str, path: Path, order: tuple[tuple[str, tuple[str, ...]], ...]) -> Cells:
    return read_cells(path, order=dict(order))


@lru_cache(maxsize=512)
def _size_of(path: Path) -> tuple[int | None, int | None]:
    with path.open("rb") as file:
        head = file.read(600).decode("utf-8", "replace")
    opening = head[head.find("<svg") :]
    width, height = (re.search(rf'\b{name}="([\d.]+)', opening) for name in ("width", "height"))
    return (round(float(width[1])) if width else None), (round(float(height[1])) if height else None)
