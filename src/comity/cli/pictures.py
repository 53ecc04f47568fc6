"""Writes a picture as SVG, and beside it the table that it draws, as CSV: both or neither."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.errors import ComityError

if TYPE_CHECKING:
    from comity.disparity.finding import Finding
    from comity.disparity.picture_parts import Drawing

Rows = Sequence[Mapping[str, Any]]


def write_picture(file: Path, drawing: Drawing, rows: Rows) -> Path:
    """Draw `drawing` into `file` (ending in .svg) and `rows` into the CSV of the same name, which is returned."""
    from comity.releases.drawing import draw

    table = file.with_suffix(".csv")
    svg = draw([drawing.to_dict()])[0]
    aside = [file.with_name(f".{each.name}-new") for each in (file, table)]
    aside[0].write_bytes(svg)
    with aside[1].open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    for new, old in zip(aside, (file, table), strict=True):
        os.replace(new, old)
    return table


def check_picture(file: Path | None) -> None:
    """Raises ComityError for a picture that could not be written, before anything is computed."""
    if file is None:
        return
    if file.suffix != ".svg":
        raise ComityError(f"The picture '{file}' does not end in .svg.", "Pictures are SVG: give FILE.svg.")
    if not file.parent.is_dir():
        raise ComityError(f"There is no folder '{file.parent}' for the picture.", "Make it first.")


def rows_of(findings: Sequence[Finding], language: str) -> list[dict[str, Any]]:
    """The figures of findings as rows of one table."""
    return [
        {
            "finding": finding.id,
            "verdict": str(finding.verdict),
            "part": figure.part,
            "label": figure.label.in_language(language),
            "estimate": figure.estimate,
            "low": figure.low,
            "high": figure.high,
            "k": figure.k,
            "n": figure.n,
            **figure.more,
        }
        for finding in findings
        for figure in finding.figures
    ]
