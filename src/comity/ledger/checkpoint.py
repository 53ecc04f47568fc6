"""A checkpoint: the signed statement of how many entries a log has and what they hash to.

C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint), without extension lines, which nobody could audit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from comity.ledger.notes import Note, NoteError, Signature, Signer, Verifier, decode_base64, encode_base64

MOST_BYTES = 100_000


@dataclass(frozen=True)
class Checkpoint:
    """origin: name of the log and of its key. size: entries. root: 32 bytes. signatures: the log's, then witnesses'."""

    origin: str
    size: int
    root: bytes
    signatures: tuple[Signature, ...] = ()

    @classmethod
    def signed(cls, origin: str, size: int, root: bytes, *, signer: Signer) -> Checkpoint:
        """A checkpoint with the log's own signature."""
        unsigned = cls(origin, size, root)
        note = Note.from_bytes(f"{unsigned.text}\n{signer.sign(unsigned.text)}".encode())
        return cls(origin, size, root, note.signatures)

    @classmethod
    def from_bytes(cls, data: bytes) -> Checkpoint:
        """Read a checkpoint; NoteError unless each byte is in place. Signatures are not checked: see `signed_by`."""
        note = Note.from_bytes(data)
        lines = note.text.split("\n")
        if len(lines) != 4:
            raise NoteError("it is not three lines (name, number of entries, root) and signatures")
        origin, size, root = lines[:3]
        if not origin:
            raise NoteError("it does not name its log")
        if not re.fullmatch(r"0|[1-9][0-9]{0,17}", size, flags=re.ASCII):
            raise NoteError("its second line is not a number of entries")
        decoded = decode_base64(root)
        if len(decoded) != 32:
            raise NoteError("its third line is not a SHA-256 root")
        return cls(origin, int(size), decoded, note.signatures)

    @property
    def text(self) -> str:
        """The three signed lines."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"

    @property
    def root_text(self) -> str:
        """The root in base64, as people compare it."""
        return encode_base64(self.root)

    def signed_by(self, verifier: Verifier) -> bool:
        """As `Note.signed_by`."""
        return Note(self.text, self.signatures).signed_by(verifier)

    def to_bytes(self) -> bytes:
        return Note(self.text, self.signatures).to_bytes()
