"""Trimming as a step of the chain: weights above a cap become the cap, and the others carry the excess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from comity.errors import ComityError
from comity.estimates.chain import FittedStep
from comity.estimates.columns import Floats
from comity.estimates.design import Survey
from comity.estimates.steps import Trim

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FittedTrim(FittedStep):
    """Weights in `trimmed` are `cap`; the others are multiplied by one factor that keeps the total."""

    name: str
    before: Floats
    after: Floats
    record: Mapping[str, object]
    cap: float
    redistribute: bool

    def backward(self, adjoint: Floats, direct: Floats) -> tuple[Floats, Floats]:
        trimmed, factor = _capped(self.before, np.ones_like(self.before), self.cap, self.redistribute)
        if not self.redistribute:
            return np.where(trimmed[:, None], 0.0, adjoint), direct
        free = ~trimmed & (self.before != 0)
        mass = self.before[free].sum()
        pull = (self.before[free] @ adjoint[free]) / mass
        change = np.where(free, 1 - factor, np.where(trimmed, 1.0, 0.0))
        by_weight = np.where(free[:, None], factor * adjoint, 0.0) + change[:, None] * pull
        by_count = np.where(free, self.before * (1 - factor), np.where(trimmed, self.before - self.cap, 0.0))
        return by_weight, direct + by_count[:, None] * pull

    def replay(self, multiplicity: Floats, weights: Floats) -> Floats:
        trimmed, factor = _capped(weights, multiplicity, self.cap, self.redistribute)
        return np.where(trimmed, self.cap, weights * factor)


def _capped(weights: Floats, multiplicity: Floats, cap: float, redistribute: bool) -> tuple[Mask, float]:
    """Which weights are capped, and the factor of the others that keeps the total."""
    trimmed, factor = weights > cap, 1.0
    total = float(multiplicity @ weights)
    while redistribute:
        rest = float(multiplicity[~trimmed] @ weights[~trimmed])
        factor = (total - cap * float(multiplicity[trimmed].sum())) / rest if rest > 0 else 1.0
        more = ~trimmed & (weights * factor > cap * (1 + 1e-12))
        if not more.any():
            break
        trimmed = trimmed | more
    return trimmed, factor


def fit_trim(survey: Survey, step: Trim) -> FittedTrim:
    if (step.cap is None) == (step.times_median is None):
        raise ComityError("Trimming needs a cap.", "Give cap, or times_median, and not both.")
    used = survey.weights[survey.weights != 0]
    cap = step.cap if step.cap is not None else float(step.times_median or 0) * float(np.median(used))
    if cap <= 0 or (step.redistribute and cap * len(used) < used.sum()):
        raise ComityError(
            f"A cap of {cap:,.6g} cannot hold the total weight of {used.sum():,.6g} on {len(used)} rows.",
            f"Give a cap above the mean weight of {used.mean():,.6g}.",
        )
    trimmed, factor = _capped(survey.weights, np.ones(survey.rows), cap, step.redistribute)
    after = np.where(trimmed, cap, survey.weights * factor)
    record = {"step": "trim", "cap": float(cap), "trimmed": int(trimmed.sum()), "factor": float(factor)}
    return FittedTrim("trim", survey.weights, after, record, float(cap), step.redistribute)
