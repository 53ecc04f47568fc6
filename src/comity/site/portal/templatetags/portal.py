"""How templates say numbers, days, texts and the addresses of built files; each once, for every page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.utils import formats
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from comity.releases.catalogue import NOT_RECORDED, TOTAL, Code, Dimension, Release, in_language
from comity.releases.explore import BadQuestion, Crossing, Value

register = template.Library()


@register.filter
def text(value: Mapping[str, str] | str | None) -> str:
    """A text of a release in the page's language."""
    return in_language(value, get_language() or "en")


@register.filter
def refusal(problem: BadQuestion) -> str:
    """Why a question could not be answered, in the page's language."""
    return " ".join(each.in_language(get_language() or "en") for each in problem.said)


@register.filter
def number(value: int | float | None) -> str:
    """Thousands apart, as both languages write them in the United States."""
    return "" if value is None else f"{value:,}"


@register.filter
def day(value: date | str | None) -> str:
    if not value:
        return ""
    return formats.date_format(date.fromisoformat(value) if isinstance(value, str) else value, "DATE_FORMAT")


@register.filter
def size(value: int) -> str:
    """Bytes as people read them."""
    for unit in ("B", "kB", "MB"):
        if value < 1000 or unit == "MB":
            return f"{value:,.0f} {unit}" if value >= 10 or unit == "B" else f"{value:,.1f} {unit}"
        value /= 1000  # type: ignore[assignment]
    return ""


@register.filter
def anchor(identity: str) -> str:
    """The part of an address that leads to one finding on its page."""
    return slugify(identity.replace(":", "-").replace("_", "-"))


@register.filter
def quantity(value: float | None, unit: str) -> str:
    """An estimate in its unit: shares and differences of shares in percent, ratios as they are."""
    if value is None:
        return ""
    if unit == "share":
        return f"{_significant(value * 100)}%"
    if unit == "difference":
        return _("%(number)s percentage points") % {"number": _significant(value * 100)}
    return _significant(value)


@register.simple_tag
def row_unit(row: Mapping[str, Any], finding: Mapping[str, Any]) -> str:
    """The unit of one row of a finding's table: its own, else that of its part (a group's rate is a share)."""
    if row.get("unit"):
        return str(row["unit"])
    if "wilson_low" in row or "minute" in row:
        return "share"
    if row.get("part") == "group" and finding["unit"] == "ratio":
        return "per 1,000"
    return str(finding["unit"])


@register.filter
def clock(minute: int) -> str:
    """A minute of the day as the time on a clock."""
    return f"{minute // 60}:{minute % 60:02d}"


@register.filter
def unit_name(unit: str) -> str:
    names = {
        "ratio": _("ratio"),
        "share": _("share"),
        "difference": _("difference"),
        "odds ratio": _("odds ratio"),
        "per 1,000": _("per 1,000 people"),
        "points": _("points"),
    }
    return names.get(unit, unit)


@register.filter
def percent(share: float) -> str:
    return f"{share * 100:.0f}%"


@register.filter
def verdict_class(verdict: str) -> str:
    return verdict.replace(" ", "-")


@register.filter
def verdict_name(verdict: str) -> str:
    names = {"shows": _("shows"), "does not show": _("does not show"), "cannot tell": _("cannot tell")}
    return names.get(verdict, verdict)


@register.filter
def state_name(state: str) -> str:
    names = {
        "kept": _("kept"),
        "kept late": _("kept late"),
        "due": _("due"),
        "overdue": _("overdue"),
        "broken": _("broken"),
    }
    return names.get(state, state)


@register.filter
def shown(value: Value | None) -> SafeString:
    """One number of a table. A zero, a hidden number and a missing one never look alike."""
    if value is None or value.status == "absent":
        return format_html('<span class="no-figure">{}</span>', _("no figure"))
    if value.status == "suppressed":
        return format_html('<span class="suppressed">{}</span>', _("suppressed"))
    return mark_safe(number(value.count))  # digits and commas only


@register.filter
def step_name(event: str) -> str:
    """What one sealed step of a promise did."""
    return {"promised": _("promised"), "changed": _("changed"), "broken": _("broken")}.get(event, event)


@register.filter
def sides(change: Mapping[str, Any]) -> tuple[Any, Any]:
    """A finding before and after a correction."""
    return change["before"], change["after"]


@register.filter
def cell(record: Mapping[str, Any]) -> SafeString:
    """One side of a change, as `shown` says a number."""
    return shown(Value(record["count"], record["status"]))


@register.filter
def difference(value: int | None) -> str:
    """By how much a count moved; nothing where one side is not published."""
    return "" if value is None else f"{value:+,}".replace("-", "−")


