"""A town with places, the addresses that mail goes to, and short ways to ask and answer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

NOON = datetime(2018, 5, 15, 12, tzinfo=UTC)
AGENCY = {"en": "Sample Town Police", "es": "Policía de Sample Town"}


def officers(**many):
    """CSV with the given number of officers of each line, whose commas are written __."""
    return "\n".join(
        [
            "group,sex,rank,lives_here",
            *(line.replace("__", ",") for line, count in many.items() for _each in range(count)),
        ]
    ).encode()


TOWN = officers(
    white__male__officer__no=124, asian__male__officer__no=4, white__female__officer__yes=31, black__male__officer__yes=22, black__female__officer__yes=3,
    hispanic__male__officer__no=14, white__male__sergeant__no=18, black__male__sergeant__no=2, hispanic__female__officer__yes=1,
)  # fmt: skip


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


@pytest.fixture
def draft(django):
    """The release of who works in the invented town, before it is protected."""
    from comity.site.outreach.aggregates import read_workforce, workforce_draft

    return lambda: workforce_draft(
        read_workforce(TOWN), period="2026", agency=AGENCY, languages=("en", "es"), source=AGENCY
    )


@pytest.fixture
def sealed(draft, tmp_path):
    """An instance's public folder with the workforce sealed in it."""
    from comity.ledger import Signer, create_key
    from comity.releases.publish import plan_release, seal_plan
    from comity.releases.states import only_publisher

    (tmp_path / "keys").mkdir()
    create_key(tmp_path / "keys" / "ledger.key", "sample.example/comity")
    signer = Signer.load(tmp_path / "keys" / "ledger.key")
    standing = {"agency.json": {"name": AGENCY, "languages": ["en", "es"], "sample": True, "time_zone": "UTC"}}
    with only_publisher(tmp_path):
        plan = plan_release(tmp_path, draft(), standing, signer=signer, today=date(2018, 5, 1))
        seal_plan(tmp_path, plan, signer=signer, today=date(2018, 5, 1))
    return tmp_path
