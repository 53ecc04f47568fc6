"""A one-page report of estimates, as HTML or PDF: pictures, a table with n and interval, and AAPOR's disclosure
statement.

HTML needs nothing but itself; PDF is set by typst (extra `reports`). Both hold the same words in the language asked for.
"""

from __future__ import annotations

import html
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from comity.errors import ComityError
from comity.estimates import notes
from comity.estimates.aapor import Dispositions
from comity.estimates.design import Survey
from comity.estimates.notes import statistic_name
from comity.estimates.pictures import draw_each_statistic
from comity.estimates.results import Estimate, format_number
from comity.estimates.statement import About, DisclosureItem, disclosure_statement
from comity.wording import message


def write_report(
    path: Path,
    survey: Survey,
    estimates: Sequence[Estimate],
    *,
    title: str,
    about: About | None = None,
    cases: Dispositions | None = None,
    language: str = "en",
) -> None:
    """Write the report to an .html or .pdf file; nothing is left behind where that fails."""
    kind = path.suffix.casefold()
    if kind not in (".html", ".pdf"):
        raise ComityError(f"'{path.name}' is not a report.", "Give a name that ends in .html or .pdf.")
    if not path.parent.is_dir():
        raise ComityError(f"There is no folder '{path.parent}'.", "Make it first.")
    statement = disclosure_statement(survey, about, cases)
    if kind == ".html":
        content = as_html(estimates, statement, title=title, language=language).encode()
    else:
        content = as_pdf(estimates, statement, title=title, language=language)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def as_html(
    estimates: Sequence[Estimate], statement: Sequence[DisclosureItem], *, title: str, language: str = "en"
) -> str:
    """The report as one HTML page with its pictures inside and no scripts."""
    drawn = html.escape(_PICTURE.in_language(language))
    pictures = "".join(
        f'<figure role="img" aria-label="{drawn}">{svg}</figure>'
        for svg in draw_each_statistic(estimates, language=language)
    )
    headings, cells = _table(estimates, language)
    head = "".join(f'<th scope="col">{html.escape(each)}</th>' for each in headings)
    rows = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in cells)
    caption = html.escape(_NUMBERS.in_language(language))
    below = "".join(f"<p>{html.escape(note)}</p>" for note in _notes(estimates, language))
    notice = "".join(f'<p class="notice">{html.escape(each)}</p>' for each in _warnings(estimates, language))
    items = "".join(
        f"<dt>{html.escape(item.name.in_language(language))}</dt><dd>{html.escape(item.text(language))}</dd>"
        for item in statement
    )
    return (
        f'<!doctype html>\n<html lang="{html.escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>"
        f'<h1>{html.escape(title)}</h1>{notice}{pictures}<div class="table" role="region" aria-label="{caption}" tabindex="0">'
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{below}"
        f"<h2>{html.escape(_STATEMENT.in_language(language))}</h2><dl>{items}</dl></body></html>\n"
    )


