"""What the community does without being asked: names places, forgets what has expired, sends the mail that waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction

from comity.errors import ComityError
from comity.releases.catalogue import in_language, read_catalogue
from comity.site.community.mail import send_waiting
from comity.site.community.models import Agency, Place

Job = Callable[[Path, datetime], int]


@transaction.atomic
def name_places(folder: Path, now: datetime) -> int:
    """The places that releases of the instance's own agency count by; those that no release has any more stay."""
    own = Agency.objects.order_by("pk").first()
    try:
        dimensions = read_catalogue(settings.PUBLIC).places
    except ComityError:
        return 0  # nothing is published yet
    if own is None:
        return 0
    known = set(own.places.values_list("slug", flat=True))
    published = {
        each.slug: in_language(each.code.label, "en") for places in dimensions.values() for each in reversed(places)
    }
    new = [Place(agency=own, slug=slug, name=name) for slug, name in published.items() if slug not in known]
    return len(Place.objects.bulk_create(new, ignore_conflicts=True))


def forget_expired(folder: Path, now: datetime) -> int:
    """Sessions that have ended, and attempts to sign in that no longer count: who tried, and from where."""
    ended, _ = Session.objects.filter(expire_date__lt=now).delete()
    attempts = connection.ops.quote_name(settings.CACHES["default"]["LOCATION"])
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {attempts} WHERE expires < %s", [connection.ops.adapt_datetimefield_value(now)])
        return int(ended + cursor.rowcount)


JOBS: tuple[Job, ...] = (name_places, forget_expired, send_waiting)
