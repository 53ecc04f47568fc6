"""People of the office sign in with a real browser: by a link, an app's code without JavaScript, a passkey; in Spanish, on a phone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PASSWORD = "several words of a phrase"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
WIDE = {"viewport": {"width": 1280, "height": 900}}


def totp(secret: str) -> str:
    """The code of RFC 6238 for now."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


@pytest.fixture(scope="module")
def office(small_public, tmp_path_factory):
    """(address of a served instance by the name localhost, function that makes an account and returns its link)."""
    from comity.instance.create import create_instance

    folder = tmp_path_factory.mktemp("accounts") / "our-town"
    create_instance(folder)
    (folder / ".states").mkdir()
    shutil.copytree(small_public.resolve(), folder / ".states" / "000001")
    (folder / "public").symlink_to(Path(".states") / "000001")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COMITY_", "DJANGO_"))}
    comity = [sys.executable, "-c", "from comity.cli.main import main; main()"]

    def add(name, *options):
        done = subprocess.run(
            [*comity, "account", "add", name, "--instance", folder, *options],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return re.search(r"/office/password/new/\S+", done.stdout)[0]

    link = add("keeper", "--role", "auditor")
    server = subprocess.Popen(
        [*comity, "serve", "--instance", folder, "--port", "0", "--workers", "1"],
        stdout=subprocess.PIPE, text=True, env={**environment, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        port = re.search(r"127\.0\.0\.1:(\d+)", server.stdout.readline())[1]
        yield f"http://localhost:{port}", link, add
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture
def page_of(browser, office):
    """Opens a browser context at the office; the test fails when a script or the policy complains."""
    contexts, problems = [], []

    def start(**options):
        context = browser.new_context(base_url=office[0], **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        return page

    yield start
    for context in contexts:
        context.close()
    assert problems == []


def set_password(page, link):
    page.goto(link)
    page.locator("#id_password1").fill(PASSWORD)
    page.locator("#id_password2").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").click()


def fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_an_invited_auditor_comes_in_with_an_app_and_without_javascript_and_reads_the_log(page_of, office):
    page = page_of(**PHONE, java_script_enabled=False)

    set_password(page, office[1])
    page.goto("/office/log/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Second factors")  # nothing else before
    page.get_by_role("link", name="Set up an app").click()
    secret = page.locator("main code").inner_text()
    page.get_by_label("Code").fill(totp(secret))
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    codes = page.locator("ul.codes code").all_inner_texts()
    page.get_by_role("link", name="Go on").click()
    page.get_by_role("link", name="Log", exact=True).click()

    expect(page.locator("tbody tr").first).to_contain_text("accounts.second-factor-added")
    page.goto("/office/")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Name").fill("keeper")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Code of your app, or a recovery code").fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Office")


def test_a_moderator_adds_a_passkey_and_signs_in_with_it(page_of, office, axe):
    page = page_of(**WIDE)
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True,
               "hasResidentKey": True, "automaticPresenceSimulation": True}  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    set_password(page, office[2]("mediator", "--role", "moderator"))
    page.get_by_role("link", name="Add a passkey").click()
    assert axe(page) == []
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.get_by_role("link", name="Go on").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Name").fill("mediator")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    assert axe(page) == []
    page.get_by_role("button", name="Use your passkey").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Office")


@pytest.mark.parametrize("width", [PHONE, WIDE], ids=["phone", "wide"])
def test_the_pages_are_accessible_in_spanish_and_fit(page_of, office, axe, width):
    page = page_of(**width)
    found = {}

    def look(name):
        found[name] = (axe(page), fits(page))
        if shots := os.environ.get("COMITY_SCREENSHOTS"):
            page.screenshot(path=f"{shots}/{name}-{width['viewport']['width']}.png", full_page=True)

    set_password(page, "/es" + office[2](f"auditor-{width['viewport']['width']}", "--role", "auditor"))
    page.goto("/es/office/")
    look("second-factors")
    page.goto("/es/office/second-factor/app/")
    look("app")
    page.get_by_label("Código").fill(totp(page.locator("main code").inner_text()))
    page.get_by_role("button", name="Configurar").click()
    look("recovery-codes")
    page.goto("/es/office/")
    look("office")
    page.goto("/es/office/log/")
    look("log")
    page.goto("/es/office/second-factor/")
    look("both-factors")
    page.goto("/es/office/password/change/")
    look("password")
    page.goto("/es/office/")
    page.get_by_role("button", name="Cerrar sesión").click()
    look("sign-in")
    page.goto("/es/office/password/forgotten/")
    look("forgotten")

    assert found == dict.fromkeys(found, ([], True))
