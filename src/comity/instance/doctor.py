"""Looks an instance over: what is well, what wants attention, what is broken, and what to do about it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Literal

from comity.errors import ComityError
from comity.instance.backups.make import last_backup
from comity.instance.settings import Instance, read_instance
from comity.ledger import Signer, read_entries, verify
from comity.population import read_population
from comity.records import read_mapping
from comity.releases.catalogue import read_catalogue
from comity.sources import read_history, read_sources
from comity.sources.alarms import silence
from comity.sources.history import WAITING

State = Literal["well", "attention", "broken"]
_SPARE = 200_000_000
_DAYS_WITHOUT_BACKUP = 8
_Examination = Callable[[Instance, date], Iterator["Check"]]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. next_step: empty where it is well."""

    name: str
    state: State
    what: str
    next_step: str = ""

    def as_record(self) -> dict[str, str]:
        """Plain values, as `comity doctor --json` prints them."""
        return {"name": self.name, "state": self.state, "what": self.what, "next_step": self.next_step}


def examine(folder: Path, *, today: date) -> tuple[Check, ...]:
    """Every check of the instance in `folder` on the day `today`; nothing is changed.

    Raises SettingsError where comity.toml itself cannot be read.
    """
    instance = read_instance(folder)
    checks = (_keys, _feeds, _sources, _public, _promises, _clock, _databases, _backup, _disk)
    return tuple(found for check in checks for found in _guarded(check, instance, today))


def _guarded(check: _Examination, instance: Instance, today: date) -> Iterator[Check]:
    name = getattr(check, "__name__", "").strip("_")
    try:
        yield from check(instance, today)
    except ComityError as problem:
        yield Check(name, "broken", problem.what, problem.next_step)


def _keys(instance: Instance, today: date) -> Iterator[Check]:
    Signer.load(instance.key)
    keys = [path for path in sorted(instance.key.parent.rglob("*")) if path.is_file()]
    for path in [instance.key.parent, *keys]:
        if path.stat().st_mode & 0o077:
            mode = f"{path.stat().st_mode & 0o777:o}"
            yield Check("keys", "broken", f"{path} can be read by other accounts (mode {mode}).", f"chmod go= {path}")
            return
    yield Check("keys", "well", f"{len(keys)} private, the ledger's among them")


def _feeds(instance: Instance, today: date) -> Iterator[Check]:
    for name, settings in read_sources(instance.folder).items():
        history = read_history(instance.folder, name)
        if not history:
            yield Check("feeds", "attention", f"{name} was never fetched.", f"comity fetch {name}")
            continue
        last = history[-1]
        if last.state == WAITING:
            step = f"Look at it, then: comity fetch {name} --accept --because ..."
            yield Check("feeds", "attention", f"{name} changed and waits: {' '.join(last.alarms)}", step)
        elif quiet := silence(settings, last.newest, datetime.combine(today, time(), UTC)):
            yield Check("feeds", "attention", f"{name}: {quiet}", "Ask whoever runs the feed; say so in the release.")
        else:
            yield Check("feeds", "well", f"{name}: {last.rows:,} rows, fetched {last.at[:10]}")


def _sources(instance: Instance, today: date) -> Iterator[Check]:
    for name, dataset in instance.datasets.items():
        read_mapping(instance.folder / dataset.mapping)
        for description in dataset.benchmarks.values():
            read_population(instance.folder / description)
        files = {path for pattern in dataset.files for path in instance.folder.glob(pattern)}
        if files:
            yield Check("sources", "well", f"{name}: the mapping is valid, {len(files)} files match")
        else:
            patterns = ", ".join(dataset.files)
            yield Check("sources", "attention", f"{name}: no file matches {patterns}.", "Put the next export there.")


def _public(instance: Instance, today: date) -> Iterator[Check]:
    if not instance.public.exists():
        yield Check("public", "attention", "Nothing is published yet.", "comity publish")
        return
    verification = verify(instance.public, vkey=Signer.load(instance.key).verifier.vkey)
    if verification.problems:
        step = "Restore it from a backup or a mirror before anything else; do not publish."
        yield Check(
            "public", "broken", f"The public folder is not what its log says: {verification.problems[0]}.", step
        )
        return
    yield Check("public", "well", f"{len(read_entries(instance.public))} entries, every file as it was sealed")


def _promises(instance: Instance, today: date) -> Iterator[Check]:
    promised = read_catalogue(instance.public).promises(today) if instance.public.exists() else ()
    sealed = {(each.dataset, each.period) for each in promised}
    for each in promised:
        if each.state == "overdue":
            what = f"{each.dataset} {each.period} was due on {each.due} and is {each.days_late} days late; every visitor sees it."
            yield Check("promises", "attention", what, "Publish it, or say in comity.toml why it is broken.")
    for promise in instance.calendar:
        if (promise.dataset, promise.period) not in sealed:
            what = f"The promise of {promise.name} is in comity.toml and not sealed."
            yield Check("promises", "attention", what, "comity promise")
    if not any(each.state == "due" for each in promised) and not instance.calendar:
        step = "Name the next release and its day under [[calendar]] in comity.toml."
        yield Check("promises", "attention", "Nothing is promised, so nobody can tell what is missing.", step)
    elif promised and all(each.state != "overdue" for each in promised):
        yield Check("promises", "well", f"{len(promised)} sealed, none overdue")


def _clock(instance: Instance, today: date) -> Iterator[Check]:
    if not instance.public.exists():
        return
    days = [str(entry.more["date"]) for entry in read_entries(instance.public) if "date" in entry.more]
    newest = max(days, default="")
    if newest > today.isoformat():
        what = f"The clock says {today}, and the newest entry of the ledger is dated {newest}."
        yield Check("clock", "broken", what, "Set the clock before anything is published.")
    else:
        yield Check("clock", "well", f"{today}, not before the newest entry")


def _databases(instance: Instance, today: date) -> Iterator[Check]:
    for path in sorted(instance.folder.glob("*.sqlite3")):
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
                said = connection.execute("PRAGMA quick_check").fetchone()[0]
        except sqlite3.DatabaseError as problem:
            said = str(problem)
        if said != "ok":
            step = "Stop the site and restore this database from a backup."
            yield Check("databases", "broken", f"{path.name} is damaged: {said}.", step)
        elif path.stat().st_mode & 0o077:
            yield Check("databases", "broken", f"{path} can be read by other accounts.", f"chmod go= {path}")
        else:
            yield Check("databases", "well", f"{path.name} is sound")


def _backup(instance: Instance, today: date) -> Iterator[Check]:
    made = last_backup(instance.folder)
    if made is None:
        yield Check("backup", "attention", "No backup was ever made.", "comity backup")
    elif (today - made.date()).days > _DAYS_WITHOUT_BACKUP:
        yield Check("backup", "attention", f"The last backup is of {made.date()}.", "comity backup")
    else:
        yield Check("backup", "well", f"made on {made.date()}; prove it now and then with comity restore")


def _disk(instance: Instance, today: date) -> Iterator[Check]:
    held = sum(entry.stat().st_size for entry in _files(instance.folder))
    free = shutil.disk_usage(instance.folder).free
    shown = f"{free / 1e9:,.1f} GB free; the instance takes {held / 1e9:,.2f} GB"
    if free < _SPARE + held:
        yield Check(
            "disk",
            "attention",
            f"{shown}.",
            "Free space for at least as much again; a publication writes beside the old one.",
        )
    else:
        yield Check("disk", "well", shown)


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield entry
