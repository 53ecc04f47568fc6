"""A finding: one question, the numbers that bear on it, and a verdict by a rule that is fixed before the data are seen.

The rule (`decide`): a finding *shows* a difference when its interval excludes no difference, every gate passes and
every sensitivity agrees. A gate that fails, or a sensitivity that disagrees, makes it *cannot tell*. Otherwise it
*does not show*. Stored form: docs/reference/release-format.md.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from comity.wording import LANGUAGES, Message, message


class Verdict(StrEnum):
    """How every finding ends."""

    SHOWS = "shows"
    DOES_NOT_SHOW = "does not show"
    CANNOT_TELL = "cannot tell"

    @property
    def text(self) -> Message:
        return {
            Verdict.SHOWS: message("shows"),
            Verdict.DOES_NOT_SHOW: message("does not show"),
            Verdict.CANNOT_TELL: message("cannot tell"),
        }[self]


@dataclass(frozen=True)
class Figure:
    """One row of a finding's supporting table: a rate of one group, a comparison, or a sensitivity.

    part: "group", "comparison", "sensitivity" or "detail"; details are context (for a picture) and never decide a
    verdict. k of n are counts where the estimate is a share. more: further plain values, such as the clock minute of
    a bin.
    """

    label: Message
    estimate: float | None
    low: float | None = None
    high: float | None = None
    k: int | None = None
    n: int | None = None
    part: str = "group"
    more: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)

    def as_record(self, languages: Iterable[str] = LANGUAGES) -> dict[str, Any]:
        return {
            "label": self.label.in_languages(languages),
            "part": self.part,
            "estimate": rounded(self.estimate),
            "low": rounded(self.low),
            "high": rounded(self.high),
            "k": self.k,
            "n": self.n,
            **{key: rounded(value) if isinstance(value, float) else value for key, value in self.more.items()},
        }


@dataclass(frozen=True)
class Gate:
    """A condition that the data or the computation must meet before a number may carry a verdict.

    said: the sentence a resident reads when the gate fails. value: what was measured, for the record.
    """

    name: str
    passed: bool
    said: Message
    value: float | None = None


@dataclass(frozen=True)
class Finding:
    """One answered (or unanswerable) question. Texts are messages, so that they exist in every language.

    headline: what was found, in one short sentence with its interval, where there is one; `sentence` then goes on from it.

    unit: "ratio", "share", "difference", "odds ratio", "per 1,000". n: how many records the estimate rests on.
    counts: the public cells that the numbers could be recomputed from, `{"table": name, "where": {column: code}}`; a
    release withholds the finding when one of them is hidden. figures: the supporting table, which the picture draws.
    """

    id: str
    method: str
    question: Message
    sentence: Message
    verdict: Verdict
    reason: Message | None
    unit: str
    n: int
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float = 0.95
    counts: tuple[Mapping[str, Any], ...] = ()
    assumptions: tuple[Message, ...] = ()
    limits: tuple[Message, ...] = ()
    figures: tuple[Figure, ...] = ()
    gates: tuple[Gate, ...] = ()
    chart: str | None = None
    headline: Message | None = None

    @property
    def said(self) -> str:
        """Headline and sentence in English, as a terminal shows them."""
        return f"{self.headline} {self.sentence}" if self.headline else str(self.sentence)

    def __post_init__(self) -> None:
        if self.verdict is Verdict.CANNOT_TELL and self.reason is None:
            raise ValueError(f"finding {self.id}: 'cannot tell' needs its reason")

    def as_record(self, languages: Iterable[str] = LANGUAGES) -> dict[str, Any]:
        """The finding as releases store it; numbers to 3 significant digits, so that they bound no count closely."""
        languages = tuple(languages)
        return {
            "id": self.id,
            "method": self.method,
            "question": self.question.in_languages(languages),
            "headline": self.headline.in_languages(languages) if self.headline else None,
            "sentence": self.sentence.in_languages(languages),
            "verdict": str(self.verdict),
            "reason": self.reason.in_languages(languages) if self.reason else None,
            "estimate": rounded(self.estimate),
            "low": rounded(self.low),
            "high": rounded(self.high),
            "confidence": self.confidence,
            "unit": self.unit,
            "n": self.n,
            "counts": [{"table": each["table"], "where": dict(each["where"])} for each in self.counts],
            "assumptions": [text.in_languages(languages) for text in self.assumptions],
            "limits": [text.in_languages(languages) for text in self.limits],
            "figures": [figure.as_record(languages) for figure in self.figures],
            "chart": self.chart,
        }

    def _repr_html_(self) -> str:
        """What a notebook shows: question, verdict, sentence, table, limits."""
        rows = "".join(
            f"<tr><th scope='row' style='text-align:left'>{html.escape(str(f.label))}</th><td>{_shown(f.estimate)}</td>"
            f"<td>{_shown(f.low)} – {_shown(f.high)}</td><td>{_count(f.k)}</td><td>{_count(f.n)}</td></tr>"
            for f in self.figures
            if f.part != "detail"
        )
        table = (
            "<table><thead><tr><th></th><th>estimate</th><th>95% interval</th><th>count</th><th>of</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
            if rows
            else ""
        )
        reason = f"<p>{html.escape(str(self.reason))}</p>" if self.reason else ""
        limits = "".join(f"<li>{html.escape(str(text))}</li>" for text in self.limits)
        return (
            f"<section><h4>{html.escape(str(self.question))}</h4>"
            f"<p><strong>{html.escape(self.verdict.value)}</strong>: "
            f"{html.escape(self.said)}</p>{reason}{table}"
            f"<details><summary>What this cannot tell</summary><ul>{limits}</ul></details></section>"
        )


VERDICT_RULE = message(
    "The rule was fixed before the data were seen: a finding shows a difference when its 95 percent interval "
    "excludes no "
    "difference, "
    "every check passes and every variant of the analysis agrees. When a check fails or a variant disagrees, we "
    "cannot tell. "
    "Otherwise it does not show one."
)


def decide(
    *,
    low: float | None,
    high: float | None,
    no_difference: float,
    gates: Sequence[Gate] = (),
    sensitivities: Sequence[Figure] = (),
) -> tuple[Verdict, Message | None]:
    """The verdict and its reason, by the fixed rule. A sensitivity agrees when its interval is on the same side."""
    failed = next((gate for gate in gates if not gate.passed), None)
    if failed is not None:
        return Verdict.CANNOT_TELL, failed.said
    side = _side(low, high, no_difference)
    if side is None:
        return Verdict.CANNOT_TELL, message("There are too few records to give an interval.")
    for each in sensitivities:
        theirs = _side(each.low, each.high, no_difference)
        if theirs != side:
            if theirs is None:
                return Verdict.CANNOT_TELL, message(
                    "A variant of the analysis could not be computed: {variant}.", variant=each.label
                )
            return Verdict.CANNOT_TELL, message(
                "The answer changes with a choice that the data do not settle: {variant}.", variant=each.label
            )
    if side == 0:
        return Verdict.DOES_NOT_SHOW, message(
            "The interval includes no difference. That is not proof that there is none."
        )
    return Verdict.SHOWS, None


def rounded(value: float | None, digits: int = 3) -> float | None:
    """`value` to `digits` significant digits; None for a value that is missing or not finite."""
    if value is None or not math.isfinite(value):
        return None
    if value == 0:
        return 0.0
    return round(float(value), digits - 1 - math.floor(math.log10(abs(value))))


def _side(low: float | None, high: float | None, no_difference: float) -> int | None:
    """-1 or 1 where the interval lies wholly below or above, 0 where it includes no difference, None without
    interval.
    """
    if low is None or high is None or not (low <= high):
        return None
    return 1 if low > no_difference else -1 if high < no_difference else 0


def _shown(value: float | None) -> str:
    short = rounded(value)
    return "–" if short is None else f"{short:g}"


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