def as_pdf(
    estimates: Sequence[Estimate], statement: Sequence[DisclosureItem], *, title: str, language: str = "en"
) -> bytes:
    """The report as a PDF of one A4 page (more where there are many estimates)."""
    try:
        import typst
    except ImportError as error:
        raise ComityError(
            "A PDF report needs the package typst.", "Install Comity with its extra: comity[reports]; or write .html."
        ) from error
    lines = [
        f"#set document(title: {_quoted(title)}, date: none)",
        '#set page(paper: "a4", margin: 1.6cm)',
        f'#set text(size: 8.5pt, lang: "{re.sub("[^a-z-]", "", language)}")',
        f"= {_typst(title)}",
    ]
    lines += [f"#rect(inset: 6pt, stroke: 1pt)[*{_typst(each)}*]" for each in _warnings(estimates, language)]
    with tempfile.TemporaryDirectory() as folder:
        pictures = draw_each_statistic(estimates, language=language)
        for number, svg in enumerate(pictures):
            (Path(folder) / f"{number}.svg").write_text(svg, encoding="utf-8")
        if pictures:
            images = ", ".join(f'image("{number}.svg", width: 100%)' for number in range(len(pictures)))
            lines.append(f"#grid(columns: (1fr, 1fr), gutter: 8pt, align: top, {images})")
        headings, rows = _table(estimates, language)
        cells = [f"[*{_typst(each)}*]" for each in headings] + [f"[{_typst(cell)}]" for row in rows for cell in row]
        lines.append(
            "#table(columns: (1.7fr, 1.6fr, 1fr, 1.6fr, 1fr), stroke: (x, y) => (bottom: 0.3pt + gray), inset: 3pt, "
            f"table.header({', '.join(cells[: len(headings)])}), {', '.join(cells[len(headings) :])})"
        )
        lines += [_typst(note) + "\n" for note in _notes(estimates, language)]
        lines.append(f"== {_typst(_STATEMENT.in_language(language))}")
        lines.append("#set text(size: 7.5pt)")
        halves = statement[: (len(statement) + 1) // 2], statement[(len(statement) + 1) // 2 :]
        described = [
            "\n".join(f"/ {_typst(item.name.in_language(language))}: {_typst(item.text(language))}" for item in half)
            for half in halves
        ]
        lines.append(f"#grid(columns: (1fr, 1fr), gutter: 12pt, [{described[0]}], [{described[1]}])")
        source = Path(folder) / "report.typ"
        source.write_text("\n".join(lines), encoding="utf-8")
        return bytes(typst.compile(str(source)))


_PICTURE = message("Estimates with their intervals; the table below has the same numbers.")
_NUMBERS = message("Estimates with their intervals and numbers of answers")
_STATEMENT = message("How this survey was made")
_EVERYONE = message("everyone")
_STYLE = (
    "body{font:16px/1.45 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1b1b;background:#fff}"
    ".notice{border:2px solid #1b1b1b;padding:.5rem .75rem;font-weight:600}.table{overflow-x:auto}table{border-collapse:collapse;width:100%}caption{text-align:left;font-weight:600}"
    "th,td{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #c9c9c9}"
    "figure{margin:1rem 0}svg{max-width:100%;height:auto}dt{font-weight:600;margin-top:.4rem}dd{margin:0}"
    "@media (max-width:40rem){th,td{font-size:.8rem;padding:.25rem .15rem}}"
    "@media print{body{font-size:11px;margin:0}}"
)


def _table(estimates: Sequence[Estimate], language: str) -> tuple[list[str], list[list[str]]]:
    """The headings, and a row for each estimate; the confidence stands in the heading where it is one for all."""
    confidences = {each.confidence for each in estimates}
    interval = message("Interval")
    if len(confidences) == 1:
        interval = message("Interval ({confidence:.0%})", confidence=next(iter(confidences)))
    names = (
        message("Question"),
        message("Group"),
        message("Estimate"),
        interval,
        message("Answers (n)"),
    )
    rows = [_row(each, language, confidences) for each in estimates]
    return [name.in_language(language) for name in names], rows


def _row(each: Estimate, language: str, confidences: set[float]) -> list[str]:
    interval = "–"
    if each.low is not None:
        interval = f"{format_number(each.low)} – {format_number(each.high)}"
        if len(confidences) > 1:
            interval += f" ({each.confidence:.0%})"
    return [
        f"{each.variable} ({statistic_name(each.statistic, language)})",
        each.domain_name or _EVERYONE.in_language(language),
        format_number(each.estimate),
        interval,
        f"{each.n:,}",
    ]


_PROMINENT = (notes.OPT_IN, notes.QUASI_RANDOMISATION)


def _warnings(estimates: Sequence[Estimate], language: str) -> list[str]:
    """What stands above everything else: that people chose to take part themselves."""
    return [each.in_language(language) for each in _PROMINENT if any(one.note == each for one in estimates)]


def _notes(estimates: Sequence[Estimate], language: str) -> list[str]:
    return sorted({each.note.in_language(language) for each in estimates if each.note and each.note not in _PROMINENT})


def _typst(text: str) -> str:
    return re.sub(r"([\\#$*_`<>@\[\]=~/+-])", r"\\\1", text)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
