"""Hostile text typed into a template stays text, costs little, and stays nowhere."""

from __future__ import annotations

import io
import logging
import os
import re
import zipfile
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "comity.site.settings")

SCRIPTS = [
    '"><script>alert(1)</script>',
    "</textarea><img src=x onerror=alert(1)>",
    "{{ settings.SECRET_KEY }}{% load static %}",
    "javascript:alert(1)",
]
TYPST = [
    '#read("/etc/passwd")',
    '"] #panic("out") #[',
    '#import "@preview/cetz:0.1.0"',
    "*bold* _em_ $x$ @label <label> `raw` \\ #let x = 1",
    '"}, "layout": "flyer", {"',
]
FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "-2+3"]


@pytest.fixture
def client(small_public):
    import django
    from django.conf import settings

    django.setup()
    if not (settings.BUILT / "manifest.json").is_file():
        pytest.skip("the front end is not built; run make frontend")
    from django.test import Client, override_settings

    with override_settings(PUBLIC=small_public, ALLOWED_HOSTS=["testserver"]):
        yield Client(enforce_csrf_checks=True)


def post(client, values, *, name="meeting-minutes", kind="page", **options):
    return client.post(
        f"/toolkit/{name}/",
        urlencode({**values, "as": kind}),
        content_type="application/x-www-form-urlencoded",
        **options,
    )


@pytest.mark.parametrize("typed", SCRIPTS)
@pytest.mark.parametrize("kind", ["page", "form"])
def test_scripts_come_back_as_text(client, typed, kind):
    answer = post(client, {"meeting": typed, "said": typed, "tasks-1-task": typed}, kind=kind)
    page = answer.content.decode()

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert page.count("</textarea>") == page.count("<textarea")
    if "{{" in typed:
        assert "{{ settings.SECRET_KEY }}" in page


@pytest.mark.parametrize("typed", [*TYPST, *SCRIPTS, *FORMULAS])
def test_what_is_typed_is_printed_and_never_run(client, typed):
    pdfium = pytest.importorskip("pypdfium2")

    answer = post(client, {"meeting": typed, "said": typed, "tasks-1-task": typed}, kind="pdf")

    assert answer.status_code == 200
    text = " ".join(page.get_textpage().get_text_range() for page in pdfium.PdfDocument(answer.content))
    assert "root:" not in text

    def letters(value):
        return re.sub(r"[^a-z0-9]", "", value.lower())

    assert letters(typed) in letters(text)


@pytest.mark.parametrize("typed", [*SCRIPTS, *FORMULAS, "<w:p/>", "]]>", "&amp;"])
def test_a_docx_stays_well_formed_and_holds_no_field_codes(client, typed):
    answer = post(client, {"meeting": typed, "said": typed, "tasks-1-task": typed}, kind="docx")

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        source = archive.read("word/document.xml")
        assert not [name for name in archive.namelist() if name.endswith((".bin", ".vbs")) or "external" in name]
    tree = ElementTree.fromstring(source)
    texts = [each.text or "" for each in tree.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t")]
    assert texts.count(typed) == 3
    assert b"instrText" not in source


@pytest.mark.parametrize("typed", ["\0", "\x1b[31m", "\ud800", "\ufdd0", "\x0c\x0b", "a\u202eb"])
@pytest.mark.parametrize("kind", ["page", "pdf", "docx"])
def test_control_characters_break_no_format(client, typed, kind):
    body = urlencode({"meeting": typed, "said": typed, "as": kind}, errors="surrogatepass")

    answer = client.post("/toolkit/meeting-minutes/", body, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 200


def test_too_much_is_refused_before_it_is_read(client):
    huge = client.post("/toolkit/ride-along/", "a=" + "x" * 300_000, content_type="application/x-www-form-urlencoded")
    many = client.post(
        "/toolkit/ride-along/",
        "&".join(f"a{n}=1" for n in range(5000)),
        content_type="application/x-www-form-urlencoded",
    )

    assert huge.status_code == 413
    assert many.status_code == 400


def test_files_cannot_be_sent(client, tmp_path, monkeypatch):
    """An upload over 2.5 MB would be written to the disk by the framework."""
    upload = io.BytesIO(b"x" * 3_000_000)
    upload.name = "evidence.pdf"
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    answer = client.post("/toolkit/ride-along/", {"rider": "A", "file": upload})

    assert answer.status_code == 415
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["page", "pdf", "docx", "form"])
def test_nothing_typed_is_kept_or_logged(client, caplog, kind, tmp_path, monkeypatch):
    """Not in a log, a cookie, a header, a file, or the memory of kept pages."""
    from comity.site.kept_pages import KeptPages
    from comity.site.toolkit import views

    monkeypatch.chdir(tmp_path)
    secret = "Zanzibar-4711"
    with caplog.at_level(logging.DEBUG):
        answer = post(client, {"meeting": secret, "said": secret * 500}, kind=kind)  # too long: a refusal
        kept = post(client, {"meeting": secret}, kind=kind)

    assert "fit." in answer.content.decode() and kept.status_code == 200
    assert secret not in caplog.text
    assert not kept.cookies
    assert secret not in str(kept.headers)
    assert "no-store" in kept["Cache-Control"]
    assert list(tmp_path.rglob("*")) == []
    assert not [name for name, value in vars(views).items() if secret in repr(value)]
    pages = KeptPages(lambda environ, start: (start("200 OK", []), [secret.encode()])[1], stamp=lambda: 1)
    list(pages({"REQUEST_METHOD": "POST", "PATH_INFO": "/toolkit/x/", "wsgi.url_scheme": "http"}, lambda *given: None))
    assert not pages._kept


def test_a_query_fills_in_nothing(client):
    """So that no link can put words into somebody's sheet, and none of them ends in an address."""
    page = client.get("/toolkit/meeting-minutes/?meeting=Planted&as=page").content.decode()

    assert "Planted" not in re.sub(r'href="[^"]*"', "", page)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(client, method):
    assert getattr(client, method)("/toolkit/ride-along/").status_code == 405
    assert client.post("/toolkit/ride-along/blank.pdf").status_code in (403, 405)
    assert client.post("/toolkit/").status_code in (403, 405)


@pytest.mark.parametrize("name", ["../settings", "..%2fsettings", "%2e%2e/reach-plan", "reach-plan.yaml", "REACH-PLAN"])
def test_only_templates_can_be_named(client, name):
    assert client.get(f"/toolkit/{name}/").status_code in (301, 404)
