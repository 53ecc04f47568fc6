"""Threshold test: is one group searched on weaker evidence than another? (Pierson, Corbett-Davies and Goel 2018)

A latent model of how likely people stopped are to carry contraband separates a group's threshold for being searched
from how many of its members carry something, which hit rates alone cannot do. Gates on every parameter's convergence;
a failed fit is run again harder, then refused. Sensitivity to pin, prior, signal family and weighting comes with
every answer. No pinned place by default: the pinned place changes answers. Equations and checks:
docs/methods/threshold_test.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.disparity.counts import GroupedCounts, group_label, set_aside_note
from comity.disparity.finding import VERDICT_RULE, Figure, Finding, Gate, Verdict, decide, rounded
from comity.disparity.methods import METHODS
from comity.disparity.outcome import implausible
from comity.disparity.rates import slug, unanswerable
from comity.disparity.threshold_kernels import BETA, DISCRIMINANT
from comity.disparity.threshold_model import (
    Draws,
    ModelOptions,
    SamplerOptions,
    probabilities,
    sample_posterior,
    signal,
)
from comity.errors import ComityError, nearest
from comity.wording import Message, message

Array = NDArray[np.float64]
LEVELS = (
    SamplerOptions(warmup=150, draws=800, target=0.9),
    SamplerOptions(warmup=300, draws=2400, target=0.95),
    SamplerOptions(warmup=600, draws=7200, target=0.98),
)
"""How hard the sampler tries: the next level only when a gate fails at the one before."""
VARIANT_LEVELS = (
    SamplerOptions(warmup=150, draws=400, target=0.9),
    SamplerOptions(warmup=300, draws=1200, target=0.95),
)
"""The same for the variants of the sensitivity report."""
BETA_LEVELS = (SamplerOptions(warmup=100, draws=500, target=0.8, rounds=6),)
"""The same for the beta family: slower, and its mode says little about its middle."""


@dataclass(frozen=True)
class GroupThreshold:
    """threshold: probability of carrying contraband at which the group is searched, averaged over places weighted by
    all stops there; own_weights: weighted by the group's own stops instead. sd: posterior standard deviation of
    threshold."""

    group: str
    threshold: float
    low: float
    high: float
    sd: float
    own_weights: float
    stops: int
    searches: int
    hits: int


@dataclass(frozen=True)
class PlaceThreshold:
    """One place and group: for pictures and for finding places that differ. Never public where counts are small."""

    place: str
    group: str
    threshold: float
    low: float
    high: float
    stops: int
    searches: int
    hits: int
    expected_search_rate: float
    expected_hit_rate: float


@dataclass(frozen=True)
class Predictive:
    """How the model reproduces what was observed: expected search and hit rates by (place, group), their errors beyond
    chance (weighted root mean squares), and the share of cells whose searches and hits lie in their 95% predictive
    interval."""

    search_rate: Array
    hit_rate: Array
    search_rate_error: float
    hit_rate_error: float
    searches_inside: float
    hits_inside: float


@dataclass(frozen=True)
class ThresholdResult:
    """gaps: threshold of a group minus that of the reference (below 0: searched on weaker evidence). sensitivities: by
    group, the gap under each variant. predictive: None where the computation did not converge."""

    reference: str
    pin: str | None
    groups: tuple[GroupThreshold, ...]
    gaps: tuple[tuple[str, Figure], ...]
    places: tuple[PlaceThreshold, ...]
    gates: tuple[Gate, ...]
    sensitivities: tuple[tuple[str, Figure], ...]
    predictive: Predictive | None
    set_aside: Message | None

    @property
    def passed(self) -> bool:
        return all(gate.passed for gate in self.gates)

    def as_record(self) -> dict[str, Any]:
        """What `comity disparity threshold --json` prints: no number where a gate failed."""
        findings = {finding.id.split(":")[1]: finding for finding in threshold_findings(self)}
        shown = self.passed
        return {
            "reference": self.reference,
            "pin": self.pin,
            "groups": [
                {
                    "group": each.group,
                    "threshold": each.threshold,
                    "low": each.low,
                    "high": each.high,
                    "sd": each.sd,
                    "threshold_own_weights": each.own_weights,
                    "stops": each.stops,
                    "searches": each.searches,
                    "hits": each.hits,
                }
                for each in self.groups
            ]
            if shown
            else [],
            "gaps": [
                {
                    "group": group,
                    "reference": self.reference,
                    "gap": gap.estimate,
                    "low": gap.low,
                    "high": gap.high,
                    "verdict": str(findings[group].verdict),
                    "reason": str(findings[group].reason) if findings[group].reason else None,
                    "sentence": str(findings[group].sentence),
                }
                for group, gap in self.gaps
            ]
            if shown
            else [],
            "gates": {gate.name: {"passed": gate.passed, "value": gate.value} for gate in self.gates},
            "refused": next((str(gate.said) for gate in self.gates if not gate.passed), None),
            "sensitivities": [
                {
                    "group": group,
                    "variant": str(figure.label),
                    "gap": figure.estimate,
                    "low": figure.low,
                    "high": figure.high,
                }
                for group, figure in self.sensitivities
            ]
            if shown
            else [],
            "sensitivity_sentences": {group: str(said) for group, said in self.sensitivity_sentences().items()},
            "predictive": self._predictive_record() if shown else {},
            "rule": str(VERDICT_RULE),
        }

    def sensitivity_sentences(self) -> dict[str, Message]:
        """By group, the sensitivity report in one sentence; empty where there is none."""
        reports = {group: (gap, self.variants(group)) for group, gap in self.gaps}
        return {group: _summary(gap, variants) for group, (gap, variants) in reports.items() if variants}

    def variants(self, group: str) -> tuple[Figure, ...]:
        return tuple(figure for name, figure in self.sensitivities if name == group)

    def _predictive_record(self) -> dict[str, Any]:
        assert self.predictive is not None
        return {
            "search_rate_error": self.predictive.search_rate_error,
            "hit_rate_error": self.predictive.hit_rate_error,
            "searches_inside": self.predictive.searches_inside,
            "hits_inside": self.predictive.hits_inside,
            "places": [
                {
                    "place": each.place,
                    "group": each.group,
                    "stops": each.stops,
                    "searches": each.searches,
                    "hits": each.hits,
                    "expected_search_rate": each.expected_search_rate,
                    "expected_hit_rate": each.expected_hit_rate,
                }
                for each in self.places
            ],
        }


def threshold_test(
    counts: GroupedCounts,
    *,
    reference: str,
    pin: str | None = None,
    sensitivity: bool = True,
    levels: tuple[SamplerOptions, ...] | None = None,
) -> ThresholdResult:
    """Fit the model to stops, searches and hits by place and group.

    pin: None for no pinned place, "largest" for the place with most stops, or a place's name. levels: sampler settings
    (LEVELS), each tried when the gates fail at the one before. Raises ComityError when searches or hits are missing
    or the pin is not a place. Implausible recording, and fits that do not converge, come back with a failed gate and
    no number.
    """
    if counts.searches is None or counts.hits is None:
        missing = "searches" if counts.searches is None else "hits"
        raise ComityError(f"There is no column '{missing}'.", "The threshold test needs stops, searches and hits.")
    counts.of(reference)
    pinned = _pin(counts, pin)
    note = set_aside_note(counts.set_aside, counts.total)
    plausible, comparable = implausible(counts), _comparable(counts)
    if not (plausible.passed and comparable.passed):
        return ThresholdResult(reference, pinned, (), (), (), (plausible, comparable), (), None, note)
    model = ModelOptions(pin=None if pinned is None else counts.places.index(pinned))
    n, s, h = (each.astype(float) for each in (counts.stops, counts.searches, counts.hits))
    draws, convergence = fit_until_converged(n, s, h, model, levels or LEVELS)
    gates: tuple[Gate, ...] = (plausible, comparable, *convergence)
    if not all(gate.passed for gate in gates):
        return ThresholdResult(reference, pinned, (), (), (), gates, (), None, note)
    predictive = _predictive(n, s, h, model, draws)
    gates = (*gates, _predictive_gate(predictive))
    pooled = np.einsum("idr,d->ir", draws.thresholds, n.sum(axis=1) / n.sum())
    by_own = np.einsum("idr,dr->ir", draws.thresholds, n / np.maximum(n.sum(axis=0), 1))
    variants: tuple[tuple[str, Figure], ...] = ()
    if sensitivity and gates[-1].passed:
        variants = _sensitivities(counts, n, s, h, model, reference, by_own)
    base = counts.of(reference)
    low, high = np.quantile(pooled, [0.025, 0.975], axis=0)
    place_low, place_high = np.quantile(draws.thresholds, [0.025, 0.975], axis=0)
    mean = draws.thresholds.mean(axis=0)
    return ThresholdResult(
        reference=reference,
        pin=pinned,
        groups=tuple(
            GroupThreshold(
                group,
                float(pooled[:, at].mean()),
                float(low[at]),
                float(high[at]),
                float(pooled[:, at].std()),
                float(by_own[:, at].mean()),
                int(n[:, at].sum()),
                int(s[:, at].sum()),
                int(h[:, at].sum()),
            )
            for at, group in enumerate(counts.groups)
        ),
        gaps=tuple(
            (group, _gap(pooled[:, at] - pooled[:, base], _gap_label(group, reference), "comparison"))
            for at, group in enumerate(counts.groups)
            if at != base
        ),
        places=tuple(
            PlaceThreshold(
                place,
                group,
                float(mean[d, r]),
                float(place_low[d, r]),
                float(place_high[d, r]),
                int(n[d, r]),
                int(s[d, r]),
                int(h[d, r]),
                float(predictive.search_rate[d, r]),
                float(predictive.hit_rate[d, r]),
            )
            for d, place in enumerate(counts.places)
            for r, group in enumerate(counts.groups)
            if n[d, r] > 0
        ),
        gates=gates,
        sensitivities=variants,
        predictive=predictive,
        set_aside=note,
    )


def fit_until_converged(
    n: Array, s: Array, h: Array, model: ModelOptions, levels: tuple[SamplerOptions, ...]
) -> tuple[Draws, list[Gate]]:
    """The first level at which every gate passes, or the last one's draws and failed gates."""
    for sampler in levels:
        draws = sample_posterior(n, s, h, model=model, sampler=sampler)
        gates = _convergence(draws)
        if all(gate.passed for gate in gates):
            break
    return draws, gates


