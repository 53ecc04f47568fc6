"""A chief's commitment goes overdue and is reopened; a resident follows it by receipt code, on a phone, in Spanish, without scripts."""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import expect

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the browser runs an event loop in this thread

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

HERE = Path(__file__).parents[1] / "site"
PHONE = {"viewport": {"width": 390, "height": 800}, "is_mobile": True, "has_touch": True}
WIDE = {"viewport": {"width": 1280, "height": 900}}


def load(path: Path):
    source = importlib.util.spec_from_file_location(f"for_journeys_{path.stem}", path)
    module = importlib.util.module_from_spec(source)
    sys.modules[source.name] = module
    source.loader.exec_module(module)
    return module


_site, _room = load(HERE / "conftest.py"), load(HERE / "commitments" / "conftest.py")
django, site, empty_store, town, here = _site.django, _site.site, _site.empty_store, _site.town, _room.here
examples_ = load(HERE / "commitments" / "examples.py")


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = False


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass

    def close_connection_of_thread(self):
        from django.db import connections

        connections.close_all()

    def finish(self):
        super().finish()
        self.close_connection_of_thread()


@pytest.fixture
def address(here):
    """Where this process serves the site, so that a test can move its clock."""
    from django.test import override_settings

    from comity.site.wsgi import build_application

    with override_settings(ALLOWED_HOSTS=["127.0.0.1"]):
        server = make_server("127.0.0.1", 0, build_application(), Server, Quiet)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def open_as(browser, address):
    """Opens a page for somebody who is signed in, or for anyone; fails when a script or the policy complains."""
    contexts, problems = [], []

    def start(account=None, **options):
        from django.conf import settings
        from django.test import Client

        context = browser.new_context(base_url=address, **options)
        contexts.append(context)
        if account is not None:
            client = Client()
            client.force_login(account)
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        return page

    yield start
    for context in contexts:
        context.close()
    assert problems == [], problems


