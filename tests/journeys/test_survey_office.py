"""The people of a survey at work in a real browser: by telephone, on paper, closing, redacting; every page of theirs looked over."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from comity.site.surveys.questionnaire.xlsform import read_xlsform

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ROOT = Path(__file__).parents[2]
FORM = ROOT / "tests" / "site" / "surveys" / "questionnaire" / "forms" / "every_kind.md"
SPEC = importlib.util.spec_from_file_location("running", ROOT / "tests" / "site" / "surveys" / "running.py")
running = sys.modules.setdefault("running", importlib.util.module_from_spec(SPEC))
SPEC.loader.exec_module(running)

SESSIONS: dict[str, str] = {}
PEOPLE = {"ana": "interviewer", "ben": "interviewer", "cleo": "custodian", "rita": "redactor", "lee": "analyst"}
ACCOUNTS = """\
import json, os, sys
from pathlib import Path
os.environ.update(COMITY_PARTS="codes,answers", DJANGO_SETTINGS_MODULE="comity.site.settings")
from comity.site.server import SiteSetup, prepare_site
prepare_site(SiteSetup(Path(sys.argv[1])))
from comity.site.community.actions import add_account
from django.test import Client
sys.path.insert(0, sys.argv[3])
from second_factors import sign_in_with_second_factors
sign_in_with_second_factors()
sessions = {}
for name, role in json.loads(sys.argv[2]).items():
    client = Client()
    client.force_login(add_account(name, role=role, password="a long pass phrase", works_for_police=role == "analyst"))
    sessions[name] = client.cookies["sessionid"].value
print(json.dumps(sessions))
"""


@pytest.fixture(scope="module")
def office():
    """(server, an endless supply of unused codes) of a survey with people who work on it."""
    if not (ROOT / "src" / "comity" / "site" / "static" / "built" / "manifest.json").is_file():
        pytest.skip("the front end is not built; run make frontend")
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    instance = running.make_instance(folder / "instance", read_xlsform(FORM).questionnaire.as_json(), 120)
    made = subprocess.run(
        [sys.executable, "-c", ACCOUNTS, str(instance.folder), json.dumps(PEOPLE), str(Path(__file__).parent)],
        check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    SESSIONS.update(json.loads(made.stdout))
    server = running.Server(instance, folder / "server.log", workers=1)
    yield server, iter(instance.codes.values())
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def sign_in(browser, office):
    """Opens a browser of somebody's own, who has signed in with a second factor."""
    contexts = []

    def begin(name, **options):
        contexts.append(browser.new_context(base_url=office[0].url, **options))
        contexts[-1].add_cookies([{"name": "sessionid", "value": SESSIONS[name], "url": office[0].url}])
        page = contexts[-1].new_page()
        page.goto("/office/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Office")
        page.goto("/office/surveys/")
        return page

    yield begin
    for context in contexts:
        context.close()


def type_code(page, code: str) -> None:
    page.get_by_label("Your code").fill(code)
    page.get_by_label("Your code").press("Enter")


def key_form(page, number: str, age: str) -> None:
    """Keys the form with the keyboard alone, as somebody who keys many does."""
    page.get_by_role("link", name=number).press("Enter")
    page.get_by_label("en", exact=True).press("Space")
    page.get_by_role("button", name="Go on").press("Enter")
    page.get_by_label("I agree").press("Space")
    page.get_by_label("2. How old are you?").fill(age)
    page.get_by_role("group", name="5. Which part of town?").get_by_label("South side").press("Space")
    page.get_by_role("button", name="All is keyed").press("Enter")


