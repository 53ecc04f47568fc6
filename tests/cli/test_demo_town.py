"""The invented town of the demonstration: marked everywhere, in every file, and answerable from another device of the network."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from comity.cli.demo import own_address
from comity.ledger import verify

ROOT = Path(__file__).parents[2]
MARKS = ("SAMPLE DATA", "DATOS DE MUESTRA")

pytestmark = pytest.mark.slow


def comity(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from comity.cli.main import main; main()", *arguments]


@pytest.fixture(scope="module")
def town():
    """(folder of the town, its address on this network, the code that was printed), served as `comity demo --town --lan`."""
    if not (ROOT / "src" / "comity" / "site" / "static" / "built" / "manifest.json").is_file():
        pytest.skip("the front end is not built; run make frontend")
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        comity("demo", "--town", "--lan", "--into", str(folder), "--port", str(port)),
        stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    code = ""
    for line in process.stdout:
        found = re.search(r"(http://[\d.]+:\d+)/code/#(\w+)", line)
        if found:
            address, code = found[1], found[2]
        if "stop it with" in line:
            break
    assert code
    yield folder / "sample-town", address, code
    process.terminate()
    process.wait(timeout=20)
    shutil.rmtree(folder)


def page(address: str, data: bytes | None = None) -> str:
    with urllib.request.urlopen(address, data) as response:
        return response.read().decode()


def test_every_file_of_its_results_says_what_it_is_also_alone(town):
    public = (town[0] / "public").resolve()

    unmarked = [
        path.name
        for part in ("releases/survey-sample-town-2026", "surveys", "promises")
        for path in (public / part).rglob("*")
        if path.is_file()
        and not path.name.startswith("sample_data_")
        and not any(mark.encode() in path.read_bytes() for mark in MARKS)
    ]

    assert unmarked == ["manifest.json"]  # paths and digests alone
    assert '"sample": true' in (public / "agency.json").read_text()
    assert verify(public).problems == ()


def test_every_page_is_marked_the_code_page_and_the_office_too(town):
    _, address, _ = town
    results = "/releases/survey-sample-town-2026/2026/v1/"

    for path in ("/", "/releases/", results, "/promises/", "/code/", "/survey/", "/survey/sample-town/",
                 "/survey/sample-town/promise/", "/survey/sample-town/receipts/"):  # fmt: skip
        assert 'data-watermark="SAMPLE DATA"' in page(address + path), path
    assert 'data-watermark="DATOS DE MUESTRA"' in page(f"{address}/es/code/")
    assert "Surveys under way" in page(f"{address}/")
    assert "by June 30, 2027" in page(f"{address}/")


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_a_phone_on_the_same_network_answers_it(town, browser):
    from playwright.sync_api import expect

    _, address, code = town
    if own_address() == "127.0.0.1":
        pytest.skip("this machine is on no network")
    assert "127.0.0.1" not in address
    context = browser.new_context(viewport={"width": 390, "height": 800}, is_mobile=True, has_touch=True)
    phone = context.new_page()
    phone.goto(f"{address}/code/#{code}")
    phone.get_by_role("button", name="Go on").tap()
    phone.wait_for_url("**/survey/sample-town/**")
    phone.get_by_role("button", name="Begin").tap()
    while phone.get_by_role("button", name="Send my answers").count() == 0:
        heading = phone.locator("h1").inner_text()
        phone.get_by_role("button", name=re.compile("Go on|Begin")).tap()
        expect(phone.locator("h1")).not_to_have_text(heading)
    assert phone.locator("body").get_attribute("data-watermark") == "SAMPLE DATA"
    phone.get_by_role("button", name="Send my answers").tap()
    expect(phone.locator(".receipt")).to_be_visible()
    context.close()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/commitments/", "5 commitments"),
        ("/plans/", "Calm streets"),
        ("/training/", "%"),
        ("/events/", "/events/"),
        ("/questions/", "/questions/"),
        ("/projects/", "/projects/"),
    ],
)
def test_every_room_of_the_community_has_something_to_show_and_says_that_it_is_a_sample(town, path, shown):
    main = page(f"{town[1]}{path}").split("<main", 1)

    assert shown in main[1]
    assert 'data-watermark="SAMPLE DATA"' in main[0]
