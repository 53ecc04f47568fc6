"""Following a commitment without an account: by e-mail with double opt-in, or by a receipt code that nothing is stored for.

Whoever asks gets the same answer whether an address follows already or not. A receipt code says which commitment and how
many of its steps its reader has seen; it is no secret and belongs to nobody.
"""

from __future__ import annotations

import secrets
from datetime import date, timedelta

from django.db import transaction
from django.utils import translation

from comity.site.commitments import notices
from comity.site.commitments.models import Commitment, Follower
from comity.site.commitments.queries import today

FORGOTTEN_AFTER = timedelta(days=7)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing that is mistaken for something else
_CHECKS = 961  # 31 * 31: catches every single wrong sign and every swap of two neighbours


@transaction.atomic
def ask_to_follow(commitment: Commitment, address: str) -> None:
    """Sends the mail to confirm with; to an address that follows already, one that says so, so that both take as long."""
    day = today()
    follower, _ = Follower.objects.get_or_create(
        commitment=commitment,
        address=address.strip().lower(),
        defaults={
            "language": translation.get_language() or "en",
            "token": secrets.token_urlsafe(32),
            "asked_on": day,
            "told": commitment.steps,
        },
    )
    notices.ask_to_confirm(follower, day.isoformat())


@transaction.atomic
def confirm(token: str) -> bool:
    """From now on the follower is told. False where there is no such token."""
    follower = Follower.objects.select_for_update().select_related(None).filter(token=token).first()
    if follower is None:
        return False
    if follower.confirmed_on is None:
        follower.confirmed_on = today()
        follower.told = Commitment.objects.values_list("steps", flat=True).get(pk=follower.commitment_id)
        follower.save(update_fields=["confirmed_on", "told"])
    return True


@transaction.atomic
def leave(token: str) -> None:
    """The address is erased; a second time, or with a token that never was, nothing happens."""
    Follower.objects.filter(token=token).delete()


@transaction.atomic
def forget_unconfirmed(day: date) -> int:
    """Erases addresses that nobody confirmed in time."""
    return Follower.objects.filter(confirmed_on__isnull=True, asked_on__lt=day - FORGOTTEN_AFTER).delete()[0]


def receipt_code(commitment: int, steps: int) -> str:
    """Such as "C7-3-4K": the commitment, how many of its steps were seen, and two signs against typing errors."""
    check = _check(commitment, steps)
    return f"C{commitment}-{steps}-{_ALPHABET[check // 31]}{_ALPHABET[check % 31]}"


def read_receipt(code: str) -> tuple[int, int] | None:
    """(commitment, steps seen) of a code however it is typed; None for what is no code."""
    parts = "".join(code.split()).upper().removeprefix("C").split("-")
    if len(parts) != 3 or not all(each.isascii() and each.isdigit() and len(each) < 10 for each in parts[:2]):
        return None
    commitment, steps = int(parts[0]), int(parts[1])
    written = parts[2].replace("O", "0").replace("I", "1").replace("L", "1")
    return (commitment, steps) if receipt_code(commitment, steps).endswith(f"-{written}") else None


def _check(commitment: int, steps: int) -> int:
    check = 0
    for sign in f"{commitment}-{steps}":
        check = (check * 37 + (10 if sign == "-" else int(sign)) + 1) % _CHECKS
    return check
