"""The public folder changes as a whole or not at all, and one publisher at a time.

`public` is a symbolic link into `.states/`. The next state is built beside the current one, where files that stay are hard
links, and becomes current by renaming one link: POSIX `rename` is atomic, so a reader, or a crash at any point, finds the
whole old state or the whole new one.

Where witnesses must countersign, the finished state waits beside the current one until they have: what one of them has
signed may not be made again differently, or it would look like a second history. The next run goes on with it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from comity.errors import ComityError

STATES = ".states"

Countersign = Callable[[Path], None]
"""Gets the signatures that a finished state must carry; raises ComityError while there are too few."""


class PublisherBusy(ComityError):
    """Another publisher holds the instance."""


class StateError(ComityError):
    """The public folder is not what Comity left, or cannot be written."""


@contextmanager
def only_publisher(folder: Path, *, wait_seconds: float = 60.0) -> Iterator[None]:
    """Holds the instance in `folder` for one publisher; waits up to `wait_seconds`, then raises PublisherBusy."""
    lock = os.open(folder / ".publishing", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise PublisherBusy(
                        f"Another publisher is at work in {folder}.",
                        "Wait until it has finished, then publish again; nothing was changed.",
                    ) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(lock)


@contextmanager
def next_state(folder: Path, *, countersign: Countersign | None = None, keep_last: bool = True) -> Iterator[Path]:
    """A folder that holds what `folder`/public holds, to be changed; becomes public when the block ends without error.

    countersign: called with the finished state before it becomes public; if it fails, the state waits for
    `finish_waiting`. keep_last: whether readers who are at it may finish reading the state before. Never edit a file in
    the folder in place: it may be a hard link to the current state. Write a new file and rename it. Call inside
    `only_publisher`.
    """
    states = folder / STATES
    states.mkdir(exist_ok=True)
    public = folder / "public"
    if public.exists() and not public.is_symlink():
        raise StateError(
            f"{public} is a folder of its own, not the link that Comity keeps there.",
            f"Move it away, or into {states}/000001 with a link to it, and publish again.",
        )
    if waiting_state(folder):
        raise StateError(
            f"A state in {states} is finished and waits for the signatures of its witnesses.",
            "Run comity publish again when they answer; it goes on with that state first.",
        )
    current = public.resolve() if public.is_symlink() else None
    _keep_only(states, {current})
    number = int(current.name) + 1 if current else 1
    building = states / f"{number:06d}.building"
    if current:
        shutil.copytree(current, building, copy_function=link_or_copy)
    else:
        building.mkdir()
    finished = states / f"{number:06d}"
    try:
        yield building
        _flush_folders(building)
        if countersign:
            _marker(finished).touch()
            _flush_folder(states)
        building.rename(finished)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        _marker(finished).unlink(missing_ok=True)
        raise
    if countersign:
        _flush_folder(states)
        countersign(finished)
    _make_current(folder, finished)
    _keep_only(states, {finished, current if keep_last else None})  # who reads the old state now may finish


def waiting_state(folder: Path) -> Path | None:
    """The finished state of the instance in `folder` that waits for its witnesses, or None."""
    public = folder / "public"
    current = public.resolve() if public.is_symlink() else None
    found = [marker.with_suffix("") for marker in sorted((folder / STATES).glob("*.waiting"))]
    return next((each for each in found if each.is_dir() and each != current), None)


def finish_waiting(folder: Path, countersign: Countersign) -> bool:
    """Makes the state that waits public, if there is one, when `countersign` succeeds. Call inside `only_publisher`."""
    waiting = waiting_state(folder)
    if waiting is None:
        return False
    countersign(waiting)
    _make_current(folder, waiting)
    _keep_only(folder / STATES, {waiting})
    return True


def write_file(path: Path, content: bytes) -> None:
    """Writes `content` to a new file at `path`, durably, and never through a hard link of an older state."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.writing")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def link_or_copy(source: str, target: str) -> None:
    """A second name for a file that never changes in place."""
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def _make_current(folder: Path, state: Path) -> None:
    """Points `public` to `state`, in one step for whoever reads."""
    pointer = folder / "public.next"
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(Path(STATES) / state.name)
    os.replace(pointer, folder / "public")
    _flush_folder(folder)


def _marker(state: Path) -> Path:
    """The file that says that `state` is finished and not to be made again."""
    return state.with_name(f"{state.name}.waiting")


def _keep_only(states: Path, kept: set[Path | None]) -> None:
    names = {each.name for each in kept if each}
    for each in states.iterdir():
        if each.name not in names:
            shutil.rmtree(each) if each.is_dir() else each.unlink()


def _flush_folders(top: Path) -> None:
    for folder, _, _ in os.walk(top):
        _flush_folder(Path(folder))


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
