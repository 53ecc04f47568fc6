"""A leader signs and dissents; a resident sends something in, votes and sees where it went; all of it without JavaScript too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ROOT = Path(__file__).parents[2]
PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}
BUILT = ROOT / "src" / "comity" / "site" / "static" / "built"


@pytest.fixture(scope="module")
def planned_town(write_public_folder, tmp_path_factory):
    """The port of a served sample town, sessions by role, and the numbers of what is in it."""
    if not (BUILT / "manifest.json").is_file():
        pytest.skip("the front end is not built; run make frontend")
    folder = tmp_path_factory.mktemp("planned")
    public = write_public_folder(folder / "published", sample=True)
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "journeys" / "planning_town.py"), str(folder / "instance"), str(public)],
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
def visit(browser, planned_town):
    """Opens pages of the town, signed in with a role; the test fails when a script or the policy complains."""
    contexts, problems = [], []

    def begin(role=None, **options):
        context = browser.new_context(base_url=f"http://127.0.0.1:{planned_town['port']}", **options)
        if role:
            value = planned_town["sessions"][role]
            context.add_cookies([{"name": "sessionid", "value": value, "domain": "127.0.0.1", "path": "/"}])
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


def test_every_page_is_accessible_on_a_phone_in_spanish_and_on_a_desk(visit, planned_town, axe):
    at = planned_town
    public = [
        "/plans/",
        f"/plans/{at['plan']}/",
        f"/plans/{at['plan']}/versions/2/difference/",
        f"/plans/{at['plan']}/meetings/{at['meeting']}/",
        f"/plans/consultations/{at['counted']}/result/",
        f"/plans/consultations/{at['gathering']}/",
        f"/plans/consultations/{at['gathering']}/contribute/",
        f"/plans/consultations/{at['gathering']}/moderation/",
        "/plans/receipt/",
    ]
    office = {
        "chief": [f"/office/plans/{at['plan']}/", f"/office/plans/consultations/{at['counted']}/"],
        "community-leader": [f"/office/plans/versions/{at['second']}/sign/"],
        "moderator": ["/office/plans/moderation/"],
    }
    for role, addresses in {None: public, **office}.items():
        phone, desk = visit(role, **PHONE), visit(role, viewport={"width": 1280, "height": 900})
        for address in addresses:
            phone.goto(f"/es{address}")
            assert axe(phone) == [], address
            assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
            desk.goto(address)
            assert axe(desk) == [], address


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_resident_sends_a_statement_in_and_sees_what_becomes_of_it(visit, planned_town, has_scripts):
    words = f"Officers wear their names {'large' if has_scripts else 'larger'}."
    resident = visit(java_script_enabled=has_scripts, **PHONE)
    resident.goto("/es/plans/")
    resident.get_by_role("link", name="What should a fair stop look like?").click()
    resident.get_by_role("link", name="Enviar una frase").click()
    resident.get_by_label("En una frase").fill(words)
    resident.get_by_role("button", name="Enviarlo").click()
    expect(resident.get_by_role("heading", name="Ha llegado")).to_be_visible()
    code = resident.locator("p.code code").inner_text()
    assert resident.context.cookies() == []

    def follow():
        resident.goto("/es/plans/receipt/")
        resident.get_by_label("Su código").fill(code.lower())
        resident.get_by_role("button", name="Buscarlo").click()

    follow()
    expect(resident.get_by_text("Espera al moderador.")).to_be_visible()
    moderator = visit("moderator", java_script_enabled=has_scripts)
    moderator.goto("/office/plans/moderation/")
    waiting = moderator.locator("section.waits", has_text=words)
    waiting.get_by_role("button", name="Reject").click()
    expect(moderator.get_by_role("heading", name="A rejection needs its reason.")).to_be_visible()
    moderator.go_back()
    waiting.get_by_label("Reason, needed for a rejection").fill("Rule 2.")
    waiting.get_by_role("button", name="Reject").click()
    expect(moderator.get_by_text(words)).to_have_count(0)

    follow()
    expect(resident.get_by_text("Rule 2.")).to_be_visible()
    resident.goto(f"/plans/consultations/{planned_town['gathering']}/moderation/")
    expect(resident.get_by_text("Rule 2.").first).to_be_visible()
    expect(resident.get_by_text(words)).to_have_count(0)


def test_a_leader_dissents_then_signs_and_only_then_the_plan_comes_into_force(visit, planned_town):
    chief = visit("chief", java_script_enabled=False)
    chief.goto(f"/office/plans/{planned_town['plan']}/")
    chief.get_by_role("button", name="Put it in force").click()
    expect(chief.get_by_role("heading", name="The signature of Neighborhood council is missing.")).to_be_visible()

    leader = visit("community-leader", java_script_enabled=False, **PHONE)
    leader.goto("/office/")
    leader.get_by_role("link", name="Sign or dissent: Calm streets, version 2").click()
    leader.get_by_label("What you disagree with").fill("Once a month is not enough.")
    leader.get_by_role("button", name="Only dissent").click()
    expect(leader.locator(".dissent")).to_contain_text("Once a month is not enough.")
    leader.get_by_role("button", name="Sign", exact=True).click()
    expect(leader.get_by_text("You have signed this version.")).to_be_visible()

    chief.goto(f"/office/plans/{planned_town['plan']}/")
    chief.get_by_role("button", name="Put it in force").click()
    expect(chief.get_by_text("Version 2. In force since")).to_be_visible()
    expect(chief.locator(".dissent")).to_contain_text("Once a month is not enough.")
