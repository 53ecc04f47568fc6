"""Signs of careless answers and of mode effects, as diagnostics: nobody is deleted in silence.

Speeders: Greszki, Meyer and Schoen (2015); straight-lining: Krosnick and Alwin (1988), Yan (2008); mode effects are
compared after weighting both modes alike (de Leeuw 2005). The shares are shown with and without the doubtful answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from comity.errors import ComityError
from comity.estimates import notes
from comity.estimates.change import estimate_difference
from comity.estimates.design import Survey
from comity.estimates.estimators import Domain, Term, estimate_ratios, mean_term
from comity.estimates.results import Estimate, Estimates
from comity.wording import message

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Doubtful:
    """Rows that look careless: `rows` marks them (None of them is removed), n and share count them, `rule` says how."""

    rows: Mask
    n: int
    share: float
    rule: str


def find_speeders(survey: Survey, seconds: str, *, fraction: float = 0.4) -> Doubtful:
    """Rows answered in less than `fraction` of the median time."""
    times = survey.columns.numbers(seconds)
    known = ~np.isnan(times) & (survey.weights != 0)
    if not known.any():
        raise ComityError(f"Column '{seconds}' has no times.", "Name the column with seconds per interview.")
    limit = fraction * float(np.median(times[known]))
    rows = known & (times < limit)
    return Doubtful(
        rows, int(rows.sum()), float(rows[known].mean()), f"faster than {fraction:g} x the median, {limit:.4g}"
    )


def find_straight_lining(survey: Survey, items: Sequence[str], *, minimum_items: int = 4) -> Doubtful:
    """Rows with the same answer to every item of a battery, among those who answered at least `minimum_items`.

    Put items with opposite wording in `items` as they were asked: straight-lining shows where it contradicts itself.
    """
    if len(items) < minimum_items:
        raise ComityError(f"{len(items)} items are named.", f"Straight-lining needs at least {minimum_items} items.")
    values = np.column_stack([survey.columns.numbers(name) for name in items])
    answered = (~np.isnan(values)).sum(axis=1)
    asked = (answered >= minimum_items) & (survey.weights != 0)
    same = np.zeros(survey.rows, bool)
    same[asked] = np.nanmax(values[asked], axis=1) == np.nanmin(values[asked], axis=1)
    share = float(same[asked].mean()) if asked.any() else 0.0
    return Doubtful(same, int(same.sum()), share, f"the same answer to all of {len(items)} items")


def compare_without(survey: Survey, variable: str, doubtful: Doubtful) -> Estimates:
    """The mean with everyone and without the doubtful rows, side by side."""
    without = Domain({"rows": "without doubtful"}, ~doubtful.rows)
    return estimate_ratios(
        survey, [mean_term(survey, variable, Domain({"rows": "everyone"}, None)), mean_term(survey, variable, without)]
    )


def estimate_mode_effect(survey: Survey, variable: str, *, mode: str, between: tuple[str, str]) -> Estimate:
    """Difference of weighted means between two modes. Who chose which mode and how the mode changes answers stay
    mixed up."""
    found = estimate_difference(survey, variable, by=mode, between=between)[0]
    mixed = message("A difference between modes mixes who answers in each with how each makes people answer.")
    return replace(found, note=notes.together(mixed, found.note))


def item_nonresponse(survey: Survey, items: Sequence[str]) -> Estimates:
    """Weighted share of rows without an answer, for each item."""
    everyone = np.ones(survey.rows, bool)
    terms = []
    for name in items:
        if survey.columns.is_numeric(name):
            missing = np.isnan(survey.columns.numbers(name))
        else:
            missing = survey.columns.categories(name).codes < 0
        terms.append(Term(f"{name} missing", "proportion", Domain({}, None), missing.astype(float), everyone))
    return estimate_ratios(survey, terms)
