"""What commitments does without being asked: measures again after each release, tells followers, forgets who did not confirm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.db import transaction

from comity.releases.catalogue import Catalogue
from comity.site.commitments import queries
from comity.site.commitments.actions import note_measurement
from comity.site.commitments.following import forget_unconfirmed
from comity.site.commitments.models import Measurement
from comity.site.commitments.notices import tell_follower
from comity.site.commitments.released import catalogue, newest
from comity.site.commitments.remeasure import measure_again, releases_that_count, withdrawn

Job = Callable[[Path, datetime], int]


def measure_commitments(folder: Path, now: datetime) -> int:
    """Compares every release that counts with its baseline, once; anew where one was corrected or withdrawn, or a break declared.

    Returns how many comparisons were new.
    """
    public = folder / "public"
    if not (public / "agency.json").is_file():
        return 0  # nothing is published yet
    found = catalogue(public)
    known = set(Measurement.objects.values_list("terms_id", "release", "baseline", "breaks"))
    done = 0
    for terms in queries.last_terms().iterator(chunk_size=500):
        baseline, breaks = newest(found, terms.dataset, terms.period), len(found.breaks_of(terms.dataset))
        for release in releases_that_count(found, terms):
            if (terms.pk, release.id, baseline.id if baseline else "", breaks) not in known:
                done += note_measurement(terms, measure_again(found, terms, release)) is not None
    return done + _note_withdrawn(found)


def _note_withdrawn(found: Catalogue) -> int:
    """What was measured in a release that is gone, with no other in its place, can be told no longer."""
    gone = [each.id for each in found.withdrawals if newest(found, each.dataset, each.period) is None]
    last = queries.last_terms().filter(measurements__release__in=gone).distinct()
    return sum(
        note_measurement(terms, withdrawn(found, terms, release)) is not None
        for terms in last
        for release in set(terms.measurements.filter(release__in=gone).values_list("release", flat=True))
    )


def tell_followers(folder: Path, now: datetime) -> int:
    """One mail to each confirmed follower of a commitment that has new steps; returns how many mails there are to send."""
    done = 0
    for follower in queries.followers_to_tell():
        with transaction.atomic():
            steps = queries.steps_since(follower.commitment_id, follower.told)
            tell_follower(follower, steps)
            follower.told = steps[-1].number
            follower.save(update_fields=["told"])
        done += 1
    return done


def forget_followers(folder: Path, now: datetime) -> int:
    """Erases addresses that were not confirmed within a week."""
    return forget_unconfirmed(queries.today())


JOBS: tuple[Job, ...] = (measure_commitments, tell_followers, forget_followers)
