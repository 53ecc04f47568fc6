"""A form of another tool in a real browser: every kind of question, and all of it from right to left."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from comity.site.surveys.questionnaire.xlsform import read_xlsform

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ROOT = Path(__file__).parents[2]
FORM = ROOT / "tests" / "site" / "surveys" / "questionnaire" / "forms" / "every_kind.md"
PHONE = {"viewport": {"width": 390, "height": 800}, "is_mobile": True, "has_touch": True}
SPEC = importlib.util.spec_from_file_location("running", ROOT / "tests" / "site" / "surveys" / "running.py")
running = sys.modules.setdefault("running", importlib.util.module_from_spec(SPEC))
SPEC.loader.exec_module(running)


@pytest.fixture(scope="module")
def form():
    """(server, an endless supply of unused codes) of a survey that asks the imported form."""
    if not (ROOT / "src" / "comity" / "site" / "static" / "built" / "manifest.json").is_file():
        pytest.skip("the front end is not built; run make frontend")
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    instance = running.make_instance(folder / "instance", read_xlsform(FORM).questionnaire.as_json(), 120)
    server = running.Server(instance, folder / "server.log", workers=1)
    yield server, iter(instance.codes.values())
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def visit(browser, form):
    contexts = []

    def begin(**options):
        contexts.append(browser.new_context(base_url=form[0].url, **options))
        return contexts[-1].new_page()

    yield begin
    for context in contexts:
        context.close()


def enter(page, code: str) -> None:
    page.goto(f"/code/#{code}")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/survey/town/")


def test_every_kind_of_an_imported_form_is_asked_answered_and_checked(visit, form):
    page = visit(**PHONE)
    enter(page, next(form[1]))
    page.get_by_role("button", name="Begin").tap()

    expect(page.get_by_role("heading", level=1)).to_have_text("About you")
    assert page.locator("form[data-form]").aria_snapshot() == ABOUT_YOU
    expect(page.get_by_role("textbox", name="How old are you? (needed)")).to_have_accessible_description(
        "In full years, such as 42"
    )
    page.get_by_role("checkbox", name="I agree").check()
    page.get_by_role("textbox", name="How old").fill("17")
    page.get_by_role("button", name="Go on").tap()
    expect(page.get_by_role("alert").filter(has_text="From 18 to 120")).to_be_visible()
    page.get_by_role("textbox", name="How old").fill("42")
    page.get_by_label("Since when").fill("2020-02-01")
    page.get_by_role("button", name="Go on").tap()

    page.get_by_role("group", name="Which part of town?").get_by_label("North side").check()
    means = page.get_by_role("group", name="How do you get around?")
    expect(means).to_have_accessible_description("All that apply")
    means.get_by_label("On foot").check()
    page.get_by_role("spinbutton", name="How calm").fill("7")
    for choice, place in (("On foot", "2"), ("Bus 12", "1"), ("Car", "3")):
        page.get_by_role("group", name="Put these in order").get_by_label(choice).fill(place)
    page.get_by_role("button", name="Go on").tap()
    expect(page.get_by_role("group", name="Which street?").get_by_role("radio")).to_have_count(2)
    page.get_by_label("Elm Street 1 to 99").check()
    page.get_by_role("textbox", name="What else should we know about North side?").fill("Nothing")
    expect(page.get_by_text("That makes 42.5 hours in a week.")).to_be_visible()
    page.get_by_role("button", name="Go on").tap()
    page.get_by_role("button", name="Send my answers").tap()

    expect(page.locator(".receipt")).to_have_text(re.compile(r"^([0-9A-F]{4} ?){8}$"))


ABOUT_YOU = """\
- paragraph: Thank you for taking part.
- group "I know that I may stop at any time (needed)":
  - text: I know that I may stop at any time (needed)
  - checkbox "I agree"
  - text: I agree
- text: How old are you? (needed)
- paragraph: In full years, such as 42
- textbox "How old are you? (needed)"
- text: How many hours do you work in a day?
- textbox "How many hours do you work in a day?": "8.5"
- text: Since when have you lived here?
- textbox "Since when have you lived here?"
- button "Go on"
- button "Back"\
"""


def test_in_arabic_the_pages_run_from_right_to_left_and_fit_a_phone(visit, form):
    page = visit(**PHONE)
    enter(page, next(form[1]))
    page.get_by_role("link", name="العربيّة").tap()
    page.wait_for_url("**/survey/town/?in=ar")
    page.get_by_role("button", name="Begin").tap()

    root = page.locator("html")
    headings = ["عنك", "منطقتك"]
    for heading in headings:
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        expect(root).to_have_attribute("dir", "rtl")
        expect(root).to_have_attribute("lang", "ar")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(OUTSIDE) == []
        tile = page.locator("label.tile").first
        box, mark = tile.bounding_box(), tile.locator("input").bounding_box()
        assert box["x"] + box["width"] - (mark["x"] + mark["width"]) < 30  # the mark is at the right end
        if heading == headings[0]:
            page.get_by_role("checkbox").check()
            page.get_by_role("textbox", name="كم عمرك؟").fill("42")
            page.get_by_role("button", name="Go on").tap()
    page.get_by_role("group", name="أي جزء من المدينة؟").get_by_label("الجانب الشمالي").check()
    page.get_by_role("button", name="Go on").tap()
    expect(page.get_by_text("شارع Elm من 1 إلى 99")).to_be_visible()
    page.get_by_role("button", name="Go on").tap()
    page.get_by_role("button", name="Send my answers").tap()

    receipt = page.locator(".receipt")
    expect(receipt).to_have_text(re.compile(r"^([0-9A-F]{4} ?){8}$"))
    expect(receipt).to_have_attribute("dir", "ltr")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


OUTSIDE = """() => [...document.querySelectorAll("main *")]
  .filter(each => each.getClientRects().length && getComputedStyle(each).position !== "absolute")
  .filter(each => { const box = each.getBoundingClientRect(); return box.left < -1 || box.right > innerWidth + 1; })
  .map(each => each.outerHTML.slice(0, 100))"""


def test_the_sheet_of_the_survey_pages_names_no_left_and_no_right():
    source = (ROOT / "frontend" / "styles" / "survey.scss").read_text()

    assert re.findall(r"(?:margin|padding|border|text-align|float|inset)?-?\b(?:left|right)\b\s*:", source) == []
    assert re.findall(r"text-align:\s*(?:left|right)", source) == []
