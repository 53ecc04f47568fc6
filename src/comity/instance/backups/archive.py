"""The file of a backup: a tar of the snapshot and then of its manifest, encrypted with age for one or more recipients.

The manifest comes last: Comity's version, the moment, the ledger's checkpoint, and the SHA-256 of each file. Whoever
restores checks all of it, though age has already refused a changed byte.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from comity.errors import ComityError

MANIFEST = "backup.json"
FORMAT = 1
Crypt = Callable[[IO[bytes], IO[bytes]], None]


class BackupError(ComityError):
    """A backup cannot be made, read or trusted."""


def write_archive(folder: Path, manifest: dict[str, Any], encrypt: Crypt, target: Path) -> None:
    """Writes everything in `folder`, then `manifest` with every file's hash, through `encrypt` to the file `target`."""
    with (
        target.open("wb") as sink,
        _pipe(lambda source: encrypt(source, sink)) as pipe,
        tarfile.open(fileobj=pipe, mode="w|", format=tarfile.PAX_FORMAT, bufsize=1 << 20) as tar,
    ):
        hashes = {}
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            mode = path.lstat().st_mode
            info = tar.gettarinfo(path, name)
            if stat.S_ISREG(mode):
                info.type, info.linkname = tarfile.REGTYPE, ""  # each file whole, though another name links to it
                info.size = path.stat().st_size
                with path.open("rb") as file:
                    hashing = _Hashing(file)
                    tar.addfile(info, hashing)
                hashes[name] = hashing.hexdigest()
            else:
                tar.addfile(info)
        content = json.dumps({"format": FORMAT, **manifest, "files": hashes}).encode()
        last = tarfile.TarInfo(MANIFEST)
        last.size, last.mode = len(content), 0o600
        tar.addfile(last, io.BytesIO(content))
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def read_archive(archive: Path, decrypt: Crypt, into: Path) -> dict[str, Any]:
    """Unpacks `archive` into the empty folder `into`; returns its manifest.

    Raises BackupError where a file is missing, foreign or other than the manifest says, and where there is no manifest.
    """
    hashes: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    with archive.open("rb") as source, _unpipe(lambda sink: decrypt(source, sink)) as pipe:
        try:
            with tarfile.open(fileobj=pipe, mode="r|", bufsize=1 << 20) as tar:
                for member in tar:
                    if member.name == MANIFEST:
                        file = tar.extractfile(member)
                        manifest = json.loads(file.read()) if file else None
                        continue
                    safe = tarfile.data_filter(member, str(into))
                    tar.extract(safe, into, filter="fully_trusted")  # checked in the line before; modes stay
                    if not member.issym():
                        (into / safe.name).chmod(member.mode & 0o777)
                    if member.isreg():
                        hashes[member.name] = _hash(into / safe.name)
        except (tarfile.TarError, json.JSONDecodeError, UnicodeDecodeError) as problem:
            raise BackupError(
                f"{archive} is not a whole backup: {problem}.", "Use another copy of it, or an older backup."
            ) from None
    if manifest is None or manifest.get("format") != FORMAT:
        raise BackupError(
            f"{archive} has no manifest that this version reads.", "Use another copy, or a newer version of Comity."
        )
    wrong = sorted(
        name for name in hashes.keys() | manifest["files"].keys() if hashes.get(name) != manifest["files"].get(name)
    )
    if wrong:
        raise BackupError(
            f"{archive} does not hold what its manifest says: {wrong[0]}.",
            "Use another copy of it, or an older backup.",
        )
    return manifest


class _Hashing:
    """Reads through a file, and hashes what passes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self._hash.update(block)
        return block

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _pipe(consume: Callable[[IO[bytes]], None]) -> Iterator[IO[bytes]]:
    """A stream to write into, which `consume` reads in a thread of its own; its error is raised here."""
    reading, writing = os.pipe()
    problems: list[BaseException] = []

    def run() -> None:
        with os.fdopen(reading, "rb", buffering=0) as source:
            try:
                consume(source)
            except BaseException as problem:
                problems.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        with os.fdopen(writing, "wb", buffering=1 << 20) as sink:
            yield sink
    except BrokenPipeError:
        pass  # `consume` has ended, and says why
    finally:
        thread.join()
    if problems:
        raise problems[0]


@contextmanager
def _unpipe(produce: Callable[[IO[bytes]], None]) -> Iterator[IO[bytes]]:
    """A stream to read from, which `produce` writes in a thread of its own; its error is raised here before any other."""
    reading, writing = os.pipe()
    problems: list[BaseException] = []

    def run() -> None:
        with os.fdopen(writing, "wb", buffering=0) as sink:
            try:
                produce(sink)
            except BrokenPipeError:
                pass  # the reader has stopped, and says why
            except BaseException as problem:
                problems.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    failed: BaseException | None = None
    try:
        with os.fdopen(reading, "rb", buffering=1 << 20) as source:
            try:
                yield source
                while source.read(1 << 20):
                    pass  # to the end, so that a wrong last byte is seen
            except BaseException as problem:
                failed = problem
    finally:
        thread.join()
    if problems:
        raise problems[0]
    if failed:
        raise failed
