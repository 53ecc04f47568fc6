"""The kit of a release is made of its sealed files alone, and is the same bytes for everybody."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("typst")
ADDRESS = "/press/stops/2017/v2"

OTHER_PROCESS = """
import sys, hashlib, django
django.setup()
from pathlib import Path
from comity.releases.catalogue import read_catalogue
from comity.site.outreach.press.kit import press_kit
found = read_catalogue(Path(sys.argv[1]))
print(hashlib.sha256(press_kit(found, found.release("stops", "2017", 2), language=sys.argv[2]).content).hexdigest())
"""


@pytest.mark.parametrize("language", ["en", "es"])
def test_everybody_gets_the_same_bytes_whenever_and_wherever_they_are_made(clients, small_public, language, at):
    prefix = "/es" if language == "es" else ""
    mine = clients["anyone"].get(f"{prefix}{ADDRESS}.pdf").content
    at(300)
    theirs = clients["chief"].get(f"{prefix}{ADDRESS}.pdf").content
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "comity.site.settings",
        "TZ": "Asia/Tokyo",
        "PYTHONHASHSEED": "7",
    }
    elsewhere = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, str(small_public), language],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert mine == theirs
    assert elsewhere.stdout.strip() == hashlib.sha256(mine).hexdigest()
    page = clients["anyone"].get(f"{prefix}{ADDRESS}/").content.decode()
    assert hashlib.sha256(mine).hexdigest() in page


def words_of(content):
    pdfium = pytest.importorskip("pypdfium2")
    return " ".join(page.get_textpage().get_text_range() for page in pdfium.PdfDocument(content))


def test_the_kit_says_what_the_release_says(clients, small_public):
    text = words_of(clients["anyone"].get(f"{ADDRESS}.pdf").content)

    assert "Police stops, 2017" in text and "stops/2017/v2" in text
    manifest = (small_public / "releases" / "stops" / "2017" / "v2" / "manifest.json").read_bytes()
    assert hashlib.sha256(manifest).hexdigest() in "".join(text.split())


def test_the_kit_hides_what_the_release_hides_and_is_marked_as_sample_data(sealed, clients):
    from django.test import override_settings

    with override_settings(PUBLIC=sealed / "public"):
        text = words_of(clients["anyone"].get("/press/workforce/2026/v1.pdf").content)

    assert "suppressed" in text
    assert "SAMPLE DATA" in text


def test_there_is_no_kit_of_what_is_not_public(clients):
    assert clients["chief"].get("/press/stops/2018-q1/v1.pdf").status_code == 404
    assert clients["chief"].get("/press/stops/2018-q1/v1/").status_code == 404


def test_a_changed_release_is_another_kit(small_public, tmp_path, django):
    from comity.releases.catalogue import read_catalogue
    from comity.site.outreach.press.kit import press_kit

    shutil.copytree(small_public.resolve(), tmp_path / "public")
    file = tmp_path / "public" / "releases" / "stops" / "2017" / "v2" / "release.json"
    before = read_catalogue(tmp_path / "public")
    kit = press_kit(before, before.release("stops", "2017", 2), language="en")
    file.write_text(file.read_text().replace("Police stops, 2017", "Police stops, 2017!"))
    after = read_catalogue(tmp_path / "public")

    assert press_kit(after, after.release("stops", "2017", 2), language="en").digest != kit.digest


def test_a_release_sealed_a_moment_ago_is_on_the_page_of_everybody_at_once(clients, small_public, tmp_path, django):
    from django.test import override_settings

    state = tmp_path / "state"
    shutil.copytree(small_public.resolve(), state)
    with override_settings(PUBLIC=tmp_path / "public"):
        (tmp_path / "public").symlink_to(state)
        assert clients["anyone"].get(f"{ADDRESS}.pdf").status_code == 200
        other = tmp_path / "without"
        shutil.copytree(state, other)
        shutil.rmtree(other / "releases" / "stops" / "2017" / "v2")
        (tmp_path / "next").symlink_to(other)
        (tmp_path / "next").rename(tmp_path / "public")

        for who in ("anyone", "chief", "analyst"):
            assert clients[who].get(f"{ADDRESS}.pdf").status_code == 404
