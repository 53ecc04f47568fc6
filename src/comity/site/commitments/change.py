"""Did a published number move by as much as was promised? Intervals for shares, counts and estimates, and a fixed rule.

The interval of a change follows from the intervals of its two numbers (MOVER: Zou and Donner 2008 for differences, Donner
and Zou 2012 for ratios); for shares that is Newcombe's method 10 (1998). docs/methods/commitments.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import special

CONFIDENCE = 0.95
Z = float(special.ndtri(0.5 + CONFIDENCE / 2))
PERIODS_THAT_SHOW_SCATTER = 4

MOVED, DID_NOT_MOVE, CANNOT_TELL = "moved", "did not move", "cannot tell"


@dataclass(frozen=True)
class Number:
    """A number with its interval, low <= estimate <= high."""

    estimate: float
    low: float
    high: float


def share(k: int, n: int, *, off: int = 0, spread: float = 1.0) -> Number:
    """The share k/n with its Wilson interval. off: by how much protection may have changed each count, at most.

    spread: how many times as wide as chance alone would make it (`scatter`). n > off.
    """
    low, high = (max(k - off, 0), n + off), (k + off, n - off)
    return Number(
        k / n, _wilson(low[0] / low[1], low[1], -spread), _wilson(min(high[0] / high[1], 1.0), high[1], spread)
    )


def count(k: int, exposure: float, *, off: int = 0, spread: float = 1.0) -> Number:
    """k / exposure with the score interval of a Poisson rate. off, spread: as in `share`."""
    z = Z * spread
    low, high = max(k - off, 0), k + off
    return Number(
        k / exposure,
        max(0.0, low + z * z / 2 - z * math.sqrt(low + z * z / 4)) / exposure,
        (high + z * z / 2 + z * math.sqrt(high + z * z / 4)) / exposure,
    )


def estimate(value: float, low: float, high: float) -> Number:
    """A published estimate and its interval, which were rounded to three significant digits: widened by half a digit."""
    return Number(value, low - _half_a_digit(low), high + _half_a_digit(high))


def difference(before: Number, after: Number) -> Number:
    """after - before, for independent numbers."""
    change = after.estimate - before.estimate
    down = math.hypot(after.estimate - after.low, before.high - before.estimate)
    up = math.hypot(after.high - after.estimate, before.estimate - before.low)
    return Number(change, change - down, change + up)


def relative_change(before: Number, after: Number) -> Number | None:
    """after / before - 1, for independent positive numbers; None where the number before may be nothing at all."""
    if before.low <= 0 or before.estimate <= 0:
        return None
    product = before.estimate * after.estimate

    def parts(of_after: float, of_before: float) -> tuple[float, float, float]:
        a, b = of_after * (2 * after.estimate - of_after), of_before * (2 * before.estimate - of_before)
        return a, b, product + math.sqrt(max(product * product - a * b, 0.0))

    least, _, root = parts(after.low, before.high)
    low = least / root if root > 0 else 0.0
    _, squared, root = parts(after.high, before.low)
    return Number(after.estimate / before.estimate - 1, low - 1, root / squared - 1)


def verdict(change: Number, *, wants: str, size: float) -> str:
    """moved: all of the interval is at least `size` in the wanted direction. did not move: none of it is."""
    low, high = (change.low, change.high) if wants == "up" else (-change.high, -change.low)
    if low >= size:
        return MOVED
    return DID_NOT_MOVE if high < size else CANNOT_TELL


def scatter(counts: Sequence[int], exposures: Sequence[float], *, is_share: bool) -> float:
    """How many times as wide intervals ought to be because earlier periods vary by more than chance; 1 or more.

    counts, exposures (n, or days): of comparable periods up to the baseline. Fewer than four of them do not show it: 1.
    """
    if len(counts) < PERIODS_THAT_SHOW_SCATTER or not sum(counts) > 0:
        return 1.0
    rate = sum(counts) / sum(exposures)
    if is_share and rate >= 1:
        return 1.0
    noise = rate * (1 - rate) if is_share else rate
    freedom = len(counts) - 1
    dispersion = sum((k - rate * e) ** 2 / (noise * e) for k, e in zip(counts, exposures, strict=True)) / freedom
    if dispersion <= 1:
        return 1.0
    return math.sqrt(dispersion) * float(special.stdtrit(freedom, 0.5 + CONFIDENCE / 2)) / Z


def _wilson(p: float, n: float, spread: float) -> float:
    """The bound of a share p of n on the side of the sign of `spread`."""
    z = Z * spread
    middle = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return min(max((middle + half) / (1 + z * z / n), 0.0), 1.0)


def _half_a_digit(value: float) -> float:
    return 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) - 2) if value else 0.0
