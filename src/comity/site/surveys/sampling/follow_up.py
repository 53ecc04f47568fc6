"""After the first letter: whom to remind, whom to visit, and what became of every case.

Hansen and Hurwitz (1946), JASA 41:517: of those who did not answer, some are drawn for more effort, and count for the rest.
Outcomes are those of AAPOR's *Standard Definitions* (10th ed., 2023); `estimates.aapor` makes the rates of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from comity.errors import ComityError
from comity.estimates import Dispositions

# What is written down for a case, and what AAPOR calls it. An invitation of which nothing was heard is of unknown eligibility.
OUTCOMES: Mapping[str, str] = {
    "I": "complete", "P": "partial", "RF": "refusal", "NC": "non_contact", "OT": "other", "UH": "unknown_household",
    "UO": "unknown_other", "NE": "ineligible", "": "unknown_household", "none": "unknown_household",
    "BO": "refusal",  # a break-off, AAPOR 2.12: the code was used, and no answers came
}  # fmt: skip
FINAL = frozenset(("I", "P", "RF", "OT", "NE"))


def count_outcomes(counts: Mapping[str, int]) -> Dispositions:
    """AAPOR's dispositions from {outcome: cases}, as the code page counts them. Raises ComityError for an unknown outcome."""
    totals = dict.fromkeys(OUTCOMES.values(), 0)
    for outcome, cases in counts.items():
        if outcome.strip() not in OUTCOMES:
            raise ComityError(
                f"'{outcome}' is not an outcome of a case.",
                f"Use one of: {', '.join(name for name in OUTCOMES if name)}.",
            )
        totals[OUTCOMES[outcome.strip()]] += cases
    return Dispositions(**totals)


def reminder_list(
    sample: Sequence[Mapping[str, str]], *, answered: Collection[str], outcomes: Mapping[str, str]
) -> list[Mapping[str, str]]:
    """The cases to remind: those whose code was not used, and that neither refused nor turned out not to belong.

    answered: cases whose code was used (not when, and not what they said). outcomes: {case: outcome} as far as known.
    """
    return [row for row in sample if row["case"] not in answered and outcomes.get(row["case"], "").strip() not in FINAL]


def draw_follow_up(cases: Sequence[Mapping[str, str]], *, share: float, seed: int) -> list[dict[str, str]]:
    """Of the cases that did not answer, `share` within each stratum (at least one), for a visit or a call; their probability and
    weight carry the second draw."""
    if not 0 < share <= 1:
        raise ComityError(f"A share of {share} was asked for.", "Give one above 0 and at most 1, such as 0.33.")
    chance = np.random.default_rng(seed)
    chosen: list[dict[str, str]] = []
    for stratum in sorted({row["stratum"] for row in cases}):
        inside = [row for row in cases if row["stratum"] == stratum]
        n = max(1, round(share * len(inside)))
        kept = sorted(chance.choice(len(inside), size=n, replace=False).tolist())
        for at in kept:
            probability = float(inside[at]["probability"]) * n / len(inside)
            chosen.append({**inside[at], "probability": f"{probability:.10g}", "weight": f"{1 / probability:.10g}"})
    return chosen
