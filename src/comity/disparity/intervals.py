"""Intervals for rates and ratios of counts: Wilson, exact, cluster-robust by place, and Mantel-Haenszel.

Pooled rates vary between places by far more than coin tossing does, so Wilson intervals of them are dishonestly
narrow. The cluster-robust ones of ratios and differences use the CR2 correction with Satterthwaite degrees of freedom
(Bell and McCaffrey 2002), which keep their promise with few places of unequal size; those of a single rate, where what
places have in common does not cancel, leave out one place at a time. Mantel-Haenszel: Greenland and Robins 1985.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval; NaN throughout where the data allow none."""

    estimate: float
    low: float
    high: float

    def __bool__(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)


NONE = Interval(math.nan, math.nan, math.nan)


def wilson(k: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Wilson 1927 score interval of a share k/n; right for independent records only."""
    if n == 0:
        return NONE
    z = float(special.ndtri(0.5 + confidence / 2))
    share = k / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


def clustered_rate(k: Array, n: Array, *, as_rates: bool = False, confidence: float = 0.95) -> Interval:
    """Share sum(k)/sum(n) with an interval robust to places differing, on the logit scale.

    k, n: counts by place. as_rates: events may exceed n (stops per resident), so the log scale is used. Needs two
    places with n > 0 and 0 < k < n over all.
    """
    k, n = _with_records(k, n)
    total, hits = n.sum(), k.sum()
    if len(n) < 2 or hits == 0 or (hits == total and not as_rates):
        return Interval(hits / total if total else math.nan, math.nan, math.nan)
    share = hits / total
    residual, matrix = _jackknife(k, n)
    if as_rates:
        return _log_interval(float(share), float((residual**2).sum()) / hits**2, _t(matrix, confidence))
    # Residuals of the total count; the logit's derivative turns their variance into that of log odds.
    scale = 1 / (total * share * (1 - share))
    variance = float((residual**2).sum()) * scale**2
    half = _t(matrix, confidence) * math.sqrt(variance)
    logit = math.log(share / (1 - share))
    return Interval(share, _expit(logit - half), _expit(logit + half))


def clustered_ratio(
    k1: Array, n1: Array, k0: Array, n0: Array, *, as_rates: bool = False, confidence: float = 0.95
) -> Interval:
    """Ratio of two pooled shares (or rates), k1/n1 over k0/n0, clustered by place: both groups of a place move
    together.

    All arrays are by place, in the same order. NaN bounds where a group has no event or only one place.
    """
    if min(n1.sum(), n0.sum()) == 0 or min(k1.sum(), k0.sum()) == 0:
        return NONE
    ratio = (k1.sum() / n1.sum()) / (k0.sum() / n0.sum())
    if min((n1 > 0).sum(), (n0 > 0).sum()) < 2:
        return Interval(float(ratio), math.nan, math.nan)
    one, matrix_one = _cr2(k1, n1)
    two, matrix_two = _cr2(k0, n0)
    pull = one / k1.sum() - two / k0.sum()
    share1, share0 = k1.sum() / n1.sum(), k0.sum() / n0.sum()
    noise1, noise0 = (share1, share0) if as_rates else (share1 * (1 - share1), share0 * (1 - share0))
    matrix = matrix_one * noise1 / k1.sum() ** 2 + matrix_two * noise0 / k0.sum() ** 2
    return _log_interval(float(ratio), float((pull**2).sum()), _t(matrix, confidence))


def clustered_difference(
    k1: Array,
    n1: Array,
    k0: Array,
    n0: Array,
    *,
    scale: float = 1.0,
    factor: float = 1.0,
    confidence: float = 0.95,
) -> Interval:
    """Difference of pooled shares, scale * k1/n1 - factor * k0/n0, clustered by place. Arrays by place, in the same
    order.
    """
    if min(n1.sum(), n0.sum()) == 0:
        return NONE
    p1, p0 = float(k1.sum() / n1.sum()), float(k0.sum() / n0.sum())
    estimate = scale * p1 - factor * p0
    if min((n1 > 0).sum(), (n0 > 0).sum()) < 2:
        return Interval(estimate, math.nan, math.nan)
    one, matrix_one = _cr2(k1, n1)
    two, matrix_two = _cr2(k0, n0)
    pull = scale * one / n1.sum() - factor * two / n0.sum()
    matrix = (
        scale**2 * matrix_one * p1 * (1 - p1) / n1.sum() ** 2 + factor**2 * matrix_two * p0 * (1 - p0) / n0.sum() ** 2
    )
    if not matrix.any():
        return Interval(estimate, math.nan, math.nan)
    half = _t(matrix, confidence) * math.sqrt(float((pull**2).sum()))
    return Interval(estimate, estimate - half, estimate + half)


def rate_ratio(k1: int, e1: float, k0: int, e0: float, *, confidence: float = 0.95) -> Interval:
    """Ratio of two Poisson rates k/e, exact: given k1 + k0, k1 is binomial. Mid-p, so that it covers 95% and not
    98%.
    """
    if min(e1, e0) <= 0 or k1 + k0 == 0:
        return NONE
    from scipy import optimize  # here, because it takes longer to import than every other part of this module

    total, tail = k1 + k0, (1 - confidence) / 2

    def bound(upper: bool) -> float:
        def excess(p: float) -> float:
            below = float(special.bdtr(k1 - 1, total, p)) if k1 else 0.0
            above = float(special.bdtrc(k1, total, p))
            middle = 0.5 * (1 - below - above)
            return (below if upper else above) + middle - tail

        if (upper and k1 == total) or (not upper and k1 == 0):
            return 1.0 if upper else 0.0
        return float(optimize.brentq(excess, 1e-12, 1 - 1e-12))

    def as_ratio(p: float) -> float:
        return math.inf if p == 1.0 else p / (1 - p) * e0 / e1

    estimate = (k1 / e1) / (k0 / e0) if k0 else math.inf
    return Interval(estimate, as_ratio(bound(False)), as_ratio(bound(True)))


def mantel_haenszel_ratio(
    k1: Array, n1: Array, k0: Array, n0: Array, *, as_rates: bool = False, confidence: float = 0.95
) -> Interval:
    """Ratio of shares (or rates) within places, pooled with Mantel-Haenszel weights; variance robust to places
    differing.

    With fewer than ten informative places the robust variance is unsteady, and the Greenland-Robins one is used
    instead.
    """
    whole = n1 + n0
    use = (n1 > 0) & (n0 > 0) & (k1 + k0 > 0)
    if not use.any():
        return NONE
    k1, n1, k0, n0, whole = k1[use], n1[use], k0[use], n0[use], whole[use]
    above, below = k1 * n0 / whole, k0 * n1 / whole
    if above.sum() == 0 or below.sum() == 0:
        return NONE
    ratio = float(above.sum() / below.sum())
    by_place = n1 * n0 * (k1 + k0) / whole**2
    if not as_rates:
        by_place = by_place - k1 * k0 / whole
    if len(whole) < 10:
        variance = float(by_place.sum() / (above.sum() * below.sum()))
        return _log_interval(ratio, variance, float(special.ndtri(0.5 + confidence / 2)))
    pull = above / above.sum() - below / below.sum()
    # Degrees of freedom of a sum of squares whose terms have the Greenland-Robins variances of their places.
    expected = by_place / by_place.sum()
    variance = float((pull**2 / (1 - np.minimum(expected, 0.9))).sum())
    freedom = max(1.0, 1 / float((expected**2).sum()) - 1)
    return _log_interval(ratio, variance, float(special.stdtrit(freedom, 0.5 + confidence / 2)))


def poisson_rate(count: int, exposure: float, *, confidence: float = 0.95) -> Interval:
    """Exact (Garwood 1936) interval of count / exposure."""
    if exposure <= 0:
        return NONE
    tail = (1 - confidence) / 2
    low = float(special.chdtri(2 * count, 1 - tail)) / 2 if count else 0.0
    high = float(special.chdtri(2 * count + 2, tail)) / 2
    return Interval(count / exposure, low / exposure, high / exposure)


def _with_records(k: Array, n: Array) -> tuple[Array, Array]:
    use = n > 0
    return np.asarray(k, float)[use], np.asarray(n, float)[use]


def _cr2(k: Array, n: Array) -> tuple[Array, Array]:
    """Corrected residuals of sum(k) by place, and their covariance under independence (up to p(1-p))."""
    k, n = np.asarray(k, float), np.asarray(n, float)
    leverage = n / n.sum()
    correct = 1 / np.sqrt(np.maximum(1 - leverage, 1e-12))
    residual = (k - n * k.sum() / n.sum()) * correct
    matrix = (np.diag(n) - np.outer(n, n) / n.sum()) * np.outer(correct, correct)
    return residual, matrix


def _jackknife(k: Array, n: Array) -> tuple[Array, Array]:
    """How far the total would be off without each place, and the covariance of that if rates differ between places (up
    to their variance)."""
    leave_out = np.diag(1 / np.maximum(1 - n / n.sum(), 1e-12))
    matrix = leave_out @ (np.eye(len(n)) - np.outer(n, np.ones(len(n))) / n.sum()) * n
    return leave_out @ (k - n * k.sum() / n.sum()), np.asarray(matrix @ matrix.T)


def _t(matrix: Array, confidence: float) -> float:
    freedom = max(1.0, float(np.trace(matrix)) ** 2 / float((matrix**2).sum()))
    return float(special.stdtrit(freedom, 0.5 + confidence / 2))


def _log_interval(ratio: float, variance: float, quantile: float) -> Interval:
    half = quantile * math.sqrt(variance)
    return Interval(ratio, ratio * math.exp(-half), ratio * math.exp(half))


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x))
