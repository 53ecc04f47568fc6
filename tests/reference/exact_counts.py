"""Exact binomial statements by adding up terms."""

from __future__ import annotations

from math import comb


def mid_p_tails(k, n, p):
    """(chance of more than k, plus half that of k; chance of fewer, plus half that of k) of a binomial."""
    terms = [comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(n + 1)]
    return sum(terms[k + 1 :]) + terms[k] / 2, sum(terms[:k]) + terms[k] / 2


def binomial_limit(n, p, chance):
    """The smallest count at which the chance of at most so many reaches `chance`."""
    term = total = (1 - p) ** n
    at = 0
    while total < chance:
        term *= (n - at) / (at + 1) * p / (1 - p)
        at += 1
        total += term
    return at
