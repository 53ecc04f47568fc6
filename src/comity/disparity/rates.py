"""Stop rates against benchmarks and search rates by group: pooled ratios beside ratios within places, with honest
intervals.

Pooled ratios can reverse inside every place (Simpson's paradox), and Wilson intervals of pooled rates are too narrow,
so each finding carries a cluster-robust interval and the Mantel-Haenszel ratio stratified by place, and *shows* needs
both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from comity.disparity.counts import GroupedCounts, group_label, set_aside_note
from comity.disparity.finding import Figure, Finding, Gate, Verdict, decide, rounded
from comity.disparity.intervals import Interval, clustered_rate, clustered_ratio, mantel_haenszel_ratio, wilson
from comity.disparity.methods import METHODS
from comity.wording import Message, message


@dataclass(frozen=True)
class Benchmark:
    """How many people (or what else stops are compared with) a group has in a place.

    key: "residents", "drivers", "crash_involved", "dark_hours". table: columns place, group, people; a pair without a
    row, or with a null, is missing and never 0. source, year: where the numbers come from.
    """

    key: str
    table: pa.Table
    source: str | Message
    year: int
    per: int = 1000

    @property
    def name(self) -> Message:
        return BENCHMARK_NAMES[self.key]

    @property
    def failure(self) -> Message:
        """How this benchmark goes wrong."""
        return BENCHMARK_FAILURES[self.key]


BENCHMARK_NAMES = {
    "residents": message("residents"),
    "drivers": message("licensed drivers"),
    "crash_involved": message("drivers in crashes where they were not at fault"),
    "dark_hours": message("stops in the dark"),
}

BENCHMARK_FAILURES = {
    "residents": message(
        "Residents are not the people on the street: commuters, visitors and people without a car are counted "
        "wrongly, and who is "
        "exposed to police differs by neighborhood."
    ),
    "drivers": message(
        "Licensed drivers do not all drive equally much, or in the same places, and people who drive without a "
        "license are left out."
    ),
    "crash_involved": message(
        "Drivers in crashes stand for who is on the road, but crashes are few, and some are not reported."
    ),
    "dark_hours": message(
        "Stops in the dark stand for stops made without seeing who drives, but street lights let officers see, and "
        "other people drive "
        "at night."
    ),
}


def search_rate_findings(
    counts: GroupedCounts,
    *,
    reference: str,
    searched: Message | None = None,
    cells: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> list[Finding]:
    """One finding per group: is it searched more (or less) often than `reference`, of those stopped?

    counts: stops are those in which it is recorded whether a search took place. searched: what the search was of.
    cells: by group, the public cells its two numbers are in.
    """
    if counts.searches is None:
        return [unanswerable("search_rate", "search-rate", "search_conducted")]
    return [
        ratio_finding(
            counts,
            group=group,
            reference=reference,
            events=counts.searches.astype(float),
            exposure=counts.stops.astype(float),
            method="search_rate",
            question=message(
                "Of the people stopped, are {group} people searched more often than {other} people?",
                group=group_label(group),
                other=group_label(reference),
            ),
            event=searched or message("searches"),
            base=message("stops"),
            cells=cells or {},
        )
        for group in counts.groups
        if group != reference
    ]


def stop_rate_findings(
    counts: GroupedCounts,
    benchmark: Benchmark,
    *,
    reference: str,
    cells: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    coarse: bool = False,
) -> list[Finding]:
    """One finding per group: is it stopped more (or less) often than `reference`, per person in the benchmark?

    Places without a denominator for both groups are left out and said; a group without one gets *cannot tell*. coarse:
    two digits and no counts, where no public table has these stops; so it is too where places are left out.
    """
    people = {
        (str(place), str(group)): float(value)
        for place, group, value in zip(
            benchmark.table["place"].to_pylist(),
            benchmark.table["group"].to_pylist(),
            benchmark.table["people"].to_pylist(),
            strict=True,
        )
        if value is not None
    }
    grid = np.array([[people.get((place, group), math.nan) for group in counts.groups] for place in counts.places])
    base = counts.of(reference)
    identity = f"stop-rate-{benchmark.key.replace('_', '-')}"
    findings, missing = [], []
    for group in counts.groups:
        if group == reference:
            continue
        at = counts.of(group)
        known = np.isfinite(grid[:, at]) & np.isfinite(grid[:, base])
        question = message(
            "Are {group} people stopped more often than {other} people, compared with their number among {benchmark}?",
            group=group_label(group),
            other=group_label(reference),
            benchmark=benchmark.name,
        )
        if not known.any() or grid[known][:, at].sum() == 0:
            missing.append(group)
            continue
        part = replace(
            counts,
            places=tuple(place for place, use in zip(counts.places, known, strict=True) if use),
            stops=counts.stops[known],
            searches=None,
            hits=None,
        )
        left_out = int(counts.stops[~known][:, [at, base]].sum())
        finding = ratio_finding(
            part,
            group=group,
            reference=reference,
            events=part.stops.astype(float),
            exposure=grid[known],
            method="stop_rate",
            question=question,
            event=message("stops"),
            base=benchmark.name,
            cells=cells or {},
            identity=identity,
            per=benchmark.per,
            coarse=coarse or left_out > 0,
        )
        notes = [
            message(
                "Numbers of {benchmark}: {source}, {year}.",
                benchmark=benchmark.name,
                source=benchmark.source,
                year=str(benchmark.year),
            ),
            benchmark.failure,
        ]
        if left_out:
            notes.append(
                message(
                    "About {stops:,.0f} stops are in places for which nobody supplied the number of {benchmark}; "
                    "they are left out here.",
                    stops=rounded(left_out, 1),
                    benchmark=benchmark.name,
                )
            )
        findings.append(replace(finding, limits=(*notes, *finding.limits)))
    if missing:
        # One finding for all of them: the answer is the same, and a page of repetitions hides it.
        reason = message(
            "Nobody supplied how many people of these groups there are among {benchmark}, and a missing number is "
            "not a "
            "zero: {groups}.",
            benchmark=benchmark.name,
            groups=_listed([group_label(group) for group in missing]),
        )
        findings.append(unanswerable("stop_rate", f"{identity}:missing", "people", reason=reason))
    return findings


def unanswerable(
    method: str, identity: str, column: str, *, reason: Message | None = None, question: Message | None = None
) -> Finding:
    """The finding for a question that these records cannot answer; it says which column would answer it."""
    texts = METHODS[method]
    reason = reason or message(
        "These records have no column {column}. Recording it would let this question be answered.", column=column
    )
    return Finding(
        id=identity,
        method=method,
        question=question or texts.question,
        sentence=reason,
        verdict=Verdict.CANNOT_TELL,
        reason=reason,
        unit="ratio",
        n=0,
        assumptions=texts.assumptions,
        limits=texts.limits,
    )


def ratio_finding(
    counts: GroupedCounts,
    *,
    group: str,
    reference: str,
    events: np.ndarray[Any, np.dtype[np.float64]],
    exposure: np.ndarray[Any, np.dtype[np.float64]],
    method: str,
    question: Message,
    event: Message,
    base: Message,
    cells: Mapping[str, Sequence[Mapping[str, Any]]],
    identity: str | None = None,
    per: int | None = None,
    gates: Sequence[Gate] = (),
    coarse: bool = False,
) -> Finding:
    """Ratio of two groups' rates, pooled and within places.

    events, exposure: (places, groups). per: rates per so many people (a rate may pass 1), else shares. gates: more
    conditions.
    coarse: two digits and no counts, for a sum over some of the places, whose difference from the total must not be
    told.
    """
    one, two = counts.of(group), counts.of(reference)
    k1, n1, k0, n0 = events[:, one], exposure[:, one], events[:, two], exposure[:, two]
    name, other = group_label(group), group_label(reference)
    as_rates = per is not None
    rates = [clustered_rate(k, n, as_rates=as_rates) for k, n in ((k1, n1), (k0, n0))]
    pooled = clustered_ratio(k1, n1, k0, n0, as_rates=as_rates)
    within = mantel_haenszel_ratio(k1, n1, k0, n0, as_rates=as_rates)
    if coarse:
        rates, pooled, within = [_coarse(rate) for rate in rates], _coarse(pooled), _coarse(within)
    factor = float(per or 1)
    groups = tuple(
        Figure(
            label,
            rate.estimate * factor,
            rate.low * factor,
            rate.high * factor,
            k=None if coarse else round(float(k.sum())),
            n=None if coarse else round(float(n.sum())),
            part="group",
            more=_wilson(k, n) if not as_rates else {},
        )
        for label, rate, k, n in ((name, rates[0], k1, n1), (other, rates[1], k0, n0))
    )
    ratios = (
        _figure(message("{group} to {other}, all places together", group=name, other=other), pooled, "comparison"),
        _figure(message("{group} to {other}, within the same place", group=name, other=other), within, "sensitivity"),
    )
    few = min(k1.sum(), k0.sum()) < 5
    gates = (
        *gates,
        Gate(
            "events",
            not few,
            message("One of the groups has fewer than 5 {event}, too few to compare.", event=event),
            float(min(k1.sum(), k0.sum())),
        ),
    )
    verdict, reason = decide(low=pooled.low, high=pooled.high, no_difference=1.0, gates=gates, sensitivities=ratios[1:])
    if as_rates:
        sentence = message(
            "{group}: {rate1:,.0f} {event} per {per:,} {base}. {other}: {rate0:,.0f}.",
            group=name,
            other=other,
            event=event,
            base=base,
            rate1=groups[0].estimate,
            rate0=groups[1].estimate,
            per=per,
        )
    else:
        sentence = message(
            "{group}: {k1:,} {event} in {n1:,} {base} ({rate1:.1%}). {other}: {k0:,} in {n0:,} ({rate0:.1%}).",
            group=name,
            other=other,
            event=event,
            base=base,
            k1=groups[0].k,
            n1=groups[0].n,
            rate1=groups[0].estimate,
            k0=groups[1].k,
            n0=groups[1].n,
            rate0=groups[1].estimate,
        )
    headline = None
    if pooled and not few:
        headline = message(
            "The rate of {event} was {ratio:.2f} times as high for {group} as for {other} people (95 percent interval "
            "{low:.2f} to {high:.2f}).",
            event=event,
            group=name,
            other=other,
            ratio=pooled.estimate,
            low=pooled.low,
            high=pooled.high,
        )
        sentence = message(
            "{within} {rates}",
            rates=sentence,
            within=message("Within the same place it is {ratio:.2f} times.", ratio=within.estimate)
            if within
            else message("Within the same place it cannot be computed."),
        )
    note = set_aside_note(counts.set_aside, counts.total)
    texts = METHODS[method]
    identity = identity or method.replace("_", "-")
    n = float((k1 + k0).sum() if as_rates else (n1 + n0).sum())
    usable = bool(pooled) and not few
    return Finding(
        id=f"{identity}:{group}:{reference}",
        method=method,
        question=question,
        headline=headline,
        sentence=sentence,
        verdict=verdict,
        reason=reason,
        unit="ratio",
        n=round(rounded(n, 2) or 0) if coarse else round(n),
        estimate=pooled.estimate if usable else None,
        low=pooled.low if usable else None,
        high=pooled.high if usable else None,
        counts=tuple(
            {"table": c["table"], "where": dict(c["where"])} for g in (group, reference) for c in cells.get(g, ())
        ),
        assumptions=texts.assumptions,
        limits=(*((note,) if note else ()), *texts.limits),
        figures=(*groups, *(ratios if usable else ())),
        gates=gates,
        chart=f"{identity}-{slug(group)}-{slug(reference)}" if usable else None,
    )


def slug(text: str) -> str:
    """`text` as part of a file name."""
    return "-".join("".join(each if each.isalnum() else " " for each in text.casefold()).split())


def _listed(names: Sequence[Message]) -> Message:
    """The names with commas between them, each in its language."""
    listed = names[0]
    for name in names[1:]:
        listed = message("{several}, {name}", several=listed, name=name)
    return listed


def _coarse(interval: Interval) -> Interval:
    values = (rounded(each, 2) for each in (interval.estimate, interval.low, interval.high))
    return Interval(*(math.nan if value is None else value for value in values))


def _wilson(k: Any, n: Any) -> dict[str, float]:
    interval = wilson(round(float(k.sum())), round(float(n.sum())))
    return {"wilson_low": interval.low, "wilson_high": interval.high}


def _figure(label: Message, interval: Interval, part: str) -> Figure:
    if not interval:
        return Figure(label, None, part=part)
    return Figure(label, interval.estimate, interval.low, interval.high, part=part)
