"""A witness: remembers how far each ledger it follows had come, and countersigns only what continues it.

C2SP tlog-witness and tlog-cosignature. Two different histories of one ledger cannot both get the signature of an honest
witness, so a publisher who shows different people different histories (a split view) is found out; the signed
checkpoint that did not fit is kept as the proof. Nothing here reads the clock or opens a socket: times and ways to post
are given.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from comity.errors import ComityError
from comity.ledger.checkpoint import MOST_BYTES, Checkpoint
from comity.ledger.log import Log, write_file
from comity.ledger.merkle import EMPTY_ROOT, consistency_proof, is_consistent
from comity.ledger.notes import (
    COSIGNATURE,
    SIGNATURE,
    Note,
    NoteError,
    Signature,
    Signer,
    Verifier,
    create_key,
    decode_base64,
    encode_base64,
)
from comity.ledger.sources import Source, Unreadable
from comity.ledger.tiles import subtrees_read

MOST_REQUEST_BYTES = 200_000
MOST_PROOF_LINES = 63
SIZE_TYPE = "text/x.tlog.size"  # of the answer that tells how far the witness is
_MOST_PROOFS = 100  # a ledger gone mad must not fill the witness's disk

type Post = Callable[[bytes], tuple[int, bytes]]


@dataclass(frozen=True)
class Answer:
    """What a witness answers over HTTP: status code, content type, body."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Followed:
    """A ledger that the witness follows. size: entries of the checkpoint it signed last, 0 before the first."""

    key: Verifier
    size: int
    root: bytes


