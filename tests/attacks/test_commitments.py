"""Hostile texts, files, addresses and forms, against the pages of commitments."""

from __future__ import annotations

import csv
import importlib.util
import io
import re
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1] / "site"


def load(path: Path):
    source = importlib.util.spec_from_file_location(f"for_attacks_{path.stem}", path)
    module = importlib.util.module_from_spec(source)
    sys.modules[source.name] = module
    source.loader.exec_module(module)
    return module


_site, _room = load(HERE / "conftest.py"), load(HERE / "commitments" / "conftest.py")
django, site, empty_store, town, clients, here = (
    _site.django, _site.site, _site.empty_store, _site.town, _site.clients, _room.here,
)  # fmt: skip
examples_ = load(HERE / "commitments" / "examples.py")

SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ settings.SECRET_KEY }}"


@pytest.fixture
def attacked(here):
    """A commitment whose every text is a script."""
    from comity.site.commitments.actions import (
        close_commitment,
        give_evidence,
        move_due_day,
        reopen_commitment,
        verify_commitment,
    )

    found = examples_.accepted(here, title=SCRIPT[:118], said=SCRIPT, plan=SCRIPT, source="meeting", source_finding="",
                               source_release="", source_words=SCRIPT, source_day=examples_.date(2018, 5, 1))  # fmt: skip
    chief, leader = here.people["chief"], here.people["community-leader"]
    give_evidence(found, by=chief, text=SCRIPT)
    move_due_day(found, examples_.date(2018, 12, 1), by=chief, reason=SCRIPT)
    verify_commitment(found, by=leader, verdict="partly", text=SCRIPT)
    close_commitment(found, by=chief, verdict="done", text=SCRIPT)
    reopen_commitment(found, by=leader, text=SCRIPT)
    return found


def test_stored_scripts_stay_text_on_every_page_and_feed(here, clients, attacked):
    from xml.etree import ElementTree

    from comity.site.commitments.following import receipt_code

    number = attacked.pk
    for who, address in (
        ("anyone", "/commitments/"), ("anyone", f"/commitments/{number}/"), ("anyone", f"/commitments/{number}/receipt/"),
        ("anyone", f"/commitments/since/{receipt_code(number, 1)}/"), ("chief", "/office/commitments/"),
        ("chief", f"/office/commitments/{number}/"), ("chief", f"/office/commitments/{number}/measure/"), ("auditor", f"/office/commitments/{number}/"),
    ):  # fmt: skip
        answer = clients[who].get(address)
        page = answer.content.decode()
        assert answer.status_code == 200, address
        assert "<script>alert" not in page and "<img src=x" not in page, address
        assert "script-src 'self'" in answer["Content-Security-Policy"]
    for address in ("/commitments/feed.xml", f"/commitments/{number}/feed.xml"):
        ElementTree.fromstring(clients["anyone"].get(address).content)


def test_reflected_scripts_stay_text(here, clients):
    found = examples_.make(here)
    for who, address, query in (
        ("anyone", "/commitments/", {"place": SCRIPT, "state": SCRIPT, "topic": SCRIPT, "page": SCRIPT}),
        ("anyone", "/commitments/since/", {"code": SCRIPT}),
        ("chief", "/office/commitments/measure/", {"release": SCRIPT, "table": SCRIPT, "instead_of": SCRIPT}),
        ("chief", "/office/commitments/measure/", {"release": "stops/2017/v2", "kind": "share", "table": SCRIPT, "cell": f"{SCRIPT}=1"}),
        ("chief", "/office/commitments/new/", {"release": f"{SCRIPT}/2/v1", "kind": "count", "table": SCRIPT}),
    ):  # fmt: skip
        page = clients[who].get(address, query).content.decode()
        assert "<script>alert" not in page and "<img src=x" not in page, (address, query)
    wrong = clients["anyone"].post(f"/commitments/{found.pk}/follow/", {"address": SCRIPT})
    assert wrong.status_code == 422
    assert "<script>alert" not in wrong.content.decode()


@pytest.mark.parametrize("formula", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "  =1+1"])
def test_no_cell_of_the_csv_is_a_formula(here, clients, formula):
    examples_.make(here, title=formula, said=formula, plan=formula)

    content = b"".join(clients["anyone"].get("/commitments/commitments.csv").streaming_content).decode()
    rows = list(csv.reader(io.StringIO(content)))

    assert len(rows) == 2
    assert not [cell for row in rows for cell in row if cell.strip()[:1] in tuple("=+-@")]
    assert formula.strip() in rows[1][6]


UPLOADS = {
    "html": b"<html><script>alert(1)</script></html>",
    "html named png": b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "zip": b"PK\x03\x04" + bytes(100),
    "pdf without an end": b"%PDF-1.7 nothing",
    "cut off png": examples_.PNG[:40],
    "cut off jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "endless png": b"\x89PNG\r\n\x1a\n" + b"\xff\xff\xff\xffIHDR",
    "empty": b"",
}


