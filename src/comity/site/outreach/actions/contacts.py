"""Counting contacts that enforced nothing: how many of a kind there were in a place and month, and of nobody in particular."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.community.log import record
from comity.site.community.models import Account, Place
from comity.site.outreach.models import ContactCount


class ContactRefused(ComityError):
    """A count of contacts cannot be kept as given."""


@transaction.atomic
def count_contacts(place: Place, kind: str, month: date, count: int, *, by: Account, today: date) -> ContactCount:
    """Sets the count; a second call for the same place, kind and month corrects it, and the log keeps both.

    month: any day of it, not after `today`. Raises ContactRefused.
    """
    first = month.replace(day=1)
    if place.agency_id != by.agency_id:
        raise ContactRefused(_("This place belongs to another agency."), _("Choose one of your own places."))
    if first > today:
        raise ContactRefused(_("This month has not begun."), _("Count what has happened, not what is planned."))
    found, _made = ContactCount.objects.update_or_create(
        agency=by.agency, place=place, kind=kind, month=first, defaults={"count": count}
    )
    record(
        "outreach.contacts-counted",
        f"contacts {first:%Y-%m}",
        by=by,
        details={"place": place.slug, "kind": kind, "month": f"{first:%Y-%m}", "count": count},
    )
    return found
