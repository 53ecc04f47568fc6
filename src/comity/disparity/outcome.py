"""Outcome test: do searches of one group find contraband as often as searches of another? (Becker 1957)

Hit rates with cluster-robust intervals, pooled and within places. Its known weakness, infra-marginality, is a limit
of every finding; the threshold test (comity.disparity.threshold) is the answer to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from comity.disparity.counts import GroupedCounts, group_label
from comity.disparity.finding import Finding, Gate, Verdict
from comity.disparity.rates import ratio_finding, unanswerable
from comity.wording import message


def outcome_findings(
    counts: GroupedCounts,
    *,
    reference: str,
    cells: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> list[Finding]:
    """One finding per group against `reference`; a single *cannot tell* where searches or hits are not recorded.

    Implausible recording (`implausible`) is refused: no number is given.
    """
    if counts.searches is None:
        return [unanswerable("outcome_test", "outcome-test", "search_conducted")]
    if counts.hits is None:
        return [unanswerable("outcome_test", "outcome-test", "contraband_found")]
    gate = implausible(counts)
    if not gate.passed:
        refused = unanswerable("outcome_test", "outcome-test", "contraband_found", reason=gate.said)
        return [replace(refused, verdict=Verdict.CANNOT_TELL, gates=(gate,), n=int(counts.searches.sum()))]
    return [
        ratio_finding(
            counts,
            group=group,
            reference=reference,
            events=counts.hits.astype(float),
            exposure=counts.searches.astype(float),
            method="outcome_test",
            question=message(
                "When {group} people are searched, is something found as often as when {other} people are?",
                group=group_label(group),
                other=group_label(reference),
            ),
            event=message("hits"),
            base=message("searches"),
            cells=cells or {},
            gates=(gate,),
        )
        for group in counts.groups
        if group != reference
    ]


def implausible(counts: GroupedCounts) -> Gate:
    """Refuses searches that cannot be what the column's name says, as in Hartford (28.0% searched, 1.6% hits).

    Departments that record discretionary searches search under a tenth of those stopped, and find something in a
    tenth or more. A fifth or more searched with a twentieth or fewer hits means that the column records something else.
    """
    if counts.searches is None or counts.hits is None:
        raise ValueError("implausible() needs searches and hits")
    stops, searches, hits = (int(each.sum()) for each in (counts.stops, counts.searches, counts.hits))
    searched = searches / stops if stops else 0.0
    found = hits / searches if searches else 0.0
    passed = searches > 0 and not (searched >= 0.2 and found <= 0.05)
    if searches == 0:
        said = message("No search is recorded, so there is nothing to compare.")
    else:
        said = message(
            "{searched:.1%} of {stops:,} stops are recorded as searches, but only {found:.1%} of these as finding "
            "something. That is not "
            "plausible for searches at an officer's discretion: the records probably mean something else, so no "
            "result is given.",
            searched=searched,
            stops=stops,
            found=found,
        )
    return Gate("plausible", passed, said, found)
