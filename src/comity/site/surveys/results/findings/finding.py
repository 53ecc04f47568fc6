"""What one finding of a survey is, and what its sentences and figures share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from comity.estimates import Estimate
from comity.site.surveys.questionnaire import Texts
from comity.wording import Message, message

OPT_IN = message("People chose to take part, so the sample says nothing certain about everybody else.")
FEW = message("Too few people answered.")
CHANCE_ONLY = message("The interval is for chance alone: people who did not answer may think otherwise.")
WORDS = message("Other words would get other answers; this is about exactly this question.")
WEIGHTS_RIGHT = message("Among people alike in what the weights use, those who answered think as those who did not.")


@dataclass(frozen=True)
class SurveyFinding:
    """One finding, as releases store it (docs/reference/release-format.md); texts are {language: text}.

    marks: what the full and the hollow mark of its picture stand for.
    """

    id: str
    method: str
    question: Texts
    sentence: Texts
    verdict: str
    unit: str
    n: int
    reason: Texts | None = None
    headline: Texts | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    counts: tuple[Mapping[str, Any], ...] = ()
    assumptions: tuple[Texts, ...] = ()
    limits: tuple[Texts, ...] = ()
    figures: tuple[Mapping[str, Any], ...] = ()
    chart: str | None = None
    marks: tuple[Message, Message] = (message("weighted"), message("unweighted"))

    def as_record(self) -> dict[str, Any]:
        """Plain JSON values, numbers to three significant digits."""
        return {
            "id": self.id, "method": self.method, "question": self.question, "headline": self.headline,
            "sentence": self.sentence, "verdict": self.verdict, "reason": self.reason, "estimate": rounded(self.estimate),
            "low": rounded(self.low), "high": rounded(self.high), "confidence": 0.95, "unit": self.unit, "n": self.n,
            "counts": [{"table": each["table"], "where": dict(each["where"])} for each in self.counts],
            "assumptions": list(self.assumptions), "limits": list(self.limits), "figures": list(self.figures), "gates": [],
            "chart": self.chart,
        }  # fmt: skip


def rounded(value: float | None) -> float | None:
    """Three significant digits; None for what is missing or not finite."""
    if value is None or not math.isfinite(value):
        return None
    return 0.0 if value == 0 else round(float(value), 2 - math.floor(math.log10(abs(value))))


def figure(label: Texts, each: Estimate, **more: Any) -> dict[str, Any]:
    for name in ("unweighted", "effective_n"):
        if name in more:
            more[name] = rounded(more[name])
    return {
        "label": dict(label), "part": "group", "estimate": rounded(each.estimate), "low": rounded(each.low),
        "high": rounded(each.high), "k": None, "n": None, **more,
    }  # fmt: skip


def in_each(sentence: Message, values: Mapping[str, Any], languages: Sequence[str]) -> Texts:
    """The sentence in each language; a value that is {language: text} is said in that language."""
    return {
        language: Message(
            sentence.text,
            {name: value[language] if isinstance(value, Mapping) else value for name, value in values.items()},
        ).in_language(language)
        for language in languages
    }


def leaves_out(each: Estimate, value: float) -> str:
    if each.low is None or each.high is None:
        return "cannot tell"
    return "shows" if each.low > value or each.high < value else "does not show"


def excludes_zero(each: Estimate) -> str:
    return leaves_out(each, 0.0)


def effective_n(each: Estimate) -> float | None:
    return each.n / each.deff if each.deff and each.deff > 0 else None


def count_of(number: float) -> str:
    """A number that is no count of people, to three significant digits, as the figures have it."""
    return f"{rounded(number) or 0:,.0f}"


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"
