"""Residents answer a survey in a real browser: on a phone, in Spanish, by keyboard, without JavaScript, over a bad line."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from comity.site.surveys.questionnaire import Choice, Group, Question, Questionnaire
from comity.site.surveys.questionnaire.bank import standard_questionnaire

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ROOT = Path(__file__).parents[2]
PHONE = {"viewport": {"width": 360, "height": 720}, "is_mobile": True, "has_touch": True}
FIRST_LOAD = 60_000  # bytes, compressed
SLOWEST_FIRST_LOAD = 20  # seconds until the code page is complete over a 2G line
# A poor 2G line: 50 kbit/s down, 20 up, half a second there and back.
SLOW = {"offline": False, "latency": 500, "downloadThroughput": 50_000 / 8, "uploadThroughput": 20_000 / 8}


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


running = load(ROOT / "tests" / "site" / "surveys" / "running.py")


def small_questionnaire() -> Questionnaire:
    """Three pages with one question of most kinds; the second page's last question appears after an answer on it."""

    def both(english: str, spanish: str) -> dict[str, str]:
        return {"en": english, "es": spanish}

    yes_no = (Choice(name="yes", label=both("Yes", "Sí")), Choice(name="no", label=both("No", "No")))
    return Questionnaire(
        name="small",
        title=both("A small survey", "Una encuesta pequeña"),
        version="1",
        languages=("en", "es"),
        introduction=both("Three pages.", "Tres páginas."),
        thanks=both("Thank you.", "Gracias."),
        groups=(
            Group(
                name="first",
                label=both("First page", "Primera página"),
                questions=(
                    Question(
                        name="safe", kind="select_one", label=both("Safe?", "¿Seguro?"), choices=yes_no, required=True
                    ),
                    Question(
                        name="age", kind="integer", label=both("Age?", "¿Edad?"), hint=both("In years", "En años")
                    ),
                ),
            ),
            Group(
                name="second",
                label=both("Second page", "Segunda página"),
                questions=(
                    Question(name="seen", kind="select_multiple", label=both("Seen?", "¿Visto?"), choices=yes_no),
                    Question(
                        name="why", kind="text", label=both("Why?", "¿Por qué?"), relevant="selected(${seen}, 'yes')"
                    ),
                ),
            ),
            Group(
                name="third",
                label=both("Third page", "Tercera página"),
                questions=(Question(name="words", kind="text", label=both("Anything else?", "¿Algo más?")),),
            ),
        ),
    )


def start(questionnaire: Questionnaire):
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    instance = running.make_instance(folder / "instance", questionnaire.as_json(), 120)
    return folder, instance, running.Server(instance, folder / "server.log", workers=1)


@pytest.fixture(scope="module")
def survey():
    """(server, an endless supply of unused codes, the instance) of the small survey."""
    if not (ROOT / "src" / "comity" / "site" / "static" / "built" / "manifest.json").is_file():
        pytest.skip("the front end is not built; run make frontend")
    folder, instance, server = start(small_questionnaire())
    yield server, iter(instance.codes.values()), instance
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def visit(browser, survey):
    """Opens a browser of its own; the test fails when a script or the policy complains about anything but the connection."""
    contexts, problems = [], []

    def begin(**options):
        context = browser.new_context(base_url=survey[0].url, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda line: (
                problems.append(line.text)
                if line.type == "error" and not re.search("net::ERR|422", line.text)
                else None
            ),
        )
        return page

    yield begin
    for context in contexts:
        context.close()
    assert problems == []


def enter(page, code: str, *, go_on="Go on", path="/code/") -> None:
    page.goto(f"{path}#{code}")
    page.get_by_role("button", name=go_on).click()
    page.wait_for_url("**/survey/town/")


def responses(survey) -> int:
    import sqlite3

    connection = sqlite3.connect(survey[2].folder / "responses.sqlite3")
    (count,) = connection.execute("SELECT count(*) FROM survey_responses_spenttoken").fetchone()
    connection.close()
    return count


def answer_all(page) -> None:
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("group", name="Safe?").get_by_label("Yes").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Second page")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Third page")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Send my answers")).to_be_visible()


