"""A version of a plan as PDF, with its signatures and dissents, set by typst (extra `reports`).

What people wrote reaches typst as JSON data and is shown as text; it is never read as typst's own language.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.planning import text as texts
from comity.site.planning.models import Version
from comity.site.planning.queries import Signed

SETTER = Path(__file__).parent / "plan.typ"


def as_pdf(version: Version, signed: Sequence[Signed], *, state: str, mark: str = "") -> bytes:
    """A tagged PDF (PDF/UA-1) in the reader's language. state: a sentence on where the version stands. mark: a watermark.

    Raises ComityError where typst is not installed.
    """
    try:
        import typst
    except ImportError:
        raise ComityError(
            "PDF files need the package typst.", "Install Comity with its extra: comity[reports]."
        ) from None
    document = texts.document_of(version)
    data = {
        "title": f"{document['plan']}, " + _("version %(number)d") % {"number": version.number},
        "language": get_language() or "en",
        "state": state,
        "foot": f"SHA-256 {version.sha256}",
        "mark": mark,
        "chapters": [
            {"heading": each.heading, "paragraphs": each.paragraphs}
            for each in texts.chapters(document)
            if each.paragraphs and each.name not in ("activities", "signatories")
        ],
        "matrix-heading": _("Who does what"),
        "columns": [_("Activity"), *document["parties"]],
        "rows": [[row["text"], *(label for _kind, label in row["cells"])] for row in texts.matrix(document)],
        "signatures-heading": _("Who signs"),
        "dissent-heading": _("Dissent"),
        "signatures": [
            {
                "speaks_for": each.speaks_for,
                "state": _("signed on %(day)s") % {"day": date_format(each.at)} if each.at else _("has not signed"),
                "dissents": [dissent.text for dissent in each.dissents],
            }
            for each in signed
        ],
    }
    made = typst.compile(
        SETTER.read_bytes(),
        format="pdf",
        sys_inputs={"data": json.dumps(data)},
        ignore_system_fonts=True,  # the same bytes on every machine
        pdf_standards="ua-1",
    )
    assert isinstance(made, bytes)
    return made
