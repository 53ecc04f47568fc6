"""Text that looks like an address, a telephone number or an e-mail address, which no profile and no question may hold.

It looks at shapes only, in English and Spanish, and errs towards refusing: whoever wrote the text can say it another way.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from comity.errors import ComityError

_STREET = (
    r"(street|st|avenue|ave|av|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|terrace|ter|parkway|pkwy|way|circle|cir|"
    r"highway|hwy|trail|trl)\b\.?"
)
_CALLE = r"\b(calle|c/|avenida|avda\.?|av\.|camino|carrera|paseo|callej[oó]n|carretera|bulevar|pasaje)"
_UNIT = r"(apt|apartment|unit|suite|ste|dpto|departamento|apartamento|piso)"
_SHAPES = (
    ("e-mail", re.compile(r"[^\s@]+\s*(@|\(at\)|\[at\]|＠)\s*[^\s@]+\s*(\.|\(dot\)|\[dot\])\s*\w{2,}", re.IGNORECASE)),
    ("link", re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)),
    ("telephone", re.compile(r"(?<![\d])(\+?\d[\s().\-–]*){7,15}(?!\d)")),
    ("address", re.compile(rf"\b\d{{1,6}}[a-z]?\s+([\w.'’-]+\s+){{0,4}}?{_STREET}", re.IGNORECASE)),
    ("address", re.compile(rf"{_CALLE}\s+([\wáéíóúñü.'’-]+\s*){{1,5}}?[,#]?\s*(n[uú]m\.?|n[.º°]|no\.|#)?\s*\d", re.IGNORECASE)),
    ("address", re.compile(r"\b(p\.?\s?o\.?\s?box|apartado( postal)?|apdo\.?)\s*\d", re.IGNORECASE)),
    ("address", re.compile(rf"\b{_UNIT}\.?\s*#?\s*\d+", re.IGNORECASE)),
    ("address", re.compile(r"\b[A-Z]{2}\s+\d{5}(-\d{4})?\b")),
    ("address", re.compile(r"\b\d{5}-\d{4}\b")),
)  # fmt: skip


class PrivateWords(ComityError):
    """A text holds what could lead to somebody's door."""


def refuse_private_words(*texts: str) -> None:
    """Raises PrivateWords for the first of `texts` that looks as if it held an address, a number or a link."""
    for text in texts:
        found = find_private_words(text)
        if found is not None:
            raise PrivateWords(
                _("The text looks as if it held %(what)s.") % {"what": _names()[found]},
                _("Leave it out: this is public, and nobody needs it to reach the department."),
            )


def find_private_words(text: str) -> str | None:
    """The kind of the first thing found ("e-mail", "telephone", "address", "link"), or None."""
    return next((kind for kind, shape in _SHAPES if shape.search(text)), None)


def _names() -> dict[str, str]:
    return {
        "e-mail": _("an e-mail address"),
        "telephone": _("a telephone number"),
        "address": _("a postal address"),
        "link": _("the address of a web page"),
    }
