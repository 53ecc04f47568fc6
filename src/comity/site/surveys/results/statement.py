"""How the survey was made, in every language: the eleven items of AAPOR's Code of Ethics (2021), from what was done and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from comity.estimates import Dispositions, Survey, diagnose_weights, outcome_rates
from comity.site.surveys.questionnaire import Texts
from comity.wording import Message, message

ITEMS: Mapping[str, Message] = {
    "strategy": message("How answers were collected"),
    "sponsor": message("Who asked for and who did the survey"),
    "questions": message("The questions"),
    "population": message("Who was asked about"),
    "recruitment": message("How people were drawn and invited"),
    "modes": message("Ways to answer"),
    "dates": message("When"),
    "precision": message("How many, and how precise"),
    "weighting": message("Weights"),
    "processing": message("How the answers were checked"),
    "limitations": message("Limits"),
}
NOT_DISCLOSED = message("Not disclosed.")
_QUESTIONS = message("Exactly as sealed before the first letter: questionnaire {digest}.")
_PRECISION = message(
    "{n} responses; as precise as a simple random sample of {effective}. Intervals hold 95 of 100 times, for chance alone."
)
_RATES = message("Response rate {rr1} (AAPOR RR1) or {rr3} (RR3, with e = {e}); cooperation rate {coop} (COOP1).")
_WEIGHTED = message(
    "Each address counts for as many as its chance of being drawn says. Then: {steps}. Design effect of the weights: {deff}."
)
_UNWEIGHTED = message("Each address counts for as many as its chance of being drawn says. Nothing else was adjusted.")
_OPT_IN = message("People chose to take part, so no margin of error can be given, for any number here.")
_CLUSTERS = message(
    "Responses carry no trace of the block they came from, so likeness between neighbours within a stratum is not in the intervals."
)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What only the people who ran the survey know, {language: text} each; what is empty is said to be not disclosed."""

    strategy: Texts
    sponsor: Texts
    population: Texts
    recruitment: Texts
    modes: Texts
    dates: Texts
    processing: Texts
    limitations: Texts
    is_clustered: bool = False

    def items(
        self, survey: Survey, cases: Dispositions | None, digest: str, languages: Sequence[str]
    ) -> list[tuple[Texts, Texts]]:
        """(item, what is said) of all eleven, in order."""
        said: dict[str, Texts] = {
            name: getattr(self, name) or NOT_DISCLOSED.in_languages(languages)
            for name in ITEMS
            if name not in ("questions", "precision", "weighting")
        }
        said["questions"] = Message(_QUESTIONS.text, {"digest": digest[:16]}).in_languages(languages)
        said["precision"] = _joined(_precision(survey, cases, self.is_clustered), languages)
        said["weighting"] = _weighting(survey).in_languages(languages)
        return [(title.in_languages(languages), said[name]) for name, title in ITEMS.items()]


def _precision(survey: Survey, cases: Dispositions | None, is_clustered: bool) -> list[Message]:
    weights = diagnose_weights(survey)
    values = {"n": f"{weights.n:,}", "effective": f"{weights.effective_n:,.0f}"}
    parts = [Message(_PRECISION.text, values)] if survey.has_margin_of_error else [_OPT_IN]
    if cases is not None:
        found = outcome_rates(cases)
        shown = {name: _percent(found.rates[key]) for name, key in (("rr1", "RR1"), ("rr3", "RR3"), ("coop", "COOP1"))}
        parts.append(Message(_RATES.text, {**shown, "e": f"{found.e:.2f}"}))
    return [*parts, _CLUSTERS] if is_clustered else parts


def _weighting(survey: Survey) -> Message:
    if not survey.steps:
        return _UNWEIGHTED
    steps = "; ".join(
        f"{step.name} ({', '.join(margins)})"
        if isinstance(margins := step.record.get("margins"), Mapping) and margins
        else step.name
        for step in survey.steps
    )
    return Message(_WEIGHTED.text, {"steps": steps, "deff": f"{diagnose_weights(survey).deff_kish:.2f}"})


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.1%}"


def _joined(parts: Sequence[Message], languages: Sequence[str]) -> Texts:
    return {language: " ".join(part.in_language(language) for part in parts) for language in languages}