def test_on_a_phone_in_spanish_from_the_letters_code_to_the_receipt(visit, survey):
    page = visit(**PHONE, locale="es-US")

    enter(page, next(survey[1]), go_on="Continuar", path="/es/code/")
    page.wait_for_url("**/es/survey/town/")  # the token is off the address once the device has it
    page.get_by_role("button", name="Empezar").tap()
    page.get_by_role("button", name="Continuar").tap()
    expect(page.get_by_role("alert").filter(has_text="Por favor")).to_be_visible()
    page.get_by_text("Sí", exact=True).tap()
    page.get_by_role("button", name="Continuar").tap()
    page.get_by_text("Sí", exact=True).tap()
    page.get_by_role("button", name="Continuar").tap()
    page.get_by_label("¿Por qué?").fill("Porque sí")
    page.get_by_role("button", name="Continuar").tap()
    page.get_by_role("button", name="Continuar").tap()
    page.get_by_role("button", name="Enviar mis respuestas").tap()
    expect(page.locator(".receipt")).to_have_text(re.compile(r"^([0-9A-F]{4} ?){8}$"))

    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.context.cookies() == []
    sizes = page.locator("a.leave").bounding_box()
    assert sizes["height"] >= 44
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_without_javascript_all_of_it_works_and_says_that_the_promise_is_weaker(visit, survey):
    before = responses(survey)
    page = visit(java_script_enabled=False)

    page.goto("/code/")
    expect(page.get_by_text("weaker promise")).to_be_visible()
    page.get_by_label("Your code").fill(next(survey[1]))
    page.get_by_role("button", name="Go on").click()
    answer_all(page)
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Third page")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Send my answers").click()
    expect(page.locator(".receipt")).to_be_visible()
    page.reload()
    expect(page.locator(".receipt")).to_be_visible()

    assert responses(survey) == before + 1
    assert page.context.cookies() == []


def tab_to(page, button: str) -> None:
    """Moves on with Tab until the button has the focus; no page has that many places to stop at."""
    for _ in range(25):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == button:
            return
    raise AssertionError(f"Tab does not reach '{button}'")


def test_with_the_keyboard_alone_the_survey_is_answered_and_sent(visit, survey):
    page = visit()
    page.goto(f"/code/#{next(survey[1])}")

    page.get_by_label("Your code").press("Enter")
    page.wait_for_url("**/survey/town/")
    page.get_by_role("button", name="Begin").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_label("Yes")).to_be_checked()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("No", exact=True)).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Age?")).to_be_focused()
    page.keyboard.type("forty")
    page.keyboard.press("Enter")
    expect(page.locator("[data-problems]")).to_be_focused()
    expect(page.get_by_label("Age?")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Age?")).to_have_value("forty")
    page.get_by_label("Age?").press("ControlOrMeta+a")
    page.keyboard.type("40")
    for heading in ("Second page", "Third page", "Send your answers"):
        page.get_by_role("button", name="Go on").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    tab_to(page, "Send my answers")
    page.keyboard.press("Enter")
    expect(page.locator(".receipt")).to_be_visible()


def test_screen_readers_hear_the_question_the_hint_and_what_is_wrong(visit, survey):
    page = visit()
    enter(page, next(survey[1]))
    page.get_by_role("button", name="Begin").click()

    page.get_by_role("button", name="Go on").click()

    group = page.get_by_role("group", name="Safe? (needed)")
    expect(group).to_have_accessible_description("Please answer this question.")
    expect(page.get_by_label("Age?")).to_have_accessible_description("In years")
    expect(page.get_by_role("radio", name="Yes")).to_be_visible()


def test_answers_wait_on_the_device_encrypted_and_one_tap_erases_them(visit, survey):
    page = visit()
    enter(page, next(survey[1]))
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("Age?").fill("4711")
    page.get_by_label("Yes").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Second page")

    page.goto("about:blank")
    page.goto("/survey/town/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Second page")
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("Age?")).to_have_value("4711")
    kept = page.evaluate(
        """async () => {
          const open = indexedDB.open("comity-survey");
          await new Promise(done => open.onsuccess = done);
          const store = open.result.transaction("kept").objectStore("kept");
          const all = store.getAll();
          await new Promise(done => all.onsuccess = done);
          open.result.close();
          const found = all.result.filter(each => each.data);
          return [all.result.length, found.map(each => new TextDecoder("latin1").decode(each.data)).join("")];
        }"""
    )
    assert kept[0] == 2
    assert "4711" not in kept[1]
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Erase my answers").click()
    expect(page.get_by_text("Everything was erased")).to_be_visible()
    page.goto("/survey/town/")
    expect(page.get_by_text("To send answers you need the code")).to_be_visible()
    assert page.get_by_label("Age?").count() == 0


def test_a_double_click_a_lost_answer_and_the_back_button_make_one_response(visit, survey):
    before = responses(survey)
    page = visit()
    enter(page, next(survey[1]))
    answer_all(page)
    lost = []

    def lose_the_first_answer(route):
        if not lost and "_go=send" in (route.request.post_data or ""):
            lost.append(route.fetch())  # it arrived and was stored; what came back never did
            route.abort()
        else:
            route.continue_()

    page.route("**/survey/town/", lose_the_first_answer)
    page.get_by_role("button", name="Send my answers").dblclick()
    expect(page.locator(".receipt")).to_be_visible(timeout=15_000)
    assert len(lost) == 1
    assert responses(survey) == before + 1
    page.go_back()
    page.wait_for_load_state()
    assert responses(survey) == before + 1


