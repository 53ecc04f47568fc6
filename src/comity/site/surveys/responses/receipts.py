"""How a receipt is shown to a person, and the last page without one."""

from __future__ import annotations

SHOWN_CHARACTERS = 32
RECEIPT_PLACE = (
    "[ the receipt, of as many characters ]."  # as long as a receipt, so that a page's length is known before
)
THANKS = "comity.thanks"  # in the WSGI environment: show the last page, with RECEIPT_PLACE where the receipt goes


def receipt_as_shown(receipt: bytes) -> str:
    """The first half of `receipt` in groups of four characters, 39 characters in all."""
    text = receipt.hex()[:SHOWN_CHARACTERS].upper()
    return " ".join(text[at : at + 4] for at in range(0, SHOWN_CHARACTERS, 4))
