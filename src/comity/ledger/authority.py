"""Who may sign a ledger, as the ledger itself says: its key, the keys it had before, and the witnesses it must have.

A key passes its office on: the entry of kind `key` that names the next one carries a note signed by the one before
(C2SP signed-note), so that whoever holds an old key can follow to the new. The entry of kind `witnesses` says which
witnesses (C2SP tlog-cosignature) countersign checkpoints, and how many of them must.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from comity.errors import ComityError
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.log import Log, write_file
from comity.ledger.notes import COSIGNATURE, SIGNATURE, Note, NoteError, Signer, Verifier
from comity.ledger.sealing import VKEY, Digest, Entry, EntryError

KEY = "key"
WITNESSES = "witnesses"


@dataclass
class Authority:
    """What the entries read so far say. former: keys before the current one. need: how many witnesses must sign."""

    former: list[Verifier] = field(default_factory=list)
    witnesses: tuple[Verifier, ...] = ()
    need: int = 0
    _key_digest: Digest | None = None

    def read(self, number: int, entry: Entry) -> None:
        """Take in entry `number`; EntryError when it claims an authority that it does not have."""
        if entry.kind == WITNESSES:
            self.witnesses, self.need = _read_witnesses(entry)
        named = entry.files.get(VKEY)
        if VKEY not in entry.files or named == self._key_digest:
            return
        if named is None:
            raise EntryError("it withdraws the ledger's key")
        if self._key_digest is not None:
            self.former.append(_read_succession(number, entry, self._key_digest))
        self._key_digest = named


def rotate_key(public: Path | str, *, old: Signer, new: Signer) -> Checkpoint:
    """Replace the ledger's key: an entry signed by `old` names `new`, which signs from now on, under the same name."""
    public = Path(public)
    log = Log(public / "ledger")
    if old.name != new.name or old.kind != new.kind or old.verifier == new.verifier:
        raise ComityError(
            f"The key {new.name} cannot follow the key {old.name}.", "Make another key with exactly the same name."
        )
    entry = Entry(KEY, {VKEY: _digest(new.verifier)}, {"note": _succession(log.size, old, new)})
    write_file(public / VKEY, f"{new.verifier.vkey}\n".encode())
    return log.append([entry.to_bytes()], signer=new, before=old.verifier)


def require_witnesses(public: Path | str, witnesses: Sequence[Verifier], *, need: int, signer: Signer) -> Checkpoint:
    """Seal that checkpoints from now on carry the cosignatures of at least `need` of `witnesses`."""
    entry = Entry(WITNESSES, {}, {"need": need, "witnesses": [each.vkey for each in witnesses]})
    try:
        _read_witnesses(entry)
    except EntryError as error:
        raise ComityError(
            f"These witnesses cannot be required: {error}.", "Give each witness once, and at most as many as needed."
        ) from None
    return Log(Path(public) / "ledger").append([entry.to_bytes()], signer=signer)


def authority_of(entries: Sequence[Entry]) -> Authority:
    """What these entries, from the first, say. Raises EntryError."""
    authority = Authority()
    for number, entry in enumerate(entries):
        authority.read(number, entry)
    return authority


def _succession(number: int, old: Signer, new: Signer) -> str:
    text = _succession_text(number, old.verifier, new.verifier)
    return f"{text}\n{old.sign(text)}"


def _succession_text(number: int, old: Verifier, new: Verifier) -> str:
    # Its second line is no number, so that no signature under it can be one under a checkpoint.
    return f"{old.name}\nkey of the ledger from entry {number} on\n{old.vkey}\n{new.vkey}\n"


def _read_succession(number: int, entry: Entry, before: Digest) -> Verifier:
    """The key that signed the entry's note, when it is the one before and names the same next one as the entry."""
    note = entry.more.get("note")
    if entry.kind != KEY or not isinstance(note, str):
        raise EntryError("it replaces the ledger's key without the signature of the key before")
    try:
        read = Note.from_bytes(note.encode("utf-8", "replace"))
        lines = read.text.split("\n")
        if len(lines) != 5:
            raise NoteError("it is not four lines")
        old, new = (Verifier.from_vkey(line) for line in lines[2:4])
        is_right = (
            read.text == _succession_text(number, old, new)
            and (old.name, old.kind, new.kind) == (new.name, SIGNATURE, SIGNATURE)
            and (_digest(old), _digest(new)) == (before, entry.files[VKEY])
            and read.signed_by(old)
        )
    except NoteError as error:
        raise EntryError(f"it replaces the ledger's key with a note that cannot be read: {error}") from None
    if not is_right:
        raise EntryError("it replaces the ledger's key without the signature of the key before")
    return old


def _read_witnesses(entry: Entry) -> tuple[tuple[Verifier, ...], int]:
    need, listed = entry.more.get("need"), entry.more.get("witnesses")
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise EntryError("it has no list of witnesses")
    try:
        witnesses = tuple(Verifier.from_vkey(each) for each in listed)
    except NoteError as error:
        raise EntryError(f"it names a witness whose key cannot be read: {error}") from None
    if len(set(witnesses)) != len(witnesses) or any(each.kind != COSIGNATURE for each in witnesses):
        raise EntryError("it names a witness twice, or a key that is not a witness's")
    if type(need) is not int or not 0 <= need <= len(witnesses):
        raise EntryError(f"it needs {need!r} of {len(witnesses)} witnesses")
    return witnesses, need


def _digest(key: Verifier) -> Digest:
    data = f"{key.vkey}\n".encode()
    return Digest(sha256(data).hexdigest(), len(data))