@pytest.mark.parametrize("name", UPLOADS)
def test_files_of_another_kind_are_refused_by_their_content(here, clients, name):
    from django.core.files.uploadedfile import SimpleUploadedFile

    found = examples_.accepted(here)
    file = SimpleUploadedFile("proof.png", UPLOADS[name], content_type="image/png")

    answer = clients["chief"].post(f"/office/commitments/{found.pk}/evidence/", {"text": "", "link": "", "file": file})

    found.refresh_from_db()
    assert (answer.status_code, found.state) == (422, "accepted")
    assert not (here.folder / "evidence").exists() or not list((here.folder / "evidence").iterdir())


def test_a_file_too_large_is_refused_before_it_is_read(here, clients, tmp_path):
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test import override_settings

    from comity.site.commitments.evidence import LARGEST, EvidenceRefused, keep

    found = examples_.accepted(here)
    large = SimpleUploadedFile("proof.pdf", b"%PDF-1.7" + bytes(LARGEST + 100_000) + b"%%EOF")
    uploads = tmp_path / "uploads"
    uploads.mkdir()

    with override_settings(FILE_UPLOAD_TEMP_DIR=uploads, FILE_UPLOAD_HANDLERS=["no.such.Handler"]):
        answer = clients["chief"].post(f"/office/commitments/{found.pk}/evidence/", {"text": "", "file": large})

    assert answer.status_code == 413
    with pytest.raises(EvidenceRefused):
        keep(b"%PDF-1.7" + bytes(LARGEST) + b"%%EOF")


def test_evidence_is_served_to_be_saved_and_holds_nothing_of_its_camera_or_its_name(here, clients):
    from django.core.files.uploadedfile import SimpleUploadedFile

    found = examples_.accepted(here)
    jpeg = b"\xff\xd8\xff\xe1\x00\x0aExif\x00\x00GP\xff\xfe\x00\x08secret\xff\xda\x00\x02scan\xff\xd9<script>"
    at = f"/office/commitments/{found.pk}/evidence/"
    for content in (examples_.PNG, jpeg):
        file = SimpleUploadedFile('"><script>.html\r\nSet-Cookie: a=b', content, content_type="text/html")
        assert clients["chief"].post(at, {"text": "", "link": "", "file": file}).status_code == 302

    answers = [clients["anyone"].get(f"/commitments/{found.pk}/evidence/{step}/") for step in (3, 4)]

    for answer, kind in zip(answers, ("png", "jpeg"), strict=True):
        assert answer["Content-Type"] == f"image/{kind}"
        assert re.fullmatch(rf'attachment; filename="commitment-\d+-evidence-\d.{kind}"', answer["Content-Disposition"])
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        content = b"".join(answer.streaming_content)
        for secret in (b"taken at home", b"Exif", b"secret", b"<script>"):
            assert secret not in content
    static = Path(_site.__file__).parents[2] / "src" / "comity" / "site" / "static"
    assert static not in (here.folder / "evidence").parents
    assert clients["anyone"].get(f"/commitments/{found.pk}/evidence/1/").status_code == 404


def test_links_of_evidence_are_https(here, clients):
    found = examples_.accepted(here)

    for link in (
        "javascript:alert(1)",
        "http://example.org/",
        "data:text/html,x",
        "https://example.org/ x",
    ):
        answer = clients["chief"].post(f"/office/commitments/{found.pk}/evidence/", {"text": "", "link": link})
        assert answer.status_code == 422, link


def test_followers_cannot_be_enumerated(here, clients):
    from comity.site.commitments.models import Follower

    found = examples_.make(here)
    anyone, at = clients["anyone"], f"/commitments/{found.pk}/follow/"
    anyone.post(at, {"address": "known@example.org"})
    token = Follower.objects.get().token
    anyone.post(f"/commitments/following/{token}/")

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def ask(name):
        with CaptureQueriesContext(connection) as queries:
            answer = anyone.post(at, {"address": f"{name}@example.org"})
        work.append(sum(not each["sql"].startswith(("SAVEPOINT", "RELEASE")) for each in queries))
        return answer

    work = []
    known, again, unknown = ask("known"), ask("KNOWN"), ask("unknown")
    assert max(work) - min(work) <= 1  # the address is looked for, and written where it is new
    tokens = ("x" * 43, token, Follower.objects.get(address="unknown@example.org").token)
    asked = [anyone.get(f"/commitments/following/{each}/") for each in (tokens[0], tokens[2])]
    left = [anyone.post(f"/commitments/leaving/{each}/") for each in tokens[:2]]

    def seen(answer):
        content = answer.content.decode()
        for each in tokens:
            content = content.replace(each, "TOKEN")
        return answer.status_code, content, sorted(answer.headers.items())

    for answers in ([known, again, unknown], left, asked):
        assert all(seen(each) == seen(answers[0]) for each in answers)
    every_page = b"".join(
        clients[who].get(address).content
        for who, address in (("chief", f"/office/commitments/{found.pk}/"), ("auditor", "/office/commitments/"), ("anyone", f"/commitments/{found.pk}/"))
    )  # fmt: skip
    assert b"known@example.org" not in every_page


