"""The public folder changes as a whole or not at all, and one publisher at a time.

`public` is a symbolic link into `.states/`. The next state is built beside the current one, where files that stay are hard
links, and becomes current by renaming one link: POSIX `rename` is atomic, so a reader, or a crash at any point, finds the
whole old state or the whole new one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from comity.errors import ComityError

STATES = ".states"


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
def next_state(folder: Path) -> Iterator[Path]:
    """A folder that holds what `folder`/public holds, to be changed; becomes public when the block ends without error.

    Never edit a file in it in place: it may be a hard link to the current state. Write a new file and rename it.
    Call inside `only_publisher`.
    """
    states = folder / STATES
    states.mkdir(exist_ok=True)
    public = folder / "public"
    if public.exists() and not public.is_symlink():
        raise StateError(
            f"{public} is a folder of its own, not the link that Comity keeps there.",
            f"Move it away, or into {states}/000001 with a link to it, and publish again.",
        )
    current = public.resolve() if public.is_symlink() else None
    _keep_only(states, {current})
    number = int(current.name) + 1 if current else 1
    building = states / f"{number:06d}.building"
    if current:
        shutil.copytree(current, building, copy_function=_link_or_copy)
    else:
        building.mkdir()
    try:
        yield building
        _flush_folders(building)
        finished = states / f"{number:06d}"
        building.rename(finished)
        pointer = folder / "public.next"
        pointer.unlink(missing_ok=True)
        pointer.symlink_to(finished.relative_to(folder))
        os.replace(pointer, public)
        _flush_folder(folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    _keep_only(states, {finished, current})  # who reads the old state now may finish


def write_file(path: Path, content: bytes) -> None:
    """Writes `content` to a new file at `path`, durably, and never through a hard link of an older state."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.writing")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def _keep_only(states: Path, kept: set[Path | None]) -> None:
    names = {each.name for each in kept if each}
    for each in states.iterdir():
        if each.name not in names:
            shutil.rmtree(each)


def _flush_folders(top: Path) -> None:
    for folder, _, _ in os.walk(top):
        _flush_folder(Path(folder))


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
