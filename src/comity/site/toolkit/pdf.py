"""A document as PDF, set by typst (extra `reports`).

What people typed reaches typst as JSON data and is shown as text; it is never read as typst's own language.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from comity.errors import ComityError
from comity.site.toolkit.filling import Piece

SETTER = Path(__file__).parent / "page.typ"


def as_pdf(title: str, found: Sequence[Piece], *, layout: str, language: str, foot: str, mark: str = "") -> bytes:
    """A tagged PDF (PDF/UA-1) on letter paper. foot: a line under each page. mark: a watermark across it, or nothing.

    Raises ComityError where typst is not installed.
    """
    try:
        import typst
    except ImportError:
        raise ComityError(
            "PDF files need the package typst.", "Install Comity with its extra: comity[reports]."
        ) from None
    data = {"title": title, "pieces": list(found), "layout": layout, "language": language, "foot": foot, "mark": mark}
    made = typst.compile(
        SETTER.read_bytes(),
        format="pdf",
        sys_inputs={"data": json.dumps(data)},
        ignore_system_fonts=True,  # the same bytes on every machine
        pdf_standards="ua-1",
    )
    assert isinstance(made, bytes)
    return made
