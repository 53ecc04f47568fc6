"""Monitors learn whether the site is well and how busy it is, and nothing about anybody."""

from __future__ import annotations

import sqlite3

import pytest

TOKEN = "a-token-for-the-monitor"


@pytest.fixture
def watched(town, settings_with_token):
    from django.test import Client

    return Client()


@pytest.fixture
def settings_with_token(town):
    from django.test import override_settings

    keys = town.folder / "keys"
    keys.mkdir()
    (keys / "metrics.token").write_text(TOKEN + "\n")
    with override_settings(KEYS=keys):
        yield


def numbers(client, token=TOKEN):
    return client.get("/metrics/", headers={"Authorization": f"Bearer {token}"})


def test_a_site_that_works_is_well(watched):
    answer = watched.get("/health/")

    assert (answer.status_code, answer.json()) == (200, {"status": "well", "broken": []})
    assert "no-store" in answer["Cache-Control"]


def test_a_public_folder_that_is_gone_is_named(watched, tmp_path):
    from django.test import override_settings

    with override_settings(PUBLIC=tmp_path / "nowhere"):
        answer = watched.get("/health/")

    assert (answer.status_code, answer.json()["broken"]) == (503, ["public folder"])


def test_a_database_that_does_not_answer_is_named_without_its_words(on_sqlite, watched, monkeypatch, tmp_path):
    from django.db import connections

    connections["default"].close()
    monkeypatch.setitem(connections["default"].settings_dict, "NAME", tmp_path / "no" / "such.sqlite3")
    answer = watched.get("/health/")

    assert (answer.status_code, answer.json()["broken"]) == (503, ["database default"])


@pytest.mark.parametrize("given", ["", "wrong", "Bearer", TOKEN + "x", TOKEN[:-1]])
def test_without_the_token_there_is_no_such_page(watched, given):
    assert numbers(watched, given).status_code == 404


def test_without_a_token_file_nobody_gets_the_numbers(town):
    from django.test import Client

    assert numbers(Client()).status_code == 404
    assert numbers(Client(), "").status_code == 404


def test_the_numbers_are_those_of_this_moment(watched, town):
    from django.db import transaction

    from comity.site.community.log import record

    def value(name):
        text = numbers(watched).content.decode()
        return float(next(line.split()[1] for line in text.splitlines() if line.startswith(f"comity_{name} ")))

    before = value("log_entries_waiting")
    with transaction.atomic():
        record("test.step", "a thing", by=town.people["chief"])

    assert value("log_entries_waiting") == before + 1
    assert value("releases") >= 1
    assert value("broken") == 0
    assert value("disk_free_bytes") > 0


def test_requests_are_counted_by_page_and_those_of_surveys_never(watched, town):
    from django.http import HttpResponse
    from django.test import RequestFactory
    from django.urls import resolve

    from comity.site.operations.numbers import REQUESTS, measure

    def ask(path):
        request = RequestFactory().get(path)
        request.resolver_match = resolve(path)
        measure(lambda request: HttpResponse())(request)

    def counted(page):
        return REQUESTS.labels(page, 200)._value.get()

    before = counted("releases")
    for path in ("/releases/", "/survey/town/", "/code/"):
        ask(path)

    assert counted("releases") == before + 1
    pages = {labels[0] for labels in REQUESTS._metrics}
    assert not [page for page in pages if page.startswith("surveys:")]
    assert "/" not in "".join(pages)


def test_answers_of_two_processes_are_one_number(tmp_path):
    """As `comity serve` runs: each process writes its own file, and any of them tells the sum."""
    import os
    import subprocess
    import sys

    code = (
        "import os; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'comity.site.settings')\n"
        "import django; django.setup()\n"
        "from comity.site.operations.numbers import REQUESTS, as_text\n"
        "REQUESTS.labels('home', 200).inc()\n"
        "print(as_text().decode())"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "COMITY_PARTS": "portal"}
    said = [
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]

    assert 'comity_requests_total{page="home",status="200"} 2.0' in said[1]


def test_a_locked_or_damaged_store_does_not_bring_the_numbers_down(on_sqlite, watched, town):
    with sqlite3.connect(town.folder / "default.sqlite3") as store:
        store.execute("DROP TABLE community_mail")

    answer = numbers(watched)

    assert answer.status_code == 200
    assert b"comity_disk_free_bytes" in answer.content
