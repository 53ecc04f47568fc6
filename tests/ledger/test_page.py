"""The page verifies in a real browser what `comity verify` verifies, offline and under the strictest policy."""

from __future__ import annotations

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from comity.ledger import Log, Signer, seal_files, verify
from comity.ledger.authority import require_witnesses, rotate_key
from comity.ledger.notes import COSIGNATURE
from comity.ledger.page import content_security_policy, verify_page
from comity.ledger.witness import add_signatures, read_signatures

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
]
WITNESS = Signer.from_seed("witness.example.org", b"\x05" * 32, kind=COSIGNATURE)


@pytest.fixture
def page(browser, tmp_path):
    (tmp_path / "verify.html").write_bytes(verify_page())
    context = browser.new_context(locale="en-US", offline=True)
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto((tmp_path / "verify.html").as_uri())
    yield opened
    context.close()
    assert errors == []


def result_of(page, public: Path, *, since: Path | None = None, vkey: str = "") -> str:
    page.set_input_files("#folder", public)
    if since:
        page.set_input_files("#since", since)
    page.fill("#vkey", vkey)
    page.evaluate("document.getElementById('result').replaceChildren()")
    page.click("button")
    page.locator("#result h2").wait_for()
    return page.inner_text("#result")


def test_an_untouched_folder_is_intact_without_a_network(page, public):
    said = result_of(page, public)

    assert said.startswith("Intact")
    assert "8 files and 4 ledger entries of data.example.gov/police are as they were sealed." in said
    assert f"Root: {verify(public).root}" in said
    assert "Without a checkpoint or key kept from before" in said


def test_every_changed_or_missing_file_is_named(page, public):
    for target in sorted(path for path in public.rglob("*") if path.is_file()):
        name = str(target.relative_to(public))
        right = target.read_bytes()
        for other in (right[:-2] + bytes([right[-2] ^ 1]) + right[-1:], right + b"\n"):
            target.write_bytes(other)
            said = result_of(page, public)
            # The page stops at the first check that fails; a bundle that was changed shows at the checkpoint.
            named = "ledger/checkpoint" if "entries" in name and len(other) == len(right) else name
            assert said.startswith(f"Wrong\n\n{named} was altered"), said
        target.unlink()
        assert result_of(page, public) == f"Wrong\n\n{name} is missing."
        target.write_bytes(right)
    (public / "added.txt").write_text("x")
    assert result_of(page, public) == "Wrong\n\nadded.txt is not named by the ledger: it was added or renamed."


def test_what_was_kept_from_before_is_held_against_the_folder(page, public, signer, tmp_path):
    kept = tmp_path / "kept"
    kept.write_bytes((public / "ledger" / "checkpoint").read_bytes())
    (public / "calendar.json").write_text("{}")
    seal_files(public, "calendar", ["calendar.json"], signer=signer)
    later = tmp_path / "later"
    later.write_bytes((public / "ledger" / "checkpoint").read_bytes())
    rotate_key(public, old=signer, new=Signer.from_seed(signer.name, b"\x11" * 32))
    stranger = Signer.from_seed(signer.name, b"\x13" * 32)

    good = result_of(page, public, since=kept, vkey=signer.verifier.vkey)
    other_key = result_of(page, public, vkey=stranger.verifier.vkey)
    entries = list(Log(public / "ledger").entries())
    shutil.rmtree(public / "ledger" / "tile")
    (public / "ledger" / "checkpoint").unlink()
    (public / "ledger" / "vkey").write_text(f"{signer.verifier.vkey}\n")
    Log(public / "ledger").append([entries[0], entries[2], entries[1], entries[3]], signer=signer)
    fork = result_of(page, public, since=kept)
    shorter = result_of(page, public, since=later)

    assert good.startswith("Intact")
    assert "Without a checkpoint" not in good
    assert "ledger/vkey was altered: it does not follow the key you gave." in other_key
    assert "it does not continue the one you kept" in fork
    assert "it has fewer entries than the one you kept" in shorter


