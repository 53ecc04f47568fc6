"""Restores a backup into a new folder, and proves it: every file's hash, the databases, and the ledger against its checkpoint."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from comity.errors import ComityError
from comity.instance.backups.archive import BackupError, read_archive
from comity.instance.backups.keys import decrypting
from comity.instance.backups.snapshot import DATABASES, run_postgresql, sqlite_file
from comity.instance.settings import read_instance
from comity.instance.site import read_site
from comity.ledger import Signer, verify


@dataclass(frozen=True)
class Restored:
    """What came back. made: the moment of the backup. entries: of the ledger; None where nothing was published."""

    folder: Path
    made: str
    files: int
    entries: int | None
    databases: tuple[str, ...]


def restore(archive: Path, into: Path, *, identity: Path, databases: Mapping[str, str] | None = None) -> Restored:
    """Unpacks `archive` with the private key in the file `identity` into `into`, which must not exist or be empty.

    databases: store -> URL of an empty PostgreSQL database to fill instead of the one that the backup's comity.toml
    names. Raises BackupError, and leaves no folder
    behind, where anything is not as it was.
    """
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise BackupError(f"{into} is there already and is not an empty folder.", "Name a new folder.")
    decrypt = decrypting(identity)
    into.absolute().parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".restoring-", dir=into.absolute().parent))
    try:
        manifest = read_archive(archive, decrypt, building)
        entries = _verified(building, manifest["checkpoint"])
        filled = _put_databases_back(building, databases or {})
        if into.exists():
            into.rmdir()
        os.replace(building, into)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return Restored(into, manifest["made"], len(manifest["files"]), entries, filled)


def _verified(folder: Path, checkpoint: str) -> int | None:
    """How many entries the ledger has, after it verified against `checkpoint` and the instance's own key."""
    instance = read_instance(folder)
    signer = Signer.load(instance.key)
    if not instance.public.exists():
        return None
    found = verify(instance.public, since=checkpoint.encode() or None, vkey=signer.verifier.vkey)
    if found.problems:
        raise BackupError(
            f"The public folder of the backup is not what its log says: {found.problems[0]}.", "Use an older backup."
        )
    return found.entries


def _put_databases_back(folder: Path, instead: Mapping[str, str]) -> tuple[str, ...]:
    urls = {**read_site(folder)[0].databases, **instead}
    found = []
    for store, url in urls.items():
        copy = folder / DATABASES / f"{store}.sqlite3"
        dump = folder / DATABASES / f"{store}.pgdump"
        if copy.exists():
            with closing(sqlite3.connect(copy)) as connection:
                said = connection.execute("PRAGMA integrity_check").fetchone()[0]
            if said != "ok":
                raise BackupError(f"The copy of the database {store} is damaged: {said}.", "Use an older backup.")
            copy.chmod(0o600)
            os.replace(copy, sqlite_file(folder, store, url))
            found.append(store)
        elif dump.exists():
            try:
                run_postgresql(["pg_restore", "--no-owner", "--no-privileges", "--single-transaction", str(dump)], url)
            except ComityError as problem:
                raise BackupError(
                    f"The database {store} did not take its copy: {problem.what}",
                    f"Empty that database, or name an empty one with --database {store}=postgresql://...",
                ) from None
            dump.unlink()
            found.append(store)
    shutil.rmtree(folder / DATABASES, ignore_errors=True)
    return tuple(found)
