"""A resident prints an agenda in Spanish from a phone; a department fills in its reach record with the keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PHONE = {"width": 360, "height": 720, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}


def no_sideways_scrolling(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_a_resident_prints_an_agenda_in_spanish_on_a_phone(open_page, tmp_path, javascript):
    pdfium = pytest.importorskip("pypdfium2")
    page = open_page(**PHONE, locale="es-US", java_script_enabled=javascript, accept_downloads=True)

    page.goto("/es/")
    page.get_by_role("link", name="Herramientas").tap()
    page.get_by_role("link", name="Orden del día de la reunión de cuadra").tap()
    page.get_by_label("Calle o cuadra").fill("Calle 26")
    page.get_by_label("Tema, fila 1").fill("Luces y aceras")
    page.get_by_role("button", name="Mostrar llena").tap()
    sheet = page.locator(".sheet")
    expect(sheet).to_contain_text("Calle 26")
    expect(sheet).to_contain_text("Luces y aceras")
    if javascript:
        assert no_sideways_scrolling(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Obtener PDF").tap()
    waiting.value.save_as(tmp_path / "agenda.pdf")
    assert waiting.value.suggested_filename == "block-meeting-agenda-es.pdf"
    printed = pdfium.PdfDocument(tmp_path / "agenda.pdf")
    text = printed[0].get_textpage().get_text_range()
    assert len(printed) == 1
    for words in ("Orden del día", "Calle 26", "Luces y aceras", "Próxima reunión"):
        assert words in text

    page.get_by_role("button", name="Cambiarla").tap()
    expect(page.get_by_label("Calle o cuadra")).to_have_value("Calle 26")


def test_on_paper_only_the_sheet_is_left(open_page):
    page = open_page()

    page.goto("/toolkit/meeting-flyer/")
    page.get_by_label("Place", exact=True).fill("Library")
    page.get_by_role("button", name="Show filled in").click()
    expect(page.locator(".sheet")).to_contain_text("Library")
    page.emulate_media(media="print")

    expect(page.locator(".sheet h1")).to_be_visible()
    for gone in (page.get_by_role("button", name="Get PDF"), page.get_by_role("navigation", name="Main")):
        expect(gone).to_be_hidden()


def test_with_the_keyboard_alone_a_reach_record_is_filled_in_and_mended(open_page):
    page = open_page()

    page.goto("/toolkit/reach-record/")
    page.get_by_label("Group, row 1", exact=True).focus()
    for line in (("18-29", "11200", "twelve"), ("30-44", "9800", "55")):
        for value in line:
            page.keyboard.type(value)
            page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # a form is sent from any of its fields
    wrong = page.get_by_label("Reached, row 1", exact=True)
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#p-reach-1-reached")).to_have_text(re.compile("not a number"))
    wrong.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("12")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Whom we did not reach")).to_be_visible()
    expect(page.locator(".sheet li")).to_have_text(
        "18-29: 53% of the people who live here, 18% of the people we reached"
    )


@pytest.mark.slow
@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_axe_finds_no_violation_in_the_toolkit(open_page, axe, look):
    page = open_page(**PHONE) if look == "phone" else open_page(color_scheme=look)
    language = "/es" if look == "phone" else ""

    found = {}
    for address in ("/toolkit/", "/toolkit/reach-record/", "/toolkit/ground-rules/", "/toolkit/facilitators-guide/"):
        page.goto(f"{language}{address}")
        found[address] = axe(page)
    page.goto(f"{language}/toolkit/small-project-plan/")
    page.locator("[name=budget-1-cost]").fill("much")
    page.locator("button[value=page]").click()
    expect(page.locator("[aria-invalid]")).to_be_visible()
    found["a slip"] = axe(page)
    page.locator("[name=budget-1-cost]").fill("50")
    page.locator("button[value=page]").click()
    expect(page.locator(".sheet")).to_be_visible()
    found["filled in"] = axe(page)

    assert {address: wrong for address, wrong in found.items() if wrong} == {}
