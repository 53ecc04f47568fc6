"""Selection bounds: what a comparison after the stop can say when the stops themselves may be biased.

Knox, Lowe and Mummolo 2020: if a share rho of a group's stops would not have been made had the people been of the
reference group, comparing searches among those stopped understates the effect of the group on being searched. Given
rho, the effect among the group's own stops is p1 - (1 - rho) p0; rho is unknown, so it is swept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.disparity.counts import GroupedCounts, group_label
from comity.disparity.finding import Figure, Finding, Gate, decide
from comity.disparity.intervals import clustered_difference
from comity.disparity.methods import METHODS
from comity.disparity.rates import slug, unanswerable
from comity.wording import message

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True)
class Bound:
    """The effect on being searched (difference of shares) if a share rho of the stops would not have been made."""

    rho: float
    effect: float
    low: float
    high: float


def selection_bounds(
    searches: NDArray[np.float64],
    stops: NDArray[np.float64],
    other_searches: NDArray[np.float64],
    other_stops: NDArray[np.float64],
    *,
    shares: Sequence[float] = SHARES,
) -> list[Bound]:
    """The effect among the group's stops for each rho, with intervals clustered by place. Arrays are by place.

    Assumes that being of the group never prevents a stop or a search, and that the reference's stops show what would
    happen to those that would have been made anyway. Raises ValueError for a share outside [0, 1].
    """
    if any(not 0 <= rho <= 1 for rho in shares):
        raise ValueError(f"shares lie between 0 and 1, got {list(shares)}")
    bounds = []
    for rho in shares:
        effect = clustered_difference(searches, stops, other_searches, other_stops, factor=1 - rho)
        bounds.append(Bound(float(rho), effect.estimate, effect.low, effect.high))
    return bounds


def selection_findings(counts: GroupedCounts, *, reference: str) -> list[Finding]:
    """One finding per group: the searched share's difference from `reference`, swept over the share of biased stops."""
    if counts.searches is None:
        return [unanswerable("selection_bounds", "selection-bounds", "search_conducted")]
    base = counts.of(reference)
    texts = METHODS["selection_bounds"]
    findings = []
    for at, group in enumerate(counts.groups):
        if at == base:
            continue
        searches, stops = counts.searches.astype(float), counts.stops.astype(float)
        bounds = selection_bounds(searches[:, at], stops[:, at], searches[:, base], stops[:, base])
        sweep = tuple(
            Figure(
                message("if {share:.0%} of these stops would not have been made", share=bound.rho),
                bound.effect,
                bound.low,
                bound.high,
                part="comparison" if bound.rho == 0 else "sensitivity",
                more={"rho": bound.rho},
            )
            for bound in bounds
        )
        few = min(searches[:, at].sum(), searches[:, base].sum()) < 5
        gates = (
            Gate(
                "events",
                not few,
                message("One of the groups has fewer than 5 {event}, too few to compare.", event=message("searches")),
            ),
        )
        first, last = bounds[0], bounds[-1]
        verdict, reason = decide(
            low=first.low, high=first.high, no_difference=0.0, gates=gates, sensitivities=sweep[1:]
        )
        findings.append(
            Finding(
                id=f"selection-bounds:{group}:{reference}",
                method="selection_bounds",
                question=message(
                    "How much more often are {group} people searched than {other} people, if some of their stops "
                    "were biased?",
                    group=group_label(group),
                    other=group_label(reference),
                ),
                sentence=message(
                    "Of those stopped, {group} people were searched {naive:+.1f} percentage points more (+) or less "
                    "(-) often than {other} people. If "
                    "{share:.0%} of their stops would not have been made of {other} people, the difference is "
                    "{adjusted:+.1f} "
                    "points.",
                    group=group_label(group),
                    other=group_label(reference),
                    naive=100 * first.effect,
                    share=last.rho,
                    adjusted=100 * last.effect,
                ),
                verdict=verdict,
                reason=reason,
                unit="difference",
                n=round(float(stops[:, [at, base]].sum())),
                estimate=first.effect,
                low=first.low,
                high=first.high,
                assumptions=texts.assumptions,
                limits=texts.limits,
                figures=sweep,
                gates=gates,
                chart=None if few else f"selection-bounds-{slug(group)}-{slug(reference)}",
            )
        )
    return findings
