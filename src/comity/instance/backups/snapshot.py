"""One moment of an instance as a folder: hard links of files that never change in place, and copies of the databases.

The responses are copied before the invitations: whoever answers between the two is in neither copy or has a used code in
the second, so after a restore nobody can answer twice. The other order would let them.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from comity.errors import ComityError
from comity.instance.settings import Instance
from comity.instance.site import read_site
from comity.ledger import Signer
from comity.releases.states import STATES, link_or_copy, only_publisher, waiting_state

DATABASES = "databases"
STORES_IN_ORDER = ("responses", "invitations", "default")
SQLITE_FILES = {"default": "site.sqlite3", "invitations": "invitations.sqlite3", "responses": "responses.sqlite3"}
_NOT_COPIED = {STATES, "public", ".publishing", ".last-backup.json"}


class SnapshotError(ComityError):
    """A database could not be copied."""


def take_snapshot(instance: Instance, into: Path) -> None:
    """Fills the empty folder `into`, on the same disk as the instance, with what it holds now; no publisher runs meanwhile.

    Raises SnapshotError where a database cannot be copied, and PublisherBusy.
    """
    folder = instance.folder
    Signer.load(instance.key)
    with only_publisher(folder):
        for path in _files(folder, but=into.name):
            target = into / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copymode(path.parent, target.parent)
            link_or_copy(str(path), str(target))
        for state in _states(folder):
            shutil.copytree(state, into / STATES / state.name, copy_function=link_or_copy)
            marker = state.with_name(f"{state.name}.waiting")
            if marker.exists():
                shutil.copy2(marker, into / STATES)
        if (folder / "public").is_symlink():
            (into / "public").symlink_to(os.readlink(folder / "public"))
        urls = read_site(folder)[0].databases
        (into / DATABASES).mkdir()
        for store in STORES_IN_ORDER:
            if urls[store].startswith(("postgresql:", "postgres:")):
                _dump(urls[store], into / DATABASES / f"{store}.pgdump")
            else:
                _copy_sqlite(sqlite_file(folder, store, urls[store]), into / DATABASES / f"{store}.sqlite3")


def sqlite_file(folder: Path, store: str, url: str) -> Path:
    """Where the SQLite file of `store` is, whose URL in comity.toml is `url` ("" for the usual place)."""
    parts = urlsplit(url or f"sqlite:{SQLITE_FILES[store]}")
    return folder / (parts.path or parts.netloc)


def _states(folder: Path) -> Iterator[Path]:
    if (folder / "public").is_symlink():
        yield (folder / "public").resolve()
    waiting = waiting_state(folder)
    if waiting:
        yield waiting


def _files(top: Path, but: str) -> Iterator[Path]:
    for entry in sorted(top.iterdir()):
        if entry.name == but or entry.name in _NOT_COPIED or ".sqlite3" in entry.name or entry.is_symlink():
            continue
        if entry.is_file():
            yield entry
        elif entry.is_dir():
            yield from (path for path in sorted(entry.rglob("*")) if path.is_file() and not path.is_symlink())


def _copy_sqlite(path: Path, target: Path) -> None:
    """A consistent copy without the remains of deleted rows, while others go on writing."""
    if not path.exists():
        return
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600))
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)) as connection:
            connection.execute("VACUUM INTO ?", [str(target)])
    except sqlite3.DatabaseError as problem:
        raise SnapshotError(
            f"The database {path.name} cannot be copied: {problem}.", "Look it over with: comity doctor"
        ) from None


def _dump(url: str, target: Path) -> None:
    """PostgreSQL's own dump; it sees one moment of the database."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600))
    run_postgresql(["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}"], url)


def run_postgresql(command: list[str], url: str) -> None:
    """Runs a program of PostgreSQL on the database at `url`; the password goes by its environment, not its arguments."""
    parts = urlsplit(url)
    given = {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or ""),
        "PGUSER": parts.username or "",
        "PGPASSWORD": parts.password or "",
        "PGDATABASE": parts.path.strip("/"),
    }
    program = shutil.which(command[0])
    if program is None:
        raise SnapshotError(
            f"{command[0]} is not installed, and a database of this instance is PostgreSQL.",
            "Install PostgreSQL's client programs of the server's version, such as the package postgresql-client.",
        )
    done = subprocess.run(
        [program, "--dbname", given["PGDATABASE"], *command[1:]],
        env={**os.environ, **{name: value for name, value in given.items() if value}},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()[:1] or ["it gave no reason"]
        raise SnapshotError(f"{command[0]} failed: {said[0]}.", "Check the database's URL in [site] of comity.toml.")
