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


@dataclass(frozen=True, kw_only=True)
class About:
    """What only the people who ran the survey know; empty means not disclosed, and the statement says so."""

    strategy: str = ""
    sponsor: str = ""
    conductor: str = ""
    questions: str = ""
    population: str = ""
    recruitment: str = ""
    modes: str = ""
    dates: str = ""
    processing: str = ""
    limitations: str = ""


@dataclass(frozen=True)
class DisclosureItem:
    """One item: its key, its name, and what is disclosed (text of the makers as they wrote it, and messages)."""

    key: str
    name: Message
    sentences: tuple[Message | str, ...]

    def text(self, language: str = "en") -> str:
        """What is disclosed, in `language`."""
        return " ".join(each.in_language(language) if isinstance(each, Message) else each for each in self.sentences)


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
    who: list[Message | str] = []
    if about.sponsor:
        who.append(message("Sponsor: {name}.", name=about.sponsor))
    if about.conductor:
        who.append(message("Conducted by: {name}.", name=about.conductor))
    made: dict[str, list[Message | str]] = {
        "who": who,
        "precision": _precision(survey, cases),
        "weighting": _weighting(survey),
    }
    found = []
    for key, name in ITEMS.items():
        sentences = made[key] if key in made else [str(getattr(about, key))]
        given = tuple(each for each in sentences if str(each).strip())
        found.append(DisclosureItem(key, name, given or (NOT_DISCLOSED,)))
    return tuple(found)


def _precision(survey: Survey, cases: Dispositions | None) -> list[Message | str]:
    weights = diagnose_weights(survey)
    parts: list[Message | str] = [
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


def _weighting(survey: Survey) -> list[Message | str]:
    if not survey.steps:
        column = survey.design.weights
        return [
            message("Design weights from column '{column}'.", column=column) if column else message("Not weighted.")
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
