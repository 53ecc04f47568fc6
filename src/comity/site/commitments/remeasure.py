"""Measures again: the number of some terms in a later release, against the newest version of the baseline.

What cannot be compared is *cannot tell*, with the reason; nothing here says why a number moved. docs/methods/commitments.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from comity.releases.catalogue import Catalogue, Release
from comity.site.commitments import change, reasons
from comity.site.commitments.change import Number
from comity.site.commitments.models import Terms
from comity.site.commitments.released import (
    COUNT,
    CannotRead,
    Measure,
    Reading,
    definition_of,
    is_broken_between,
    kind_of_period,
    newest,
    read,
    spread_before,
)


@dataclass(frozen=True)
class Outcome:
    """What a later release says. baseline: "" where one of the two was withdrawn. breaks: as in `models.Measurement`. change: on the scale of the terms' size; None with a reason that says why there is none."""

    release: str
    baseline: str
    verdict: str
    breaks: int
    before: Reading | None = None
    after: Reading | None = None
    change: Number | None = None
    reason: str = ""


def measure_of(terms: Terms) -> Measure:
    return Measure(
        terms.kind, terms.dataset, terms.table, terms.cell, terms.base, terms.finding, terms.figure
    )  # fmt: skip


def releases_that_count(found: Catalogue, terms: Terms) -> Iterator[Release]:
    """Newest versions of the periods from the earliest that counts on, earliest first."""
    for release in reversed(found.datasets.get(terms.dataset, ())):
        is_of_kind = kind_of_period(release.period) == kind_of_period(terms.period)
        if is_of_kind and release.period >= terms.first_period:
            yield release


def measure_again(found: Catalogue, terms: Terms, release: Release) -> Outcome:
    """How the number of `terms` in `release` compares with the baseline."""
    measure, breaks = measure_of(terms), len(found.breaks_of(terms.dataset))
    baseline = newest(found, terms.dataset, terms.period)
    if baseline is None:
        return withdrawn(found, terms, release.id)
    before = after = None
    try:
        spread = spread_before(found, measure, baseline, terms.definition)
        before = read(baseline, measure, spread=spread)
        after = read(release, measure, spread=spread)
        if is_broken_between(found, measure, baseline, release):
            raise CannotRead(reasons.BREAK)
        if {definition_of(baseline, measure), definition_of(release, measure)} != {terms.definition}:
            raise CannotRead(reasons.DEFINITION)
        moved = change_between(before, after, is_relative=terms.size_is == "relative")
    except CannotRead as problem:
        return Outcome(release.id, baseline.id, change.CANNOT_TELL, breaks, before, after, reason=problem.code)
    verdict = change.verdict(moved, wants=terms.wants, size=terms.size)
    reason = reasons.TOO_WIDE if verdict == change.CANNOT_TELL else ""
    return Outcome(release.id, baseline.id, verdict, breaks, before, after, moved, reason)


def withdrawn(found: Catalogue, terms: Terms, release: str) -> Outcome:
    """What is left to say when the baseline or the later release, `release`, was withdrawn without another in its place."""
    return Outcome(release, "", change.CANNOT_TELL, len(found.breaks_of(terms.dataset)), reason=reasons.WITHDRAWN)


def change_between(before: Reading, after: Reading, *, is_relative: bool) -> Number:
    """The change of one reading to the other; of counts, for as many days as the first has. Raises CannotRead."""
    first, second = before.number, after.number
    if before.unit == COUNT:
        assert before.days is not None and after.days is not None
        second = _scaled(second, before.days / after.days)
    if not is_relative:
        return change.difference(first, second)
    moved = change.relative_change(first, second)
    if moved is None:
        raise CannotRead(reasons.NO_RATIO)
    return moved


def _scaled(number: Number, factor: float) -> Number:
    return Number(number.estimate * factor, number.low * factor, number.high * factor)
