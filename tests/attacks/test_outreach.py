"""What strangers send to the pages of outreach and projects stays text, names nobody, leads nowhere else, and changes no more
than its form says."""

from __future__ import annotations

import logging
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from urllib.parse import urlencode

import pytest

_site = Path(__file__).parents[1] / "site"


def _module(path, name):
    spec = spec_from_file_location(name, path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_town = _module(_site / "conftest.py", "site_fixtures")
django, site, empty_store, town, clients = (
    _town.django, _town.site, _town.empty_store, _town.town, _town.clients
)  # fmt: skip
_outreach = _module(_site / "outreach" / "conftest.py", "outreach_fixtures")
place, at, ask, about, announce = (
    _outreach.place, _outreach.at, _outreach.ask, _outreach.about, _outreach.announce
)  # fmt: skip
_projects = _module(_site / "projects" / "conftest.py", "projects_fixtures")
propose, step = _projects.propose, _projects.step

FORM = "application/x-www-form-urlencoded"
SCRIPTS = [
    '"><script>alert(1)</script>',
    "</textarea><img src=x onerror=alert(1)>",
    "{{ settings.SECRET_KEY }}{% load static %}",
    "<svg/onload=alert(1)>",
]


def post(client, page, **given):
    return client.post(page, urlencode(given), content_type=FORM)


def token_of(client, address):
    return re.search(r'name="form" value="([^"]+)"', client.get(address).content.decode())[1]


def is_harmless(page):
    return "<script>alert" not in page and "<img src=x" not in page and "<svg/onload" not in page


@pytest.mark.parametrize("typed", SCRIPTS)
def test_scripts_that_are_stored_come_back_as_text(town, clients, typed, ask, announce, propose, step):
    from comity.site.outreach.actions.profiles import consent, prepare_profile
    from comity.site.outreach.actions.questions import answer

    asked = ask(typed)
    answer(asked.question, typed, by=town.people["chief"])
    announce(title=typed, about=typed, venue=typed)
    _profile, token = prepare_profile(name=typed, rank=typed, words=typed, by=town.people["chief"])
    consent(token, months=6)
    proposed = propose(title=typed, idea=typed)
    step(proposed.project, "done", typed, before=typed)

    addresses = [
        "/questions/", f"/questions/{asked.question.pk}/", "/events/", "/officers/", "/projects/",
        f"/projects/{proposed.project.pk}/", "/feeds/questions.xml", "/feeds/events.xml",
    ]  # fmt: skip
    for address in addresses:
        response = clients["anyone"].get(address)
        assert is_harmless(response.content.decode()), address
        assert "script-src 'self'" in response["Content-Security-Policy"]
    for who, address in (
        ("chief", "events"),
        ("chief", "profiles"),
        ("chief", "questions"),
        ("moderator", "questions"),
    ):
        assert is_harmless(clients[who].get(f"/office/outreach/{address}/").content.decode())


@pytest.mark.parametrize("typed", SCRIPTS)
def test_scripts_that_are_sent_back_at_once_come_back_as_text(clients, place, typed):
    answers = [
        post(clients["anyone"], "/questions/ask/", text=typed, form=typed, place=typed),
        post(clients["anyone"], "/questions/follow/", receipt=typed),
        post(clients["anyone"], "/questions/judge/", receipt=typed, is_answer=typed),
        post(clients["anyone"], "/subscribe/", address=typed, topic=typed, place=typed),
        post(clients["anyone"], "/projects/propose/", title=typed, idea=typed, form=typed),
        clients["anyone"].post("/projects/carry-on/", {"receipt": typed, "text": typed, "form": typed}),
        clients["anyone"].get("/questions/", {"page": typed}),
        clients["anyone"].get("/projects/", {"page": typed}),
    ]

    for answer in answers:
        page = answer.content.decode()
        assert is_harmless(page)
        assert page.count("<textarea") == page.count("</textarea>")


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "%0d%0a", "\0"])
def test_no_line_break_reaches_a_header_of_a_mail(town, clients, place, end):
    from comity.site.community.models import Mail

    for address in (f"reader@example.org{end}Bcc: all@example.org", f"Reader{end} <reader@example.org>"):
        assert post(clients["anyone"], "/subscribe/", address=address, topic="events").status_code == 422

    assert Mail.objects.count() == 0


