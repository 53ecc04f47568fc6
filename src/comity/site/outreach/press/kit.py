"""The press kit of a release: one PDF, made of its sealed files alone, the same bytes for everybody.

There is no earlier copy for anyone: a kit can only be made of what is public, so it is there in the minute in which the
release is. Same release, language and version of typst: same bytes, on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.releases.catalogue import TOTAL, Catalogue, Release, Table, in_language
from comity.releases.explore import Question, cross, read_cells

SETTER = Path(__file__).parent / "kit.typ"
MOST_FINDINGS = 12
MOST_TABLES = 6
MOST_ROWS = 40


@dataclass(frozen=True)
class Kit:
    """content: the PDF. digest: its SHA-256, in hex."""

    content: bytes

    @property
    def digest(self) -> str:
        return sha256(self.content).hexdigest()


def press_kit(found: Catalogue, release: Release, *, language: str) -> Kit:
    """The kit in `language`. Raises ComityError where typst is not installed."""
    said = _said(found, release, language)
    pictures = {
        f"/{chart.name}.svg": path for chart in release.charts if (path := _picture(release, chart.name, language))
    }
    return _made(json.dumps(said, sort_keys=True), tuple(sorted(pictures.items())))


@lru_cache(maxsize=64)
def _made(data: str, pictures: tuple[tuple[str, Path], ...]) -> Kit:
    try:
        import typst
    except ImportError:
        raise ComityError(
            "PDF files need the package typst.", "Install Comity with its extra: comity[reports]."
        ) from None
    files: dict[str, bytes] = {
        "main.typ": SETTER.read_bytes(),
        **{name.lstrip("/"): path.read_bytes() for name, path in pictures},
    }
    content = typst.compile(
        files,
        format="pdf",
        sys_inputs={"data": data},
        ignore_system_fonts=True,  # the same bytes on every machine
        pdf_standards="ua-1",
    )
    assert isinstance(content, bytes)
    return Kit(content)


def _said(found: Catalogue, release: Release, language: str) -> dict[str, Any]:
    """Everything that the PDF prints, as plain texts."""
    manifest = (release.path / "manifest.json").read_bytes()
    contact = found.agency.get("contact") or {}
    with translation.override(language):
        return {
            "language": language,
            "title": in_language(release.title, language),
            "agency": in_language(release.agency, language),
            "published": _("Published on %(day)s") % {"day": date_format(release.published, "DATE_FORMAT")},
            "notice": in_language(found.agency.get("notice"), language),
            "mark": _("SAMPLE DATA") if found.agency.get("sample") else "",
            "correction": in_language(release.correction, language),
            "correction_heading": _("What this version corrects"),
            "description": in_language(release.description, language),
            "findings_heading": _("What the numbers show, and what they do not"),
            "findings": [_finding(release, each, language) for each in release.findings[:MOST_FINDINGS]],
            "tables_heading": _("Counts"),
            "tables": [_table(each, language) for each in release.tables[:MOST_TABLES]],
            "suppressed": _("suppressed"),
            "how_heading": _("How to check this"),
            "how": [
                _("Everything here is from the sealed release %(id)s; nobody had it earlier.") % {"id": release.id},
                _("SHA-256 of the release's manifest: %(digest)s") % {"digest": sha256(manifest).hexdigest()},
                _("'comity verify' checks every file of the release against the signed log."),
            ],
            "contact": _("Contact: %(name)s, %(email)s")
            % {"name": in_language(contact.get("name"), language), "email": contact["email"]}
            if isinstance(contact, Mapping) and contact.get("email")
            else "",
        }  # fmt: skip


def _finding(release: Release, finding: Mapping[str, Any], language: str) -> dict[str, str]:
    verdicts = {"shows": _("shows"), "does not show": _("does not show"), "cannot tell": _("cannot tell")}
    method = release.methods.get(finding["method"], {})
    limits = [in_language(each, language) for each in method.get("limits", ())]
    chart = next((each for each in release.charts if each.finding == finding["id"]), None)
    has_picture = chart is not None and _picture(release, chart.name, language) is not None
    return {
        "headline": in_language(finding.get("headline") or finding["sentence"], language),
        "sentence": in_language(finding["sentence"], language),
        "verdict": verdicts.get(finding["verdict"], finding["verdict"]),
        "size": f"n = {finding['n']:,}." if finding.get("n") else "",
        "limits": " ".join(limits[:3]),
        "picture": f"/{chart.name}.svg" if chart is not None and has_picture else "",
        "alt": in_language(chart.alt, language) if chart is not None else "",
    }


def _table(table: Table, language: str) -> dict[str, Any]:
    """The counts of a table by its first column: label and count, None where it is hidden."""
    dimension = table.dimensions[0]
    order = {each.name: tuple(code.code for code, _depth in each.in_tree_order) for each in table.dimensions}
    crossing = cross(read_cells(table.parquet, order=order), Question(dimension.name))
    rows = [
        [
            _("All") if code == TOTAL else in_language(dimension.by_code[code].label, language),
            "" if value.status == "absent" else None if value.count is None else f"{value.count:,}",
        ]
        for code, (value, *_rest) in zip(crossing.row_codes, crossing.values, strict=True)
        if code == TOTAL or code in dimension.by_code
    ]
    return {
        "title": in_language(table.title, language),
        "columns": [in_language(dimension.label, language), in_language(table.measure_label, language)],
        "rows": rows[:MOST_ROWS],
    }


def _picture(release: Release, name: str, language: str) -> Path | None:
    for each in (language, "en"):
        file = f"charts/{name}.{each}.wide.svg"
        if release.file(file) is not None:
            return release.path / file
    return None