class Witness:
    """The witness whose key and memory are in `folder`. Lose the folder, and the witness must get a new key."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.signer = Signer.load(self.folder / "witness.key")

    @classmethod
    def create(cls, folder: Path | str, name: str) -> Witness:
        """Make a witness called `name`: its key, mode 0600, and its public key in `vkey`."""
        folder = Path(folder)
        signer = create_key(folder / "witness.key", name, kind=COSIGNATURE)
        write_file(folder / "vkey", f"{signer.verifier.vkey}\n".encode())
        return cls(folder)

    def follow(self, key: Verifier) -> None:
        """Countersign the ledger that signs with `key` from now on; a further key of the same ledger is added."""
        if key.kind != SIGNATURE:
            raise ComityError(
                f"The key of {key.name} is a witness's, not a ledger's.", "Give the ledger/vkey of a public folder."
            )
        with self._alone():
            keys = self._keys(key.name)
            if key not in keys:
                place = self._place(key.name)
                place.mkdir(parents=True, exist_ok=True)
                write_file(place / "vkeys", "".join(f"{each.vkey}\n" for each in [*keys, key]).encode())

    def followed(self) -> list[Followed]:
        """Every ledger that this witness follows, by name."""
        found = []
        for place in sorted((self.folder / "ledgers").glob("*/vkeys")):
            for line in place.read_text().splitlines():
                key = Verifier.from_vkey(line)
                size, root = self._latest(key.name)
                found.append(Followed(key, size, root))
        return sorted(found, key=lambda each: each.key.name)

    def add_checkpoint(self, request: bytes, *, time: int) -> Answer:
        """Answer the `add-checkpoint` call of tlog-witness. time: now, in POSIX seconds, for the cosignature."""
        try:
            old, proof, checkpoint = read_request(request)
        except NoteError as error:
            return _refusal(400, f"The request cannot be read: {error}.")
        with self._alone():
            return self._add_checkpoint(old, proof, checkpoint, time)

    def visit(self, source: Source, *, time: int) -> Signature:
        """Fetch the checkpoint of a public folder and countersign it, without the publisher's help.

        Raises ComityError when it does not continue what was signed before: then the publisher has two histories.
        """
        try:
            checkpoint = Checkpoint.from_bytes(_fetch(source, "checkpoint", MOST_BYTES))
            size, _ = self._latest(checkpoint.origin)
            tree = subtrees_read(lambda path, length: _fetch(source, path, length, exactly=True), checkpoint.size)
            proof = consistency_proof(size, checkpoint.size, tree) if size < checkpoint.size else []
            request = request_bytes(min(size, checkpoint.size), proof, checkpoint)
        except (NoteError, Unreadable) as error:
            raise ComityError(f"{source.label}: {error}.", "Run `comity verify` on it.") from None
        answer = self.add_checkpoint(request, time=time)
        if answer.status != 200:
            said = answer.body.decode().strip()
            if answer.content_type == SIZE_TYPE:
                said = f"{source.label} shows {checkpoint.size:,} entries; this witness has signed {size:,} before."
            raise ComityError(said, f"What the publisher signed before is kept in {self._place(checkpoint.origin)}.")
        return read_signatures(answer.body)[0]

    def _add_checkpoint(self, old: int, proof: list[bytes], checkpoint: Checkpoint, time: int) -> Answer:
        keys = self._keys(checkpoint.origin)
        if not keys:
            return _refusal(404, "This witness does not follow that ledger.")
        try:
            is_signed = any(checkpoint.signed_by(key) for key in keys)
        except NoteError:
            is_signed = False
        if not is_signed:
            return _refusal(403, "The checkpoint is not signed with a key of that ledger.")
        if old > checkpoint.size:
            return _refusal(400, "The old size is larger than the checkpoint's.")
        size, root = self._latest(checkpoint.origin)
        if old != size:
            return Answer(409, SIZE_TYPE, f"{size}\n".encode())
        if size == checkpoint.size and size and root != checkpoint.root:
            self._keep_proof(checkpoint)
            return _refusal(409, f"The ledger {checkpoint.origin} shows two different histories of {size:,} entries.")
        if not _continues(size, root, checkpoint, proof):
            self._keep_proof(checkpoint)
            return _refusal(
                422,
                f"Nothing shows that the checkpoint continues the {size:,} entries of {checkpoint.origin} so far.",
            )
        own = Note.from_bytes(
            f"{checkpoint.text}\n{self.signer.cosign(checkpoint.text, time=time)}".encode()
        ).signatures
        known = {(key.name, key.key_id) for key in keys}
        theirs = tuple(each for each in checkpoint.signatures if (each.name, each.key_id) in known)
        signed = Checkpoint(checkpoint.origin, checkpoint.size, checkpoint.root, theirs + own)
        write_file(self._place(checkpoint.origin) / "checkpoint", signed.to_bytes())  # before it is answered
        return Answer(200, "text/plain; charset=utf-8", own[0].line.encode())

    def _keep_proof(self, checkpoint: Checkpoint) -> None:
        """Keep a signed checkpoint that does not fit what was signed before: it may be the proof of two histories."""
        if sum(1 for _ in self._place(checkpoint.origin).glob("refused-*")) >= _MOST_PROOFS:
            return
        name = f"refused-{checkpoint.size}-{checkpoint.root.hex()[:16]}"
        write_file(self._place(checkpoint.origin) / name, checkpoint.to_bytes())

    def _latest(self, origin: str) -> tuple[int, bytes]:
        try:
            kept = Checkpoint.from_bytes((self._place(origin) / "checkpoint").read_bytes())
        except FileNotFoundError:
            return 0, EMPTY_ROOT
        except NoteError as error:
            raise ComityError(
                f"What the witness remembers of {origin} is damaged: {error}.",
                "Restore the folder from your backup; without its memory, a witness must not sign.",
            ) from None
        return kept.size, kept.root

    def _keys(self, origin: str) -> list[Verifier]:
        try:
            text = (self._place(origin) / "vkeys").read_text()
        except FileNotFoundError:
            return []
        return [Verifier.from_vkey(line) for line in text.splitlines()]

    def _place(self, origin: str) -> Path:
        return self.folder / "ledgers" / sha256(origin.encode()).hexdigest()[:32]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One request at a time, over all processes: comparing with the memory and remembering must be one step."""
        handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def ask_witness(public: Path | str, witness: Verifier, post: Post) -> Signature:
    """Get a witness's signature on the current checkpoint of a public folder. post: sends to its `add-checkpoint`.

    Raises ComityError when the witness refuses, which may mean that it saw another history of this ledger.
    """
    log = Log(Path(public) / "ledger")
    checkpoint = log.checkpoint()
    if checkpoint is None:
        raise ComityError(f"{public} has no ledger yet.", "Publish first.")
    old, status, body = 0, 409, b""
    for _ in range(3):  # a witness that is further than we thought tells its size
        status, body = post(request_bytes(old, log.consistency_proof(old), checkpoint))
        if status != 409 or not re.fullmatch(rb"[0-9]{1,18}\n", body) or not old < int(body) <= checkpoint.size:
            break
        old = int(body)
    if status != 200:
        said = body[:300].decode("utf-8", "replace").strip()
        raise ComityError(
            f"The witness {witness.name} does not sign checkpoint {checkpoint.size:,}: {said} ({status}).",
            "If it follows your ledger, it has seen another history of it: find out who else has your key.",
        )
    try:
        for signature in read_signatures(body):
            own = Checkpoint(checkpoint.origin, checkpoint.size, checkpoint.root, (signature,))
            if own.signed_by(witness):
                return signature
    except NoteError:
        pass
    raise ComityError(
        f"The witness {witness.name} answers with no signature of its own.", "Check its address and its key."
    )