def test_the_title_of_an_event_cannot_begin_a_header(town, clients, place, announce, at):
    from comity.site.community.models import Mail
    from comity.site.outreach.jobs import tell_subscribers
    from comity.site.outreach.models import Subscription

    post(clients["anyone"], "/subscribe/", address="reader@example.org", topic="events")
    clients["anyone"].post(f"/subscribe/confirm/{Subscription.objects.get().confirming}/")
    at(0.5)
    announce(title="Walk\r\nBcc: all@example.org", venue="Park\r\n\r\nCome all")

    assert tell_subscribers(town.folder, at(1)) == 1
    assert "Bcc" not in Mail.objects.order_by("-number").first().subject


def test_who_is_subscribed_cannot_be_found_out(clients, place):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from comity.site.outreach.models import Subscription

    post(clients["anyone"], "/subscribe/", address="subscribed@example.org", topic="events")
    clients["anyone"].post(f"/subscribe/confirm/{Subscription.objects.get().confirming}/")
    seen, asked = [], []
    for address in ("subscribed@example.org", "stranger@example.org"):
        with CaptureQueriesContext(connection) as queries:
            answer = post(clients["anyone"], "/subscribe/", address=address, topic="events")
        seen.append((answer.status_code, answer.content, answer.cookies.output()))
        asked.append(
            len([each for each in queries if "outreach_subscription" in each["sql"] and "SELECT" in each["sql"]])
        )

    assert seen[0] == seen[1]
    leaving = Subscription.objects.filter(confirmed__isnull=False).get().leaving
    known, unknown = f"/subscribe/leave/{leaving}/", f"/subscribe/leave/{'a' * 43}/"
    for ask_of in (clients["anyone"].get, clients["anyone"].post):
        pages = [ask_of(each).content.decode().replace(each, "") for each in (unknown, known)]
        assert pages[0] == pages[1]


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil.example"])
def test_a_link_in_a_mail_is_on_the_sites_own_name(clients, place, host):
    from django.test import override_settings

    from comity.site.community.models import Mail

    given = urlencode({"address": "reader@example.org", "topic": "events"})
    refused = clients["anyone"].post("/subscribe/", given, content_type=FORM, HTTP_HOST=host)
    assert refused.status_code == 400
    with override_settings(ALLOWED_HOSTS=["*"], SITE_URL="https://record.town.example"):
        clients["anyone"].post(
            "/subscribe/", given, content_type=FORM, HTTP_HOST="evil.example", HTTP_X_FORWARDED_HOST="evil.example"
        )

    text = Mail.objects.get().text
    assert "https://record.town.example/subscribe/confirm/" in text
    assert "evil" not in text


def test_the_officers_links_are_on_the_sites_own_name(clients):
    from django.test import override_settings

    given = {"name": "Officer Zero", "rank": "Officer", "words": "Hello."}
    with override_settings(ALLOWED_HOSTS=["*"], SITE_URL="https://record.town.example"):
        page = clients["chief"].post("/office/outreach/profiles/", given, HTTP_HOST="evil.example").content.decode()

    assert "https://record.town.example/officers/consent/" in page and "//evil.example" not in page


