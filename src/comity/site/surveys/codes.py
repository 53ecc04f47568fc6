"""Invitation codes: short enough to type, long enough not to be guessed, and stored only as a keyed digest.

Ten letters and digits of Crockford's base 32 (no I, L, O or U): nine carry 45 bits, the last is a check on typing.
A code is derived from the instance's code key and the case, so a reminder can be printed without keeping codes anywhere.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from comity.errors import ComityError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})


class CodeRefused(ComityError):
    """What was typed is not an invitation code, or not one that can still be used."""


@dataclass(frozen=True)
class CodeKey:
    """The secret from which codes are derived. secret: 32 bytes."""

    secret: bytes = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> CodeKey:
        return cls(bytes.fromhex(path.read_text().strip()))

    def code(self, survey: str, case: str) -> str:
        """The code of one case of the sample, ten characters."""
        digest = hmac.digest(self.secret, f"code\n{survey}\n{case}".encode(), "sha256")
        number = int.from_bytes(digest[:8])
        body = "".join(ALPHABET[number >> 5 * place & 31] for place in range(LENGTH - 1))
        return body + _check(body)

    def digest(self, code: str) -> bytes:
        """What is stored of a code, 32 bytes."""
        return hmac.digest(self.secret, f"stored\n{code}".encode(), "sha256")


def read_code(typed: str) -> str:
    """The code that somebody typed, whatever the case, spaces and dashes. Raises CodeRefused for a slip."""
    code = "".join(typed.upper().split()).replace("-", "").translate(_LOOKALIKES)
    if len(code) != LENGTH or any(letter not in ALPHABET for letter in code) or code[-1] != _check(code[:-1]):
        raise CodeRefused(
            _("This is not one of our codes: a letter or digit is missing or mistyped."),
            _("Compare it with your letter; it has ten letters and digits."),
        )
    return code


def shown_code(code: str) -> str:
    """As it is printed: ABCDE-FGHJK."""
    return f"{code[:5]}-{code[5:]}"


def _check(body: str) -> str:
    # Odd weights have inverses modulo 32, so any one wrong character changes the sum.
    return ALPHABET[sum((2 * place + 1) * ALPHABET.index(letter) for place, letter in enumerate(body)) & 31]
