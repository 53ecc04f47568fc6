"""Events keep their identity in every calendar, and their times are those of the town."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar


def calendar_of(client, address="/events.ics"):
    answer = client.get(address)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(answer.content)


def test_a_change_keeps_the_uid_and_raises_the_sequence(town, clients, announce, about):
    from comity.site.outreach.actions.events import cancel_event, change_event

    event = announce()
    (before,) = calendar_of(clients["anyone"]).walk("VEVENT")
    change_event(event, about(venue="Town hall"), by=town.people["analyst"])
    change_event(event, about(venue="Town hall"), by=town.people["analyst"])  # nothing differs
    cancel_event(event, by=town.people["chief"])

    (after,) = calendar_of(clients["anyone"]).walk("VEVENT")
    assert before["UID"] == after["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 2)
    assert (before["STATUS"], after["STATUS"], after["LOCATION"]) == ("CONFIRMED", "CANCELLED", "Town hall")


def test_times_are_those_of_the_town(clients, announce):
    announce()

    calendar = calendar_of(clients["anyone"])
    (event,) = calendar.walk("VEVENT")

    assert event["DTSTART"].dt == datetime(2018, 5, 18, 18, tzinfo=ZoneInfo("America/Chicago"))
    assert event["DTSTART"].params["TZID"] == "America/Chicago"
    assert calendar.walk("VTIMEZONE")[0]["TZID"] == "America/Chicago"
    assert "6 p.m. – 8 p.m." in clients["anyone"].get("/events/").content.decode()


def test_the_calendar_of_a_place_has_its_events_and_those_of_the_whole_town(town, clients, announce):
    from comity.site.community.models import Place

    other = Place.objects.create(agency=town.agency, slug="waite-park", name="Waite Park")
    announce(title="Here")
    announce(title="There", place=other)
    announce(title="Everywhere", place=None)

    found = {str(each["SUMMARY"]) for each in calendar_of(clients["anyone"], "/events/in/holland.ics").walk("VEVENT")}

    assert found == {"Here", "Everywhere"}
    assert clients["anyone"].get("/events/in/nowhere/").status_code == 404


def test_spanish_pages_and_calendars_say_the_spanish_title(clients, announce):
    announce()

    assert "Sesión de escucha" in clients["anyone"].get("/es/events/").content.decode()
    assert str(calendar_of(clients["anyone"], "/es/events.ics").walk("VEVENT")[0]["SUMMARY"]) == "Sesión de escucha"


def test_an_event_that_ends_before_it_starts_is_refused_by_page_and_database(clients, announce, about):
    from django.db import IntegrityError, transaction

    from comity.site.outreach.actions.events import EventRefused
    from comity.site.outreach.models import Event

    with pytest.raises(EventRefused, match="ends before"):
        announce(ends=about().starts - timedelta(hours=1))
    event = announce()
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(ends=event.starts, sequence=5)


@pytest.mark.parametrize(
    "change",
    ["title = 'Another'", "sequence = 0", "uid = '00000000000000000000000000000000'", "agency_id = 2, sequence = 9"],
)
def test_the_database_refuses_a_change_without_a_higher_sequence(announce, change):
    from django.db import DatabaseError, connection, transaction

    announce()

    with pytest.raises(DatabaseError, match="keeps its identity"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE outreach_event SET {change}")


def test_the_office_announces_and_changes_an_event(town, clients):
    from comity.site.outreach.models import Event

    given = {"kind": "walk", "title": "Walk", "venue": "Park", "day": "2018-06-01", "begins": "18:00", "ends": "19:30"}
    assert clients["chief"].post("/office/outreach/events/", given).status_code == 302
    event = Event.objects.get()
    assert event.starts.astimezone(ZoneInfo("America/Chicago")).hour == 18
    address = f"/office/outreach/events/{event.uid}/"
    assert 'value="18:00"' in clients["chief"].get(address).content.decode()

    assert clients["analyst"].post(address, {**given, "ends": "17:00"}).status_code == 422
    assert clients["analyst"].post(address, {**given, "title": "Long walk"}).status_code == 302
    assert (Event.objects.get().title, Event.objects.get().sequence) == ("Long walk", 1)


def test_another_agencys_event_is_not_found(town, announce):
    from django.test import Client

    stranger = Client()
    stranger.force_login(town.strangers["chief"])
    event = announce(title="Only ours")

    assert stranger.get(f"/office/outreach/events/{event.uid}/").status_code == 404
    assert stranger.post(f"/office/outreach/events/{event.uid}/cancel/").status_code == 404
    assert "Only ours" not in stranger.get("/office/outreach/events/").content.decode()
