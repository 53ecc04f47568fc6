"""Blind tokens: one code buys one token, and nobody can tell which.

RFC 9497 VOPRF with ristretto255-SHA512. The respondent's browser picks a nonce and blinds it; the code page evaluates the
blinded element without learning the nonce, and proves that it used the published key; the answer page, which holds the
same key, recognises the unblinded token. One secret seed a survey; each stratum has a key of its own derived from it
(RFC 9497, DeriveKeyPair), so that a token says of which stratum it is and nothing else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext as _
from voprf import ristretto

from comity.errors import ComityError

NONCE_BYTES = 32
OUTPUT_BYTES = 64
ELEMENT_BYTES = 32
PROOF_BYTES = 64


class TokenRefused(ComityError):
    """A token, or what stands for one, is not genuine; the message never repeats it."""


class KeyMissing(ComityError):
    """The token key of a survey is not where it should be."""


@dataclass(frozen=True)
class Token:
    """The two halves of a token: what the browser chose, and what only the key's holders can compute from it."""

    nonce: bytes = field(repr=False)
    output: bytes = field(repr=False)

    def as_text(self) -> str:
        return to_text(self.nonce + self.output)

    @classmethod
    def from_text(cls, text: str) -> Token:
        """Raises TokenRefused when `text` has not the form of a token."""
        data = from_text(text, NONCE_BYTES + OUTPUT_BYTES)
        return cls(data[:NONCE_BYTES], data[NONCE_BYTES:])


@dataclass(frozen=True)
class TokenKey:
    """The secret of one survey. seed: 32 bytes."""

    survey: str
    seed: bytes = field(repr=False)

    @classmethod
    def read(cls, folder: Path, survey: str) -> TokenKey:
        """The key of `survey` in the keys folder `folder`. Raises KeyMissing."""
        return _read(folder / f"tokens-{survey}.key", survey)

    def _evaluator(self, stratum: str) -> ristretto.Evaluator:
        return _evaluator(self, stratum)

    def public_key(self, stratum: str) -> bytes:
        """What browsers check proofs against, 32 bytes."""
        return bytes(self._evaluator(stratum).public_key.serialize())

    def evaluate(self, stratum: str, blinded: bytes) -> bytes:
        """Evaluates a blinded element: u16 count, element, mode byte, proof, as voprf-ts reads it.

        Raises TokenRefused when `blinded` is not an element of the group.
        """
        try:
            if len(blinded) != ELEMENT_BYTES:
                raise ValueError  # the library reads the first bytes of what is longer
            element = ristretto.BlindedInput.deserialize(blinded)
        except ValueError:
            raise TokenRefused(
                _("The browser sent something that is not a blinded token."),
                _("Load the page again and try once more."),
            ) from None
        proof_then_element = bytes(self._evaluator(stratum).evaluate(element).serialize())
        proof, evaluated = proof_then_element[:PROOF_BYTES], proof_then_element[PROOF_BYTES:]
        return b"\x00\x01" + evaluated + b"\x01" + proof

    def is_genuine(self, stratum: str, token: Token) -> bool:
        """Whether this key made `token` for `stratum`."""
        expected = bytes(self._evaluator(stratum).evaluate_known_input(token.nonce))
        return hmac.compare_digest(expected, token.output)

    def issue_here(self, stratum: str) -> Token:
        """A token made without a browser: blinded and unblinded here. Whoever runs this could remember it."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Token(nonce, bytes(self._evaluator(stratum).evaluate_known_input(nonce)))

    def receipt(self, token: Token) -> bytes:
        """What goes on the list of spent tokens, 32 bytes: it shows that a token was spent, and not on what."""
        return hashlib.sha256(f"comity spent token {self.survey}\n".encode() + token.nonce).digest()


def create_token_key(path: Path) -> None:
    """Writes a new secret to `path`, mode 0600. An existing one is left as it is."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())


@lru_cache(maxsize=1000)
def _evaluator(key: TokenKey, stratum: str) -> ristretto.Evaluator:
    return ristretto.Evaluator.from_seed(key.seed, f"comity survey {key.survey}/{stratum}".encode())


@lru_cache(maxsize=100)
def _read(path: Path, survey: str) -> TokenKey:
    try:
        return TokenKey(survey, bytes.fromhex(path.read_text().strip()))
    except (FileNotFoundError, ValueError):
        raise KeyMissing(
            f"The token key of the survey '{survey}' is missing or damaged.",
            "Copy it from whoever made the survey; both the code page and the answer page need it.",
        ) from None


def to_text(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_text(text: str, length: int) -> bytes:
    """The `length` bytes that `text` (base64url) stands for. Raises TokenRefused."""
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        data = b""
    if len(data) != length or to_text(data) != text:
        raise TokenRefused(
            _("This is not a token of this survey, or a part of it is missing."),
            _("Go back to the page where the code is typed, on the device where you began."),
        )
    return data
