"""The sample town shows every state of outreach and of projects, through the rooms' own actions, once."""

from __future__ import annotations

from datetime import UTC, datetime


def test_a_sample_town_is_filled_once_with_every_state(town, clients):
    from django.conf import settings

    from comity.site.community.log import first_broken
    from comity.site.community.models import Entry
    from comity.site.outreach import demo as outreach
    from comity.site.projects import demo as projects

    now = datetime(2018, 5, 15, 12, tzinfo=UTC)
    clock = settings.CLOCK
    for _twice in range(2):
        for each in (outreach, projects):
            each.fill(town.agency, town.people, now=now, folder=town.folder)
    assert settings.CLOCK is clock

    questions = clients["anyone"].get("/questions/").content.decode()
    assert "waiting for 71 days" in questions and "waiting for 38 days" in questions
    assert "and the asker agrees" in questions and "lawn mower" not in questions
    events = clients["anyone"].get("/events/").content.decode()
    assert "School hall" in events and ">cancelled</span>" in events
    officers = clients["anyone"].get("/officers/").content.decode()
    assert "Officer A (invented)" in officers and "Officer C" not in officers
    page = clients["anyone"].get("/projects/").content.decode()
    assert "no step for 95 days" in page and ">done</span>" in page and "Chess" not in page
    assert "Chess in the park" in clients["moderator"].get("/office/projects/").content.decode()
    assert first_broken(Entry.objects.order_by("number")) is None