def test_a_form_sets_nothing_that_it_has_no_field_for(town, clients, place):
    from comity.site.outreach.models import ContactCount, Event, Profile, Question, Subscription
    from comity.site.projects.models import Project, Step

    anyone, more = (
        clients["anyone"],
        {"agency": town.other.pk, "agency_id": town.other.pk, "by": town.people["chief"].pk},
    )
    post(
        anyone, "/questions/ask/", text="Why?", form=token_of(anyone, "/questions/ask/"), **more,
        asked="2000-01-01", receipt="0" * 64, is_published="1", decision="1",
    )  # fmt: skip
    post(
        anyone,
        "/subscribe/",
        address="a@example.org",
        topic="events",
        **more,
        confirmed="2018-01-01",
        told="2018-01-01",
        leaving="x",
    )
    post(
        anyone, "/projects/propose/", title="Lamps", idea="Light.", form=token_of(anyone, "/projects/propose/"), **more,
        proposed="2000-01-01", stage="done", budget="5",
    )  # fmt: skip
    day = {"day": "2018-06-01", "begins": "18:00", "ends": "19:00"}
    clients["chief"].post(
        "/office/outreach/events/",
        {
            "kind": "walk",
            "title": "Walk",
            "venue": "Park",
            **day,
            **more,
            "sequence": "99",
            "uid": "x",
            "is_cancelled": "1",
        },
    )
    clients["chief"].post(
        "/office/outreach/profiles/",
        {
            "name": "Officer Zero",
            "rank": "Officer",
            "words": "Hi.",
            **more,
            "consented": "2018-01-01",
            "expires": "2030-01-01",
        },
    )
    clients["chief"].post(
        "/office/outreach/contacts/", {"place": "holland", "kind": "school", "month": "2018-04", "count": "5", **more}
    )

    question, project, event = Question.objects.get(), Project.objects.get(), Event.objects.get()
    for each in (
        question,
        project,
        event,
        Subscription.objects.get(),
        Profile.objects.get(),
        ContactCount.objects.get(),
    ):
        assert each.agency_id == town.agency.pk
    assert question.asked.year == project.proposed.year == 2018
    assert not hasattr(question, "decision") and Subscription.objects.get().confirmed is None
    assert (Step.objects.get().stage, Step.objects.get().budget, Step.objects.get().by) == ("idea", None, None)
    assert (event.sequence, event.is_cancelled) == (0, False)
    assert Profile.objects.get().consented is None


def test_a_place_of_another_agency_cannot_be_named(town, clients):
    from comity.site.community.models import Place
    from comity.site.outreach.models import Question

    Place.objects.create(agency=town.other, slug="theirs", name="Theirs")
    anyone = clients["anyone"]

    answer = post(anyone, "/questions/ask/", text="Why?", place="theirs", form=token_of(anyone, "/questions/ask/"))

    assert answer.status_code == 422
    assert Question.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.png", b"<html><script>alert(1)</script></html>"),
        ("picture.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        ("archive.jpg", b"PK\x03\x04" + b"\0" * 100),
        ("program.png", b"\x7fELF" + b"\0" * 100),
        ("gif.jpg", b"GIF89a" + b"\0" * 100),
        ("start.jpg", b"\xff\xd8\xff<script>alert(1)</script>"),
        ("empty.png", b"\x89PNG\r\n\x1a\n"),
    ],
)
def test_only_pictures_are_taken_whatever_they_are_called(clients, propose, name, content):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from comity.site.projects.models import Picture

    proposed = propose()
    given = {
        "receipt": proposed.code, "form": token_of(clients["anyone"], "/projects/propose/"), "stage": "work", "text": "We began.",
        "words_before": "A street", "picture_before": SimpleUploadedFile(name, content, "image/png"),
    }  # fmt: skip

    assert clients["anyone"].post("/projects/carry-on/", given).status_code == 422
    assert Picture.objects.count() == 0


def test_a_picture_with_a_script_in_it_loses_it(clients, propose):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from comity.site.projects.models import Picture

    proposed = propose()
    full = _projects.jpeg((0xFE, b"<script>alert(1)</script>")) + b"<script>alert(1)</script>"
    given = {
        "receipt": proposed.code, "form": token_of(clients["anyone"], "/projects/propose/"), "stage": "work", "text": "We began.",
        "words_before": "A street", "picture_before": SimpleUploadedFile("a.html", full, "text/html"),
    }  # fmt: skip
    assert clients["anyone"].post("/projects/carry-on/", given).status_code == 200

    assert b"script" not in bytes(Picture.objects.get().content)


def test_too_much_is_refused_before_it_is_read(clients, propose, tmp_path, monkeypatch):
    from django.core.files.uploadedfile import SimpleUploadedFile

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    big = SimpleUploadedFile("a.png", b"x" * 6_500_000)
    answer = clients["anyone"].post(
        "/projects/carry-on/",
        {
            "receipt": propose().code,
            "form": "x",
            "stage": "work",
            "text": "a",
            "words_before": "b",
            "picture_before": big,
        },
    )
    huge = clients["anyone"].post(
        "/projects/carry-on/", {"picture_before": SimpleUploadedFile("a.png", b"x" * 13_000_000)}
    )
    text = post(clients["anyone"], "/questions/ask/", text="x" * 50_000)
    upload = clients["anyone"].post("/questions/ask/", {"text": "a", "file": SimpleUploadedFile("a", b"x" * 3_000_000)})

    assert (answer.status_code, huge.status_code, text.status_code, upload.status_code) == (422, 413, 413, 415)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_nothing_leads_to_another_site(clients, place, announce, address):
    event = announce()
    given = {"kind": "walk", "title": "Walk", "venue": "Park", "day": "2018-06-01", "begins": "18:00", "ends": "19:00"}
    for where in ("/office/outreach/events/", f"/office/outreach/events/{event.uid}/"):
        answer = clients["chief"].post(f"{where}?next={address}", {**given, "next": address})
        assert answer.status_code == 302
        assert answer["Location"].startswith("/office/outreach/")
    for where in ("/subscribe/", "/questions/ask/"):
        page = clients["anyone"].get(where, {"next": address, "url": address}).content.decode()
        assert not re.search(r'(action|formaction)="[^"]*evil', page)


