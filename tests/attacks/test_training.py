"""Attacks on training: hostile packages, files and statements; another origin's scripts; numbers of officers that leak."""

from __future__ import annotations

import importlib.util
import io
import os
import zipfile
from datetime import date
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse

ROOMS = Path(__file__).parents[1] / "site"


def _load(path: Path):
    spec = importlib.util.spec_from_file_location(f"attacked_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_site = _load(ROOMS / "conftest.py")
django, site, empty_store, town, clients = (
    getattr(_site, name) for name in ("django", "site", "empty_store", "town", "clients")
)
examples = _load(ROOMS / "training" / "examples.py")
xapi = _load(ROOMS / "training" / "xapi_parts.py")


@pytest.fixture
def version(town):
    return examples.course(town.people["training-officer"]).versions.get()


def archive(*members: tuple[zipfile.ZipInfo | str, bytes], structure: str = examples.STRUCTURE) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("cmi5.xml", structure)
        made.writestr("index.html", "x")
        for name, content in members:
            made.writestr(name, content)
    return out.getvalue()


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("link")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return info


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    + examples.STRUCTURE.split("?>", 1)[1].replace("Fair stops", "&c;")
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + examples.STRUCTURE.split("?>", 1)[1].replace(
    "Fair stops", "&f;"
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: archive(("../outside.html", b"x")), "outside its own folder"),
        (lambda: archive(("a/../../outside.html", b"x")), "outside its own folder"),
        (lambda: archive(("/etc/outside", b"x")), "outside its own folder"),
        (lambda: archive(("..\\outside.html", b"x")), "outside its own folder"),
        (lambda: archive(("C:/outside", b"x")), "outside its own folder"),
        (lambda: archive((link(), b"/etc/passwd")), "link"),
        (lambda: archive(("INDEX.html", b"x")), "same name"),
        (lambda: archive(("zeros", bytes(1_000_001))), "unpacks to more"),
        (lambda: archive(*[(f"f{at}", b"") for at in range(3_001)]), "unpacks to more"),
        (lambda: archive(structure=LAUGHS), "document type"),
        (lambda: archive(structure=OUTSIDE), "document type"),
        (lambda: archive(structure="<courseStructure"), "not well-formed"),
        (lambda: archive(structure=examples.STRUCTURE.replace("index.html", "../../etc/passwd")), "does not begin in a file"),
        (lambda: archive(structure=examples.STRUCTURE.replace("index.html", "javascript:alert(1)")), "does not begin in a file"),
        (lambda: archive(structure=examples.STRUCTURE.replace("index.html", "https://evil.example/")), "does not begin in a file"),
        (lambda: archive(structure=examples.STRUCTURE.replace("0.8", "NaN")), "mastery score"),
        (lambda: archive(structure=examples.STRUCTURE.replace('"Passed"', '"Always"')), "cmi5 does not know"),
        (lambda: b"<html>", "not a zip"),
        (lambda: b"", "empty"),
    ],
)  # fmt: skip
def test_a_hostile_package_is_refused_and_leaves_nothing(version, clients, town, monkeypatch, content, said):
    from comity.site.training import packages
    from comity.site.training.models import Package

    monkeypatch.setattr(packages, "LARGEST_UNPACKED", 1_000_000)

    upload = SimpleUploadedFile("package.zip", content())
    answer = clients["training-officer"].post(
        reverse("training:add_package", kwargs={"slug": version.course.slug}), {"package": upload}
    )

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Package.objects.count() == 0
    folder = town.folder / "training-content"
    assert not folder.exists() or [*folder.iterdir()] == []
    assert not list(town.folder.rglob("outside*"))


def test_an_archive_that_lies_about_its_size_is_stopped_while_it_is_unpacked(version, town, monkeypatch):
    """The header says 1 byte; what comes out is counted."""
    from comity.site.training import packages
    from comity.site.training.refusals import TrainingRefused

    monkeypatch.setattr(packages, "LARGEST_UNPACKED", 1_000_000)
    honest = archive(("zeros", bytes(5_000_000)))
    size = (5_000_000).to_bytes(4, "little")
    lying = honest.replace(size, (1).to_bytes(4, "little"))
    assert lying != honest

    with pytest.raises(TrainingRefused):
        packages.add_package(version, lying, by=town.people["training-officer"])
    assert [*(town.folder / "training-content").iterdir()] == []