@register.filter
def reported(rows: int | None) -> SafeString:
    """The rows of one reporting period: none is not the same as no report."""
    if rows is None:
        return format_html('<span class="not-reported">{}</span>', _("not reported"))
    return mark_safe(number(rows))  # digits and commas only


@register.filter
def heading(finding: Mapping[str, Any]) -> Mapping[str, str]:
    """What stands over a finding: its headline, or its sentence where it has none."""
    return finding.get("headline") or finding["sentence"]


@register.filter
def headline(release: Release) -> Mapping[str, Any] | None:
    """The finding that heads a release."""
    return release.finding(release.headline) if release.headline else None


@register.filter
def at(values: Mapping[str, Value], code: str) -> Value | None:
    return values.get(code)


@register.simple_tag
def table_rows(crossing: Crossing, rows: Dimension, columns: Dimension | None, most: int | None) -> SafeString:
    """The body of a table of counts; with `most`, that many rows and the total.

    Written here and not in a template because a page may hold thousands of cells: this is ten times as fast.
    """
    say = _writer()
    written = []
    lines = list(zip(crossing.row_codes, crossing.values, strict=True))
    for code, values in lines if not most else [*lines[:most], lines[-1]]:
        kind = ' class="total"' if code == TOTAL else ' class="child"' if _is_child(rows, code) else ""
        cells = [f'<td class="number">{say(value)}</td>' for value in values]
        if columns is not None and crossing.column_codes[-1] == TOTAL:
            cells[-1] = f'<td class="number total">{say(values[-1])}</td>'
        written.append(f'<tr{kind}><th scope="row">{code_label(rows, code)}</th>{"".join(cells)}</tr>')
    return mark_safe("\n".join(written))


@register.simple_tag
def choices(chosen: Mapping[str, Any]) -> SafeString:
    """A dimension's codes, each with a box to tick and its count; for the same reason not in a template."""
    say = _writer()
    dimension: Dimension = chosen["dimension"]
    name = escape(dimension.name)
    written = []
    for number, each in enumerate(chosen["choices"], start=1):
        code = escape(each["code"].code)
        kind = ' class="child"' if each["depth"] else ""
        written.append(
            f'<li{kind}><input type="checkbox" id="c-{name}-{number}" name="{name}" '
            f'value="{code}"{" checked" if each["is_chosen"] else ""}><label for="c-{name}-{number}">'
            f'{code_label(dimension, each["code"].code)}</label><span class="number" data-count="{name}={code}">'
            f"{say(each['value'])}</span></li>"
        )
    return mark_safe("\n".join(written))


@register.simple_tag
def code_label(dimension: Dimension, code: str) -> SafeString:
    """A code's label; `all` and `not recorded` are told from ordinary groups."""
    if code == TOTAL:
        return format_html("{}", _("All"))
    found = dimension.by_code.get(code, Code(code, {"en": code}, None))
    if code == NOT_RECORDED:
        return format_html('<span class="not-recorded">{}</span>', text(found.label))
    return format_html("{}", text(found.label))


@register.simple_tag
def built(name: str) -> str:
    """The address of a built file of the front end, with the hash of its content in it."""
    return f"/static/{_manifest(settings.BUILT)[name]}"


@register.filter
def as_json(value: object) -> SafeString:
    """JSON that is safe inside a script element of type application/json."""
    content = json.dumps(value, ensure_ascii=False)
    for character, written in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        content = content.replace(character, written)
    return mark_safe(content)


@lru_cache(maxsize=4)
def _manifest(folder: Path) -> Mapping[str, str]:
    found: dict[str, str] = json.loads((folder / "manifest.json").read_bytes())
    return found


def _writer() -> Callable[[Value | None], str]:
    """`shown` for many values: the words that stand for a missing number are looked up once."""
    absent, suppressed = shown(None), shown(Value(None, "suppressed"))

    def say(value: Value | None) -> str:
        if value is None or value.status == "absent":
            return absent
        return suppressed if value.status == "suppressed" else f"{value.count:,}"

    return say


def _is_child(dimension: Dimension, code: str) -> bool:
    found = dimension.by_code.get(code)
    return found is not None and found.parent in dimension.by_code


def _significant(value: float) -> str:
    """At most three significant digits, and never in exponent form."""
    if value == 0:
        return "0"
    digits = max(0, 2 - int(f"{abs(value):e}".split("e")[1]))
    shown_value = f"{value:,.{digits}f}"
    return shown_value.rstrip("0").rstrip(".") if digits > 2 else shown_value
