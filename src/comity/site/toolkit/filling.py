"""What somebody typed, checked; and a filled-in document as plain pieces that every format can set."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from comity.site.toolkit.catalogue import LONGEST, Document, Field, Part, cell_name
from comity.site.toolkit.reach import Compared, Line, compare_reach

Values = Mapping[str, str]
Piece = dict[str, Any]


def read_values(document: Document, given: Values) -> tuple[dict[str, str], dict[str, str]]:
    """(values, problems) by the name of the field; whatever the document has no field for is dropped.

    Control characters are taken out, because no file format can hold them.
    """
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name, field in document.cells():
        value = _clean(given.get(name, ""), keep_lines=field.kind == "long")
        values[name] = value
        longest = LONGEST[field.kind]
        if len(value) > longest:
            problems[name] = _("This has %(length)d characters; %(longest)d fit.") % {
                "length": len(value),
                "longest": longest,
            }
        elif field.kind in ("number", "money") and value and amount(value) is None:
            problems[name] = _("This is not a number. Write it as 1250.")
    return values, problems


def amount(text: str) -> float | None:
    """A number of 0 or more as people type it, with commas between thousands; None for anything else."""
    plain = text.replace(" ", "").replace("$", "")
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d{1,2})?|\d+(\.\d{1,2})?", plain) is None:
        return None
    return float(plain.replace(",", ""))


def pieces(document: Document, values: Values, language: str) -> list[Piece]:
    """The document in one language with what was filled in, as JSON-ready pieces of these kinds:

    heading, text, quote {text}; list, steps, check {items}; fields {items: [{label, value, long}]};
    grid {columns, rows, numbers: which columns are right-aligned}.
    """
    found: list[Piece] = []
    for part in document.parts:
        if part.kind == "fields":
            found.append(
                {
                    "kind": "fields",
                    "items": [
                        {
                            "label": field.label.said(language),
                            "value": values.get(field.id, ""),
                            "long": field.kind == "long",
                        }
                        for field in part.fields
                    ],
                }
            )
        elif part.kind == "grid":
            found.append(_grid(part, values, language))
        elif part.kind == "reach":
            found += _reach(part, values, language)
        elif len(part.texts) == 1 and part.kind in ("heading", "text", "quote"):
            found.append({"kind": part.kind, "text": part.texts[0].said(language)})
        else:
            found.append({"kind": part.kind, "items": [text.said(language) for text in part.texts]})
    return found


def _grid(part: Part, values: Values, language: str) -> Piece:
    numbers = [field.kind in ("number", "money") for field in part.fields]
    rows = [[values.get(cell_name(part, row, field), "") for field in part.fields] for row in range(1, part.rows + 1)]
    total = _total(part, values)
    if total is not None:
        rows.append([_("Total"), *[""] * (len(part.fields) - 2), total])
    return {
        "kind": "grid",
        "columns": [field.label.said(language) for field in part.fields],
        "rows": rows,
        "numbers": numbers,
        "has_total": total is not None,
    }


def _total(part: Part, values: Values) -> str | None:
    """The sum of the last column where that is money; empty while nothing is filled in."""
    last: Field = part.fields[-1]
    if last.kind != "money":
        return None
    written = [values.get(cell_name(part, row, last), "") for row in range(1, part.rows + 1)]
    amounts = [found for each in written if each and (found := amount(each)) is not None]
    if not amounts:
        return ""
    return f"{sum(amounts):,.2f}".removesuffix(".00")


def _reach(part: Part, values: Values, language: str) -> list[Piece]:
    lines = []
    for row in range(1, part.rows + 1):
        group, living, reached = (values.get(cell_name(part, row, field), "") for field in part.fields)
        if group or living or reached:
            lines.append(Line(group, _whole(living), _whole(reached)))
    columns = [
        *(field.label.said(language) for field in part.fields[:2]),
        _("Share of residents"),
        part.fields[2].label.said(language),
        _("Share of those reached"),
        _("What it shows"),
    ]
    numbers = [False, True, True, True, True, False]
    if not lines:
        return [{"kind": "grid", "columns": columns, "rows": [[""] * 6] * 6, "numbers": numbers, "has_total": False}]
    reach = compare_reach(lines)
    rows = [_reach_row(each) for each in reach.lines]
    rows.append([_("All of these"), f"{reach.living:,}", "", f"{reach.reached:,}", "", ""])
    found: list[Piece] = [
        {"kind": "grid", "columns": columns, "rows": rows, "numbers": numbers, "has_total": True},
        {"kind": "heading", "text": _("Whom we did not reach")},
    ]
    if reach.missed:
        found.append({"kind": "list", "items": [_missed(each) for each in reach.missed]})
    elif reach.reached:
        found.append({"kind": "text", "text": _("No group was reached clearly less than its share.")})
    else:
        found.append({"kind": "text", "text": _("Nobody was reached yet, or no group has both numbers.")})
    if reach.left_out:
        found.append(
            {
                "kind": "text",
                "text": _("Groups without both numbers, left out of the shares: %(count)d") % {"count": reach.left_out},
            }
        )
    found.append(
        {
            "kind": "text",
            "text": _(
                "Shares are of the groups in this table (n = %(n)s people reached), with 95%% intervals. A group counts as reached less than its share only where the whole interval lies below its share of residents; with fewer than 10 people reached, nothing can be told. People who were reached twice count twice."
            )
            % {"n": f"{reach.reached:,}"},
        }
    )
    return found


def _reach_row(each: Compared) -> list[str]:
    verdicts = {
        "less": _("reached less than their share"),
        "more": _("reached more than their share"),
        "in line": _("does not show a difference"),
        "nobody": _("nobody reached"),
        "cannot tell": _("cannot tell"),
    }
    share = "–"
    if each.reached_share is not None and each.low is not None and each.high is not None:
        share = _("%(share)s (%(low)s to %(high)s)") % {
            "share": _percent(each.reached_share),
            "low": _percent(each.low),
            "high": _percent(each.high),
        }
    return [
        each.line.group,
        _("not filled in") if each.line.living is None else f"{each.line.living:,}",
        "–" if each.living_share is None else _percent(each.living_share),
        _("not filled in") if each.line.reached is None else f"{each.line.reached:,}",
        share,
        verdicts[each.verdict],
    ]


def _missed(each: Compared) -> str:
    return _("%(group)s: %(living)s of the people who live here, %(reached)s of the people we reached") % {
        "group": each.line.group or "–",
        "living": _percent(each.living_share or 0.0),
        "reached": _percent(each.reached_share or 0.0),
    }


def _whole(text: str) -> int | None:
    found = amount(text) if text else None
    return None if found is None else round(found)


def _percent(share: float) -> str:
    return f"{share * 100:.0f}%"


def _clean(text: str, *, keep_lines: bool) -> str:
    kept = "".join(
        letter
        for letter in text.replace("\r\n", "\n").replace("\r", "\n")
        if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cs", "Cn", "Co")
    )
    return kept.strip() if keep_lines else " ".join(kept.split())
