"""Meetings as iCalendar (RFC 5545): in other people's calendars they change when the meeting does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from icalendar import Calendar, Event

from comity.site.planning.models import Meeting


def as_calendar(meetings: Iterable[Meeting], *, name: str, host: str, now: datetime) -> bytes:
    """A calendar file. host: part of each meeting's identity, so that it stays the same from one reading to the next."""
    calendar = Calendar()
    calendar.add("prodid", "-//Comity//plans//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    for each in meetings:
        event = Event()
        event.add("uid", f"plan-meeting-{each.pk}@{host}")
        event.add("dtstamp", now)
        event.add("dtstart", each.starts_at)
        event.add("dtend", each.ends_at)
        event.add("summary", each.title)
        event.add("location", each.place)
        event.add("description", each.agenda)
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