def test_a_package_larger_than_the_limit_is_refused_before_it_is_read(version, clients, monkeypatch):
    from comity.site.training import packages

    monkeypatch.setattr(packages, "LARGEST", 100)
    answer = clients["training-officer"].post(
        reverse("training:add_package", kwargs={"slug": version.course.slug}),
        {"package": SimpleUploadedFile("package.zip", examples.package())},
    )

    assert answer.status_code == 422
    assert "larger than 100 bytes" in answer.content.decode()


@pytest.mark.parametrize("path", ["../site.sqlite3", "..%2fsite.sqlite3", "%2e%2e/site.sqlite3", "link"])
def test_no_address_leads_out_of_a_package(version, clients, town, path):
    from comity.site.training import packages

    made = packages.add_package(version, examples.package(), by=town.people["training-officer"])
    os.symlink("/etc/passwd", packages.content_folder() / made.digest / "link")

    with override_settings(CONTENT_URL="http://content.test", ALLOWED_HOSTS=["testserver", "content.test"]):
        address = f"/content/{made.digest}/{path}"
        assert clients["anyone"].get(address, headers={"Host": "content.test"}).status_code == 404


def test_the_contents_origin_serves_content_alone_and_this_one_serves_none(version, clients, town):
    from comity.site.training import packages

    made = packages.add_package(version, examples.package(), by=town.people["training-officer"])
    with override_settings(CONTENT_URL="http://content.test", ALLOWED_HOSTS=["testserver", "content.test"]):
        for address in ("/", "/office/training/", "/training/", "/xapi/about", "/office/sign-in/"):
            answer = clients["training-officer"].get(address, headers={"Host": "content.test"})
            assert (answer.status_code, answer.content) == (404, b"")
        assert clients["training-officer"].get(f"/content/{made.digest}/index.html").status_code == 404


def test_only_the_contents_origin_may_read_xapi_answers(version, clients):
    with override_settings(CONTENT_URL="http://content.test"):
        for origin, allowed in (
            ("http://content.test", "http://content.test"),
            ("http://content.test.evil.example", None),
            ("http://evil.example", None),
            ("null", None),
        ):
            for method in ("get", "options"):
                answer = getattr(clients["anyone"], method)("/xapi/statements", headers={"Origin": origin})
                assert answer.headers.get("Access-Control-Allow-Origin") == allowed
                assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Access-Control-Allow-Origin" not in clients["anyone"].get("/xapi/about", headers={"Origin": "null"}).headers


def test_a_session_cookie_opens_no_xapi_address(version, clients):
    from comity.site.training.rules import ACCESS

    for name, methods in ACCESS.items():
        if not name.startswith("training-files:"):
            continue
        assert set(methods.values()) == {"everyone"}
        if name in ("training-files:statements", "training-files:state", "training-files:agent_profile"):
            for method in methods:
                answer = clients["training-officer"].generic(method, reverse(name), headers=xapi.VERSION)
                assert answer.status_code == 401, (name, method)


@pytest.mark.parametrize(
    "authorization",
    ["", "Basic", "Basic !!!", "Bearer x", xapi.basic("", ""), xapi.basic("key", ""), xapi.basic("x' OR 1=1 --", "x"), "Basic " + "A" * 100_000],
)  # fmt: skip
def test_wrong_credentials_are_refused_all_alike(version, town, clients, authorization):
    made, secret = examples.provider(version.course, town.people["training-officer"])
    known = xapi.Sender(clients["anyone"], xapi.basic(made.key, secret + "x")).post(xapi.statement())
    guessed = xapi.Sender(clients["anyone"], authorization).post(xapi.statement())

    assert known == guessed == (401, "The credentials are missing or not right.")


