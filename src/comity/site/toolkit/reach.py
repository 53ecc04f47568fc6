"""The reach record: whom we reached against who lives here, and whom we did not.

Shares of those reached carry Wilson intervals (95%); the share of residents is taken as known. A group is *reached less than
its share* only where the whole interval lies below its share of residents.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z_95 = 1.959963984540054
FEWEST = 10  # people reached in all, below which shares say nothing


@dataclass(frozen=True)
class Line:
    """One group as it was typed in: people who live here, people reached; None where that was left empty."""

    group: str
    living: int | None
    reached: int | None


@dataclass(frozen=True)
class Compared:
    """A group with what follows. living_share, reached_share: 0-1; low, high: interval of reached_share.

    verdict: "less", "more", "in line", "nobody" (none of them reached), or "cannot tell".
    """

    line: Line
    living_share: float | None
    reached_share: float | None
    low: float | None
    high: float | None
    verdict: str


@dataclass(frozen=True)
class Reach:
    """lines: every group. living, reached: sums over the groups that have both numbers. left_out: groups that do not."""

    lines: tuple[Compared, ...]
    living: int
    reached: int
    left_out: int

    @property
    def missed(self) -> tuple[Compared, ...]:
        """Groups reached less than their share, or not at all."""
        return tuple(each for each in self.lines if each.verdict in ("less", "nobody"))


def compare_reach(lines: Sequence[Line]) -> Reach:
    """Shares among the groups whose two numbers are known; a missing number is missing, never 0."""
    known = [each for each in lines if each.living is not None and each.reached is not None]
    living = sum(each.living or 0 for each in known)
    reached = sum(each.reached or 0 for each in known)
    return Reach(
        tuple(_compared(each, living, reached, is_known=each in known) for each in lines),
        living,
        reached,
        len(lines) - len(known),
    )


def _compared(line: Line, living: int, reached: int, *, is_known: bool) -> Compared:
    if not is_known or not living:
        return Compared(line, None, None, None, None, "cannot tell")
    here = (line.living or 0) / living
    if not reached:
        return Compared(line, here, None, None, None, "cannot tell")
    count = line.reached or 0
    low, high = _wilson(count, reached)
    if count == 0 and line.living:
        verdict = "nobody"
    elif reached < FEWEST:
        verdict = "cannot tell"
    else:
        verdict = "less" if high < here else "more" if low > here else "in line"
    return Compared(line, here, count / reached, low, high, verdict)


def _wilson(k: int, n: int) -> tuple[float, float]:
    centre = (k + Z_95**2 / 2) / (n + Z_95**2)
    spread = Z_95 / (n + Z_95**2) * math.sqrt(k * (n - k) / n + Z_95**2 / 4)
    return max(0.0, centre - spread), min(1.0, centre + spread)
