"""Verification of a public folder by anybody, offline: nothing in it was altered, added, dropped or put back.

What it shows: the checkpoint is signed with the key in the folder; the log's entries hash to that checkpoint (RFC
6962); every file is the one its latest entry, or its release's sealed manifest, names; there is no other file. With a
checkpoint kept from before (`since`): the log begins with what it was then. With the key kept from before (`vkey`): the
publisher is the same. What it cannot show without those two: that this is the history other people see.
docs/reference/ledger.md has the argument.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from itertools import batched, chain
from pathlib import Path

from comity.errors import ComityError
from comity.ledger import tiles
from comity.ledger.authority import Authority
from comity.ledger.checkpoint import MOST_BYTES, Checkpoint
from comity.ledger.log import APPENDING
from comity.ledger.merkle import leaf_hash, range_hash
from comity.ledger.notes import COSIGNATURE, SIGNATURE, NoteError, Verifier, cosigned_at
from comity.ledger.sealing import FOR_EVER, NEVER_CHANGED, VKEY, Digest, Entry, EntryError, read_manifest
from comity.ledger.sources import Served, Source, TooLong, Unreadable, source_of

CHECKPOINT = "ledger/checkpoint"

type Progress = Callable[[int, int], object]

_MOST_BUNDLE_BYTES = tiles.WIDTH * (tiles.MOST_ENTRY_BYTES + 2)
_MOST_KEY_BYTES = 1_000
_MOST_ENTRIES = 20_000_000
_TRIES = 3  # a publisher may publish while we fetch
_FILES_AT_ONCE = 16  # a thread takes this many, so that handing them over costs little
_OLDER = "an older checkpoint was put back, or entries were added without the publisher's signature"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. path: the file, from the public folder. sentence: how, with the values."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Verification:
    """What was verified, and everything that is wrong, in a fixed order: the ledger first, then files by path.

    size, root, origin, vkey: as the folder says, None where unreadable. files: how many sealed files were compared;
    entries: how many log entries were. limits: what this verification cannot show. checkpoint: to keep for next time.
    witnesses: name and POSIX time of each cosignature.
    """

    place: str
    problems: tuple[Problem, ...]
    origin: str | None = None
    size: int | None = None
    root: str | None = None
    vkey: str | None = None
    files: int = 0
    entries: int = 0
    limits: tuple[str, ...] = ()
    checkpoint: bytes | None = None
    witnesses: tuple[tuple[str, int], ...] = ()

    @property
    def is_intact(self) -> bool:
        """True when nothing is wrong."""
        return not self.problems

    def as_record(self) -> dict[str, object]:
        """Plain values, as `comity verify --json` prints them."""
        return {
            "place": self.place,
            "intact": self.is_intact,
            "problems": [{"path": each.path, "sentence": each.sentence} for each in self.problems],
            "origin": self.origin,
            "size": self.size,
            "root": self.root,
            "vkey": self.vkey,
            "entries": self.entries,
            "files": self.files,
            "witnesses": [{"name": name, "time": time} for name, time in self.witnesses],
            "limits": list(self.limits),
        }

    def _repr_html_(self) -> str:
        verdict = "Intact" if self.is_intact else f"{len(self.problems):,} wrong"
        rows = {"Ledger of": self.origin, "Entries": self.size, "Files compared": self.files, "Root": self.root}
        table = "".join(f"<tr><th>{name}</th><td>{html.escape(str(value))}</td></tr>" for name, value in rows.items())
        wrong = "".join(f"<li>{html.escape(each.sentence)}</li>" for each in self.problems)
        limits = "".join(f"<p>{html.escape(limit)}</p>" for limit in self.limits)
        return f"<p><b>{verdict}</b>: {html.escape(self.place)}</p><ul>{wrong}</ul><table>{table}</table>{limits}"


def verify(
    public: Path | str | Source,
    *,
    since: bytes | None = None,
    vkey: str | None = None,
    witnesses: Sequence[str] = (),
    progress: Progress | None = None,
    threads: int | None = None,
) -> Verification:
    """Verify a public folder or the address where one is served (`http://` or `https://`).

    since: bytes of a checkpoint kept from before. vkey: the publisher's key kept from before. witnesses: keys of
    witnesses that must have signed the checkpoint. progress: called with (files done, files in all). threads: how many
    files are read at once. Raises ComityError when there is nothing to verify at that
    place, or when `since` or `vkey` themselves cannot be read; everything wrong in the place itself is in `problems`.
    """
    source = public if isinstance(public, Source) else source_of(public)
    kept = _kept_checkpoint(since) if since is not None else None
    known = _known_key(vkey, SIGNATURE) if vkey is not None else None
    trusted = tuple(_known_key(each, COSIGNATURE) for each in witnesses)
    for _ in range(_TRIES):
        check = _Check(source, kept, known, trusted, progress, threads or source.threads)
        found = check.run()
        if found.is_intact or not isinstance(source, Served) or not check.has_moved_on(found.checkpoint):
            break
    return found


class _Check:
    """One run: collects problems in the order in which a reader should meet them."""

    def __init__(
        self,
        source: Source,
        since: Checkpoint | None,
        known: Verifier | None,
        witnesses: tuple[Verifier, ...],
        progress: Progress | None,
        threads: int,
    ) -> None:
        self.source = source
        self.since = since
        self.known = known
        self.witnesses = witnesses
        self.progress = progress
        self.threads = threads
        self.problems: list[Problem] = []
        self.hashes: list[list[bytes]] = []  # of the sealed entries, by tile level
        self.authority = Authority()
        self.seen: list[tuple[str, int]] = []
        self.listing = source.listing()
        self.expected: dict[str, tuple[Digest, str]] = {}  # path: what it must be, and who says so
        self.unread: tuple[str, ...] = ()  # folders of releases whose manifest cannot be trusted

    def run(self) -> Verification:
        key, key_digest = self._key()
        checkpoint = self._checkpoint()
        is_signed = self._is_signed(checkpoint, key) if checkpoint and key else False
        entries = self._log(checkpoint) if checkpoint and is_signed is not None else None
        if entries is not None:
            self._name_files(entries)
        if checkpoint and key:
            if is_signed is False:
                self._blame_for_signature(key, key_digest)
            self._check_known(key)
            if is_signed and entries is not None:
                self._check_since(checkpoint, key)
                self._check_witnesses(checkpoint, key)
        if checkpoint and entries is not None:
            self._check_files()
            self._check_listing(checkpoint)
        return Verification(
            place=printable(self.source.label),
            problems=tuple(self.problems),
            origin=checkpoint.origin if checkpoint else None,
            size=checkpoint.size if checkpoint else None,
            root=checkpoint.root_text if checkpoint else None,
            vkey=key.vkey if key else None,
            files=len(self.expected),
            entries=len(entries or ()),
            limits=self._limits(was_read=entries is not None),
            checkpoint=checkpoint.to_bytes() if checkpoint else None,
            witnesses=tuple(self.seen),
        )

    def has_moved_on(self, checkpoint: bytes | None) -> bool:
        """True when the publisher put another checkpoint there while the files were being fetched."""
        try:
            return checkpoint is not None and self.source.read(CHECKPOINT, MOST_BYTES) not in (None, checkpoint)
        except Unreadable:
            return False

    def _wrong(self, path: str, sentence: str) -> None:
        self.problems.append(Problem(printable(path), f"{printable(path)} {printable(sentence)}"))

    def _read(self, path: str, most: int) -> bytes | None:
        """Content of a ledger file, or None with the problem noted."""
        try:
            data = self.source.read(path, most)
        except Unreadable as error:
            self._wrong(path, f"{error}.")
            return None
        if data is None:
            self._wrong(path, "is missing.")
        return data

    def _key(self) -> tuple[Verifier | None, Digest | None]:
        data = self._read(VKEY, _MOST_KEY_BYTES)
        if data is None:
            return None, None
        digest = Digest(sha256(data).hexdigest(), len(data))
        try:
            key = _read_key(data)
        except NoteError as error:
            self._wrong(VKEY, f"was altered: {error}.")
            return None, digest
        return key, digest

    def _checkpoint(self) -> Checkpoint | None:
        data = self._read(CHECKPOINT, MOST_BYTES)
        if data is None:
            return None
        try:
            checkpoint = Checkpoint.from_bytes(data)
        except NoteError as error:
            self._wrong(CHECKPOINT, f"was altered: {error}.")
            return None
        if checkpoint.size > _MOST_ENTRIES:
            self._wrong(
                CHECKPOINT,
                f"speaks of {checkpoint.size:,} entries, more than the {_MOST_ENTRIES:,} that can be verified.",
            )
            return None
        return checkpoint

    def _is_signed(self, checkpoint: Checkpoint, key: Verifier) -> bool | None:
        """True or False for a signature by this key that is there and right, or not there; None when it is wrong."""
        try:
            is_signed = checkpoint.signed_by(key)
            if is_signed and checkpoint.origin != key.name:
                raise NoteError(f"it is of another ledger, {checkpoint.origin}")
        except NoteError as error:
            self._wrong(CHECKPOINT, f"was altered: {error}.")
            return None
        return is_signed

    def _check_known(self, key: Verifier) -> None:
        """The key must be the one given, or have followed it by that one's own signature."""
        if self.known and self.known not in (key, *self.authority.former):
            rest, self.problems = self.problems, []
            self._wrong(
                VKEY,
                f"is the key {_named(key)}, which does not follow the one you gave, {_named(self.known)}: somebody "
                "else signed this ledger anew, or you hold the key of another publisher.",
            )
            self.problems += rest

    def _check_witnesses(self, checkpoint: Checkpoint, key: Verifier) -> None:
        """Every other signature is a witness's that the ledger or the reader names, and right; and there are enough."""
        witnesses = {(each.name, each.key_id): each for each in (*self.authority.witnesses, *self.witnesses)}
        signed = set()
        try:
            for signature in checkpoint.signatures:
                place = signature.name, signature.key_id
                if place == (key.name, key.key_id):
                    continue
                if place not in witnesses:
                    raise NoteError(f"it carries a signature by {signature.name}, which the ledger does not name")
                checkpoint.signed_by(witnesses[place])
                signed.add(witnesses[place])
                self.seen.append((signature.name, cosigned_at(signature)))
        except NoteError as error:
            self._wrong(CHECKPOINT, f"was altered: {error}.")
            return
        sealed = signed & set(self.authority.witnesses)
        if len(sealed) < self.authority.need:
            self._wrong(
                CHECKPOINT,
                f"carries signatures of {len(sealed)} of the ledger's witnesses; it must have {self.authority.need}.",
            )
        for each in self.witnesses:
            if each not in signed:
                self._wrong(CHECKPOINT, f"does not carry the signature of the witness {_named(each)}.")

    def _blame_for_signature(self, key: Verifier, key_digest: Digest | None) -> None:
        """The checkpoint is not signed with the key: which of the two was replaced, the log's origin entry tells."""
        sealed = self.expected.get(VKEY)
        rest, self.problems = self.problems, []
        if sealed and sealed[0] != key_digest:
            self._wrong(
                VKEY, f"was replaced: the ledger names another key than {_named(key)}, and that other one signed it."
            )
        else:
            self._wrong(CHECKPOINT, f"was altered: it is not signed with the key in {VKEY}, {_named(key)}.")
        self.problems += rest

    def _log(self, checkpoint: Checkpoint) -> list[bytes] | None:
        """All entries, after comparing each file of the log with the checkpoint; None unless they are those sealed."""
        size = checkpoint.size
        missing = self.listing is not None and any(f"ledger/{path}" not in self.listing for path in _bundles(size))
        if missing and self._entries_held() > size:
            self._wrong(CHECKPOINT, f"is of {size:,} entries, but the folder holds {self._entries_held():,}: {_OLDER}.")
            return None
        bundles = self._read_bundles(size)
        if bundles is None:
            return None
        entries = [entry for each in bundles.values() for entry in each]
        hashes = tiles.tile_levels([leaf_hash(entry) for entry in entries])
        stored = {path: self._tile(path, level, index, size) for path, (level, index) in _tiles(size).items()}
        if _root(hashes, size) == checkpoint.root:
            self._compare_tiles(stored, size, hashes)
            self.hashes = hashes
            return entries
        lowest = [stored[tiles.tile_path(0, index, size)] for index in range(len(bundles))]
        kept = tiles.tile_levels([each for tile in lowest for each in tile or ()])
        if all(lowest) and _root(kept, size) == checkpoint.root:
            self._compare_bundles(bundles, kept[0])
            self._compare_tiles(stored, size, kept)
        elif not self.problems:
            self._wrong(
                CHECKPOINT,
                f"is not of the {size:,} entries in this folder: the log was forked, or entries were replaced, removed "
                "or put in another order.",
            )
        return None

    def _read_bundles(self, size: int) -> dict[str, list[bytes]] | None:
        found = {}
        for index, path in enumerate(_bundles(size)):
            width = tiles.tile_width(0, index, size)
            data = self._read(f"ledger/{path}", _MOST_BUNDLE_BYTES)
            if data is None:
                return None
            try:
                found[path] = tiles.unbundle(data)
                if len(found[path]) != width:
                    raise NoteError(f"it holds {len(found[path]):,} entries instead of {width:,}")
            except NoteError as error:
                self._wrong(f"ledger/{path}", f"was altered: {error}.")
                return None
        return found

    def _tile(self, path: str, level: int, index: int, size: int) -> list[bytes] | None:
        right = tiles.tile_width(level, index, size) * tiles.HASH_BYTES
        data = self._read(f"ledger/{path}", tiles.WIDTH * tiles.HASH_BYTES)
        if data is None:
            return None
        if len(data) != right:
            self._wrong(f"ledger/{path}", f"was altered: it has {len(data):,} bytes instead of {right:,}.")
            return None
        return [data[start : start + tiles.HASH_BYTES] for start in range(0, right, tiles.HASH_BYTES)]

    def _compare_tiles(self, found: Mapping[str, list[bytes] | None], size: int, right: list[list[bytes]]) -> None:
        for path, (level, index) in _tiles(size).items():
            if found[path] not in (None, right[level][index * tiles.WIDTH : (index + 1) * tiles.WIDTH]):
                self._wrong(f"ledger/{path}", "was altered: its hashes are not those of the log's entries.")

    def _compare_bundles(self, found: Mapping[str, list[bytes]], leaves: list[bytes]) -> None:
        for index, (path, entries) in enumerate(found.items()):
            for number, entry in enumerate(entries, start=index * tiles.WIDTH):
                if leaf_hash(entry) != leaves[number]:
                    self._wrong(f"ledger/{path}", f"was altered: entry {number:,} is not the one that was sealed.")
                    break

    def _entries_held(self) -> int:
        """How many entries the bundles in the folder hold, whatever the checkpoint says."""
        names = {name.removeprefix("ledger/") for name in self.listing or ()}
        full = 0
        while tiles.bundle_path(full, (full + 1) * tiles.WIDTH) in names:
            full += 1
        size = full * tiles.WIDTH
        for width in range(tiles.WIDTH - 1, 0, -1):
            path = tiles.bundle_path(full, size + width)
            if path in names and self._holds(path, width):
                return size + width
        return size

    def _holds(self, path: str, width: int) -> bool:
        try:
            return len(tiles.unbundle(self.source.read(f"ledger/{path}", _MOST_BUNDLE_BYTES) or b"")) == width
        except (NoteError, Unreadable):
            return False

    def _name_files(self, entries: list[bytes]) -> None:
        """Fill `expected`: every file that the log or a sealed manifest names, with its digest."""
        named: dict[str, Digest | None] = {}
        first: dict[str, Digest] = {}
        for number, data in enumerate(entries):
            try:
                entry = Entry.from_bytes(data)
            except EntryError as error:
                self._wrong(_place(number, entries), f"holds entry {number:,}, which cannot be read: {error}.")
                continue
            try:
                self.authority.read(number, entry)
            except EntryError as error:
                self._wrong(_place(number, entries), f"holds entry {number:,}, which has no force: {error}.")
            if number == 0 and (entry.kind != "origin" or VKEY not in entry.files):
                self._wrong(_place(0, entries), f"does not begin with an origin entry that names {VKEY}.")
            for name, digest in entry.files.items():
                if digest and first.setdefault(name, digest) != digest and name.startswith(NEVER_CHANGED):
                    kind = name.split("/")[0].removesuffix("s")
                    self._wrong(
                        name, f"was sealed again with other content in entry {number:,}; a {kind} never changes."
                    )
                if digest is None and name.startswith(FOR_EVER):
                    self._wrong(name, f"was taken away in entry {number:,}; what it says stays for ever.")
                if digest is None and name.startswith("releases/") and not entry.files.get(_tombstone(name)):
                    self._wrong(name, f"was taken away in entry {number:,} without a tombstone that says who and why.")
                if digest and name in named and named[name] is None and name.startswith("releases/"):
                    self._wrong(name, f"was withdrawn and is put back by entry {number:,}; a withdrawal is for good.")
                named[name] = digest
        self.expected = {name: (digest, "the ledger") for name, digest in named.items() if digest}
        for name in sorted(self.expected):
            if name.startswith("releases/") and name.endswith("/manifest.json"):
                self._name_release(name, self.expected[name][0])

    def _name_release(self, manifest: str, digest: Digest) -> None:
        folder = manifest.removesuffix("manifest.json")
        try:
            data = self.source.read(manifest, digest.bytes)
        except Unreadable:
            data = None
        if data is None or Digest(sha256(data).hexdigest(), len(data)) != digest:
            self.unread += (folder,)  # `_compare` says how the manifest is wrong; what it names is not known
            return
        try:
            named = read_manifest(data)
        except EntryError as error:
            self._wrong(manifest, f"cannot be read: {error}.")
            return
        for name, each in named.items():
            sealed = self.expected.get(f"{folder}{name}")
            if sealed and sealed[0] != each:
                self._wrong(manifest, f"names {name} with other content than {sealed[1]} does.")
            self.expected[f"{folder}{name}"] = each, manifest

    def _check_since(self, checkpoint: Checkpoint, key: Verifier) -> None:
        if not self.since:
            return
        try:
            is_own = any(self.since.signed_by(each) for each in (key, *self.authority.former))
        except NoteError as error:
            raise ComityError(f"The checkpoint you kept is damaged: {error}.", "Use another copy of it.") from None
        if self.since.origin != checkpoint.origin:
            self._wrong(
                CHECKPOINT, f"is of the ledger {checkpoint.origin}; the one you kept is of {self.since.origin}."
            )
        elif not is_own:
            self._wrong(
                VKEY,
                "is not the key that signed the checkpoint you kept: the key was replaced, and perhaps the history.",
            )
        elif self.since.size > checkpoint.size:
            self._wrong(
                CHECKPOINT,
                f"is of {checkpoint.size:,} entries; the one you kept is of {self.since.size:,}: entries were dropped, "
                "or an older state was put back.",
            )
        elif _root(self.hashes, self.since.size) != self.since.root:
            self._wrong(
                CHECKPOINT,
                f"does not continue the one you kept: the first {self.since.size:,} entries are no longer what they "
                "were. The publisher signed two histories; keep both checkpoints, they are the proof.",
            )

    def _check_files(self) -> None:
        names = sorted(self.expected)
        known = {each.path for each in self.problems}
        for done, (name, sentence) in enumerate(zip(names, self._compared(names), strict=True), start=1):
            if sentence and name not in known:
                self._wrong(name, sentence)
            if self.progress:
                self.progress(done, len(names))

    def _compared(self, names: list[str]) -> Iterator[str | None]:
        """`_compare` of each name, in order; on several threads, since hashing does not hold the interpreter."""
        if len(names) <= _FILES_AT_ONCE or self.threads == 1:
            yield from map(self._compare, names)
            return
        with ThreadPoolExecutor(self.threads) as pool:
            yield from chain.from_iterable(pool.map(self._compare_all, batched(names, _FILES_AT_ONCE)))

    def _compare_all(self, names: Iterable[str]) -> list[str | None]:
        return [self._compare(name) for name in names]

    def _compare(self, name: str) -> str | None:
        """How a sealed file differs from what was sealed, or None."""
        sealed, by = self.expected[name]
        try:
            found = self.source.digest(name, sealed)
        except TooLong:
            return f"was altered: it has more bytes than the {sealed.bytes:,} that {by} says."
        except Unreadable as error:
            return f"{error}."
        if found is None:
            return f"is missing; {by} names it."
        if found.bytes != sealed.bytes:
            return f"was altered: it has {found.bytes:,} bytes; {by} says {sealed.bytes:,}."
        if found.sha256 != sealed.sha256:
            return f"was altered: its SHA-256 begins with {found.sha256[:12]}; {by} says {sealed.sha256[:12]}."
        return None

    def _check_listing(self, checkpoint: Checkpoint) -> None:
        own = {CHECKPOINT, *(f"ledger/{path}" for path in [*_bundles(checkpoint.size), *_tiles(checkpoint.size)])}
        for name, fault in sorted((self.listing or {}).items()):
            if fault:
                self._wrong(name, f"{fault}.")
            elif name in own or name in self.expected or name.startswith(self.unread):
                continue
            elif name == f"ledger/{APPENDING}":
                self._wrong(name, "is left from an interrupted append; publishing again removes it.")
            elif name.startswith("ledger/tile/") and self._entries_held() > checkpoint.size:
                self._wrong(name, f"goes beyond the {checkpoint.size:,} entries of the checkpoint: {_OLDER}.")
            else:
                self._wrong(name, "is not named by the ledger: it was added or renamed.")

    def _limits(self, *, was_read: bool) -> tuple[str, ...]:
        limits = []
        if not was_read:
            limits.append("The files were not compared, because the ledger that names them is itself wrong.")
        if self.since is None and self.known is None:
            limits.append(
                "Without a checkpoint or key kept from before, this shows that the files agree with the key beside "
                "them, not that others see the same history: keep the checkpoint, and give it with --since next time."
            )
        elif self.since is None:
            limits.append(
                "Without a checkpoint kept from before, it cannot be seen whether an older state was put back."
            )
        if self.listing is None:
            limits.append("Over the network, files that the ledger does not name cannot be seen.")
        return tuple(limits)


