"""The eleven items that AAPOR's Code of Professional Ethics and Practices (2021) wants disclosed, as data in every
language.

Sizes, precision, weighting and outcome rates come from the survey itself; the rest only its makers know, and what they
leave out reads "Not disclosed."
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from comity.estimates import notes
from comity.estimates.aapor import Dispositions, outcome_rates
from comity.estimates.design import Survey
from comity.estimates.diagnostics import diagnose_weights
from comity.wording import Message, message

Said = str | Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class About:
    """What only the people who ran the survey know, as one text or as {language: text}; empty means not disclosed, and
    the statement says so."""

    strategy: Said = ""
    sponsor: Said = ""
    conductor: Said = ""
    questions: Said = ""
    population: Said = ""
    recruitment: Said = ""
    modes: Said = ""
    dates: Said = ""
    processing: Said = ""
    limitations: Said = ""


@dataclass(frozen=True)
class DisclosureItem:
    """One item: its key, its name, and what is disclosed (text of the makers as they wrote it, and messages)."""

    key: str
    name: Message
    sentences: tuple[Message | Said, ...]

    def text(self, language: str = "en") -> str:
        """What is disclosed, in `language`."""
        return " ".join(_in_language(each, language) for each in self.sentences)


ITEMS: Mapping[str, Message] = {
    "strategy": message("Data collection strategy"),
    "who": message("Who sponsored and who conducted the research"),
    "questions": message("Questions and instruments"),
    "population": message("Population under study"),
    "recruitment": message("How the sample was generated and recruited"),
    "modes": message("Modes of data collection"),
    "dates": message("Dates of data collection"),
    "precision": message("Sample sizes and precision"),
    "weighting": message("How the data were weighted"),
    "processing": message("How the data were processed and their quality ensured"),
    "limitations": message("Limitations"),
}
NOT_DISCLOSED = message("Not disclosed.")


def disclosure_statement(
    survey: Survey, about: About | None = None, cases: Dispositions | None = None
) -> tuple[DisclosureItem, ...]:
    """The eleven items in the Code's order."""
    about = about or About()
    who: list[Message | Said] = []
    if about.sponsor:
        who.append(_named(message("Sponsor: {name}."), about.sponsor))
    if about.conductor:
        who.append(_named(message("Conducted by: {name}."), about.conductor))
    made: dict[str, list[Message | Said]] = {
        "who": who,
        "precision": _precision(survey, cases),
        "weighting": _weighting(survey),
    }
    found = []
    for key, name in ITEMS.items():
        sentences = made[key] if key in made else [getattr(about, key)]
        given = tuple(each for each in sentences if _in_language(each, "en").strip())
        found.append(DisclosureItem(key, name, given or (NOT_DISCLOSED,)))
    return tuple(found)


def _in_language(said: Message | Said, language: str) -> str:
    if isinstance(said, Message):
        return said.in_language(language)
    return said if isinstance(said, str) else said.get(language) or next(iter(said.values()), "")


def _named(sentence: Message, name: Said) -> Said | Message:
    """The sentence with a name in it, which may be another in each language; a full stop of its own is not doubled."""
    if isinstance(name, str):
        return Message(sentence.text, {"name": name.rstrip(".")})
    return {
        language: Message(sentence.text, {"name": each.rstrip(".")}).in_language(language)
        for language, each in name.items()
    }


def _precision(survey: Survey, cases: Dispositions | None) -> list[Message | Said]:
    weights = diagnose_weights(survey)
    parts: list[Message | Said] = [
        message("n = {n:,}; effective n after weighting {effective:,.0f}.", n=weights.n, effective=weights.effective_n)
    ]
    if survey.design.kind == "opt-in":
        parts.append(notes.QUASI_RANDOMISATION if survey.design.quasi_randomisation else notes.OPT_IN)
    elif survey.replicates is None:
        strata, units = len(survey.stages[0].sampled), len(survey.stages[0].stratum)
        parts.append(
            message(
                "{units:,} sampling units in {strata:,} strata; intervals by linearisation through every weighting step.",
                units=units,
                strata=strata,
            )
        )
    else:
        parts.append(
            message(
                "Intervals by {count:,} replicates ({method}) through every weighting step.",
                count=survey.replicates.count,
                method=survey.replicates.name,
            )
        )
    if survey.design.design_effect > 1:
        parts.append(
            message(
                "Every variance is multiplied by {effect:.2f} for likeness within clusters that no response names.",
                effect=survey.design.design_effect,
            )
        )
    if cases is not None:
        rates = outcome_rates(cases)
        shown = ", ".join(
            f"{name} {rate:.1%}" for name in ("RR1", "RR3", "COOP1") if (rate := rates.rates[name]) is not None
        )
        parts.append(
            message("Outcome rates: {rates} (e = {e:.2f}, {choice}).", rates=shown, e=rates.e, choice=rates.e_choice)
        )
    return parts


_STEPS: Mapping[str, Message] = {
    "second phase": message("a second phase of sampling"),
    "eligibility": message("adjustment for unknown eligibility"),
    "nonresponse": message("adjustment for non-response"),
    "trim": message("trimming of large weights"),
}


def _weighting(survey: Survey) -> list[Message | Said]:
    if not survey.steps:
        column = survey.design.weights
        return [
            message(
                "Design weights: each counts for as many as its chance of being drawn says (column '{column}').",
                column=column,
            )
            if column
            else message("Not weighted.")
        ]
    described = None
    for step in survey.steps:
        margins = step.record.get("margins")
        totals = step.record.get("totals")
        names = [*(margins if isinstance(margins, Mapping) else ()), *(totals if isinstance(totals, Mapping) else ())]
        over = ", ".join(names)
        if step.name == "rake":
            one = message("raking to {margins}", margins=over)
        elif step.name == "post-stratify":
            one = message("post-stratification to {margins}", margins=over)
        elif step.name == "calibrate":
            one = message("calibration to {margins}", margins=over)
        else:
            one = _STEPS[step.name]
        described = one if described is None else message("{first}; then {second}", first=described, second=one)
    deff = diagnose_weights(survey).deff_kish
    return [message("By {steps}. Kish design effect {deff:.2f}.", steps=described, deff=deff)]
