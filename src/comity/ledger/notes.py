"""Keys and signed notes: a text with signatures that other people's tools can check too.

C2SP signed-note (https://c2sp.org/signed-note) with Ed25519 (RFC 8032), and the Ed25519 cosignatures of C2SP
tlog-cosignature. Reading is strict: one spelling per value, so that no byte of a note can change without the note
becoming invalid.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from comity.errors import ComityError

SIGNATURE = 0x01  # signature types of the signed-note registry
COSIGNATURE = 0x04

_MOST_BYTES = 100_000  # a checkpoint with 16 post-quantum signatures is below this
_PRIVATE = "PRIVATE+KEY+"
_FIELD_PRIME = 2**255 - 19
# y coordinates of the points of small order on edwards25519: under such a "public key" anybody can make signatures.
_SMALL_ORDER = {
    0,
    1,
    _FIELD_PRIME - 1,
    int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
    int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
}


class NoteError(ValueError):
    """A note, key or checkpoint is not in the one form the specification allows; the text says how."""


@dataclass(frozen=True)
class Verifier:
    """A public key with its name: what anybody needs to check signatures.

    kind: SIGNATURE for a log's key, COSIGNATURE for a witness's.
    """

    name: str
    public_key: bytes
    kind: int = SIGNATURE

    @classmethod
    def from_vkey(cls, vkey: str) -> Verifier:
        """Read `name+id+key`, the form of signed-note. Raises NoteError, also when the id is not that of the key."""
        name, _, rest = vkey.partition("+")
        key_id, plus, encoded = rest[:8], rest[8:9], rest[9:]
        check_name(name)
        if plus != "+" or not re.fullmatch(r"[0-9a-f]{8}", key_id, flags=re.ASCII):
            raise NoteError("it is not a verifier key of the form name+id+key")
        material = decode_base64(encoded)
        if len(material) != 33 or material[0] not in (SIGNATURE, COSIGNATURE):
            raise NoteError("it is not an Ed25519 key")
        verifier = cls(name, material[1:], material[0])
        y = int.from_bytes(verifier.public_key, "little") & ((1 << 255) - 1)
        if y >= _FIELD_PRIME or y in _SMALL_ORDER:
            raise NoteError("it is a weak key, under which anybody could sign")
        if verifier.key_id.hex() != key_id:
            raise NoteError(f"its id says {key_id}, but the key and name in it have the id {verifier.key_id.hex()}")
        return verifier

    @property
    def key_id(self) -> bytes:
        """Four bytes that name this key in a signature line."""
        return sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public_key).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text, to publish and to keep."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes([self.kind]) + self.public_key)}"

    def accepts(self, text: str, signature: bytes) -> bool:
        """True when `signature` (without key id) is this key's over `text`."""
        if self.kind == COSIGNATURE:
            if len(signature) != 72 or signature[0] & 0x80:
                return False
            message = cosigned_message(text, int.from_bytes(signature[:8], "big"))
            signature = signature[8:]
        else:
            message = text.encode()
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Signer:
    """A private key with its name. Its text form never appears in a message or a repr."""

    name: str
    _key: Ed25519PrivateKey
    kind: int = SIGNATURE

    @classmethod
    def from_seed(cls, name: str, seed: bytes, *, kind: int = SIGNATURE) -> Signer:
        """The key of a 32-byte seed (RFC 8032)."""
        check_name(name)
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed), kind)

    @classmethod
    def load(cls, path: Path | str) -> Signer:
        """Read a key that `create_key` made. Raises ComityError when it is missing, damaged or readable by others."""
        path = Path(path)
        try:
            mode = path.stat().st_mode & 0o777
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ComityError(
                f"The key {path} is not there.",
                "Restore it from your backup; `comity init` makes one for a new instance.",
            ) from None
        except (OSError, UnicodeDecodeError):
            raise ComityError(f"The key {path} cannot be read.", "Check its owner, and that it is a file.") from None
        if mode & 0o077:
            raise ComityError(
                f"The key {path} can be read by other users (mode {mode:04o}).", f"Run `chmod 600 {path}`."
            )
        try:
            return cls._from_text(text)
        except NoteError as error:
            raise ComityError(f"The key {path} is damaged: {error}.", "Restore it from your backup.") from None

    @classmethod
    def _from_text(cls, text: str) -> Signer:
        if not text.startswith(_PRIVATE) or not text.endswith("\n"):
            raise NoteError("it is not a private key of the signed-note form")
        name, _, rest = text.removeprefix(_PRIVATE)[:-1].partition("+")
        check_name(name)
        material = decode_base64(rest[9:])
        if len(material) != 33 or material[0] not in (SIGNATURE, COSIGNATURE):
            raise NoteError("it is not an Ed25519 key")
        signer = cls.from_seed(name, material[1:], kind=material[0])
        if rest[:9] != f"{signer.verifier.key_id.hex()}+":
            raise NoteError("its id does not fit its key")
        return signer

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self._key.public_key().public_bytes_raw(), self.kind)

    def sign(self, text: str) -> str:
        """The signature line of a log over `text`, with its final newline."""
        return _signature_line(self.verifier, self._key.sign(text.encode()))

    def cosign(self, text: str, *, time: int) -> str:
        """The signature line of a witness that saw checkpoint `text` at `time` (POSIX seconds)."""
        signature = self._key.sign(cosigned_message(text, time))
        return _signature_line(self.verifier, time.to_bytes(8, "big") + signature)

    def _text(self) -> str:
        seed = self._key.private_bytes_raw()
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{encode_base64(bytes([self.kind]) + seed)}\n"