def _tombstone(manifest: str) -> str:
    """The file that must be sealed by the entry that takes away the release of this manifest."""
    return f"withdrawals/{manifest.removeprefix('releases/').removesuffix('/manifest.json')}.json"


def _place(number: int, entries: list[bytes]) -> str:
    """The file that holds entry `number`."""
    return f"ledger/{tiles.bundle_path(number // tiles.WIDTH, len(entries))}"


def _bundles(size: int) -> Iterator[str]:
    """Names of the entry bundles of a log of `size` entries."""
    return (tiles.bundle_path(index, size) for index in range(-(-size // tiles.WIDTH)))


def _tiles(size: int) -> dict[str, tuple[int, int]]:
    """Names of the hash tiles of a log of `size` entries, with their level and index."""
    return {
        tiles.tile_path(level, index, size): (level, index)
        for level, count in tiles.levels(size)
        for index in range(count)
    }


def _root(hashes: list[list[bytes]], size: int) -> bytes:
    return range_hash(0, size, tiles.subtrees_in(hashes))


def _read_key(data: bytes) -> Verifier:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise NoteError("it is not text") from None
    if not text.endswith("\n"):
        raise NoteError("it does not end in a newline")
    key = Verifier.from_vkey(text[:-1])
    if key.kind != SIGNATURE:
        raise NoteError("it is a witness's key, not a ledger's")
    return key


def _named(key: Verifier) -> str:
    return f"{key.name} (id {key.key_id.hex()})"


def printable(text: str) -> str:
    """`text` safe to print: control characters and undecodable bytes of file names are escaped."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape", "surrogatepass").decode() for each in text
    )


def _kept_checkpoint(data: bytes) -> Checkpoint:
    try:
        return Checkpoint.from_bytes(data)
    except NoteError as error:
        raise ComityError(
            f"The checkpoint you kept is not one: {error}.", "Give a copy of a ledger/checkpoint file."
        ) from None


def _known_key(text: str, kind: int) -> Verifier:
    try:
        key = Verifier.from_vkey(text.strip())
        if key.kind != kind:
            raise NoteError("it is a witness's" if kind == SIGNATURE else "it is not a witness's")
        return key
    except NoteError as error:
        raise ComityError(
            f"The key you gave is not one: {error}.", "Give the text of a ledger/vkey file, or its path."
        ) from None
