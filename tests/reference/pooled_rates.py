"""Pooled rates by loops: intervals that leave out one place at a time, and Mantel-Haenszel over places."""

from __future__ import annotations

import numpy as np
from scipy import stats


def left_out_logit_interval(k, n, confidence=0.95):
    """Interval of a pooled share on the logit scale, from the shares without each place.

    Its degrees of freedom are those of the sum of squares when only the places' rates vary, alike in all.
    """
    places, share = range(len(n)), sum(k) / sum(n)
    apart = [share - sum(np.delete(k, at)) / sum(np.delete(n, at)) for at in places]
    # What a place's rate adds to each of these differences.
    pulls = np.zeros((len(n), len(n)))
    for at in places:
        for other in places:
            without = 0.0 if at == other else n[other] / sum(np.delete(n, at))
            pulls[at, other] = n[other] / sum(n) - without
    covariance = pulls @ pulls.T
    freedom = np.trace(covariance) ** 2 / (covariance**2).sum()
    half = stats.t.ppf(0.5 + confidence / 2, freedom) * np.sqrt(np.square(apart).sum()) / (share * (1 - share))
    logit = np.log(share / (1 - share))
    return tuple(1 / (1 + np.exp(-(logit + sign * half))) for sign in (-1, 1))


def mantel_haenszel(k1, n1, k0, n0):
    """The ratio of shares within places, a place at a time."""
    above = below = 0.0
    for a, n, c, m in zip(k1, n1, k0, n0, strict=True):
        above += a * m / (n + m)
        below += c * n / (n + m)
    return above / below
