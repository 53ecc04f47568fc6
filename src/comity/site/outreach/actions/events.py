"""Announcing, changing and cancelling events."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, fields
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.community.log import record
from comity.site.community.models import Account, Place
from comity.site.outreach.models import Event


class EventRefused(ComityError):
    """An event cannot be announced or changed as asked."""


@dataclass(frozen=True, kw_only=True)
class About:
    """What an event says of itself. place: None for the whole town. venue: a public place, in words."""

    kind: str
    title: str
    venue: str
    starts: datetime
    ends: datetime
    place: Place | None = None
    title_es: str = ""
    about: str = ""
    about_es: str = ""


@transaction.atomic
def announce_event(said: About, *, by: Account) -> Event:
    """A new event of the actor's agency, with an identity that calendars keep. Raises EventRefused."""
    _check(said, by)
    now = settings.CLOCK()
    event = Event.objects.create(agency=by.agency, uid=uuid.uuid4(), announced=now, changed=now, **_values(said))
    _record("outreach.event-announced", event, by)
    return event


@transaction.atomic
def change_event(event: Event, said: About, *, by: Account) -> Event:
    """The event as it is now; its sequence rises. Nothing happens where nothing differs. Raises EventRefused."""
    _check(said, by)
    event = _current(event)
    values = _values(said)
    if all(getattr(event, name) == value for name, value in values.items()):
        return event
    for name, value in values.items():
        setattr(event, name, value)
    return _next(event, "outreach.event-changed", by)


@transaction.atomic
def cancel_event(event: Event, *, by: Account) -> Event:
    """Calendars that follow it strike it out; its page stays and says so. Raises EventRefused."""
    event = _current(event)
    event.is_cancelled = True
    return _next(event, "outreach.event-cancelled", by)


def _current(event: Event) -> Event:
    event = Event.objects.select_for_update().get(pk=event.pk)
    if event.is_cancelled:
        raise EventRefused(_("This event was cancelled."), _("Announce a new one instead."))
    return event


def _next(event: Event, action: str, by: Account) -> Event:
    event.sequence += 1
    event.changed = settings.CLOCK()
    event.save()
    _record(action, event, by)
    return event


def _check(said: About, by: Account) -> None:
    if said.ends <= said.starts:
        raise EventRefused(_("The event ends before it starts."), _("Give a later end."))
    if said.place is not None and said.place.agency_id != by.agency_id:
        raise EventRefused(_("This place belongs to another agency."), _("Choose one of your own places."))


def _values(said: About) -> dict[str, object]:
    return {each.name: getattr(said, each.name) for each in fields(said)}


def _record(action: str, event: Event, by: Account) -> None:
    shown = {
        "event": str(event.uid),
        "sequence": event.sequence,
        "title": event.title,
        "venue": event.venue,
        "place": event.place.slug if event.place else None,
        "starts": event.starts.isoformat(),
        "ends": event.ends.isoformat(),
        "cancelled": event.is_cancelled,
    }
    record(action, f"event {event.pk}", by=by, details=shown, public=shown)
