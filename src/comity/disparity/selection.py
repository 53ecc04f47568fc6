"""Selection bounds: what a comparison after the stop can say when the stops themselves may be biased.

Knox, Lowe and Mummolo 2020: if a share rho of a group's stops would not have been made had the people been of the
reference group, comparing searches among those stopped understates the effect of the group on being searched. Given
rho, the effect among the group's own stops is p1 - (1 - rho) p0, and the effect among everybody stopped lies between
bounds; rho is unknown, so it is swept. Equations: docs/methods/selection_bounds.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.disparity.counts import GroupedCounts, group_label
from comity.disparity.finding import Figure, Finding, Gate, decide
from comity.disparity.intervals import Interval, clustered_difference
from comity.disparity.methods import METHODS
from comity.disparity.rates import slug, unanswerable
from comity.wording import message

Array = NDArray[np.float64]

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True)
class Bound:
    """The effect on being searched (difference of shares) if a share rho of the group's stops would not have been made.

    effect, low, high: among the group's own stops, with its 95% interval. least, most: bounds on the effect among
    everybody stopped, if searches are no likelier in stops that would not have been made than in the others; lowest,
    highest: with the 95% limits of these. loosest: the lower bound without that condition.
    """

    rho: float
    effect: float
    low: float
    high: float
    least: float
    most: float
    lowest: float
    highest: float
    loosest: float


def selection_bounds(
    searches: Array,
    stops: Array,
    other_searches: Array,
    other_stops: Array,
    *,
    shares: Sequence[float] = SHARES,
) -> list[Bound]:
    """Effect and bounds for each rho, with intervals clustered by place. Arrays are by place.

    Assumes that being of the group never prevents a stop or a search, and that the reference's stops show what would
    happen to those that would have been made anyway. Raises ValueError for a share outside [0, 1).
    """
    if any(not 0 <= rho < 1 for rho in shares):
        raise ValueError(f"shares lie from 0 up to 1, got {list(shares)}")

    def difference(scale: float, factor: float) -> Interval:
        return clustered_difference(searches, stops, other_searches, other_stops, scale=scale, factor=factor)

    p1, p0 = float(searches.sum() / stops.sum()), float(other_searches.sum() / other_stops.sum())
    own = float(stops.sum() / (stops.sum() + other_stops.sum()))
    bounds = []
    for rho in shares:
        effect, below = difference(1.0, 1 - rho), difference(1.0, 1 - rho * own)
        # Among stops made anyway the share searched is at most all of them.
        if p1 <= 1 - rho:
            above, added = difference(own + (1 - own) / (1 - rho), 1 - rho * own), 0.0
        else:
            above, added = difference(own, 1 - rho * own), 1 - own
        anyway = max(0.0, (p1 - rho) / (1 - rho))
        bounds.append(
            Bound(
                rho=float(rho),
                effect=effect.estimate,
                low=effect.low,
                high=effect.high,
                least=below.estimate,
                most=above.estimate + added,
                lowest=below.low,
                highest=above.high + added,
                loosest=own * effect.estimate + (1 - own) * (anyway - p0),
            )
        )
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
        everybody = tuple(
            Figure(
                message(
                    "if {share:.0%} of these stops would not have been made: between these bounds for everybody stopped",
                    share=bound.rho,
                ),
                None,
                bound.lowest,
                bound.highest,
                part="detail",
                more={"rho": bound.rho, "least": bound.least, "most": bound.most, "loosest": bound.loosest},
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
                figures=(*sweep, *everybody),
                gates=gates,
                chart=None if few else f"selection-bounds-{slug(group)}-{slug(reference)}",
            )
        )
    return findings