def threshold_findings(result: ThresholdResult) -> list[Finding]:
    """One finding per group against the reference; a single *cannot tell* where a gate failed."""
    failed = next((gate for gate in result.gates if not gate.passed), None)
    if failed is not None:
        refused = unanswerable("threshold_test", "threshold:all", "contraband_found", reason=failed.said)
        return [replace(refused, verdict=Verdict.CANNOT_TELL, gates=result.gates, unit="difference")]
    texts = METHODS["threshold_test"]
    by_group = {each.group: each for each in result.groups}
    findings = []
    for group, gap in result.gaps:
        own, other = by_group[group], by_group[result.reference]
        variants = result.variants(group)
        verdict, reason = decide(
            low=gap.low, high=gap.high, no_difference=0.0, gates=result.gates, sensitivities=variants
        )
        name, reference = group_label(group), group_label(result.reference)
        sentence = message(
            "By this model, people recorded as {group} are searched when officers think it {threshold:.1%} likely "
            "that they carry "
            "contraband, and people recorded as {reference} at {other:.1%}. The difference is {gap:+.1f} percentage "
            "points (95 "
            "percent interval {low:+.1f} to {high:+.1f}).",
            group=name,
            reference=reference,
            threshold=own.threshold,
            other=other.threshold,
            gap=100 * (gap.estimate or 0),
            low=100 * (gap.low or 0),
            high=100 * (gap.high or 0),
        )
        findings.append(
            Finding(
                id=f"threshold:{group}:{result.reference}",
                method="threshold_test",
                question=message(
                    "Are {group} people searched on weaker evidence than {other} people?", group=name, other=reference
                ),
                sentence=sentence,
                verdict=verdict,
                reason=reason,
                unit="difference",
                n=own.stops + other.stops,
                estimate=gap.estimate,
                low=gap.low,
                high=gap.high,
                assumptions=texts.assumptions,
                limits=(
                    *((_summary(gap, variants),) if variants else ()),
                    *((result.set_aside,) if result.set_aside else ()),
                    *texts.limits,
                ),
                figures=(
                    *(
                        Figure(group_label(each.group), each.threshold, each.low, each.high, n=each.stops)
                        for each in (own, other)
                    ),
                    gap,
                    *variants,
                ),
                gates=result.gates,
                chart=f"threshold-{slug(group)}-{slug(result.reference)}",
            )
        )
    return findings


