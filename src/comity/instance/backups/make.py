"""Makes a backup: a snapshot, encrypted into one file beside the older ones, of which the newest few are kept."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from comity.instance.backups.archive import BackupError, write_archive
from comity.instance.backups.keys import encrypting
from comity.instance.backups.snapshot import take_snapshot
from comity.instance.settings import Instance, read_instance

SUFFIX = ".comity-backup"
LAST = ".last-backup.json"


@dataclass(frozen=True)
class Backup:
    """A backup that was made. made: UTC. removed: older ones that went."""

    file: Path
    size: int
    made: datetime
    removed: tuple[Path, ...]


def back_up(folder: Path, to: Path, *, recipients: Sequence[str], now: datetime, keep: int = 0) -> Backup:
    """Writes a backup of the instance in `folder` into the folder `to`, for the age keys `recipients`.

    keep: how many of this instance's backups stay in `to`, the newest; 0 for all. Raises BackupError, and leaves nothing
    behind, where it cannot; SnapshotError where a database cannot be copied.
    """
    instance = read_instance(folder)
    encrypt = encrypting(recipients)
    if to.absolute().is_relative_to(folder.absolute()):
        raise BackupError(
            f"{to} is inside the instance: it would be lost together with it.", "Name a folder elsewhere."
        )
    to.mkdir(parents=True, exist_ok=True)
    moment = now.astimezone(UTC)
    name = f"{_name_of(instance)}-{moment:%Y%m%dT%H%M%SZ}{SUFFIX}"
    snapshot = Path(tempfile.mkdtemp(prefix=".snapshot-", dir=folder))
    writing = to / f".{name}.writing"
    try:
        take_snapshot(instance, snapshot)
        write_archive(snapshot, _manifest(snapshot, moment), encrypt, writing)
        os.chmod(writing, 0o600)
        os.replace(writing, to / name)
    finally:
        shutil.rmtree(snapshot, ignore_errors=True)
        writing.unlink(missing_ok=True)
    older = sorted(path for path in to.glob(f"{_name_of(instance)}-*{SUFFIX}"))
    removed = tuple(older[:-keep]) if keep else ()
    for path in removed:
        path.unlink()
    (folder / LAST).write_text(json.dumps({"made": moment.isoformat(), "file": str(to / name)}))
    return Backup(to / name, (to / name).stat().st_size, moment, removed)


def last_backup(folder: Path) -> datetime | None:
    """When the last backup of the instance in `folder` was made, as far as the instance knows."""
    try:
        return datetime.fromisoformat(json.loads((folder / LAST).read_text())["made"])
    except (OSError, ValueError, KeyError):
        return None


def _manifest(snapshot: Path, moment: datetime) -> dict[str, str]:
    checkpoint = snapshot / "public" / "ledger" / "checkpoint"
    return {
        "comity": metadata.version("comity"),
        "made": moment.isoformat(),
        "checkpoint": checkpoint.read_text() if checkpoint.exists() else "",
    }


def _name_of(instance: Instance) -> str:
    return instance.folder.resolve().name or "instance"
