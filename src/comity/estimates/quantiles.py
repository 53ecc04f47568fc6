"""Quantiles with Woodruff's interval: Woodruff (1952, JASA 47:635); Sitter and Wu (2001).

The interval of the share below the quantile is turned back into values; the standard error is its width over twice t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from comity.errors import ComityError
from comity.estimates.columns import Floats
from comity.estimates.design import Survey
from comity.estimates.estimators import Term, domains, estimate_ratios
from comity.estimates.results import Estimate, Estimates


def estimate_quantile(
    survey: Survey, variable: str, share: float = 0.5, *, by: str | Sequence[str] = (), confidence: float = 0.95
) -> Estimates:
    """The value that `share` (0-1) of the population is at or below: the smallest observed one that reaches it."""
    if not 0 < share < 1:
        raise ComityError(f"The share of a quantile is {share}.", "It is between 0 and 1, such as 0.5 for the median.")
    values = survey.columns.numbers(variable)
    observed = ~np.isnan(values)
    terms, curves = [], []
    for domain in domains(survey, by):
        inside = observed & (survey.weights > 0)
        if domain.inside is not None:
            inside &= domain.inside
        curve = _Curve.of(values[inside], survey.weights[inside])
        below = observed & (values <= curve.at(share)) if len(curve.values) else observed
        terms.append(Term(variable, "quantile", domain, below.astype(float), observed))
        curves.append(curve)
    shares = estimate_ratios(survey, terms, confidence=confidence)
    items = [_turned_back(each, curve, share) for each, curve in zip(shares, curves, strict=True)]
    return Estimates(tuple(items))


class _Curve:
    """The weighted distribution function of the values observed."""

    def __init__(self, values: Floats, heights: Floats) -> None:
        self.values, self.heights = values, heights

    @staticmethod
    def of(values: Floats, weights: Floats) -> _Curve:
        distinct, where = np.unique(values, return_inverse=True)
        mass: npt.NDArray[np.float64] = np.bincount(where, weights=weights, minlength=len(distinct))
        return _Curve(distinct, np.cumsum(mass) / max(float(mass.sum()), np.finfo(float).tiny))

    def at(self, share: float) -> float:
        # A share reached up to rounding counts as reached, so that equal weights give the textbook order statistic.
        at = int(np.searchsorted(self.heights, share - 1e-12))
        return float(self.values[min(at, len(self.values) - 1)])


def _turned_back(below: Estimate, curve: _Curve, share: float) -> Estimate:
    if below.estimate is None:
        return below
    value = curve.at(share)
    statistic = "median" if share == 0.5 else f"quantile {share:g}"
    if below.se is None or below.df is None:
        return replace(below, statistic=statistic, estimate=value, deff=None)
    quantile = float(stats.t.ppf(0.5 + below.confidence / 2, below.df))
    margin = quantile * below.se  # around the share reached, which is `share` or a little more
    low, high = curve.at(max(below.estimate - margin, 0.0)), curve.at(min(below.estimate + margin, 1.0))
    return replace(
        below, statistic=statistic, estimate=value, se=(high - low) / (2 * quantile), low=low, high=high, deff=None
    )
