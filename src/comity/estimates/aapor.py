"""Outcome rates of a survey: AAPOR, *Standard Definitions* (10th ed., 2023).

Every rate is given, because quoting only the kindest one misleads; `e` says how it was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from comity.errors import ComityError, nearest
from comity.estimates.columns import Columns
from comity.wording import Message, message

CODES: Mapping[str, str] = {
    "1.1": "complete", "1.2": "partial", "2.1": "refusal", "2.2": "non_contact", "2.3": "other",
    "3.1": "unknown_household",
    "3.2": "unknown_other", "4": "ineligible",
}  # fmt: skip


E_GIVEN = message("given")
E_ESTIMATED = message("estimated as the eligible share of the cases whose eligibility is known")


@dataclass(frozen=True, kw_only=True)
class Dispositions:
    """How many cases ended how: I, P, R, NC, O, UH, UO of the Standard Definitions, and those found ineligible."""

    complete: int
    partial: int = 0
    refusal: int = 0
    non_contact: int = 0
    other: int = 0
    unknown_household: int = 0
    unknown_other: int = 0
    ineligible: int = 0

    def __post_init__(self) -> None:
        for each in fields(self):
            if getattr(self, each.name) < 0:
                raise ComityError(
                    f"The number of '{each.name}' cases is {getattr(self, each.name)}.", "Counts are at least 0."
                )
        if self.eligible + self.unknown == 0:
            raise ComityError(
                "There are no cases that could be eligible.", "Count the cases by their final disposition."
            )

    @property
    def eligible(self) -> int:
        return self.complete + self.partial + self.refusal + self.non_contact + self.other

    @property
    def unknown(self) -> int:
        return self.unknown_household + self.unknown_other

    @property
    def estimated_e(self) -> float:
        """Share of eligible cases among those whose eligibility is known (the proportional allocation method)."""
        known = self.eligible + self.ineligible
        return self.eligible / known if known else 1.0


@dataclass(frozen=True)
class OutcomeRates:
    """Rates between 0 and 1; None where nobody is in the denominator. e and how it was chosen."""

    rates: Mapping[str, float | None]
    e: float
    e_choice: Message


def count_dispositions(columns: Columns, column: str, *, names: Mapping[str, str] | None = None) -> Dispositions:
    """Dispositions counted from a column of final codes ("1.1", "2.1", ...) or of words that `names` maps to ours."""
    found = columns.categories(column)
    known = {**{name: name for name in (each.name for each in fields(Dispositions))}, **(names or {})}
    counts = {each.name: 0 for each in fields(Dispositions)}
    sizes = np.bincount(found.codes[found.codes >= 0], minlength=len(found.labels))
    for label, n in zip(found.labels, sizes.tolist(), strict=True):
        kind = known.get(label) or next((kind for prefix, kind in CODES.items() if label.startswith(prefix)), None)
        if kind not in counts:
            near = nearest(label, list(known))
            hint = f"Did you mean '{near}'?" if near else f"The dispositions are: {', '.join(counts)}; or give names."
            raise ComityError(f"Column '{column}' has the disposition '{label}'.", hint)
        counts[kind] += n
    missing = int((found.codes < 0).sum())
    if missing:
        raise ComityError(f"{missing} cases in '{column}' have no disposition.", "Give every case a final disposition.")
    return Dispositions(**counts)


def outcome_rates(cases: Dispositions, *, e: float | None = None) -> OutcomeRates:
    """RR1-6, COOP1-4, REF1-3 and CON1-3. e: share of the unknown that is eligible; None: estimated from the known
    cases."""
    if e is not None and not 0 <= e <= 1:
        raise ComityError(f"e is {e}.", "It is the share of unknown cases that are eligible, between 0 and 1.")
    choice = E_ESTIMATED if e is None else E_GIVEN
    share = cases.estimated_e if e is None else e
    both = cases.complete + cases.partial
    all_cases, known = cases.eligible + cases.unknown, cases.eligible
    likely = known + share * cases.unknown
    asked = both + cases.refusal + cases.other
    rates = {
        "RR1": _rate(cases.complete, all_cases),
        "RR2": _rate(both, all_cases),
        "RR3": _rate(cases.complete, likely),
        "RR4": _rate(both, likely),
        "RR5": _rate(cases.complete, known),
        "RR6": _rate(both, known),
        "COOP1": _rate(cases.complete, asked),
        "COOP2": _rate(both, asked),
        "COOP3": _rate(cases.complete, both + cases.refusal),
        "COOP4": _rate(both, both + cases.refusal),
        "REF1": _rate(cases.refusal, all_cases),
        "REF2": _rate(cases.refusal, likely),
        "REF3": _rate(cases.refusal, known),
        "CON1": _rate(asked, asked + cases.non_contact + cases.unknown),
        "CON2": _rate(asked, asked + cases.non_contact + share * cases.unknown),
        "CON3": _rate(asked, asked + cases.non_contact),
    }
    return OutcomeRates(rates, share, choice)


def _rate(above: float, below: float) -> float | None:
    return above / below if below > 0 else None
