"""A training officer mends a bad roster; a launched unit completes a course; the association test keeps everything to itself."""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ROOT = Path(__file__).parents[2]
PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}
BUILT = ROOT / "src" / "comity" / "site" / "static" / "built"


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference = load(ROOT / "tests" / "reference" / "association.py")
examples = load(ROOT / "tests" / "site" / "training" / "examples.py")


@pytest.fixture(scope="module")
def school(write_public_folder, tmp_path_factory):
    """Addresses and sessions of a served sample town."""
    if not (BUILT / "manifest.json").is_file():
        pytest.skip("the front end is not built; run make frontend")
    folder = tmp_path_factory.mktemp("school")
    public = write_public_folder(folder / "published", sample=True)
    script = ROOT / "tests" / "journeys" / "training_town.py"
    process = subprocess.Popen(
        [sys.executable, str(script), str(folder / "instance"), str(public)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def visit(browser, school):
    """Opens a page of the served town, signed in with a role; the test fails when a script or the policy complains."""
    contexts, problems = [], []

    def begin(role=None, **options):
        context = browser.new_context(base_url=f"http://127.0.0.1:{school['site']}", **options)
        if role:
            cookie = {"name": "sessionid", "value": school["sessions"][role], "domain": "127.0.0.1", "path": "/"}
            context.add_cookies([cookie])
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda line: problems.append(line.text) if line.type == "error" and "422" not in line.text else None,
        )
        return page

    yield begin
    for context in contexts:
        context.close()
    assert problems == []


def fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    ("prefix", "options"),
    [("", {"viewport": {"width": 1280, "height": 900}}), ("/es", PHONE)],
    ids=["wide", "phone-spanish"],
)
def test_every_kind_of_page_is_accessible_and_fits(visit, axe, prefix, options):
    page = visit("training-officer", **options)
    for address in (
        "/training/",
        "/training/association/",
        "/office/training/",
        "/office/training/mandates/1/",
        "/office/training/courses/",
        "/office/training/courses/fair-and-lawful-stops/",
        "/office/training/tests/1/",
        "/office/training/effects/1/",
        "/office/training/sessions/1/",
        "/office/training/instructors/",
        "/office/training/officers/",
        "/office/training/officers/1/",
        "/office/training/import/completions/",
    ):
        answer = page.goto(prefix + address)
        assert answer.status == 200, address
        assert fits(page), (address, "is wider than the screen")
        assert axe(page) == [], address


@pytest.mark.parametrize(
    "options", [{}, {**PHONE, "java_script_enabled": False}], ids=["wide", "phone-without-javascript"]
)
def test_a_training_officer_imports_a_bad_roster_and_mends_it(visit, options, axe, tmp_path):
    page = visit("training-officer", **options)
    numbers = ["1050", "1051"] if not options else ["1052", "1053"]
    roster = tmp_path / "roster.csv"
    roster.write_text(f"number\n{numbers[0]}\nno number\n9999\n{numbers[0]}\n{numbers[1]}\n")

    page.goto("/office/training/sessions/1/")
    seats = page.locator("ul.choices li").count()
    page.get_by_role("link", name="Import a roster").click()
    page.get_by_label("CSV file").set_input_files(roster)
    page.get_by_role("button", name="Check, without importing").click()
    expect(page.get_by_role("heading", name="3 rows cannot be imported")).to_be_visible()
    rows = page.locator("tbody tr")
    expect(rows.nth(0)).to_contain_text("“no number” is not an officer's number")
    expect(rows.nth(0).locator("td").first).to_have_text("3")
    expect(rows.nth(1)).to_contain_text("there is no officer 9999")
    expect(rows.nth(2)).to_contain_text("the same as line 2")
    expect(page.get_by_role("button", name="Import 2 rows")).to_have_count(0)
    if not options:
        assert axe(page) == []
    page.get_by_role("textbox", name="Rows").fill(f"number\n{numbers[0]}\n{numbers[1]}\n")
    page.get_by_role("button", name="Check, without importing").click()
    expect(page.get_by_role("heading", name="Every row is fine")).to_be_visible()
    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_role("heading", name="Roster", exact=True)).to_be_visible()
    expect(page.locator("ul.choices li")).to_have_count(seats + 2)
    expect(page.get_by_label(numbers[1])).to_be_visible()


