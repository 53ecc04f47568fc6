"""Pooled rates by matrices and loops: CR2 errors with their degrees of freedom, and Mantel-Haenszel over places."""

from __future__ import annotations

import numpy as np
from scipy import stats


def clustered_logit_interval(k, n, confidence=0.95):
    """CR2 interval of a pooled share on the logit scale, from rows of single stops: an intercept-only regression."""
    rows = np.concatenate([np.repeat([1.0, 0.0], [int(a), int(b - a)]) for a, b in zip(k, n, strict=True)])
    place = np.repeat(np.arange(len(n)), n.astype(int))
    share, total = rows.mean(), len(rows)
    pulls = np.zeros((len(n), total))
    for at in range(len(n)):
        mine = place == at
        hat = np.full((mine.sum(), mine.sum()), 1 / total)
        values, vectors = np.linalg.eigh(np.eye(mine.sum()) - hat)
        pulls[at, mine] = np.ones(mine.sum()) @ vectors @ np.diag(values**-0.5) @ vectors.T
    pulled = pulls @ (rows - share)
    covariance = pulls @ (np.eye(total) - 1 / total) @ pulls.T
    freedom = np.trace(covariance) ** 2 / (covariance**2).sum()
    scale = 1 / (total * share * (1 - share))
    half = stats.t.ppf(0.5 + confidence / 2, freedom) * scale * np.sqrt((pulled**2).sum())
    logit = np.log(share / (1 - share))
    return tuple(1 / (1 + np.exp(-(logit + sign * half))) for sign in (-1, 1))


def mantel_haenszel(k1, n1, k0, n0):
    """The ratio of shares within places, a place at a time."""
    above = below = 0.0
    for a, n, c, m in zip(k1, n1, k0, n0, strict=True):
        above += a * m / (n + m)
        below += c * n / (n + m)
    return above / below