def test_a_chief_s_commitment_goes_overdue_is_closed_and_reopened(open_as, here, site):
    chief, leader, anyone = (open_as(here.people[role], **WIDE) for role in ("chief", "community-leader", "auditor"))

    chief.goto("/office/commitments/")
    chief.get_by_role("link", name="Make a commitment").click()
    chief.get_by_label("Release", exact=True).select_option("stops/2017/v2")
    chief.get_by_role("button", name="Show its numbers").click()
    chief.get_by_label("Table", exact=True).select_option("searches_by_group")
    chief.get_by_role("button", name="Choose the cell").click()
    counted, base = (
        chief.get_by_role("group", name="Count", exact=True),
        chief.get_by_role("group", name="Of", exact=True),
    )
    counted.get_by_label("Race").select_option(label="Black")
    counted.get_by_label("Person searched").select_option(label="Yes")
    base.get_by_label("Race").select_option(label="Black")
    chief.get_by_role("button", name="Show the share").click()
    expect(chief.get_by_text("In 2017: 13.8%")).to_be_visible()
    chief.get_by_role("link", name="Bind the commitment to this number").click()
    for label, text in (
        ("Title", "Fewer searches"), ("You said", "One in seven is searched."), ("We will", "Approve each search."), ("Due", "2018-09-30"),
        ("By at least", "2"), ("Earliest period that counts", "2018"),
    ):  # fmt: skip
        chief.get_by_label(label).first.fill(text)
    chief.get_by_label("Released finding").select_option("stops/2017/v2|search-rate:black:white")
    chief.get_by_role("button", name="Make this commitment").click()
    chief.get_by_role("button", name="I take it on").click()
    expect(chief.get_by_text("accepted, no evidence yet").first).to_be_visible()

    site.CLOCK = lambda: datetime(2018, 10, 11, 12, tzinfo=UTC)
    anyone.goto("/commitments/")
    expect(anyone.locator(".badge.overdue")).to_have_text("overdue")
    anyone.get_by_role("link", name="Fewer searches").click()
    expect(anyone.get_by_text("Overdue for 11 days.")).to_be_visible()

    chief.get_by_label("What it shows").fill("The order is in force.")
    chief.get_by_label("File", exact=True).set_input_files(
        {"name": "order.png", "mimeType": "image/png", "buffer": examples_.PNG}
    )
    chief.get_by_role("button", name="Add evidence").click()
    expect(chief.get_by_role("link", name="The file (PNG)").first).to_be_visible()
    leader.goto("/office/")
    leader.get_by_role("link", name="Commitments to verify").click()
    leader.get_by_role("link", name="Fewer searches").click()
    verify = leader.locator("form", has=leader.get_by_role("heading", name="Verify the evidence"))
    verify.get_by_label("partly done").check()
    verify.get_by_label("Why").fill("Half the sergeants know of it.")
    verify.get_by_role("button", name="Verify").click()
    chief.reload()
    close = chief.locator("form", has=chief.get_by_role("heading", name="Close it"))
    close.get_by_label("done", exact=True).check()
    close.get_by_role("button", name="Close").click()
    anyone.reload()
    expect(anyone.get_by_role("heading", name="The agency and the community do not agree")).to_be_visible()

    leader.reload()
    reopen = leader.locator("form", has=leader.get_by_role("heading", name="Reopen it"))
    reopen.get_by_label("Why").fill("Searches went on as before.")
    reopen.get_by_role("button", name="Reopen").click()
    expect(leader.get_by_text("Searches went on as before.").first).to_be_visible()
    anyone.reload()
    expect(anyone.get_by_text("Reopened.", exact=True)).to_be_visible()
    chief.goto("/office/")
    expect(chief.get_by_text("1 reopened, 1 overdue")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_a_resident_follows_by_receipt_code_in_spanish_on_a_phone(open_as, here, javascript):
    from comity.site.commitments.actions import give_evidence
    from comity.site.commitments.jobs import measure_commitments

    found = examples_.accepted(here)
    page = open_as(**PHONE, locale="es-US", java_script_enabled=javascript)

    page.goto("/es/commitments/")
    page.get_by_role("link", name=found.title).tap()
    code = page.locator(".receipt code").inner_text()
    page.get_by_role("link", name="Imprimirlo").tap()
    expect(page.locator(".receipt code")).to_have_text(code)
    give_evidence(found, by=here.people["chief"], text="The order is in force.")
    examples_.release_2018(here.public)
    measure_commitments(here.folder, datetime(2019, 4, 1, tzinfo=UTC))
    page.goto("/es/commitments/")
    page.get_by_role("link", name="Tengo un código de recibo").tap()
    page.get_by_label("Código de recibo").fill(code.lower())
    page.get_by_role("button", name="Mostrar").tap()

    steps = page.locator(".steps li")
    expect(steps).to_have_count(2)
    expect(steps.nth(0)).to_contain_text("evidencia")
    expect(steps.nth(1)).to_contain_text("medido de nuevo: se movió")
    page.goto(f"/es/commitments/{found.pk}/")
    page.get_by_label("Dirección de correo electrónico").fill("resident@example.org")
    page.get_by_role("button", name="Avísenme").tap()
    expect(page.get_by_role("heading", name="Mire su correo")).to_be_visible()
    assert page.context.cookies() == []


@pytest.mark.slow
@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_axe_finds_no_violation(open_as, axe, here, look):
    from comity.site.commitments.demo import fill
    from comity.site.commitments.jobs import measure_commitments
    from comity.site.commitments.models import Commitment

    fill(here.agency, here.people, now=datetime(2018, 5, 15, 12, tzinfo=UTC), folder=here.folder)
    found = examples_.closed(here)
    examples_.release_2018(here.public)
    measure_commitments(here.folder, datetime(2019, 4, 1, tzinfo=UTC))
    options = PHONE if look == "phone" else {**WIDE, "color_scheme": look}
    language = "/es" if look == "phone" else ""
    cell = "release=stops/2017/v2&kind=share&table=searches_by_group&cell=subject_race%3Dblack&cell=search_person%3Dyes&base=subject_race%3Dblack"
    waiting = Commitment.objects.get(state="evidence")
    pages = {role: open_as(here.people.get(role), **options) for role in ("anyone", "chief", "community-leader")}

    wrong = {}
    for role, address in (
        ("anyone", "/commitments/"), ("anyone", f"/commitments/{found.pk}/"), ("anyone", f"/commitments/{found.pk}/receipt/"),
        ("anyone", "/commitments/since/"), ("chief", "/office/commitments/"), ("chief", f"/office/commitments/{waiting.pk}/"),
        ("chief", f"/office/commitments/measure/?{cell}"), ("chief", f"/office/commitments/{waiting.pk}/measure/"),
        ("community-leader", f"/office/commitments/{waiting.pk}/"), ("community-leader", f"/office/commitments/{found.pk}/"),
    ):  # fmt: skip
        page = pages[role]
        page.goto(f"{language}{address}")
        for each in page.locator("details").all():
            each.evaluate("each => { each.open = true }")
        wrong[f"{role} {address}"] = axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address

    assert {address: problems for address, problems in wrong.items() if problems} == {}
