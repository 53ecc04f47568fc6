"""A town with places, the addresses that mail goes to, and short ways to ask and answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

NOON = datetime(2018, 5, 15, 12, tzinfo=UTC)


@pytest.fixture
def place(town):
    from comity.site.community.models import Place

    return Place.objects.create(agency=town.agency, slug="holland", name="Holland")


@pytest.fixture
def at(site):
    """Moves the clock to some days after noon of 15 May 2018, for the rest of the test."""
    from django.test import override_settings

    moved = []

    def move(days: float) -> datetime:
        now = NOON + timedelta(days=days)
        setting = override_settings(CLOCK=lambda: now)
        setting.enable()
        moved.append(setting)
        return now

    yield move
    for setting in reversed(moved):
        setting.disable()


@pytest.fixture
def ask(town):
    """Asks a question as a resident does; the question, and `code`, its receipt."""
    from comity.site.community.receipts import new_form_token, receipt_for
    from comity.site.outreach.actions import questions

    def asked(text="Why are there so many stops?", *, publish=True, place=None, agency=None):
        receipt = receipt_for(new_form_token())
        question = questions.ask(text, agency=agency or town.agency, place=place, receipt=receipt, language="en")
        if publish:
            questions.decide(question, publish=True, by=town.people["moderator"])
        return SimpleNamespace(question=question, code=receipt.code)

    return asked


@pytest.fixture
def about(place):
    """What an event says, with changes."""
    from comity.site.outreach.actions.events import About

    def said(**changes):
        given = {
            "kind": "listening",
            "title": "Listening session",
            "title_es": "Sesión de escucha",
            "venue": "Library, main room",
            "starts": NOON + timedelta(days=3, hours=11),
            "ends": NOON + timedelta(days=3, hours=13),
            "place": place,
        }
        return About(**{**given, **changes})

    return said


@pytest.fixture
def announce(town, about):
    from comity.site.outreach.actions.events import announce_event

    return lambda **changes: announce_event(about(**changes), by=town.people["chief"])


@pytest.fixture
def sent(town):
    """The messages that left, in a list; the site sends as record@town.example."""
    from django.core import mail
    from django.test import override_settings

    mail.outbox = []
    mailers = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    with override_settings(MAILERS=mailers, MAIL_FROM="record@town.example"):
        yield mail.outbox
