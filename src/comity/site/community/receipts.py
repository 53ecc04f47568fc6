"""Receipt codes: how somebody without an account comes back to what they sent, and sends nothing twice by accident.

A form carries a random token that this site signed. The receipt follows from the token, so sending the same form again shows
the same receipt; the store keeps digests of both and could give neither back.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext as _

from comity.errors import ComityError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
LENGTH = 12  # 60 bits
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})
_SIGNER = "community.form"


class FormRefused(ComityError):
    """A form was not made by this site."""


@dataclass(frozen=True)
class Receipt:
    """code: what the sender keeps, as ABCD-EFGH-JKMN. digest: what the store keeps of it. once: digest of the form's token."""

    code: str
    digest: str
    once: str


def new_form_token() -> str:
    """What a form carries against being sent twice, and against being sent from a page that is not ours."""
    return Signer(salt=_SIGNER).sign(secrets.token_urlsafe(16))


def receipt_for(form_token: str) -> Receipt:
    """The receipt of a form. Raises FormRefused for a token that this site did not sign."""
    try:
        token = Signer(salt=_SIGNER).unsign(form_token)
    except BadSignature:
        raise FormRefused(
            _("This form is too old, or it was not made by this site."), _("Go back to the page, and send it again.")
        ) from None
    made = hmac.digest(settings.SECRET_KEY.encode(), f"receipt\n{token}".encode(), "sha256")
    number = int.from_bytes(made[:8])
    code = "".join(ALPHABET[number >> 5 * place & 31] for place in range(LENGTH))
    return Receipt(shown_receipt(code), receipt_digest(code), sha256(form_token.encode()).hexdigest())


def receipt_digest(typed: str) -> str:
    """What is stored of a receipt code, whatever the case, spaces and dashes it was typed with."""
    code = "".join(typed.upper().split()).replace("-", "").translate(_LOOKALIKES)
    return sha256(f"receipt\n{code}".encode()).hexdigest()


def shown_receipt(code: str) -> str:
    """As people read it: ABCD-EFGH-JKMN."""
    return "-".join(code[at : at + 4] for at in range(0, LENGTH, 4))
