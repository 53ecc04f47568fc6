"""Events as pages and calendars show them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from icalendar import Calendar
from icalendar import Event as CalendarEvent

from comity.site.community.models import Agency, Place
from comity.site.outreach.models import Event
from comity.site.outreach.queries.public import zone

DAYS_BACK = 90


def coming_events(agency: Agency, now: datetime, place: Place | None = None) -> list[Event]:
    """Those that are not over, the next first; of a place, together with those of the whole town."""
    return list(_events(agency, place).filter(ends__gte=now).order_by("starts", "pk"))


def past_events(agency: Agency, now: datetime, place: Place | None = None) -> list[Event]:
    """Those of the last 90 days, the latest first."""
    since = now - timedelta(days=DAYS_BACK)
    return list(_events(agency, place).filter(ends__lt=now, ends__gte=since).order_by("-starts", "-pk"))


def calendar(agency: Agency, now: datetime, *, place: Place | None, name: str, language: str, site_url: str) -> bytes:
    """An iCalendar file (RFC 5545) of events to come and lately past. `uid` stays, `sequence` rises with each change."""
    found = [*coming_events(agency, now, place), *past_events(agency, now, place)]
    made = Calendar()
    made.add("prodid", "-//Comity//events//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("name", name)
    made.add("x-wr-calname", name)
    made.add("refresh-interval", timedelta(hours=6))
    for event in found:
        made.add_component(_component(event, language, site_url))
    if found:
        made.add_missing_timezones(
            first_date=min(each.starts for each in found).date() - timedelta(days=366),
            last_date=max(each.ends for each in found).date() + timedelta(days=366),
        )
    return bytes(made.to_ical())


def _component(event: Event, language: str, site_url: str) -> CalendarEvent:
    here = zone()
    made = CalendarEvent()
    made.add("uid", f"{event.uid}@comity")
    made.add("sequence", event.sequence)
    made.add("dtstamp", event.changed)
    made.add("last-modified", event.changed)
    made.add("created", event.announced)
    made.add("dtstart", event.starts.astimezone(here))
    made.add("dtend", event.ends.astimezone(here))
    made.add("summary", event.title_es if language == "es" and event.title_es else event.title)
    made.add("location", event.venue)
    about = event.about_es if language == "es" and event.about_es else event.about
    if about:
        made.add("description", about)
    made.add("status", "CANCELLED" if event.is_cancelled else "CONFIRMED")
    if site_url:
        made.add("url", f"{site_url}/{'es/' if language == 'es' else ''}events/{event.uid}/")
    return made


def places_of(events: Iterable[Event]) -> list[Place]:
    """The places that `events` are in, by name."""
    return sorted({each.place for each in events if each.place}, key=lambda each: each.name)


def _events(agency: Agency, place: Place | None) -> QuerySet[Event]:
    found = Event.objects.filter(agency=agency).select_related("place")
    return found if place is None else found.filter(Q(place=place) | Q(place=None))