def add_signatures(public: Path | str, signatures: list[Signature]) -> Checkpoint:
    """Put witnesses' signatures under the current checkpoint of a public folder, each witness's latest."""
    log = Log(Path(public) / "ledger")
    current = log.checkpoint()
    if current is None:
        raise ComityError(f"{public} has no ledger yet.", "Publish first.")
    new = {(each.name, each.key_id): each for each in (*current.signatures, *signatures)}
    signed = Checkpoint(current.origin, current.size, current.root, tuple(new.values()))
    log.replace_checkpoint(signed)
    return signed


def request_bytes(old: int, proof: list[bytes], checkpoint: Checkpoint) -> bytes:
    """Body of an `add-checkpoint` call."""
    lines = "".join(f"{encode_base64(each)}\n" for each in proof)
    return f"old {old}\n{lines}\n".encode() + checkpoint.to_bytes()


def read_request(data: bytes) -> tuple[int, list[bytes], Checkpoint]:
    """(old size, proof, checkpoint) of an `add-checkpoint` call; NoteError when it is not one."""
    if len(data) > MOST_REQUEST_BYTES:
        raise NoteError("it is too long")
    head, blank, note = data.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise NoteError("its first lines are not text") from None
    if not blank or not re.fullmatch(r"old (0|[1-9][0-9]{0,17})", first, flags=re.ASCII):
        raise NoteError("it does not begin with the old size")
    if len(lines) > MOST_PROOF_LINES:
        raise NoteError("its proof is too long")
    proof = [decode_base64(line) for line in lines]
    if any(len(each) != 32 for each in proof):
        raise NoteError("its proof does not consist of SHA-256 hashes")
    return int(first[4:]), proof, Checkpoint.from_bytes(note)


def read_signatures(lines: bytes) -> tuple[Signature, ...]:
    """Signature lines as a witness answers them; NoteError when they are none."""
    return Note.from_bytes(b"x\n\n" + lines).signatures


def _fetch(source: Source, path: str, most: int, *, exactly: bool = False) -> bytes:
    data = source.read(f"ledger/{path}", most)
    if data is None:
        raise NoteError(f"ledger/{path} is missing")
    if exactly and len(data) != most:
        raise NoteError(f"ledger/{path} has {len(data):,} bytes instead of {most:,}")
    return data


def _continues(size: int, root: bytes, checkpoint: Checkpoint, proof: list[bytes]) -> bool:
    if size == 0 and checkpoint.size == 0:
        return not proof and checkpoint.root == EMPTY_ROOT
    return is_consistent(size, root, checkpoint.size, checkpoint.root, proof)


def _refusal(status: int, sentence: str) -> Answer:
    return Answer(status, "text/plain; charset=utf-8", f"{sentence}\n".encode())
