"""What the entries of the ledger say: which files of the public folder are sealed, and with which content.

An entry is one JSON object in UTF-8 with sorted keys; docs/reference/ledger.md gives every kind. A path's digest is the
one in the latest entry that names it, except that nothing below `releases/`, `promises/`, `breaks/`, `withdrawals/` or `log/`
ever changes, and only a version of a release is ever taken away, by an entry that names its tombstone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

from comity.errors import ComityError
from comity.ledger import tiles
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.log import Log, write_file
from comity.ledger.notes import Signer

VKEY = "ledger/vkey"
FOR_EVER = ("promises/", "breaks/", "withdrawals/", "log/")  # what lies below is never changed and never taken away
NEVER_CHANGED = ("releases/", *FOR_EVER)


class EntryError(ValueError):
    """An entry or a manifest is not of the documented form; the text says how."""


@dataclass(frozen=True)
class Digest:
    """What a sealed file must be: `sha256` in lower-case hex, and its length."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Entry:
    """One entry. files: digest by path from the public folder, None for a withdrawn file. more: its other members."""

    kind: str
    files: Mapping[str, Digest | None]
    more: Mapping[str, Any]

    @classmethod
    def from_bytes(cls, data: bytes) -> Entry:
        """Read an entry; EntryError when it is not of the documented form."""
        record = read_object(data)
        kind = record.get("kind")
        if not isinstance(kind, str) or not kind:
            raise EntryError("it does not say what kind of entry it is")
        files = read_files(record.get("files"), may_withdraw=True)
        return cls(kind, files, {key: value for key, value in record.items() if key not in ("kind", "files")})

    def to_bytes(self) -> bytes:
        files = {
            path: digest and {"bytes": digest.bytes, "sha256": digest.sha256} for path, digest in self.files.items()
        }
        record = {**self.more, "kind": self.kind, "files": files}
        return json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def start_ledger(public: Path | str, *, signer: Signer, extra: Mapping[str, Any] | None = None) -> Checkpoint:
    """Begin the ledger of a public folder: its `ledger/vkey`, and an `origin` entry that names it."""
    public = Path(public)
    log = Log(public / "ledger")
    if log.size:
        raise ComityError(f"{public} already has a ledger.", "Publish into it; a ledger is never begun twice.")
    log.folder.mkdir(parents=True, exist_ok=True)
    write_file(public / VKEY, f"{signer.verifier.vkey}\n".encode())
    return seal_files(public, "origin", [VKEY], signer=signer, extra=extra)


def seal_files(
    public: Path | str,
    kind: str,
    paths: Iterable[str],
    *,
    signer: Signer,
    extra: Mapping[str, Any] | None = None,
    withdrawn: Iterable[str] = (),
) -> Checkpoint:
    """Append an entry of `kind` with the digest of each of `paths` (from `public`, with `/`), and sign the new
    checkpoint.

    extra: further members of the entry, plain JSON values. withdrawn: paths that are no longer there from now on. More
    files than one entry can hold become several entries of the same kind, appended together.
    """
    public = Path(public)
    files: dict[str, Digest | None] = {path: digest_of(public, path) for path in sorted(set(paths))}
    files |= dict.fromkeys(withdrawn)
    entries = _split(Entry(kind, dict(sorted(files.items())), dict(extra or {})))
    return Log(public / "ledger").append(entries, signer=signer)


def read_entries(public: Path | str) -> list[Entry]:
    """All entries of a public folder's ledger, in order."""
    return [Entry.from_bytes(data) for data in Log(Path(public) / "ledger").entries()]


def digest_of(public: Path, path: str) -> Digest:
    """Digest of one file below `public`."""
    check_path(path)
    try:
        with (public / path).open("rb") as file:
            return Digest(file_digest(file, "sha256").hexdigest(), file.tell())
    except OSError:
        raise ComityError(f"{public / path} cannot be read, so it cannot be sealed.", "Publish again.") from None


def read_manifest(data: bytes) -> Mapping[str, Digest]:
    """Files that a release's `manifest.json` names, by path from the release's folder."""
    files = read_files(read_object(data).get("files"), may_withdraw=False)
    return {path: digest for path, digest in files.items() if digest}


def read_object(data: bytes) -> dict[str, Any]:
    """A JSON object without double keys; EntryError otherwise."""
    try:
        record = _decoder.decode(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise EntryError("it is not a JSON object in UTF-8") from None
    if not isinstance(record, dict):
        raise EntryError("it is not a JSON object")
    return record


def read_files(files: object, *, may_withdraw: bool) -> dict[str, Digest | None]:
    """The `files` member of an entry or manifest; EntryError when it is not of the documented form."""
    if not isinstance(files, dict):
        raise EntryError("it has no list of files")
    return {check_path(path): _read_digest(path, value, may_withdraw) for path, value in files.items()}


def check_path(path: str) -> str:
    """`path` itself when it is plain, relative and stays below its folder; EntryError otherwise."""
    parts = path.split("/")
    if not path or any(part in ("", ".", "..") for part in parts) or not path.isprintable() or "\\" in path:
        raise EntryError(f"it names {path!r}, which is not a plain path below the folder")
    return path


def _read_digest(path: str, value: object, may_withdraw: bool) -> Digest | None:
    if value is None and may_withdraw:
        return None
    if isinstance(value, dict) and {"sha256", "bytes"} <= set(value):
        sha256, length = value["sha256"], value["bytes"]
        if isinstance(sha256, str) and re.fullmatch(r"[0-9a-f]{64}", sha256) and type(length) is int and length >= 0:
            return Digest(sha256, length)
    raise EntryError(f"it gives no SHA-256 and length for {path}")


def _split(entry: Entry) -> list[bytes]:
    data = entry.to_bytes()
    if len(data) <= tiles.MOST_ENTRY_BYTES or len(entry.files) < 2:
        return [data]
    paths = list(entry.files)
    halves = paths[: len(paths) // 2], paths[len(paths) // 2 :]
    return [
        part
        for half in halves
        for part in _split(Entry(entry.kind, {path: entry.files[path] for path in half}, entry.more))
    ]


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("a key occurs twice")
    return record


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(object_pairs_hook=_once_each, parse_constant=_no_constant)