def _pin(counts: GroupedCounts, pin: str | None) -> str | None:
    if pin is None or pin in counts.places:
        return pin
    if pin == "largest":
        return counts.places[int(counts.stops.sum(axis=1).argmax())]
    near = nearest(pin, counts.places)
    raise ComityError(
        f"There is no place '{pin}' to pin.",
        f"Did you mean '{near}'?" if near else "Give a place of the file, 'largest', or no pin.",
    )


def _comparable(counts: GroupedCounts) -> Gate:
    """Whether there are searches of every group, and hits: without them only the prior would speak."""
    assert counts.searches is not None and counts.hits is not None
    said = message("No search is recorded as finding something, so there is nothing to learn from.")
    passed = bool(counts.hits.any())
    for group, searches in zip(counts.groups, counts.searches.sum(axis=0), strict=True):
        if searches == 0:
            said = message("No search of people recorded as {group} is in the counts.", group=group_label(group))
            passed = False
    return Gate("comparable", passed, said)


def _convergence(draws: Draws, *, r_hat: float = 1.01, ess: float = 400, divergences: int = 0) -> list[Gate]:
    said = message("The computation did not converge, so its numbers cannot be trusted and none is given.")
    return [
        Gate("r_hat", draws.r_hat < r_hat, said, draws.r_hat),
        Gate("ess_bulk", draws.ess_bulk > ess, said, draws.ess_bulk),
        Gate("divergences", draws.divergences <= divergences, said, float(draws.divergences)),
    ]