CONTENT = """<!doctype html><title>Scenes</title><p id="state">starting</p><script>
(async () => {
  const asked = Object.fromEntries(new URLSearchParams(location.search));
  const token = (await (await fetch(asked.fetch, { method: "POST" })).json())["auth-token"];
  const headers = { Authorization: `Basic ${token}`, "X-Experience-API-Version": "1.0.3", "Content-Type": "application/json" };
  const where = new URLSearchParams({ activityId: asked.activityId, agent: asked.actor, registration: asked.registration, stateId: "LMS.LaunchData" });
  const data = await (await fetch(`${asked.endpoint}activities/state?${where}`, { headers })).json();
  const say = async (verb, categories, result) => {
    const context = structuredClone(data.contextTemplate);
    context.registration = asked.registration;
    context.contextActivities.category = categories.map((name) => ({ id: `https://w3id.org/xapi/cmi5/context/categories/${name}` }));
    const body = { id: crypto.randomUUID(), actor: JSON.parse(asked.actor), verb: { id: `http://adlnet.gov/expapi/verbs/${verb}` },
      object: { id: asked.activityId }, context, timestamp: new Date().toISOString(), ...(result ? { result } : {}) };
    return (await fetch(`${asked.endpoint}statements`, { method: "POST", headers, body: JSON.stringify(body) })).status;
  };
  const said = [await say("initialized", ["cmi5"]), await say("passed", ["cmi5", "moveon"], { success: true, score: { scaled: 1 } }), await say("terminated", ["cmi5"])];
  let office = "reachable";
  try { await fetch(asked.endpoint.replace("/xapi/", "/office/training/"), { credentials: "include" }); } catch { office = "out of reach"; }
  document.getElementById("state").textContent = `${said.join(" ")} ${office}`;
})();
</script>"""


def test_a_package_is_added_launched_on_its_own_origin_and_completes_the_course(browser, visit, school, tmp_path):
    page = visit("training-officer")
    package = tmp_path / "package.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("cmi5.xml", examples.STRUCTURE)
        archive.writestr("index.html", CONTENT)
    page.goto("/office/training/courses/fair-and-lawful-stops/")
    page.get_by_text("Add a package").first.click()
    page.get_by_label("cmi5 package (zip)").set_input_files(package)
    page.get_by_role("button", name="Add a package").click()
    page.get_by_role("link", name="Fair stops", exact=True).click()
    page.get_by_label("Number of the officer").fill("1100")
    page.get_by_role("button", name="Make an address to launch it").click()
    address = page.locator("#launched").get_attribute("href")
    assert address.startswith(f"http://127.0.0.1:{school['content']}/content/")

    officer = browser.new_context()
    unit = officer.new_page()
    unit.goto(address)
    expect(unit.locator("#state")).to_have_text("200 200 200 out of reach")
    assert officer.cookies() == []
    officer.close()
    page.goto("/office/training/officers/100/")
    expect(page.get_by_role("heading", name="Fair and lawful stops")).to_have_count(1)


def recorded(seed):
    """Trials of a person as the page records them; with errors, slow ones, and now and then a fast one."""
    chance = random.Random(seed)
    return [
        {
            "block": block,
            "rt": round(chance.lognormvariate(6.5 + (0.12 if block > 5 else 0), 0.35), 1)
            if chance.random() > 0.02
            else chance.choice([120.0, 12_000.0, 10_000.0, 300.0, 299.9]),
            "correct": chance.random() > 0.08,
        }
        for block, count in ((3, 20), (4, 40), (6, 20), (7, 40))
        for _ in range(count)
    ]