def test_a_closed_provider_is_heard_no_more_and_no_secret_is_kept(version, town, clients):
    from comity.site.training.models import Provider
    from comity.site.training.providers import close_provider

    officer = town.people["training-officer"]
    made, secret = examples.provider(version.course, officer)
    close_provider(made, by=officer)

    assert xapi.Sender(clients["anyone"], xapi.basic(made.key, secret)).post(xapi.statement())[0] == 401
    assert secret not in str(Provider.objects.values())
    assert secret.encode() not in (town.folder / "default.sqlite3").read_bytes()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 100_000, 400),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 400),
        (b'{"id": NaN}', 400),
        (b'{"id": 1, "id": 2}', 400),
        (b"\xff\xfe", 400),
        (b'"text"', 400),
        (b" " * 500_001, 413),
    ],
)
def test_a_hostile_body_is_an_answer_and_no_crash(version, town, clients, body, status):
    made, secret = examples.provider(version.course, town.people["training-officer"])

    assert xapi.Sender(clients["anyone"], xapi.basic(made.key, secret)).post(body)[0] == status


def test_another_agencys_officer_cannot_be_spoken_of(version, town, clients):
    made, secret = examples.provider(version.course, town.people["training-officer"])
    examples.officers(town.other, ["900"])

    assert xapi.Sender(clients["anyone"], xapi.basic(made.key, secret)).post(xapi.statement("900"))[0] == 403


FORMULAS = ("=HYPERLINK(A1)", "@SUM(A1)", "+1+cmd", "-1+cmd")


def test_no_cell_of_an_export_runs_as_a_formula(town, clients):
    from comity.site.training import actions
    from comity.site.training.models import Officer

    officer = town.people["training-officer"]
    for at, formula in enumerate(FORMULAS):
        examples.officers(town.agency, [f"{at}"], unit=formula)
    mandate = actions.add_mandate(
        examples.course(officer), group="", due_on=date(2018, 1, 1), months=None, days_to_comply=0, by=officer
    )
    text = clients["chief"].get(reverse("training:mandate_file", kwargs={"pk": mandate.pk})).content.decode()

    assert Officer.objects.count() == 4
    assert [line.split(",")[1] for line in text.splitlines()[1:]] == [f"'{formula}" for formula in FORMULAS]


def test_formulas_and_scripts_in_a_file_come_back_as_text_and_are_not_written(town, clients):
    from comity.site.training.models import Officer

    rows = "".join(f"{at},2015-01-01,{text}\n" for at, text in enumerate((*FORMULAS[:1], "<script>alert(1)</script>")))
    address = reverse("training:import", kwargs={"what": "officers"})
    page = clients["training-officer"].post(address, {"text": f"number,joined,unit\n{rows}"}).content.decode()

    assert "would run as a formula" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert Officer.objects.count() == 0


def test_stored_scripts_are_text_on_every_page(town, clients):
    from comity.site.training import actions

    officer = town.people["training-officer"]
    bad = "<script>alert(1)</script>"
    examples.officers(town.agency, ["1"], unit=bad, groups=[bad])
    made = examples.course(officer, f"Course {bad}", qualification=bad, about=bad)
    actions.add_mandate(made, group=bad, due_on=date(2018, 1, 1), months=1, days_to_comply=1, by=officer)

    for name, kwargs in (
        ("training:office", {}),
        ("training:courses", {}),
        ("training:officers", {}),
        ("training:training", {}),
        ("training:course", {"slug": made.slug}),
    ):
        page = clients["training-officer"].get(reverse(name, kwargs=kwargs)).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_a_form_sets_nothing_that_it_does_not_ask_for(town, clients):
    """Mass assignment: agency, number and the like in the body change nothing."""
    from comity.site.training.models import Course

    clients["training-officer"].post(
        reverse("training:courses"),
        {"title": "One", "hours": "2", "since": "2018-01-01", "agency": town.other.pk, "slug": "other", "id": 77},
    )

    found = Course.objects.get()
    assert (found.agency, found.slug) == (town.agency, "one")
    assert found.pk != 77


def test_no_public_page_or_file_has_an_officers_number(town, clients):
    officer = town.people["training-officer"]
    found = examples.examples(town)
    serving = examples.officers(town.agency, [f"ZZ{at:03d}" for at in range(60)], groups=["patrol"])
    examples.completed(
        type(officer)._meta.apps.get_model("training", "Course").objects.get(), serving[:30], date(2018, 4, 1)
    )

    for prefix in ("", "/es"):
        page = clients["anyone"].get(f"{prefix}/training/").content.decode()
        assert "ZZ0" not in page
    inside = clients["chief"].get(reverse("training:mandate", kwargs=found["training:mandate"])).content.decode()
    assert "ZZ0" in inside  # it could have leaked
