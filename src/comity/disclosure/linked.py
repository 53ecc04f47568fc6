"""Statistics that follow from counts leak counts: when one may be published, and how coarsely.

A rate over published counts says nothing new. One over a hidden count would bound it, so it is withheld, or rounded so
coarsely that every value the count could have rounds to the same. docs/methods/suppression.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, inf

from comity.disclosure.audit import Audit, Interval
from comity.disclosure.protect import Protected
from comity.disclosure.tables import ALL, PUBLISHED, Cell, cell_of

STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def may_publish(protected: Protected, cells: Iterable[Cell]) -> bool:
    """Whether a statistic computed from these `cells` alone may be published unrounded: all of them are public."""
    public = {
        cell_of(table.measure, [*table.where.items(), *((n, row[n]) for n in table.dimensions if row[n] != ALL)])
        for table in protected.published
        for row in table.rows.to_pylist()
        if row["status"] == PUBLISHED
    }
    return set(cells) <= public


def share_that_tells_nothing(audit: Audit, hidden: Cell, *, whole: int) -> tuple[float, float] | None:
    """(share, step): `hidden` / `whole` rounded to multiples of `step`, the finest step for which all counts that an
    outsider must think possible give the same share; None where there is none, and the share is withheld.

    whole: the published count that `hidden` is a part of. Use it for one statistic a hidden count: two may bound it.
    """
    interval = audit.intervals.get(hidden, Interval(0, inf, True))
    for step in STEPS:
        least, most = (
            _rounded(end / whole, step) if end != inf else None for end in (interval.low, min(interval.high, whole))
        )
        if least is not None and least == most:
            return least, step
    return None


def _rounded(share: float, step: float) -> float:
    return round(floor(share / step + 0.5) * step, 6)