def test_the_browser_scores_as_the_reference_does(visit):
    page = visit()
    page.goto("/training/association/")
    people = [recorded(seed) for seed in range(60)]
    people.append([{**each, "rt": 250.0} for each in people[0]])
    people.append([{**each, "rt": 250.0 if at % 10 == 0 else each["rt"]} for at, each in enumerate(people[0])])
    people.append([{**each, "rt": 11_000.0} for each in people[0]])
    people.append([each for each in people[0] if each["block"] != 7])
    people.append([])
    bundle = page.locator("script[src*=association]").get_attribute("src")
    scored = page.evaluate(
        "async ([bundle, people]) => { const { score } = await import(bundle); return people.map((each) => score(each).d); }",
        [bundle, people],
    )
    expected = [reference.d_score(each) for each in people]

    assert [each is None for each in scored] == [each is None for each in expected]
    assert [each for each in scored if each is not None] == pytest.approx(
        [each for each in expected if each is not None]
    )
    assert sum(each is None for each in expected) >= 4
    assert sum(each is not None for each in expected) >= 50


def sides(page, words):
    """Which key is right for the word on the screen."""
    return page.evaluate(
        """(words) => {
          const shown = document.querySelector("#jspsych-iat-stim").textContent;
          const names = (where) => document.querySelector(where).dataset.names.split(" ");
          const category = Object.keys(words).find((name) => words[name].words.includes(shown));
          return [category, names("#trial_left_align").includes(category) ? "e" : "i", names("#trial_left_align").join(" "), names("#trial_right_align").join(" ")];
        }""",
        words,
    )


def test_a_whole_test_by_keyboard_is_scored_and_nothing_leaves_the_page(visit, axe):
    page = visit()
    page.clock.install()
    page.goto("/training/association/")
    words = json.loads(page.locator("#association-words").text_content())
    page.wait_for_load_state("networkidle")
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.get_by_role("button", name="Start the test").click()
    trials, chance = [], random.Random(3)
    for block, count in enumerate((20, 20, 20, 40, 40, 20, 40), start=1):
        page.clock.run_for(300)
        expect(page.get_by_role("heading", name=f"Round {block} of 7")).to_be_visible()
        page.get_by_role("button", name="Go on").press("Enter")
        for _ in range(count):
            page.clock.run_for(260)
            _category, key, *_labels = sides(page, words)
            rt = chance.randint(420, 700) + (200 if block > 5 else 0)
            page.clock.run_for(rt)
            is_right = chance.random() > 0.1
            if not is_right:
                page.keyboard.press("i" if key == "e" else "e")
                page.clock.run_for(200)
            page.keyboard.press(key)
            if block in (3, 4, 6, 7):
                trials.append({"block": block, "rt": rt, "correct": is_right})
    page.clock.run_for(300)

    expect(page.get_by_role("heading", name="Your result, which only you see")).to_be_visible()
    shown = float(page.locator("[data-d]").text_content().split("=")[1])
    assert shown == pytest.approx(reference.d_score(trials), abs=0.1)  # real moments pass beside the clock's
    expect(page.locator("[data-said]")).to_contain_text("much faster when")
    assert requests == []
    assert page.context.cookies() == []
    kept = page.evaluate(
        "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length, document.cookie]"
    )
    assert kept == [0, 0, 0, ""]
    assert axe(page) == []


def test_by_touch_in_spanish_and_left_at_any_time(visit, axe):
    page = visit(**PHONE)
    page.goto("/es/training/association/")
    words = json.loads(page.locator("#association-words").text_content())
    page.locator("[data-start]").tap()
    page.locator("[data-stage] button").tap()
    for _ in range(3):
        expect(page.locator("#jspsych-iat-stim")).to_be_visible()
        shown = page.locator("#jspsych-iat-stim").text_content()
        _category, key, *_labels = sides(page, words)
        page.locator("[data-side=left]" if key == "e" else "[data-side=right]").tap()
        expect(page.locator("#jspsych-iat-stim")).not_to_have_text(shown)
    assert fits(page)
    assert axe(page) == []
    page.locator("[data-leave]").tap()
    expect(page.locator("[data-said]")).to_contain_text("No se guardó nada")
    expect(page.locator("[data-stage]")).to_be_hidden()


def test_without_javascript_the_page_says_what_the_test_is(visit):
    page = visit(java_script_enabled=False)
    page.goto("/training/association/")

    expect(page.get_by_text("What it cannot tell")).to_be_visible()
    expect(page.get_by_text("needs JavaScript, which is switched off here")).to_be_visible()
    expect(page.get_by_role("button", name="Start the test")).to_be_hidden()