def test_asking_again_and_again_sends_one_mail_a_day(here, clients):
    from comity.site.community.models import Mail

    found = examples_.make(here)
    for _ in range(5):
        clients["anyone"].post(f"/commitments/{found.pk}/follow/", {"address": "victim@example.org"})

    assert Mail.objects.filter(address="victim@example.org").count() == 1


@pytest.mark.parametrize(
    "title", ["Fewer\r\nBcc: all@example.org", "Fewer\nSubject: x", "Fewer\u2028Bcc: x", "\x0bBcc: x", "A" * 120]
)
def test_no_title_adds_a_header_to_a_mail(here, clients, title):
    from comity.site.community.models import Mail

    chief = here.people["chief"]
    chief.email = "chief@example.org"
    chief.save()
    found = examples_.make(here, title=title)
    clients["anyone"].post(f"/commitments/{found.pk}/follow/", {"address": "resident@example.org"})

    subjects = list(Mail.objects.values_list("subject", flat=True))

    assert len(subjects) == 2
    assert all(each.isprintable() and len(each) <= 200 for each in subjects)
    assert found.title == " ".join(found.title.split())
    for address in ("a@example.org\nBcc: b@example.org", "a@example.org, b@example.org", "a\r@example.org"):
        assert clients["anyone"].post(f"/commitments/{found.pk}/follow/", {"address": address}).status_code == 422


def test_the_database_keeps_a_title_on_one_line(here):
    from django.db import IntegrityError, connection

    found = examples_.make(here)
    columns = "agency_id, topic, language, said, plan, source, source_release, source_finding, source_words, owner_id, made_by_id, made_on, state, due"  # fmt: skip
    with pytest.raises(IntegrityError, match="one_line"), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO commitments_commitment (title, steps, {columns}) SELECT %s, 0, {columns} FROM commitments_commitment WHERE id = %s",
            ["a\nb", found.pk],
        )


def test_fields_that_are_not_on_the_form_change_nothing(here, clients):
    stranger = here.strangers["chief"]
    found = examples_.accepted(here)
    more = {
        "state": "done", "owner": stranger.pk, "owner_id": stranger.pk, "agency": here.other.pk, "agency_id": here.other.pk,
        "by": here.people["community-leader"].pk, "verdict": "done", "kind": "closed", "due": "2030-01-01", "steps": 9,
        "file_kind": "html", "file": "../../etc/passwd", "number": 1, "commitment": 1,
    }  # fmt: skip

    assert (
        clients["chief"].post(f"/office/commitments/{found.pk}/evidence/", {"text": "Here.", **more}).status_code == 302
    )

    step = found.life.get(number=3)
    found.refresh_from_db()
    assert (found.state, found.owner, found.agency, str(found.due)) == (
        "evidence",
        here.people["chief"],
        here.agency,
        "2018-09-30",
    )
    assert (step.by, step.kind, step.verdict, step.file, step.file_kind) == (
        here.people["chief"],
        "evidence",
        "",
        "",
        "",
    )


def test_an_owner_or_place_of_another_agency_cannot_be_chosen(here, clients):
    from comity.site.community.models import Place

    foreign = Place.objects.create(agency=here.other, slug="there", name="There")
    form = {
        "release": "stops/2017/v2", "kind": "share", "table": "searches_by_group", "cell": ["subject_race=black", "search_person=yes"],
        "base": ["subject_race=black"], "title": "T", "said": "S", "plan": "P", "language": "en", "topic": "stops", "place": "",
        "source": "finding", "released": "stops/2017/v2|search-rate:black:white", "owner": here.people["chief"].pk, "due": "2018-09-30",
        "wants": "down", "size": "2", "size_is": "absolute", "first_period": "2018",
    }  # fmt: skip
    for wrong in (
        {"owner": here.strangers["chief"].pk},
        {"owner": here.people["community-leader"].pk},
        {"place": foreign.pk},
    ):
        assert clients["chief"].post("/office/commitments/new/", {**form, **wrong}).status_code == 422, wrong


def test_the_forms_of_the_office_need_their_token_also_with_a_file(here):
    from django.test import Client

    found = examples_.accepted(here)
    client = Client(enforce_csrf_checks=True)
    client.force_login(here.people["chief"])

    for what in ("evidence", "accept", "close", "due"):
        answer = client.post(f"/office/commitments/{found.pk}/{what}/", {"text": "Forged."})
        assert answer.status_code == 403, what