def test_witnesses_that_the_ledger_requires_are_required(page, public, signer):
    require_witnesses(public, [WITNESS.verifier], need=1, signer=signer)
    without = result_of(page, public)
    line = WITNESS.cosign(Log(public / "ledger").checkpoint().text, time=1_800_000_000)
    add_signatures(public, list(read_signatures(line.encode())))

    assert "it carries signatures of 0 of the ledger's witnesses and must have 1" in without
    assert result_of(page, public).startswith("Intact")


def test_a_log_of_several_tiles_is_read(page, public, signer):
    notices = [b'{"files":{},"kind":"notice","number":%d}' % number for number in range(600)]
    Log(public / "ledger").append(notices, signer=signer)

    assert "604 ledger entries" in result_of(page, public)
    target = public / "ledger" / "tile" / "0" / "001"
    target.write_bytes(b"\x00" + target.read_bytes()[1:])
    assert "ledger/tile/0/001 was altered: its hashes" in result_of(page, public)


def test_it_speaks_spanish_and_every_text_exists_in_both_languages(page, public):
    page.select_option("#language", "es")

    assert "Íntegra" in result_of(page, public)
    assert page.get_attribute("html", "lang") == "es"
    assert page.inner_text("h1") == "Verifique una carpeta pública"
    assert page.evaluate("Object.keys(TEXTS.en).sort().join() === Object.keys(TEXTS.es).sort().join()")
    places = "Object.entries(TEXTS.en).every(([key, text]) => String((text.match(/{\\w+}/g) ?? []).sort()) === "
    assert page.evaluate(places + "String((TEXTS.es[key].match(/{\\w+}/g) ?? []).sort()))")


def test_served_under_the_strictest_policy_it_verifies_the_server_it_came_from(browser, public):
    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self):
            if self.path != "/verify":
                super().do_GET()
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", content_security_policy())
            self.end_headers()
            self.wfile.write(verify_page())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(public.parent)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    blocked: list[str] = []
    page.on("console", lambda each: blocked.append(each.text) if "Content Security Policy" in each.text else None)

    try:
        page.goto(f"http://127.0.0.1:{server.server_port}/verify")
        page.click("button")
        page.locator("#result h2").wait_for()
        said = page.inner_text("#result")
        (public / "agency.json").write_text("other")
        page.click("button")
        page.get_by_text("agency.json was altered").wait_for()
    finally:
        context.close()
        server.shutdown()
        server.server_close()

    assert said.startswith("Intact")
    assert "Over the network, files that the ledger does not name cannot be seen." in said
    assert blocked == []


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("promises/stops/2018/1.json", "it was taken away, and may not be"),
        ("releases/stops/2017/v1/manifest.json", "it was taken away without a tombstone that says who and why"),
    ],
)
def test_what_the_publisher_itself_took_away_without_a_word_is_named(page, public, signer, name, how):
    if name.startswith("promises/"):
        (public / name).parent.mkdir(parents=True)
        (public / name).write_text("{}")
        seal_files(public, "promise", [name], signer=signer)
    seal_files(public, "notice", [], withdrawn=[name], signer=signer)

    assert f"{name} was altered: {how}." in result_of(page, public)


def test_a_release_with_its_tombstone_is_intact_and_back_again_is_not(page, public, signer):
    manifest, tombstone = "releases/stops/2017/v1/manifest.json", "withdrawals/stops/2017/v1.json"
    (public / tombstone).parent.mkdir(parents=True)
    (public / tombstone).write_text("{}")
    seal_files(public, "withdrawal", [tombstone], withdrawn=[manifest], signer=signer)
    kept = shutil.copytree(public / "releases/stops/2017", public.parent / "kept")
    shutil.rmtree(public / "releases/stops/2017")

    assert result_of(page, public).startswith("Intact")
    shutil.copytree(kept, public / "releases/stops/2017")
    seal_files(public, "release", [manifest], signer=signer)
    assert f"{manifest} was altered: it was withdrawn and put back." in result_of(page, public)
