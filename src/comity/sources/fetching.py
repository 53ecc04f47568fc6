"""Fetches a source whole into a place of its own, compares it with the last one, and only then lets it take that one's place.

sources/NAME/current.csv is what datasets read. sources/NAME/raw/ keeps the answers as they came, of the last fetches. A fetch
that gives alarm waits as waiting.csv until somebody accepts it and says why.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from comity.errors import ComityError
from comity.sources.alarms import changes, silence
from comity.sources.arcgis import ArcGis
from comity.sources.database import Database
from comity.sources.history import ACCEPTED, TAKEN, WAITING, Fetch, in_use, read_history, remember
from comity.sources.pages import Pages, SourceRefused
from comity.sources.settings import SourceSettings
from comity.sources.socrata import Socrata
from comity.sources.watched import Watched
from comity.sources.web import Web

RAW_KEPT = 5
Progress = Callable[[int, int | None], None]


class NothingWaits(ComityError):
    """There is no fetch to accept."""


@dataclass(frozen=True)
class Fetched:
    """What a fetch did. path: of the rows, in use or waiting."""

    source: str
    fetch: Fetch
    path: Path

    @property
    def is_waiting(self) -> bool:
        return self.fetch.state == WAITING


def fetch(
    folder: Path,
    settings: SourceSettings,
    *,
    now: datetime,
    progress: Progress = lambda rows, expected: None,
    wait: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Fetches one source of the instance in `folder`. Raises SourceRefused, with nothing changed, where it cannot.

    progress: called with the rows so far, and how many the source says there are. wait: pauses between tries.
    """
    home = folder / "sources" / settings.name
    home.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        aside = Path(tempfile.mkdtemp(prefix=".fetching-", dir=home))
        stack.callback(shutil.rmtree, aside, ignore_errors=True)
        source = _open(settings, stack, now, wait)
        found = _store(source, settings, aside, now, progress)
        history = read_history(folder, settings.name)
        alarms = changes(settings, in_use(history), found)
        quiet = silence(settings, found.newest, now)
        state = WAITING if alarms else TAKEN
        found = replace(found, state=state, alarms=(*alarms, *([quiet] if quiet else [])))
        path = home / ("waiting.csv" if alarms else "current.csv")
        _keep_raw(aside / "raw", home / "raw", now)
        os.replace(aside / "rows.csv", path)
        remember(folder, settings.name, found)
    return Fetched(settings.name, found, path)


def accept(folder: Path, name: str, *, because: Mapping[str, str], now: datetime) -> Fetched:
    """Lets the fetch that waits take the place of the one in use, for the reason `because` in each language. Raises NothingWaits."""
    home = folder / "sources" / name
    history = read_history(folder, name)
    if not history or history[-1].state != WAITING or not (home / "waiting.csv").exists():
        raise NothingWaits(f"No fetch of '{name}' waits to be accepted.", "See what there is with: comity fetch")
    for text in because.values():
        if len(text.split()) < 3:
            raise NothingWaits(
                f"'{text}' is no reason that a reader could follow.", "Say in a sentence what changed and why."
            )
    if not because:
        raise NothingWaits(
            "A change is accepted for a reason.", "Give it with --because; readers of the release get it."
        )
    accepted = replace(history[-1], at=_moment(now), state=ACCEPTED, because=dict(because))
    os.replace(home / "waiting.csv", home / "current.csv")
    remember(folder, name, accepted)
    return Fetched(name, accepted, home / "current.csv")


def _open(settings: SourceSettings, stack: ExitStack, now: datetime, wait: Callable[[float], None]) -> Pages:
    if settings.kind == "database":
        return Database(settings.url, settings.query, page_rows=settings.page_rows)
    if settings.kind == "folder":
        return Watched(settings.url, page_rows=settings.page_rows, now=now)
    headers = {}
    if settings.token:
        if settings.token not in os.environ:
            raise SourceRefused(f"The environment has no {settings.token}.", "Set it, or remove token from [sources].")
        headers["X-App-Token"] = os.environ[settings.token]
    web = stack.enter_context(Web(headers=headers, wait=wait))
    kind = Socrata if settings.kind == "socrata" else ArcGis
    return kind(web, settings.url, page_rows=settings.page_rows, where=settings.where)


def _store(source: Pages, settings: SourceSettings, aside: Path, now: datetime, progress: Progress) -> Fetch:
    names = [each.name for each in source.columns]
    if len(set(names)) != len(names) or not names:
        raise SourceRefused("The source has no columns, or two of one name.", "Name them in the query.")
    if settings.newest_by and settings.newest_by not in names:
        raise SourceRefused(
            f"The source has no column '{settings.newest_by}'.", "Check newest_by in [sources] of comity.toml."
        )
    newest_at = names.index(settings.newest_by) if settings.newest_by else None
    expected = source.expected_rows()
    (aside / "raw").mkdir()
    rows, newest = 0, None
    with (aside / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for number, page in enumerate(source.pages()):
            writer.writerows(page.rows)
            if page.raw:
                with gzip.GzipFile(aside / "raw" / f"page-{number:05d}.gz", "wb", mtime=0) as raw:
                    raw.write(page.raw)
            rows += len(page.rows)
            if newest_at is not None:
                newest = (
                    max((row[newest_at] or "" for row in page.rows), default="")
                    if newest is None
                    else max(newest, *(row[newest_at] or "" for row in page.rows))
                )
            progress(rows, expected)
        file.flush()
        os.fsync(file.fileno())
    after = source.expected_rows()
    if expected is not None and after is not None and not min(expected, after) <= rows <= max(expected, after):
        raise SourceRefused(
            f"The source says it has {after:,} rows, and its pages held {rows:,}.",
            "Nothing was changed. Fetch again; if it goes on, tell whoever runs the source.",
        )
    with (aside / "rows.csv").open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    columns = {each.name: each.kind for each in source.columns}
    return Fetch(_moment(now), TAKEN, rows, digest, columns, newest or None)


def _keep_raw(raw: Path, kept: Path, now: datetime) -> None:
    """The answers of this fetch beside those of the last ones."""
    if not any(raw.iterdir()):
        return
    kept.mkdir(exist_ok=True)
    target = kept / f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    shutil.rmtree(target, ignore_errors=True)
    os.replace(raw, target)
    for old in _oldest(kept):
        shutil.rmtree(old)


def _oldest(kept: Path) -> Iterator[Path]:
    yield from sorted(path for path in kept.iterdir() if path.is_dir())[:-RAW_KEPT]


def _moment(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="seconds")