def _sensitivities(
    counts: GroupedCounts, n: Array, s: Array, h: Array, model: ModelOptions, reference: str, by_own: Array
) -> tuple[tuple[str, Figure], ...]:
    """The gap of each group under other pins, priors, the beta family, and own-group weights."""
    largest = np.argsort(-n.sum(axis=1))[:2]
    variants: list[tuple[Message, ModelOptions]] = [
        (message("pinned at {place}", place=counts.places[int(at)]), replace(model, pin=int(at)))
        for at in largest
        if int(at) != model.pin
    ]
    if model.pin is not None:
        variants.append((message("without a pinned place"), replace(model, pin=None)))
    variants += [
        (message("prior half as wide"), replace(model, prior_scale=0.5)),
        (message("prior twice as wide"), replace(model, prior_scale=2.0)),
        (message("risk with a beta shape"), replace(model, family="beta")),
    ]
    weights, base = n.sum(axis=1) / n.sum(), counts.of(reference)
    others = [(at, group) for at, group in enumerate(counts.groups) if at != base]
    rows = [
        (group, _gap(by_own[:, at] - by_own[:, base], message("each group's own places as weights"), "sensitivity"))
        for at, group in others
    ]
    for label, variant in variants:
        # A variant is a check on the main fit, so it may be rougher than that, but not broken.
        for sampler in BETA_LEVELS if variant.family == "beta" else VARIANT_LEVELS:
            draws = sample_posterior(n, s, h, model=variant, sampler=sampler)
            rough = _convergence(draws, r_hat=1.1, ess=50, divergences=len(draws.log_sigma) // 20)
            trusted = all(gate.passed for gate in rough)
            if trusted:
                break
        rows += _gaps(draws.thresholds, weights, base, others, label, trusted)
    return tuple(rows)


def _summary(gap: Figure, variants: tuple[Figure, ...]) -> Message:
    """The sensitivity report in one sentence."""
    known = [each for each in variants if each.estimate is not None]
    agree = sum(_side(each) == _side(gap) for each in known)
    estimates = [100 * (each.estimate or 0) for each in (gap, *known)]
    return message(
        "Under {count} other choices of pinned place, prior, shape of risk and weights, {agree} give the same answer; "
        "the difference lies between {low:+.1f} and {high:+.1f} percentage points.",
        count=len(variants),
        agree=agree,
        low=min(estimates),
        high=max(estimates),
    )


def _gaps(
    draws: Array, weights: Array, base: int, others: list[tuple[int, str]], label: Message, trusted: bool
) -> list[tuple[str, Figure]]:
    """The gap of each group in these draws of thresholds; without numbers where they are not to be trusted."""
    if not trusted:
        return [(group, Figure(label, None, part="sensitivity")) for _, group in others]
    pooled = np.einsum("idr,d->ir", draws, weights)
    return [(group, _gap(pooled[:, at] - pooled[:, base], label, "sensitivity")) for at, group in others]


def _gap(draws: Array, label: Message, part: str) -> Figure:
    low, high = np.quantile(draws, [0.025, 0.975])
    return Figure(label, float(draws.mean()), float(low), float(high), part=part)


def _side(gap: Figure) -> int:
    """-1 or 1 where the interval lies below or above zero, 0 where it includes it."""
    return int((gap.low or 0) > 0) - int((gap.high or 0) < 0)


def _gap_label(group: str, reference: str) -> Message:
    return message("{group} less {other}", group=group_label(group), other=group_label(reference))


def _predictive(n: Array, s: Array, h: Array, model: ModelOptions, draws: Draws) -> Predictive:
    """Posterior predictive check of search and hit rates by place and group, from some 400 of the draws."""
    step = max(1, len(draws.log_sigma) // 400)
    point = signal(model, draws.globals[::step], draws.blocks[::step])
    hit, missed, _ = probabilities(BETA if model.family == "beta" else DISCRIMINANT, *point)
    search = np.clip(hit + missed, 1e-12, 1 - 1e-12)
    found = np.clip(hit / search, 0, 1)
    rng = np.random.default_rng(0)
    searches = np.quantile(rng.binomial(n.astype(np.int64), search), [0.025, 0.975], axis=0)
    hits = np.quantile(rng.binomial(s.astype(np.int64), found), [0.025, 0.975], axis=0)
    return Predictive(
        search_rate=search.mean(axis=0),
        hit_rate=found.mean(axis=0),
        search_rate_error=_misfit(s, n, search.mean(axis=0)),
        hit_rate_error=_misfit(h, s, found.mean(axis=0)),
        searches_inside=float(((searches[0] <= s) & (s <= searches[1]))[n > 0].mean()),
        hits_inside=float(((hits[0] <= h) & (h <= hits[1]))[s > 0].mean()),
    )


def _misfit(k: Array, n: Array, expected: Array) -> float:
    """Root mean square of observed less expected shares, weighted by n, with what chance alone brings taken off."""
    some = n > 0
    square = (k[some] / n[some] - expected[some]) ** 2 - expected[some] * (1 - expected[some]) / n[some]
    return math.sqrt(max(0.0, float(np.average(square, weights=n[some]))))


def _predictive_gate(predictive: Predictive) -> Gate:
    # In large places chance is tiny and no model passes a test of fit; what counts is whether the misfit is as large as
    # the differences that a threshold test is used to find.
    search, hit = predictive.search_rate_error, predictive.hit_rate_error
    return Gate(
        "predictive",
        search <= 0.01 and hit <= 0.1,
        message(
            "The model misses the places' search rates by {search:.1f} and their hit rates by {hit:.1f} percentage "
            "points beyond chance, so it does not describe these data.",
            search=100 * search,
            hit=100 * hit,
        ),
        rounded(hit),
    )
