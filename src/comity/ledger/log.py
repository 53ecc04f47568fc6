"""An append-only log as plain files: appending, reading and proving.

C2SP tlog-tiles (https://c2sp.org/tlog-tiles). A log is a folder with `checkpoint` and `tile/`. No file is ever edited
in place: each is written under a temporary name, synced and renamed, the checkpoint last, so that a crash leaves the
old log or the new one, and files that are hard links into an older state stay as they were.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from comity.errors import ComityError
from comity.ledger import tiles
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.merkle import (
    EMPTY_ROOT,
    Subtree,
    consistency_proof,
    fold,
    inclusion_proof,
    leaf_hash,
    range_hash,
)
from comity.ledger.notes import NoteError, Signer, Verifier

APPENDING = ".appending"  # is there while entries are being appended; left behind only by a crash

_RESTORE = "Restore the folder `ledger` from your backup or a mirror; `comity verify` shows what is wrong."


class Log:
    """The log in `folder`. Reading it trusts the files; `comity.ledger.verify` does not."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def checkpoint(self) -> Checkpoint | None:
        """The current checkpoint, or None when nothing was ever appended."""
        try:
            return Checkpoint.from_bytes((self.folder / "checkpoint").read_bytes())
        except FileNotFoundError:
            return None
        except NoteError as error:
            raise ComityError(f"The checkpoint in {self.folder} is damaged: {error}.", _RESTORE) from None

    @property
    def size(self) -> int:
        """Number of entries."""
        checkpoint = self.checkpoint()
        return checkpoint.size if checkpoint else 0

    def append(self, entries: Sequence[bytes], *, signer: Signer, before: Verifier | None = None) -> Checkpoint:
        """Add entries (at most 65,535 bytes each) and sign the new checkpoint. Reads only the right edge of the log.

        Raises ComityError when the key is not this log's, the log is damaged at its edge, or somebody else is
        appending.
        """
        for entry in entries:
            if len(entry) > tiles.MOST_ENTRY_BYTES:
                raise ComityError(
                    f"An entry of {len(entry):,} bytes is too long for the log.",
                    f"An entry has at most {tiles.MOST_ENTRY_BYTES:,} bytes: name fewer files in it.",
                )
        self.folder.mkdir(parents=True, exist_ok=True)
        with _only_writer(self.folder):
            return self._append(entries, signer, before or signer.verifier)

    def replace_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Put the same checkpoint with more signatures (of witnesses) in place of the current one."""
        with _only_writer(self.folder):
            current = self.checkpoint()
            if current is None or current.text != checkpoint.text:
                raise ComityError(
                    "These signatures are of another checkpoint than the log's current one.",
                    "Ask the witnesses again for the current one.",
                )
            write_file(self.folder / "checkpoint", checkpoint.to_bytes())

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Entries `start` to `end` (exclusive; all by default) in order."""
        size = self.size
        end = size if end is None else min(end, size)
        for index in range(start // tiles.WIDTH, -(-end // tiles.WIDTH)):
            for number, entry in enumerate(self._bundle(index, size), start=index * tiles.WIDTH):
                if start <= number < end:
                    yield entry

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Proof that entry `index` is in the log as it was at `size` entries (now, by default)."""
        return inclusion_proof(index, self.size if size is None else self._reached(size), self._subtree())

    def consistency_proof(self, old: int, new: int | None = None) -> list[bytes]:
        """Proof that the log of `new` entries (now, by default) begins with the log of `old` entries."""
        return consistency_proof(old, self.size if new is None else self._reached(new), self._subtree())

    def root(self, size: int | None = None) -> bytes:
        """Root over the first `size` entries (all, by default)."""
        return range_hash(0, self.size if size is None else self._reached(size), self._subtree())

    def _append(self, entries: Sequence[bytes], signer: Signer, before: Verifier) -> Checkpoint:
        old = self.checkpoint()
        self._check_key(old, before)
        size = old.size if old else 0
        edge, last = self._edge(size, old.root if old else EMPTY_ROOT)
        if old and not entries:
            return old

        marker = self.folder / APPENDING
        try:
            if marker.exists():
                self._remove_leftovers(size)
            marker.touch()
            sync_folder(self.folder)
            checkpoint = self._write_entries(entries, size, edge, last, signer)
        except BaseException:
            with suppress(OSError, ComityError):  # a full disk, say; if this fails too, the next append does it
                self._remove_leftovers(self.size)
                marker.unlink()
            raise
        self._remove_superseded(size, checkpoint.size)
        marker.unlink()
        sync_folder(self.folder)
        return checkpoint

    def _write_entries(
        self, entries: Sequence[bytes], size: int, edge: list[list[bytes]], last: list[bytes], signer: Signer
    ) -> Checkpoint:
        """Write all files of the longer log, and its checkpoint when they are safely there."""
        changed: set[Path] = set()  # folders that have a new name in them
        new = size + len(entries)
        for entry in entries:
            last.append(entry)
            edge[0].append(leaf_hash(entry))
            size += 1
            if size % tiles.WIDTH == 0:
                self._write_full(size, edge, last, changed)
        for level, hashes in enumerate(edge):
            if hashes:
                self._write(tiles.tile_path(level, (new >> (8 * level)) // tiles.WIDTH, new), b"".join(hashes), changed)
        if last:
            self._write(tiles.bundle_path(new // tiles.WIDTH, new), tiles.bundle(last), changed)
        for folder in sorted(changed, key=lambda path: len(path.parts), reverse=True):
            sync_folder(folder)

        checkpoint = Checkpoint.signed(signer.name, new, _edge_root(edge), signer=signer)
        write_file(self.folder / "checkpoint", checkpoint.to_bytes())
        return checkpoint

    def _write_full(self, size: int, edge: list[list[bytes]], last: list[bytes], changed: set[Path]) -> None:
        """Write the bundle and the tiles that became full when the log reached `size` entries."""
        self._write(tiles.bundle_path(size // tiles.WIDTH - 1, size), tiles.bundle(last), changed)
        last.clear()
        level = 0
        while len(edge[level]) == tiles.WIDTH:
            index = (size >> (8 * (level + 1))) - 1
            self._write(tiles.tile_path(level, index, size), b"".join(edge[level]), changed)
            if level + 1 == len(edge):
                edge.append([])
            edge[level + 1].append(fold(edge[level]))
            edge[level] = []
            level += 1

    def _write(self, path: str, data: bytes, changed: set[Path]) -> None:
        target = self.folder / path
        if target.exists() and target.read_bytes() == data:
            changed.add(target.parent)  # left by a crash, perhaps before its name was safe
            return
        folder = target.parent
        while not folder.exists():
            changed.add(folder.parent)
            folder = folder.parent
        target.parent.mkdir(parents=True, exist_ok=True)
        write_file(target, data, sync_name=False)
        changed.add(target.parent)

    def _check_key(self, old: Checkpoint | None, key: Verifier) -> None:
        if old is None:
            if (self.folder / "tile").exists() and not (self.folder / APPENDING).exists():
                raise ComityError(f"The log in {self.folder} has entries but no checkpoint.", _RESTORE)
            return
        try:
            own = old.origin == key.name and old.signed_by(key)
        except NoteError as error:
            raise ComityError(f"The checkpoint in {self.folder} is damaged: {error}.", _RESTORE) from None
        if not own:
            raise ComityError(
                f"The log in {self.folder} is not signed with the key {key.name} that this instance holds.",
                "Restore the instance's own key or its own log from your backup.",
            )

    def _edge(self, size: int, root: bytes) -> tuple[list[list[bytes]], list[bytes]]:
        """Hashes of the right-edge tile at each level, and the entries of the last, partial bundle; they fit `root`."""
        edge: list[list[bytes]] = [[]]
        for level, _ in tiles.levels(size):
            index = (size >> (8 * level)) // tiles.WIDTH
            width = tiles.tile_width(level, index, size)
            if level:
                edge.append([])
            if width:
                data = self._read_tile(tiles.tile_path(level, index, size), width * tiles.HASH_BYTES)
                edge[level] = tiles.hashes(data)
        last = self._bundle(size // tiles.WIDTH, size) if size % tiles.WIDTH else []
        if _edge_root(edge) != root or [leaf_hash(entry) for entry in last] != edge[0]:
            raise ComityError(f"The files of the log in {self.folder} do not fit its checkpoint.", _RESTORE)
        return edge, last

    def _remove_superseded(self, old: int, new: int) -> None:
        """Partial files that the old checkpoint needed and the new one does not."""
        keep = {self.folder / path for path in _partial(new)}
        for path in _partial(old):
            target = self.folder / path
            if target not in keep:
                target.unlink(missing_ok=True)
                if not any(target.parent.iterdir()):
                    target.parent.rmdir()

    def _remove_leftovers(self, size: int) -> None:
        """Files of an append that a crash interrupted: whatever a log of `size` entries does not have."""
        keep = {self.folder / path for path in tiles.paths(size)}
        for path in sorted((self.folder / "tile").rglob("*"), reverse=True):
            if path.is_dir() and not path.is_symlink():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path not in keep:
                path.unlink()
        for path in self.folder.glob(".*.new"):
            path.unlink()

    def _reached(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise ValueError(f"the log has {self.size} entries, not {size}")
        return size

    def _subtree(self) -> Subtree:
        return tiles.subtrees_read(self._read_tile, self.size)

    def _bundle(self, index: int, size: int) -> list[bytes]:
        path = tiles.bundle_path(index, size)
        try:
            return tiles.unbundle(self._read(path))
        except NoteError as error:
            raise ComityError(f"{self.folder / path} is damaged: {error}.", _RESTORE) from None

    def _read_tile(self, path: str, length: int) -> bytes:
        data = self._read(path)
        if len(data) != length:
            raise ComityError(f"{self.folder / path} has {len(data):,} bytes instead of {length:,}.", _RESTORE)
        return data

    def _read(self, path: str) -> bytes:
        try:
            return (self.folder / path).read_bytes()
        except OSError:
            raise ComityError(f"{self.folder / path} is missing or cannot be read.", _RESTORE) from None


def write_file(path: Path, data: bytes, *, sync_name: bool = True) -> None:
    """Put `data` at `path` in one step: readers see the old file or the new one, also after a crash."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)  # a crash may have left one; never write into a file that may be shared
    with temporary.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    if sync_name:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a crash of the machine."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _partial(size: int) -> list[str]:
    found = [
        tiles.tile_path(level, count - 1, size)
        for level, count in tiles.levels(size)
        if tiles.tile_width(level, count - 1, size) < tiles.WIDTH
    ]
    if size % tiles.WIDTH:
        found.append(tiles.bundle_path(size // tiles.WIDTH, size))
    return found


def _edge_root(edge: Sequence[Sequence[bytes]]) -> bytes:
    """Root of a whole log from the partial tiles at its right edge."""
    size = sum(len(hashes) << (8 * level) for level, hashes in enumerate(edge))

    def subtree(height: int, index: int) -> bytes:
        level, above = divmod(height, 8)
        start = (index << above) % tiles.WIDTH
        return fold(edge[level][start : start + (1 << above)])

    return range_hash(0, size, subtree)


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ComityError(
                f"Somebody else is appending to the log in {folder}.", "Wait for them to finish, then run it again."
            ) from None
        yield
    finally:
        os.close(handle)
