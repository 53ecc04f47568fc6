"""A mirror: a copy of a public folder that only ever moves from one verified state to the next.

What is fetched is verified while it is stored, against the mirror's own last checkpoint and key, so a publisher who
rewrites history cannot make a mirror forget. `public` in the mirror is a symbolic link to the current state, changed in
one step; files that did not change are hard links.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from comity.errors import ComityError
from comity.ledger.checkpoint import MOST_BYTES, Checkpoint
from comity.ledger.log import sync_folder, write_file
from comity.ledger.notes import NoteError
from comity.ledger.sealing import VKEY, Digest
from comity.ledger.sources import Folder, Source, Take, Unreadable, source_of
from comity.ledger.verify import CHECKPOINT, Progress, Verification, verify

_STATES = ".states"


@dataclass(frozen=True)
class Mirrored:
    """What a run did. fetched: files that came from the publisher; the others were there already."""

    verification: Verification
    fetched: int
    is_new: bool

    def as_record(self) -> dict[str, object]:
        """Plain values, as `comity mirror --json` prints them."""
        return {"new": self.is_new, "fetched": self.fetched, **self.verification.as_record()}


def mirror(
    place: str | Path,
    folder: Path | str,
    *,
    vkey: str | None = None,
    witnesses: Sequence[str] = (),
    progress: Progress | None = None,
) -> Mirrored:
    """Bring the mirror in `folder` (its files in `folder/public`) up to the public folder at `place`, an address or a
    path.

    vkey: the publisher's key, if you have it from elsewhere; later runs hold the publisher to the key and the
    checkpoint that the mirror has. witnesses: as for `verify`. Raises ComityError, and leaves the mirror as it was,
    when anything is wrong.
    """
    folder = Path(folder)
    source = source_of(place)
    folder.mkdir(parents=True, exist_ok=True)
    with _only_mirror(folder):
        public = folder / "public"
        _remove_other_states(folder, public)
        old = Folder(public) if public.exists() else None
        since = old.read(CHECKPOINT, MOST_BYTES) if old else None
        if vkey is None and old:
            vkey = (old.read(VKEY, MOST_BYTES) or b"").decode("utf-8", "replace")
        if since and source.read(CHECKPOINT, MOST_BYTES) == since:
            found = verify(public, vkey=vkey, witnesses=witnesses, progress=progress)
            if found.is_intact:
                return Mirrored(found, 0, is_new=False)

        new = folder / _STATES / "new"
        try:
            # Again without what we hold, in case a file of ours is damaged; and once more if the publisher just
            # published.
            for held in (old, None, None):
                keeping = _Keeping(source, held, new)
                found = verify(keeping, since=since, vkey=vkey, witnesses=witnesses, progress=progress)
                if found.is_intact:
                    break
            if not found.is_intact:
                _keep_proof(folder, found)
            _intact(found, folder)
            _intact(verify(new, since=since, vkey=vkey, witnesses=witnesses), folder)
            _make_current(folder, new, public)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        return Mirrored(found, keeping.fetched, is_new=True)


class _Keeping(Source):
    """Reads from a publisher and stores what was read; what the mirror has already is linked, not fetched."""

    def __init__(self, source: Source, old: Folder | None, new: Path) -> None:
        self.source = source
        self.old = old
        self.new = new
        self.label = source.label
        self.threads = source.threads
        self.fetched = 0
        self._counting = threading.Lock()
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        self._stored = Folder(new)

    def listing(self) -> dict[str, str | None] | None:
        return None  # what the publisher has beside the named files is not copied

    def stream(self, path: str, most: int, take: Take) -> int | None:
        is_final = path.startswith("ledger/tile/") and ".p/" not in path
        if is_final and self.old and self._link(path):
            return self._stored.stream(path, most, take)
        return self._fetch(path, most, take)

    def digest(self, path: str, sealed: Digest) -> Digest | None:
        with suppress(Unreadable):
            if self._stored.digest(path, sealed) == sealed:
                return sealed
            if self.old and self.old.digest(path, sealed) == sealed and self._link(path):
                return sealed
        hashed = sha256()
        length = self._fetch(path, sealed.bytes, hashed.update)
        return None if length is None else Digest(hashed.hexdigest(), length)

    def _link(self, path: str) -> bool:
        assert self.old
        target = self.new / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(self.old.path / path, target, follow_symlinks=False)
        except FileExistsError:
            return True
        except OSError:
            return False
        return True

    def _fetch(self, path: str, most: int, take: Take) -> int | None:
        target = self.new / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            file = target.open("xb")
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            raise Unreadable("cannot be stored: one name is used for a file and for a folder") from None
        with file:

            def keep(data: bytes) -> None:
                file.write(data)
                take(data)

            length = self.source.stream(path, most, keep)
        if length is None:
            target.unlink()
            return None
        with self._counting:
            self.fetched += 1
        return length


def _intact(found: Verification, folder: Path) -> Verification:
    if not found.is_intact:
        raise ComityError(
            f"{found.place} does not verify: {found.problems[0]}",
            f"The mirror in {folder} stays as it was; ask the publisher, and keep what you have.",
        )
    return found


def _keep_proof(folder: Path, found: Verification) -> None:
    """A checkpoint that was refused stays beside the mirror: signed by the publisher, it may prove two histories."""
    with suppress(NoteError):
        if found.checkpoint:
            checkpoint = Checkpoint.from_bytes(found.checkpoint)
            write_file(folder / f"refused-{checkpoint.size}-{checkpoint.root.hex()[:16]}", found.checkpoint)


def _make_current(folder: Path, new: Path, public: Path) -> None:
    """Point `public` to the finished state, in one step for whoever reads."""
    os.sync()
    name = "a" if public.resolve().name != "a" else "b"
    new.rename(folder / _STATES / name)
    link = folder / ".public.new"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(_STATES) / name)
    link.replace(folder / "public")
    sync_folder(folder)


def _remove_other_states(folder: Path, public: Path) -> None:
    """Before a run, not after it: whoever reads the state before the last may finish."""
    current = public.resolve() if public.exists() else None
    for state in (folder / _STATES).glob("*"):
        if state.resolve() != current:
            shutil.rmtree(state)


@contextmanager
def _only_mirror(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ComityError(
            f"Another run is bringing the mirror in {folder} up to date.", "Wait for it to finish."
        ) from None
    finally:
        os.close(handle)
