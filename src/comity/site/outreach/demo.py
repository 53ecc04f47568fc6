"""What outreach shows in a sample town: everything comes through the room's own actions, and nobody in it exists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from comity.site.community.models import Account, Agency, Place
from comity.site.community.moments import as_of
from comity.site.community.receipts import Receipt
from comity.site.outreach.actions.contacts import count_contacts
from comity.site.outreach.actions.events import About, announce_event, cancel_event, change_event
from comity.site.outreach.actions.profiles import consent, prepare_profile
from comity.site.outreach.actions.questions import answer, ask, decide, judge
from comity.site.outreach.models import ContactKind, Event, Question

PLACES = (("north-side", "North Side"), ("river-bend", "River Bend"), ("old-mill", "Old Mill"))
QUESTIONS = (
    # days ago, text, language, the place or None, the answer or "", what the asker says of it or None
    (71, "How many officers speak Spanish on the night watch?", "en", "river-bend", "", None),
    (38, "¿Por qué ya no hay patrullas a pie en el parque?", "es", "north-side", "We look into it.", False),
    (30, "Where do the numbers of stops come from?", "en", None, "From the stop reports of every officer; the page Data quality shows where each row went.", True),
    (12, "When is the next meeting about the school crossing?", "en", "old-mill", "On the second Tuesday of next month; it is among the events.", None),
    (3, "May teenagers come on a ride-along?", "en", None, "", None),
)  # fmt: skip


def fill(agency: Agency, people: Mapping[str, Account], *, now: datetime, folder: Path) -> None:
    """Events to come, changed, cancelled and past; questions in every state; two profiles; a year of contacts. Once."""
    if Event.objects.filter(agency=agency).exists():
        return
    places = {
        slug: Place.objects.get_or_create(agency=agency, slug=slug, defaults={"name": name})[0] for slug, name in PLACES
    }
    _events(people, places, now)
    _questions(agency, people, places, now)
    for name, rank, languages, words in (
        (
            "Officer A (invented)",
            "Sergeant",
            "English, Spanish",
            "I walk through River Bend on Thursdays. Stop me and ask.",
        ),
        ("Officer B (invented)", "Officer", "English", "I help with the bicycle workshop at the library."),
    ):
        with as_of(now - timedelta(days=20)):
            _profile, token = prepare_profile(
                name=name, rank=rank, languages=languages, words=words, place=places["river-bend"], by=people["chief"]
            )
            consent(token, months=6)
    prepare_profile(name="Officer C (invented)", rank="Officer", words="I have not agreed yet.", by=people["chief"])
    _contacts(people, places, now.date())


def _events(people: Mapping[str, Account], places: Mapping[str, Place], now: datetime) -> None:
    evening = now.replace(hour=23, minute=0, second=0, microsecond=0)  # six in the evening in the middle of the country

    def said(days: int, kind: str, title: str, title_es: str, venue: str, place: str | None) -> About:
        starts = evening + timedelta(days=days)
        return About(
            kind=kind, title=title, title_es=title_es, venue=venue, place=places[place] if place else None,
            starts=starts, ends=starts + timedelta(hours=2),
            about="Come as you are. Nobody has to say who they are.", about_es="Venga como está. Nadie tiene que decir quién es.",
        )  # fmt: skip

    with as_of(now - timedelta(days=40)):
        announce_event(
            said(-18, "walk", "Walk after dark", "Recorrido de noche", "Meet at the mill", "old-mill"),
            by=people["chief"],
        )
        cancelled = announce_event(
            said(5, "open-house", "Open house", "Puertas abiertas", "Station 2", None), by=people["chief"]
        )
    with as_of(now - timedelta(days=9)):
        listening = said(8, "listening", "Listening session", "Sesión de escucha", "Library, main room", "river-bend")
        event = announce_event(listening, by=people["community-leader"])
        announce_event(
            said(
                15,
                "youth",
                "Football with the night watch",
                "Fútbol con la guardia nocturna",
                "School field",
                "north-side",
            ),
            by=people["chief"],
        )
    with as_of(now - timedelta(days=2)):
        change_event(
            event,
            said(8, "listening", "Listening session", "Sesión de escucha", "School hall", "river-bend"),
            by=people["chief"],
        )
        cancel_event(cancelled, by=people["chief"])


def _questions(agency: Agency, people: Mapping[str, Account], places: Mapping[str, Place], now: datetime) -> None:
    for number, (days, text, language, place, answered, verdict) in enumerate(QUESTIONS):
        asked = now - timedelta(days=days)
        with as_of(asked):
            question = ask(
                text,
                agency=agency,
                place=places[place] if place else None,
                receipt=_receipt(f"question {number}"),
                language=language,
            )
        with as_of(asked + timedelta(days=1)):
            decide(question, publish=True, by=people["moderator"])
        if answered:
            with as_of(asked + timedelta(days=min(days - 1, 9))):
                answer(question, answered, by=people["analyst"])
        if verdict is not None:
            with as_of(asked + timedelta(days=min(days - 1, 11))):
                judge(question, is_answer=verdict)
    _leave_one_out(agency, people, now)


def _leave_one_out(agency: Agency, people: Mapping[str, Account], now: datetime) -> Question:
    with as_of(now - timedelta(days=6)):
        question = ask("Buy my lawn mower!", agency=agency, receipt=_receipt("left out"), language="en")
        decide(question, publish=False, rule="advertising", by=people["moderator"])
    with as_of(now - timedelta(days=1)):
        ask("Do you publish complaints too?", agency=agency, receipt=_receipt("unread"), language="en")
    return question


def _contacts(people: Mapping[str, Account], places: Mapping[str, Place], today: date) -> None:
    for back in range(6):
        months = today.year * 12 + today.month - 1 - back
        month = date(months // 12, months % 12 + 1, 1)
        for at, place in enumerate(places.values()):
            for kind_at, kind in enumerate((ContactKind.SCHOOL, ContactKind.WALK, ContactKind.MEETING)):
                count = 6 + 7 * at + 5 * kind_at + back
                count_contacts(place, kind, month, count, by=people["analyst"], today=today)


def _receipt(name: str) -> Receipt:
    """A receipt that nobody holds: sample questions are followed by nobody."""
    digest = sha256(f"sample {name}".encode()).hexdigest()
    return Receipt("", digest, digest)
