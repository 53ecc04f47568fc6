"""A document as DOCX, for people who go on writing in it (extra `reports`)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from comity.errors import ComityError
from comity.site.toolkit.filling import Piece

MIDNIGHT = (2000, 1, 1, 0, 0, 0)  # of every file in the archive, so that equal documents are equal bytes


def as_docx(title: str, found: Sequence[Piece], *, layout: str, language: str, foot: str, mark: str = "") -> bytes:
    """A DOCX file on letter paper. Raises ComityError where python-docx is not installed."""
    try:
        from docx import Document
        from docx.shared import Inches, Pt, RGBColor
    except ImportError:
        raise ComityError(
            "DOCX files need the package python-docx.", "Install Comity with its extra: comity[reports]."
        ) from None
    written = Document()
    section = written.sections[0]
    section.page_width, section.page_height = Inches(8.5), Inches(11)
    section.left_margin = section.right_margin = Inches(0.9)
    section.top_margin = section.bottom_margin = Inches(0.8)
    if mark:
        section.header.paragraphs[0].add_run(mark).bold = True
    section.footer.paragraphs[0].text = foot
    is_flyer = layout == "flyer"
    normal = written.styles["Normal"]
    normal.font.name, normal.font.size = "Georgia", Pt(17 if is_flyer else 11)
    for level, size in ((1, 36 if is_flyer else 22), (2, 20 if is_flyer else 14)):
        style = written.styles[f"Heading {level}"]
        style.font.name, style.font.size, style.font.color.rgb = "Georgia", Pt(size), RGBColor(0x16, 0x2E, 0x51)
    _set_language(written, language)
    written.add_heading(title, 1)
    for piece in found:
        _add(written, piece)
    properties = written.core_properties
    properties.title, properties.author, properties.comments = title, "", ""
    properties.created = properties.modified = datetime(*MIDNIGHT)
    return _steady(written)


def _add(written: Any, piece: Piece) -> None:
    kind = piece["kind"]
    if kind == "heading":
        written.add_heading(piece["text"], 2)
    elif kind == "text":
        written.add_paragraph(piece["text"])
    elif kind == "quote":
        written.add_paragraph(piece["text"], style="Intense Quote")
    elif kind in ("list", "steps"):
        for item in piece["items"]:
            written.add_paragraph(item, style="List Bullet" if kind == "list" else "List Number")
    elif kind == "check":
        for item in piece["items"]:
            written.add_paragraph(f"\u2610 {item}")
    elif kind == "fields":
        for item in piece["items"]:
            paragraph = written.add_paragraph()
            paragraph.add_run(f"{item['label']}: ").bold = True
            paragraph.add_run(item["value"] or "_" * 40)
    elif kind == "grid":
        _add_grid(written, piece)


def _add_grid(written: Any, piece: Piece) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement

    table = written.add_table(rows=1, cols=len(piece["columns"]), style="Table Grid")
    for cell, name in zip(table.rows[0].cells, piece["columns"], strict=True):
        cell.paragraphs[0].add_run(name).bold = True
    repeated = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(repeated)
    for row in piece["rows"]:
        for cell, value, is_number in zip(table.add_row().cells, row, piece["numbers"], strict=True):
            cell.text = value
            if is_number:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    written.add_paragraph()


def _set_language(written: Any, language: str) -> None:
    """So that the speller and screen readers take the words for what they are."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    properties = written.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    said = properties.find(qn("w:lang"))
    if said is None:
        said = OxmlElement("w:lang")
        properties.append(said)
    said.set(qn("w:val"), "es-US" if language == "es" else "en-US")


def _steady(written: Any) -> bytes:
    """The file with no moment of its making in it."""
    first, second = io.BytesIO(), io.BytesIO()
    written.save(first)
    with zipfile.ZipFile(first) as made, zipfile.ZipFile(second, "w", zipfile.ZIP_DEFLATED) as kept:
        for name in made.namelist():
            kept.writestr(zipfile.ZipInfo(name, MIDNIGHT), made.read(name), zipfile.ZIP_DEFLATED)
    return second.getvalue()
