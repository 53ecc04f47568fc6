"""A one-page report of estimates, as HTML or PDF: pictures, a table with n and interval, and AAPOR's disclosure
statement.

HTML needs nothing but itself; PDF is set by typst (extra `pdf`). Both hold the same words in the language asked for.
"""

from __future__ import annotations

import html
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from comity.errors import ComityError
from comity.estimates.aapor import Dispositions
from comity.estimates.design import Survey
from comity.estimates.pictures import draw_estimates, svg_of
from comity.estimates.results import Estimate, format_number
from comity.estimates.statement import About, DisclosureItem, disclosure_statement
from comity.wording import Message, message


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
    say = _sayer(language)
    pictures = "".join(
        f'<figure role="img" aria-label="{html.escape(say(_PICTURE))}">{svg}</figure>' for svg in _pictures(estimates)
    )
    head = "".join(f'<th scope="col">{html.escape(say(each))}</th>' for each in _HEADINGS)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in _row(each, say)) + "</tr>" for each in estimates
    )
    notes = "".join(f"<p>{html.escape(note)}</p>" for note in _notes(estimates, language))
    items = "".join(
        f"<dt>{html.escape(say(item.name))}</dt><dd>{html.escape(item.text(language))}</dd>" for item in statement
    )
    return (
        f'<!doctype html>\n<html lang="{html.escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{html.escape(title)}</h1>{pictures}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{notes}"
        f"<h2>{html.escape(say(_STATEMENT))}</h2><dl>{items}</dl></body></html>\n"
    )


def as_pdf(
    estimates: Sequence[Estimate], statement: Sequence[DisclosureItem], *, title: str, language: str = "en"
) -> bytes:
    """The report as a PDF of one A4 page (more where there are many estimates)."""
    try:
        import typst
    except ImportError as error:
        raise ComityError(
            "A PDF report needs the package typst.", "Install Comity with its extra: comity[pdf]; or write .html."
        ) from error
    say = _sayer(language)
    lines = [
        f"#set document(title: {_quoted(title)}, date: none)",
        '#set page(paper: "a4", margin: 1.6cm)',
        f'#set text(size: 8.5pt, lang: "{re.sub("[^a-z-]", "", language)}")',
        f"= {_typst(title)}",
    ]
    with tempfile.TemporaryDirectory() as folder:
        pictures = _pictures(estimates)
        for number, svg in enumerate(pictures):
            (Path(folder) / f"{number}.svg").write_text(svg, encoding="utf-8")
        images = ", ".join(f'image("{number}.svg", height: 4.6cm, fit: "contain")' for number in range(len(pictures)))
        if pictures:
            lines.append(f"#grid(columns: {min(len(pictures), 2)}, gutter: 6pt, {images})")
        cells = [f"[*{_typst(say(each))}*]" for each in _HEADINGS]
        cells += [f"[{_typst(cell)}]" for each in estimates for cell in _row(each, say)]
        lines.append(f"#table(columns: {len(_HEADINGS)}, stroke: 0.3pt, inset: 3pt, {', '.join(cells)})")
        lines += [_typst(note) + "\n" for note in _notes(estimates, language)]
        lines.append(f"== {_typst(say(_STATEMENT))}")
        lines.append("#set text(size: 7.5pt)\n#columns(2)[")
        lines += [f"/ {_typst(say(item.name))}: {_typst(item.text(language))}" for item in statement]
        lines.append("]")
        source = Path(folder) / "report.typ"
        source.write_text("\n".join(lines), encoding="utf-8")
        return bytes(typst.compile(str(source)))


_PICTURE = message("Estimates with their intervals; the table below has the same numbers.")
_STATEMENT = message("How this survey was made")
_EVERYONE = message("everyone")
_HEADINGS = (
    message("Question"),
    message("Statistic"),
    message("Group"),
    message("Estimate"),
    message("Interval"),
    message("Answers (n)"),
)
STATISTICS = {
    "mean": message("mean"),
    "total": message("total"),
    "proportion": message("proportion"),
    "ratio": message("ratio"),
    "median": message("median"),
    "difference in means": message("difference in means"),
    "difference in proportions": message("difference in proportions"),
    "change in mean": message("change in mean"),
    "change in proportion": message("change in proportion"),
    "list experiment": message("list experiment"),
    "randomised response": message("randomised response"),
}
_STYLE = (
    "body{font:16px/1.45 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1b1b;background:#fff}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #c9c9c9}"
    "figure{margin:1rem 0}svg{max-width:100%;height:auto}dt{font-weight:600;margin-top:.4rem}dd{margin:0}"
    "@media print{body{font-size:11px;margin:0}}"
)


def _sayer(language: str):  # type: ignore[no-untyped-def]
    return lambda each: each.in_language(language) if isinstance(each, Message) else str(each)


def _row(each: Estimate, say) -> list[str]:  # type: ignore[no-untyped-def]
    interval = (
        f"{format_number(each.low)} – {format_number(each.high)} ({each.confidence:.0%})"
        if each.low is not None
        else "–"
    )
    return [
        each.variable,
        say(STATISTICS.get(each.statistic, each.statistic)),
        each.domain_name or say(_EVERYONE),
        format_number(each.estimate),
        interval,
        f"{each.n:,}",
    ]


def _notes(estimates: Sequence[Estimate], language: str) -> list[str]:
    return sorted({each.note.in_language(language) for each in estimates if each.note})


def _pictures(estimates: Sequence[Estimate]) -> list[str]:
    """One picture for each statistic that has a number."""
    by_statistic: dict[str, list[Estimate]] = {}
    for each in estimates:
        if each.estimate is not None:
            by_statistic.setdefault(each.statistic, []).append(each)
    return [svg_of(draw_estimates(group)) for group in by_statistic.values()]


def _typst(text: str) -> str:
    return re.sub(r"([\\#$*_`<>@\[\]=~/+-])", r"\\\1", text)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