@dataclass(frozen=True)
class Signature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        return f"— {self.name} {encode_base64(self.key_id + self.value)}\n"


@dataclass(frozen=True)
class Note:
    """A text, with its final newline, and the signatures under it. Reading one checks its form, not its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def from_bytes(cls, data: bytes) -> Note:
        """Read a signed note. Raises NoteError unless every byte is as the specification has it."""
        if len(data) > _MOST_BYTES:
            raise NoteError(f"it is longer than {_MOST_BYTES:,} bytes")
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError:
            raise NoteError("it is not UTF-8 text") from None
        if any(ord(character) < 0x20 and character != "\n" for character in whole):
            raise NoteError("it holds control characters")
        text, blank, signed = whole.rpartition("\n\n")
        if not blank or not text or not signed.endswith("\n"):
            raise NoteError("it is not a text, a blank line and signatures, each ended by a newline")
        return cls(text + "\n", tuple(_read_signature(line) for line in signed[:-1].split("\n")))

    def signed_by(self, verifier: Verifier) -> bool:
        """True when `verifier`'s signature is there, once and right; NoteError when it is there and wrong, or twice."""
        own = [each for each in self.signatures if (each.name, each.key_id) == (verifier.name, verifier.key_id)]
        if not own:
            return False
        if len(own) > 1:
            raise NoteError(f"it carries the signature of {verifier.name} more than once")
        if not verifier.accepts(self.text, own[0].value):
            raise NoteError(f"the signature of {verifier.name} does not fit the text")
        return True

    def to_bytes(self) -> bytes:
        return (self.text + "\n" + "".join(each.line for each in self.signatures)).encode()


def create_key(
    path: Path | str, name: str, *, kind: int = SIGNATURE, random: Callable[[int], bytes] = os.urandom
) -> Signer:
    """Make a key called `name` and write it to `path`, mode 0600. Refuses to overwrite, whatever is there.

    name: such as `data.example.gov/police`, without spaces or plus. random: source of 32 secret bytes.
    """
    path = Path(path)
    try:
        signer = Signer.from_seed(name, random(32), kind=kind)
    except NoteError as error:
        raise ComityError(
            f"The key name {name!r} cannot be used: {error}.", "Use a name such as data.example.gov/police."
        ) from None
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(signer._text())
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # unlike a rename, it never replaces a key
    except FileExistsError:
        raise ComityError(
            f"There is already a key at {path}.",
            "Keep it: without it the ledger cannot be continued. Move it away to make another.",
        ) from None
    finally:
        temporary.unlink()
    return signer


def check_name(name: str) -> None:
    """Raise NoteError unless `name` may name a key."""
    if not name or len(name.encode("utf-8", "replace")) > 255:
        raise NoteError("its name must have 1 to 255 bytes")
    if "+" in name or not name.isprintable() or any(character.isspace() for character in name):
        raise NoteError("its name must not hold spaces, plus signs or control characters")


def cosigned_message(text: str, time: int) -> bytes:
    """What a witness signs: that it saw checkpoint `text` at `time`."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def cosigned_at(signature: Signature) -> int:
    """When a witness signed (POSIX seconds), as its cosignature says."""
    return int.from_bytes(signature.value[:8], "big")


def encode_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """Bytes of RFC 4648 base64 in its one canonical spelling; NoteError otherwise."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("it holds text that is not base64") from None
    if encode_base64(data) != text:
        raise NoteError("it holds base64 that is not in its canonical form")
    return data


def _signature_line(verifier: Verifier, signature: bytes) -> str:
    return Signature(verifier.name, verifier.key_id, signature).line


def _read_signature(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—":
        raise NoteError("a line below the blank line is not a signature")
    check_name(parts[1])
    data = decode_base64(parts[2])
    if len(data) < 5:
        raise NoteError("a signature is too short")
    return Signature(parts[1], data[:4], data[4:])
