"""Four people use the portal in a real browser, on the published Minneapolis stops of 2017."""

from __future__ import annotations

import csv
import hashlib
import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PHONE = {"width": 360, "height": 720, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}


def no_sideways_scrolling(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_resident_on_a_phone_reads_in_spanish_what_was_found_and_about_their_neighborhood(open_page):
    page = open_page(**PHONE, locale="es-US")

    page.goto("/")
    page.get_by_role("link", name="Español").tap()
    page.get_by_role("heading", name="Lo nuevo").wait_for()
    page.locator(".releases h3 a").first.tap()
    page.wait_for_url("**/es/releases/stops/2017/v1/")
    expect(page.locator(".finding .badge").first).to_have_text(re.compile("muestra$"))
    picture = page.locator(".finding img").first
    picture.evaluate("image => image.decode()")
    assert picture.evaluate("image => image.currentSrc").endswith(".es.narrow.svg")
    assert picture.evaluate("image => image.naturalWidth") > 0
    assert no_sideways_scrolling(page)
    page.get_by_text("Los números en una tabla").first.tap()
    expect(page.locator(".finding table").first).to_be_visible()
    page.get_by_role("navigation", name="Principal").get_by_role("link", name="Lugares").tap()
    page.get_by_role("link", name="Whittier").tap()
    page.get_by_role("heading", level=1, name="Whittier").wait_for()
    expect(page.locator("tr.total").first).to_contain_text("3,328")
    expect(page.get_by_text("suprimido").first).to_be_visible()
    assert no_sideways_scrolling(page)


def test_a_reporter_asks_shares_downloads_and_verifies(open_page, served, tmp_path):
    page = open_page(accept_downloads=True)

    page.goto("/explore/stops/2017/v1/stops_by_neighborhood/")
    page.get_by_text("Only some of: Neighborhood").click()
    page.get_by_label("Whittier").check()
    page.get_by_label("Lyndale", exact=True).check()
    page.locator("#result tbody tr").nth(2).wait_for()
    page.locator("#result:not([aria-busy])").wait_for()
    asked = [row.split("\t")[0] for row in page.locator("#result tbody tr").all_inner_texts()]
    assert asked == ["Lyndale", "Whittier", "All"]
    assert "neighborhood=Whittier" in page.url
    shown = page.locator("#result tbody").inner_text()

    another = open_page()
    another.goto(page.url)
    assert another.locator("#result tbody").inner_text() == shown

    with page.expect_download() as waiting:
        page.get_by_role("link", name="This result as CSV").click()
    waiting.value.save_as(tmp_path / "selection.csv")
    with (tmp_path / "selection.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["neighborhood"] for row in rows} == {"Whittier", "Lyndale", "Lyndale; Whittier"}

    page.goto("/releases/stops/2017/v1/")
    with page.expect_download() as waiting:
        page.locator("#table-stops-by-neighborhood").get_by_role("link", name="CSV").click()
    saved = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    assert saved.name == "stops-2017-v1-stops_by_neighborhood.csv"
    page.get_by_text("Every file, with its fingerprint (SHA-256)").click()
    line = page.get_by_role("row").filter(has_text="tables/stops_by_neighborhood.csv")
    assert hashlib.sha256(saved.read_bytes()).hexdigest() in line.inner_text()

    page.get_by_role("link", name="How to check that nothing was changed").click()
    command = page.locator("#verify-command").inner_text().split()
    assert command == ["comity", "verify", served]
    done = subprocess.run(
        [sys.executable, "-c", "from comity.cli.main import main; main()", *command[1:]],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_without_javascript_everything_can_still_be_read_asked_and_downloaded(open_page):
    page = open_page(java_script_enabled=False)

    page.goto("/explore/stops/2017/v1/stops_by_neighborhood/")
    page.get_by_label("Across").select_option("")
    page.get_by_text("Only some of: Race").click()
    page.get_by_label("Black", exact=True).check()
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**subject_race=black**")
    expect(page.locator("#result thead th").first).to_have_text("Neighborhood")
    expect(page.locator("#result tbody tr")).to_have_count(88)
    page.goto("/places/")
    expect(page.locator("[data-map-room]")).to_be_hidden()
    page.get_by_role("link", name="Whittier").click()
    expect(page.locator("tr.total").first).to_be_visible()
    page.goto("/releases/stops/2017/v1/")
    expect(page.locator(".finding img").first).to_be_visible()


def test_with_the_keyboard_alone_a_finding_is_reached_and_a_table_crossed(open_page):
    page = open_page()

    def focused():
        return page.evaluate("document.activeElement.innerText || document.activeElement.name")

    page.goto("/")
    page.keyboard.press("Tab")
    assert focused() == "Skip to the content"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "4px"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    title = focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/releases/stops/2017/v1/")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.get_by_text("The numbers as a table").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".finding table").first).to_be_visible()

    page.goto("/explore/stops/2017/v1/person_searches/")
    page.get_by_label("Down", exact=True).focus()
    page.keyboard.press("Tab")
    assert focused().strip().startswith("nothing") or page.evaluate("document.activeElement.name") == "columns"
    page.keyboard.press("End")
    page.locator("#result thead th[scope=colgroup]", has_text="Person searched").wait_for()
    assert "columns=search_person" in page.url
    page.get_by_text("Only some of: Sex").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.wait_for_url("**subject_sex=**")
    expect(page.locator(":focus")).to_have_attribute("type", "checkbox")


def test_the_map_draws_the_places_of_the_list_and_keyboards_pass_it_by(open_page):
    page = open_page()

    page.goto("/places/")
    page.locator("canvas.maplibregl-canvas").wait_for(timeout=20_000)
    expect(page.locator("canvas.maplibregl-canvas")).to_have_attribute("tabindex", "-1")
    expect(page.locator(".attribution")).not_to_be_empty()
    expect(page.locator(".places a").nth(80)).to_be_attached()


def test_outlines_of_places_are_drawn_named_under_the_pointer_and_lead_to_their_page(open_page, served_with_outlines):
    page = open_page()

    page.goto(f"{served_with_outlines}/places/")
    canvas = page.locator("canvas.maplibregl-canvas")
    canvas.wait_for(timeout=20_000)
    canvas.scroll_into_view_if_needed()
    named = page.locator(".maplibregl-popup")
    for _ in range(40):  # the outlines are drawn a moment after the canvas is there
        canvas.hover(position={"x": 504, "y": 247})
        canvas.hover(position={"x": 507, "y": 250})
        if named.is_visible():
            break
        page.wait_for_timeout(250)
    expect(named).to_contain_text(re.compile(r"^[A-Z][^:]+: [\d,]+|suppressed"))
    place = named.inner_text().split(":")[0]
    canvas.click(position={"x": 507, "y": 250})
    expect(page.get_by_role("heading", level=1)).to_have_text(place)


def test_the_interactive_chart_says_what_one_points_at_and_the_policy_allows_it(open_page, axe):
    page = open_page()

    page.goto("/releases/stops/2017/v1/")
    page.get_by_role("button", name="Interactive chart").first.click()
    page.locator(".interactive svg").wait_for()
    page.locator(".interactive .mark-symbol path").first.hover()
    expect(page.locator(".interactive output").first).to_contain_text(
        "Black: 13.8% (interval: 11.7% – 16.2%), n = 9,762"
    )
    expect(page.locator(".finding picture").first).to_be_hidden()
    assert axe(page) == []


PAGES = [
    "/",
    "/releases/",
    "/releases/stops/",
    "/releases/stops/2017/v1/",
    "/places/",
    "/places/neighborhood/whittier/",
    "/explore/",
    "/explore/stops/2017/v1/stops_by_neighborhood/",
    "/explore/stops/2017/v1/person_searches/?rows=subject_race&columns=search_person&subject_sex=female",
    "/dictionary/",
    "/methods/",
    "/quality/",
    "/corrections/",
    "/verify/",
    "/api/",
]
PAGES_THAT_DIFFER = [
    "/",
    "/releases/stops/2017/v1/",
    "/places/neighborhood/whittier/",
    "/explore/stops/2017/v1/person_searches/",
    "/quality/",
    "/verify/",
]


@pytest.mark.slow
@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_axe_finds_no_violation_on_any_page(open_page, axe, look):
    """Every page in light; the other looks share its markup, so there only pages with components of their own."""
    page = open_page(**PHONE) if look == "phone" else open_page(color_scheme=look)

    found = {}
    for address in PAGES if look == "light" else PAGES_THAT_DIFFER:
        page.goto(f"/es{address}" if look == "phone" else address)
        page.evaluate(
            "[...document.querySelectorAll('main details')].slice(0, 4).forEach(each => { each.open = true })"
        )
        wrong = axe(page)
        if wrong:
            found[address] = wrong

    assert found == {}
