"""Terms before they are sealed: by when, which released number, which way and how far; checked against the released files."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.releases.catalogue import Catalogue, Release
from comity.site.commitments import released
from comity.site.commitments.models import Terms
from comity.site.commitments.reasons import REASONS
from comity.site.commitments.released import CannotRead, Measure, Reading


class CommitmentRefused(ComityError):
    """What was asked goes against the rules of commitments."""


@dataclass(frozen=True)
class Proposal:
    """Terms as they are proposed. release: "stops/2017/v2", the baseline. wants: "up" or "down". size_is: "absolute" or "relative"."""

    due: date
    release: str
    measure: Measure
    wants: str
    size: float
    size_is: str
    first_period: str


def find_release(found: Catalogue, id: str) -> Release:
    """The release of this id. Raises CommitmentRefused unless it is the newest version and public."""
    release = next((each for each in found.newest if each.id == id), None)
    if release is None:
        raise CommitmentRefused(
            _("There is no newest release '%(id)s'.") % {"id": id[:100]},
            _("Choose one from the list of released numbers."),
        )
    return release


def read_baseline(found: Catalogue, release: Release, measure: Measure) -> Reading:
    """The number as released. Raises CommitmentRefused with the reason where there is none."""
    try:
        reading = released.read(release, measure)
        released.label_of(release, measure)
    except CannotRead as problem:
        raise CommitmentRefused(
            _("This number cannot be measured: %(reason)s") % {"reason": REASONS[problem.code]},
            _("Choose another cell, table or finding."),
        ) from None
    return reading


def unsaved_terms(found: Catalogue, proposal: Proposal, *, today: date) -> Terms:
    """Terms that only lack their commitment, number and day that counts. Raises CommitmentRefused for what cannot be measured.

    The number must be bound beforehand: no release of the earliest period that counts, or of a later one, may be public.
    """
    release = find_release(found, proposal.release)
    measure = proposal.measure
    reading = read_baseline(found, release, measure)
    if proposal.due < today:
        raise CommitmentRefused(_("The due day has passed already."), _("Choose today or a later day."))
    if proposal.wants not in ("up", "down") or proposal.size_is not in ("absolute", "relative"):
        raise CommitmentRefused(_("It is not said which way the number should move."), _("Choose up or down."))
    if not (math.isfinite(proposal.size) and proposal.size > 0):
        raise CommitmentRefused(_("The size of the change must be more than nothing."), _("Write a number above zero."))
    if proposal.size_is == "relative" and proposal.wants == "down" and proposal.size > 1:
        raise CommitmentRefused(_("Nothing can fall by more than 100%."), _("Write 100% or less."))
    if proposal.size_is == "absolute" and reading.unit == "share" and proposal.size > 1:
        raise CommitmentRefused(
            _("A share cannot move by more than 100 percentage points."), _("Write 100 percentage points or fewer.")
        )
    _check_period(found, release, proposal.first_period)
    return Terms(
        made_on=today,
        due=proposal.due,
        counted=proposal.due,
        kind=measure.kind,
        dataset=release.dataset,
        period=release.period,
        version=release.version,
        table=measure.table,
        cell=dict(measure.cell),
        base=dict(measure.base),
        finding=measure.finding,
        figure=measure.figure,
        wants=proposal.wants,
        size=proposal.size,
        size_is=proposal.size_is,
        first_period=proposal.first_period,
        definition=released.definition_of(release, measure),
        baseline=reading.as_record(),
        label=released.label_of(release, measure),
    )


def _check_period(found: Catalogue, release: Release, period: str) -> None:
    if released.kind_of_period(period) != released.kind_of_period(release.period):
        raise CommitmentRefused(
            _("The period '%(period)s' is not written as that of the baseline.") % {"period": period[:20]},
            _("Write it like %(period)s.") % {"period": release.period},
        )
    if period <= release.period:
        raise CommitmentRefused(
            _("The earliest period that counts must come after the baseline, %(period)s.") % {"period": release.period},
            _("Choose a later period."),
        )
    known = [each.period for each in found.datasets[release.dataset] if each.period >= period]
    if known:
        raise CommitmentRefused(
            _("The number for %(period)s is public already: a measure is bound before it is known.")
            % {"period": max(known)},
            _("Choose a later period."),
        )
