"""Terms and measurements in sentences and numbers of the page's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from comity.site.commitments.models import Measurement, Step, Terms
from comity.site.commitments.reasons import REASONS


def number(value: float, unit: str) -> str:
    """A released number in its unit: a share in percent, a count in full, others to three significant digits."""
    if unit == "share":
        return f"{_digits(value * 100)}%"
    if unit == "per 1,000":
        return _("%(number)s per 1,000 people") % {"number": _digits(value)}
    return f"{value:,.0f}" if unit == "count" else _digits(value)


def change(value: float, unit: str, *, is_relative: bool) -> str:
    """A change on the scale of its terms, with its sign."""
    if is_relative:
        return _signed(value * 100, "%")
    if unit == "share":
        return _("%(number)s percentage points") % {"number": _signed(value * 100)}
    return _signed(value)


def label(terms: Terms) -> str:
    said: Mapping[str, str] = terms.label
    return said.get(get_language() or "en") or said.get("en") or next(iter(said.values()))


def aim(terms: Terms) -> str:
    """Which way and how far the number ought to move, and from when on it counts."""
    size = change(terms.size, terms.baseline["unit"], is_relative=terms.size_is == "relative").lstrip("+")
    words = {"size": size, "before": number(terms.baseline["estimate"], terms.baseline["unit"]), "period": terms.period}
    text = (
        _("up by %(size)s or more from %(before)s in %(period)s")
        if terms.wants == "up"
        else _("down by %(size)s or more from %(before)s in %(period)s")
    )
    return text % words


@dataclass(frozen=True)
class Told:
    """A measurement in words. before, after, change: with interval; "" where there is none. n: what the numbers rest on."""

    period: str
    verdict: str
    verdict_name: str
    sentence: str
    reason: str
    before: str
    after: str
    change: str
    n: str
    release: str
    baseline: str


def told(measurement: Measurement) -> Told:
    terms = measurement.terms
    unit, is_relative = terms.baseline["unit"], terms.size_is == "relative"
    found = measurement.change
    changed = ""
    if found:
        changed = _("%(estimate)s (95%% interval %(low)s to %(high)s)") % {
            name: change(found[name], unit, is_relative=is_relative) for name in ("estimate", "low", "high")
        }
    period = measurement.release.split("/")[1]
    sentences = {
        "moved": _("The number moved by as much as was promised, or more."),
        "did not move": _("The number did not move by as much as was promised."),
        "cannot tell": _("One cannot tell whether the number moved by as much as was promised."),
    }
    return Told(
        period,
        measurement.verdict,
        str(measurement.get_verdict_display()),
        sentences[measurement.verdict],
        str(REASONS.get(measurement.reason, "")),
        reading(measurement.before, unit),
        reading(measurement.after, unit),
        changed,
        ", ".join(filter(None, (rests_on(measurement.before), rests_on(measurement.after)))),
        measurement.release,
        measurement.baseline,
    )


def outcome(step: Step) -> str:
    """The verdict that a step gave or measured; "" where it gave none."""
    measured = step.measurement.get_verdict_display() if step.measurement else ""
    return str(measured or (step.get_verdict_display() if step.verdict else ""))


def reading(record: Mapping[str, Any] | None, unit: str) -> str:
    """A stored reading with its interval; "" where there is none."""
    if record is None:
        return ""
    words = {name: number(record[name], unit) for name in ("estimate", "low", "high")}
    return _("%(estimate)s (%(low)s to %(high)s)") % words


def rests_on(record: Mapping[str, Any] | None) -> str:
    """How many records a stored reading rests on."""
    n = (record or {}).get("n") or (record or {}).get("k")
    return "" if n is None else f"n = {n:,}"


def _signed(value: float, sign: str = "") -> str:
    written = f"{_digits(abs(value))}{sign}"
    return f"{'−' if value < 0 else '+'}{written}"


def _digits(value: float) -> str:
    """At most three significant digits, never in exponent form."""
    if value == 0:
        return "0"
    places = max(0, 2 - int(f"{abs(value):e}".split("e")[1]))
    written = f"{value:,.{min(places, 6)}f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