@pytest.mark.parametrize(
    "typed", ["Walk\r\nATTENDEE:mailto:all@example.org", "Walk\nEND:VEVENT\nBEGIN:VALARM", "a;b,c\\n", "x" * 120]
)
def test_what_is_typed_begins_no_line_of_a_calendar(clients, announce, typed):
    from icalendar import Calendar

    announce(title=typed, venue=typed, about=typed)

    content = clients["anyone"].get("/events.ics").content
    calendar = Calendar.from_ical(content)
    (event,) = calendar.walk("VEVENT")
    assert not calendar.walk("VALARM") and "ATTENDEE" not in event
    assert str(event["SUMMARY"]).replace("\r", "") == typed.replace("\r", "")
    assert not [line for line in content.splitlines() if line.startswith((b"ATTENDEE", b"BEGIN:VALARM"))]


@pytest.mark.parametrize("value", ["=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "-2+3", '=HYPERLINK("http://evil")'])
def test_no_formula_reaches_a_published_table(django, value):
    from comity.site.outreach.aggregates import AggregateRefused, read_workforce

    line = '"' + value.replace('"', '""') + '",male,officer,yes\n'
    with pytest.raises(AggregateRefused, match="does not begin with a letter"):
        read_workforce(f"group,sex,rank,lives_here\n{line * 30}".encode())


def test_names_in_a_column_of_the_workforce_are_refused(django):
    from comity.site.outreach.aggregates import AggregateRefused, read_workforce

    lines = "".join(f"white,male,Officer {number},yes\n" for number in range(41))
    with pytest.raises(AggregateRefused, match="41 different values"):
        read_workforce(f"group,sex,rank,lives_here\n{lines}".encode())


def test_an_expired_profile_is_nowhere_though_no_job_has_run(town, clients, at):
    from comity.site.outreach.actions.profiles import consent, prepare_profile
    from comity.site.outreach.models import Profile

    _profile, token = prepare_profile(name="Officer Zero", rank="Sergeant", words="Hello.", by=town.people["chief"])
    consent(token, months=6)
    at(400)

    assert Profile.objects.count() == 1
    for address in ("/officers/", "/es/officers/", "/events/", f"/officers/consent/{token}/"):
        assert "Officer Zero" not in clients["anyone"].get(address).content.decode()


@pytest.mark.parametrize("code", ["", "0000-0000-0000", "%", "' OR 1=1 --", "AAAA-AAAA-AAAA"])
def test_a_receipt_that_was_not_given_opens_nothing(clients, ask, propose, code):
    ask("Secret so far?", publish=False)
    propose("Secret so far", publish=False)

    for address in ("/questions/follow/", "/projects/follow/"):
        answer = post(clients["anyone"], address, receipt=code)
        assert answer.status_code == 422
        assert "Secret so far" not in answer.content.decode()


def test_no_address_receipt_or_token_is_logged(town, clients, place, ask, caplog):
    from comity.site.outreach.models import Subscription

    with caplog.at_level(logging.DEBUG):
        asked = ask("Zanzibar?")
        post(clients["anyone"], "/subscribe/", address="zanzibar@example.org", topic="events")
        post(clients["anyone"], "/questions/follow/", receipt=asked.code)
        clients["anyone"].get("/subscribe/leave/nothing/")
    lines = [
        each.getMessage() for each in caplog.records if not each.name.startswith("django.db")
    ]  # never on in a server

    assert not [
        each for each in lines if "anzibar" in each or asked.code in each or Subscription.objects.get().leaving in each
    ]
