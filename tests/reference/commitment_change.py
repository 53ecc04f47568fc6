"""Intervals of a change by root finding and searching, where `comity.site.commitments.change` has formulas."""

from __future__ import annotations

import math

Z = 1.959963984540054


def root(function, low, high):
    """Where an increasing or decreasing function crosses zero between low and high."""
    rises = function(high) > function(low)
    for _ in range(200):
        middle = (low + high) / 2
        if (function(middle) > 0) == rises:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def share(k, n, z=Z):
    """Shares that a score test of k out of n does not reject (Wilson 1927)."""

    def score(p):
        return (k / n - p) - side * z * math.sqrt(max(p * (1 - p), 0) / n)

    found = []
    for side in (1, -1):
        if (k == 0 and side == 1) or (k == n and side == -1):
            found.append(k / n)
        else:
            found.append(root(score, 0, k / n) if side == 1 else root(score, k / n, 1))
    return k / n, *found


def count(k, z=Z):
    """Poisson means that a score test of k events does not reject."""
    below = root(lambda mean: (k - mean) - z * math.sqrt(mean), 0, k) if k else 0.0
    return k, below, root(lambda mean: (k - mean) + z * math.sqrt(mean), k, 10 * k + 100)


def difference(before, after):
    """The change's limits: each number's variance is taken where the limit lies (Zou and Donner 2008)."""
    (p0, l0, u0), (p1, l1, u1) = before, after
    return (
        p1 - p0,
        p1 - p0 - math.sqrt((p1 - l1) ** 2 + (u0 - p0) ** 2),
        p1 - p0 + math.sqrt((u1 - p1) ** 2 + (p0 - l0) ** 2),
    )


def relative_change(before, after):
    """Ratios r, less one, at which the interval of after - r * before just reaches zero (Donner and Zou 2012)."""
    (p0, l0, u0), (p1, l1, u1) = before, after

    def lower(r):
        return p1 - r * p0 - math.sqrt((p1 - l1) ** 2 + (r * (u0 - p0)) ** 2)

    def upper(r):
        return p1 - r * p0 + math.sqrt((u1 - p1) ** 2 + (r * (p0 - l0)) ** 2)

    ratio = p1 / p0
    top = ratio + 1.0
    while upper(top) > 0:
        top *= 2
    return ratio - 1, root(lower, 0, ratio) - 1, root(upper, ratio, top) - 1