@pytest.mark.slow
def test_answers_by_telephone_and_on_paper_arrive_as_such_and_all_pages_are_accessible(sign_in, office, axe):
    found = {}

    def look(page, name):
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
        found[name] = axe(page)

    ana, ben, cleo = sign_in("ana"), sign_in("ben"), sign_in("cleo")
    look(ana, "office of an interviewer")
    look(cleo, "office of the custodian")

    # On the telephone.
    ana.get_by_role("link", name="Enter answers for somebody").press("Enter")
    type_code(ana, next(office[1]))
    ana.wait_for_url("**/office/interview/town/")
    expect(ana.get_by_role("radio", name="On the phone")).to_be_checked()
    look(ana, "interview")
    ana.get_by_role("button", name="Begin").press("Enter")
    expect(ana.get_by_role("heading", level=1)).to_have_text("About you")
    ana.get_by_label("I agree").check()
    ana.get_by_label("How old").fill("50")
    look(ana, "a page of an interview")
    ana.get_by_role("button", name="Go on").press("Enter")
    ana.get_by_label("North side").check()
    ana.get_by_role("button", name="Go on").press("Enter")
    expect(ana.get_by_role("group", name="Which street?")).to_be_visible()
    ana.get_by_role("button", name="Go on").press("Enter")
    ana.get_by_role("button", name="Send my answers").press("Enter")
    expect(ana.locator(".receipt")).to_be_visible()

    # On paper: received by one, keyed by two, looked up by a third.
    ana.goto("/office/surveys/")
    ana.get_by_role("link", name="Paper forms").press("Enter")
    look(ana, "no paper form")
    ana.get_by_role("link", name="Type the code of a form").press("Enter")
    code = next(office[1])
    type_code(ana, code)
    ana.wait_for_url("**/office/paper/town/*/")
    number = ana.url.split("/")[-2]
    expect(ana.get_by_text(f"Write {number} on the form")).to_be_visible()
    look(ana, "a form was received")
    for page, age in ((ana, "42"), (ben, "24")):
        page.goto("/office/paper/town/")
        look(page, f"waiting forms of {age}")
        key_form(page, number, age)
        expect(page.get_by_text("Your keying is kept")).to_be_visible()
        look(page, f"kept {age}")
    ana.goto(f"/office/paper/town/{number}/")
    look(ana, "somebody who keyed it")
    cleo.goto("/office/paper/town/")
    cleo.get_by_role("link", name=number).press("Enter")
    look(cleo, "what differs")
    expect(cleo.get_by_text("42 · 24")).to_be_visible()
    cleo.get_by_label("How old are you?").fill("42")
    cleo.get_by_role("button", name="This is what the paper says").press("Enter")
    expect(cleo.get_by_text("the answers are counted")).to_be_visible()
    ana.goto("/office/paper/town/")
    ana.get_by_role("link", name="Type the code of a form").press("Enter")
    type_code(ana, code)
    expect(ana.get_by_role("alert")).to_contain_text("used already")

    # The custodian notes a disposition, ends the survey and reads; a redactor finds no text to decide on.
    cleo.goto("/office/surveys/")
    cleo.get_by_label("Case").fill("00007")
    cleo.get_by_label("What became of it").select_option("RF")
    cleo.get_by_role("button", name="Note it").press("Enter")
    cleo.get_by_role("link", name="Sample and reminders").press("Enter")
    look(cleo, "sample and reminders")
    expect(cleo.get_by_role("row", name="north RF 1")).to_be_visible()
    cleo.goto("/office/surveys/")
    cleo.get_by_role("button", name="Stop exchanging codes").press("Enter")
    cleo.get_by_role("button", name="End the survey").press("Enter")
    expect(cleo.get_by_role("link", name="Responses as JSON")).to_be_visible()
    look(cleo, "office after the end")
    responses = cleo.request.get("/office/surveys/town/responses.json").json()
    rita, lee = sign_in("rita"), sign_in("lee")
    look(rita, "office of a redactor")
    rita.get_by_role("link", name="Texts to decide on").press("Enter")
    look(rita, "texts")
    look(lee, "office of an analyst")
    lee.goto("/office/surveys/town/responses.json")
    look(lee, "forbidden")

    assert sorted(each["mode"] for each in responses) == ["paper", "phone"]
    assert {name: violations for name, violations in found.items() if violations} == {}
