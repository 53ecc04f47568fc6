"""What a weighting costs: how much the weights differ, and what that does to precision (Kish 1992, Journal of Official
Statistics 8:183)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from comity.estimates.design import Survey


@dataclass(frozen=True)
class WeightDiagnostics:
    """n: rows with weight. deff_kish = 1 + CV^2 of the weights. effective_n = n / deff_kish. largest_share: of the
    top 1% of rows."""

    n: int
    total: float
    deff_kish: float
    effective_n: float
    smallest: float
    median: float
    largest: float
    largest_to_median: float
    largest_share: float
    negative: int


def diagnose_weights(survey: Survey) -> WeightDiagnostics:
    """What the weighting costs: Kish (1992, Journal of Official Statistics 8:183)."""
    weights = survey.weights[survey.weights != 0]
    deff = len(weights) * float(weights @ weights) / float(weights.sum()) ** 2
    ordered = np.sort(weights)
    top = ordered[-max(1, len(weights) // 100) :]
    median = float(np.median(weights))
    return WeightDiagnostics(
        n=len(weights),
        total=float(weights.sum()),
        deff_kish=deff,
        effective_n=len(weights) / deff,
        smallest=float(ordered[0]),
        median=median,
        largest=float(ordered[-1]),
        largest_to_median=float(ordered[-1]) / median,
        largest_share=float(top.sum() / weights.sum()),
        negative=int((weights < 0).sum()),
    )
