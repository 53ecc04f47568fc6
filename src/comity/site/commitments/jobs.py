"""What commitments does without being asked: measures again after each release, tells followers, forgets who did not confirm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.db import transaction

from comity.site.commitments import queries
from comity.site.commitments.actions import note_measurement
from comity.site.commitments.following import forget_unconfirmed
from comity.site.commitments.models import Measurement
from comity.site.commitments.notices import tell_follower
from comity.site.commitments.released import catalogue
from comity.site.commitments.remeasure import measure_again, releases_that_count

Job = Callable[[Path, datetime], int]


def measure_commitments(folder: Path, now: datetime) -> int:
    """Compares every release that counts with its baseline, once; returns how many were new."""
    public = folder / "public"
    if not (public / "agency.json").is_file():
        return 0  # nothing is published yet
    found = catalogue(public)
    known = set(Measurement.objects.values_list("terms_id", "release", "baseline"))
    done = 0
    for terms in queries.last_terms().filter(dataset__in=list(found.datasets)).iterator(chunk_size=500):
        for release in releases_that_count(found, terms):
            baseline = next((each.id for each in found.datasets[terms.dataset] if each.period == terms.period), None)
            if (terms.pk, release.id, baseline) not in known:
                done += note_measurement(terms, measure_again(found, terms, release)) is not None
    return done


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
