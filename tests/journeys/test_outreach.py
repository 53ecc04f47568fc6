"""Residents ask, follow, subscribe and leave in a real browser: on a phone, in Spanish, with and without JavaScript."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ROOT = Path(__file__).parents[2]
PHONE = {"width": 360, "height": 720, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}


@pytest.fixture(scope="module")
def town():
    """(address, folder) of a served sample town with everything that outreach and projects show."""
    if not (ROOT / "src" / "comity" / "site" / "static" / "built" / "manifest.json").is_file():
        pytest.skip("the front end is not built; run make frontend")
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    process = subprocess.Popen(
        [sys.executable, "-u", str(ROOT / "tests" / "journeys" / "town.py"), str(folder / "town")],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found, "the sample town did not start"
        yield found[0], folder / "town"
    finally:
        process.terminate()
        process.wait(timeout=20)
        shutil.rmtree(folder)


@pytest.fixture
def served(town):
    """What `open_page` opens."""
    return town[0]


def rows(folder, question):
    with sqlite3.connect(f"file:{folder / 'site.sqlite3'}?mode=ro", uri=True) as store:
        return store.execute(question).fetchall()


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_a_resident_asks_in_spanish_on_a_phone_and_follows_by_receipt(open_page, javascript):
    page = open_page(**PHONE, locale="es-US", java_script_enabled=javascript)

    page.goto("/es/")
    page.get_by_role("link", name="Preguntas", exact=True).tap()
    page.get_by_role("link", name="Hacer una pregunta").tap()
    page.get_by_label("Su pregunta").fill("Llámeme al 612-555-0147")
    page.get_by_role("button", name="Enviar la pregunta").tap()
    expect(page.get_by_text("parece contener")).to_be_visible()
    page.get_by_label("Su pregunta").fill("¿Quién decide dónde se patrulla?")
    page.get_by_label("Lugar").select_option("River Bend")
    page.get_by_role("button", name="Enviar la pregunta").tap()
    expect(page.get_by_role("heading", name="Su pregunta está aquí")).to_be_visible()
    code = page.locator(".sum-code").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", code)

    page.get_by_role("link", name="Siga la suya con su recibo").tap()
    page.get_by_label("Código de recibo").fill(code.lower().replace("-", " "))
    page.get_by_role("button", name="Mostrar mi pregunta").tap()

    expect(page.get_by_role("heading", level=1)).to_have_text("¿Quién decide dónde se patrulla?")
    expect(page.get_by_text("todavía no la ha leído un moderador")).to_be_visible()
    assert page.context.cookies() == []
    if javascript:
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_a_reader_subscribes_confirms_and_leaves(open_page, town, javascript):
    _address, folder = town
    page = open_page(java_script_enabled=javascript)
    before = rows(folder, "SELECT count(*) FROM community_mail")[0][0]
    reader = f"reader{int(javascript)}@example.org"

    page.goto("/subscribe/")
    page.get_by_label("E-mail address").fill(reader)
    page.get_by_label("About what").select_option("Events")
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    mails = rows(folder, "SELECT address, text FROM community_mail ORDER BY number")[before:]
    assert [each[0] for each in mails] == [reader]
    page.goto(re.search(r"http://127\.0\.0\.1:8000(\S+)", mails[0][1])[1])
    page.get_by_role("button", name="Yes, begin").click()
    expect(page.get_by_role("heading", name="It has begun")).to_be_visible()

    leaving = "SELECT leaving FROM outreach_subscription WHERE confirmed IS NOT NULL"
    ((token,),) = rows(folder, leaving)
    page.goto(f"/subscribe/leave/{token}/")
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_role("heading", name="It has ended")).to_be_visible()
    assert rows(folder, leaving) == []


def test_a_question_goes_from_the_resident_by_moderator_and_chief_back_to_the_resident(open_page, town):
    address, folder = town
    sessions = json.loads((folder / "sessions.json").read_text())

    def signed_in(role):
        page = open_page()
        page.context.add_cookies([{"name": "sessionid", "value": sessions[role], "url": address}])
        return page

    resident = open_page(**PHONE)
    resident.goto("/questions/ask/")
    resident.get_by_label("Your question").fill("Who trains the new officers?")
    resident.get_by_role("button", name="Send the question").tap()
    code = resident.locator(".sum-code").inner_text()
    moderator = signed_in("moderator")
    moderator.goto("/office/outreach/questions/")
    asked = moderator.locator("section.finding", has_text="Who trains the new officers?")
    asked.get_by_role("button", name="Publish it").click()
    expect(moderator.get_by_text("Who trains the new officers?")).to_have_count(0)
    chief = signed_in("chief")
    chief.goto("/office/outreach/questions/")
    asked = chief.locator("section.finding", has_text="Who trains the new officers?")
    asked.get_by_label("Answer").fill("The academy, for six months.")
    asked.get_by_role("button", name="Answer in public").click()
    expect(chief.get_by_text("Who trains the new officers?")).to_have_count(0)

    resident.goto("/questions/follow/")
    resident.get_by_label("Receipt code").fill(code)
    resident.get_by_role("button", name="Show my question").tap()
    expect(resident.get_by_text("The academy, for six months.")).to_be_visible()
    resident.get_by_role("button", name="No, this is not an answer").tap()
    expect(resident.get_by_text("The asker says: this is not an answer.")).to_be_visible()
    expect(resident.get_by_text("waiting for 0 days")).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("role", ["chief", "moderator", "community-leader"])
def test_axe_finds_no_violation_in_the_office(open_page, town, axe, role):
    address, folder = town
    page = open_page()
    session = json.loads((folder / "sessions.json").read_text())[role]
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
    pages = {
        "chief": ("events", "contacts", "profiles", "questions"),
        "moderator": ("questions",),
        "community-leader": ("events",),
    }[role]
    addresses = [f"/office/outreach/{each}/" for each in pages] + (["/office/projects/"] if role != "chief" else [])

    found = {}
    for each in addresses:
        page.goto(each)
        found[each] = axe(page)

    assert {each: wrong for each, wrong in found.items() if wrong} == {}


def test_neighbors_propose_a_project_and_see_one_that_is_done(open_page):
    page = open_page(**PHONE, java_script_enabled=False)

    page.goto("/projects/")
    expect(page.get_by_text("no step for 95 days")).to_be_visible()
    page.get_by_role("link", name="Light at the bus stop").tap()
    expect(page.get_by_role("img", name="Sample picture: a light square")).to_be_visible()
    page.get_by_role("link", name="Small projects", exact=True).first.tap()
    page.get_by_role("link", name="Propose a project").tap()
    page.get_by_label("What the project is called").fill("A bench")
    page.get_by_label("The idea: what you want to do, and whom it helps").fill("A bench for people who wait.")
    page.get_by_role("button", name="Propose it").tap()

    expect(page.get_by_role("heading", name="Your project is here")).to_be_visible()
    assert page.context.cookies() == []


ADDRESSES = (
    "/events/", "/events/in/river-bend/", "/officers/", "/press/", "/press/workforce/2026/v1/", "/subscribe/", "/questions/",
    "/questions/1/", "/questions/ask/", "/questions/follow/", "/questions/moderation/", "/projects/", "/projects/1/",
    "/projects/propose/", "/subscribe/leave/x/", "/officers/withdraw/x/",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_axe_finds_no_violation_in_outreach_and_projects(open_page, axe, look):
    page = open_page(**PHONE) if look == "phone" else open_page(color_scheme=look)
    language = "/es" if look == "phone" else ""

    found = {}
    for address in ADDRESSES:
        page.goto(f"{language}{address}")
        found[address] = axe(page)
        if look == "phone":
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
    page.goto(f"{language}/questions/ask/")
    page.locator("[name=text]").fill("reader@example.org")
    page.locator("form.fill button").first.click()
    expect(page.locator(".wrong")).to_be_visible()
    found["a slip"] = axe(page)

    assert {address: wrong for address, wrong in found.items() if wrong} == {}