@pytest.mark.slow
def test_the_first_page_is_light_and_the_whole_survey_goes_over_a_2g_line(visit, survey):
    page = visit(**PHONE)
    received = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    session.send("Network.emulateNetworkConditions", SLOW)

    page.goto(f"/code/#{next(survey[1])}")
    page.wait_for_load_state("networkidle")
    code_page, seconds = (
        sum(received),
        page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd / 1000"),
    )
    received.clear()
    page.get_by_role("button", name="Go on").tap()
    page.wait_for_url("**/survey/town/", timeout=60_000)
    page.wait_for_load_state("networkidle")
    answer_page = sum(received)
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    answer_all(page)
    page.get_by_role("button", name="Send my answers").tap()
    expect(page.locator(".receipt")).to_be_visible(timeout=60_000)
    expect.set_options(timeout=5_000)

    print(f"code page {code_page} bytes in {seconds:.1f} s, then answer page {answer_page} bytes")
    assert code_page > 1_000  # the counting counts
    assert code_page + answer_page <= FIRST_LOAD
    assert seconds <= SLOWEST_FIRST_LOAD


@pytest.mark.slow
def test_an_answer_page_that_is_opened_first_is_light_too(visit, survey):
    page = visit(**PHONE)
    received = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))

    page.goto("/survey/town/")
    page.wait_for_load_state("networkidle")

    print(f"answer page first {sum(received)} bytes")
    assert 1_000 < sum(received) <= FIRST_LOAD


def test_a_letter_is_printed_its_qr_read_from_the_pdf_and_answered_through(visit, survey, tmp_path):
    from datetime import date

    import numpy as np
    import pypdfium2
    import zxingcpp

    from comity.site.surveys.codes import shown_code
    from comity.site.surveys.print import Letter, LetterTexts, write_letters

    before, code = responses(survey), next(survey[1])
    texts = LetterTexts(
        title={"en": "A small survey", "es": "Una encuesta pequeña"}, sender="Example Survey Center",
        return_address="12 Example Street", sponsor="The City of Example", place="Example Town",
        url=f"{survey[0].url}/code/", telephone="555-0100", minutes=2, day=date(2026, 3, 1),
        closes=date(2026, 4, 15), published=date(2026, 6, 1),
    )  # fmt: skip
    (letter,) = write_letters(tmp_path, [Letter("00001", ("Resident", "1 Example Street"), shown_code(code))], texts)
    document = pypdfium2.PdfDocument(letter)
    picture = np.ascontiguousarray(document[0].render(scale=3).to_numpy()[:, :, :3])
    document.close()
    (read,) = zxingcpp.read_barcodes(picture)

    page = visit(**PHONE)
    page.goto(read.text)
    expect(page.get_by_label("Your code")).to_have_value(shown_code(code))
    page.get_by_role("button", name="Go on").tap()
    page.wait_for_url("**/survey/town/")
    answer_all(page)
    page.get_by_role("button", name="Send my answers").tap()

    expect(page.locator(".receipt")).to_be_visible()
    assert responses(survey) == before + 1
    again = visit(**PHONE)
    again.goto(read.text)
    again.get_by_role("button", name="Go on").tap()
    expect(again.get_by_role("alert")).to_contain_text("used already")


def test_leaving_quickly_leaves_no_page_to_go_back_to(visit, survey):
    page = visit()
    enter(page, next(survey[1]))
    page.route("https://www.weather.gov/**", lambda route: route.fulfill(body="weather"))

    page.get_by_role("link", name="Leave quickly").click()
    page.wait_for_url("https://www.weather.gov/")

    assert "survey" not in page.content()


@pytest.mark.slow
@pytest.mark.parametrize("look", ["light", "dark on a phone"])
def test_axe_finds_no_violation_on_any_page_of_the_whole_questionnaire(browser, axe, look):
    """The whole of it in light; the other looks share its markup, so there a questionnaire of three pages."""
    is_whole = look == "light"
    folder, instance, server = start(standard_questionnaire() if is_whole else small_questionnaire())
    options = {} if is_whole else {**PHONE, "color_scheme": "dark"}
    context = browser.new_context(base_url=server.url, **options)
    page = context.new_page()
    found = {}
    try:
        for address in ("/code/", "/survey/", "/survey/town/", "/survey/town/promise/", "/survey/town/receipts/",
                        "/office/sign-in/"):  # fmt: skip
            page.goto(address)
            found[address] = axe(page)
        enter(page, instance.codes["00007"])
        page.get_by_role("button", name="Begin").click()
        while page.get_by_role("button", name="Send my answers").count() == 0:
            expect(page.locator("h1")).to_be_focused()
            heading = page.locator("h1").inner_text()
            if heading == "First page":
                page.get_by_label("No", exact=True).check()
            found[heading] = axe(page)
            page.get_by_role("button", name="Go on").click()
            expect(page.locator("h1")).not_to_have_text(heading)
        found["send"] = axe(page)
        page.get_by_role("button", name="Send my answers").click()
        expect(page.locator(".receipt")).to_be_visible()
        found["sent"] = axe(page)
    finally:
        context.close()
        server.stop()
        shutil.rmtree(folder)

    assert {address: violations for address, violations in found.items() if violations} == {}
    assert len(found) >= (18 if is_whole else 11)
