"""The doctor finds what is wrong with an instance, says what to do, and changes nothing."""

from __future__ import annotations

import sqlite3
from datetime import date

import pytest

from comity.instance.doctor import examine
from comity.instance.publish import publish

TODAY = date(2026, 11, 22)
CALENDAR = """
[[calendar]]
dataset = "stops"
period = "2026-q2"
due = 2026-12-31
title.en = "Police stops, second quarter"
title.es = "Paradas policiales, segundo trimestre"
"""


@pytest.fixture
def published(small_agency):
    with (small_agency / "comity.toml").open("a") as file:
        file.write(CALENDAR)
    publish(small_agency, today=TODAY)
    return small_agency


def states(folder, today=TODAY):
    return {(each.name, each.state) for each in examine(folder, today=today)}


def test_a_published_instance_is_well(published):
    before = sorted((path, path.stat().st_mtime_ns) for path in published.rglob("*"))

    assert {state for name, state in states(published) if name not in ("disk", "backup")} == {"well"}
    assert sorted((path, path.stat().st_mtime_ns) for path in published.rglob("*")) == before


def test_an_unpublished_one_without_promises_wants_attention_and_is_not_broken(small_agency):
    assert {("public", "attention"), ("promises", "attention"), ("keys", "well")} <= states(small_agency)


@pytest.mark.parametrize("where", ["keys", "keys/ledger.key"])
def test_a_key_that_others_can_read(published, where):
    (published / where).chmod(0o755)

    assert ("keys", "broken") in states(published)


def test_a_key_that_is_gone_and_a_mapping_that_is_wrong(published):
    (published / "keys" / "ledger.key").unlink()
    mapping = published / "sources" / "stops.yaml"
    mapping.write_text(mapping.read_text().replace("record_type", "record_typ"))

    found = examine(published, today=TODAY)

    broken = {each.name: each for each in found if each.state == "broken"}
    assert set(broken) >= {"keys", "sources"}
    assert all(each.next_step for each in found if each.state != "well")


def test_a_public_file_that_was_changed(published):
    path = next((published / "public").resolve().rglob("*.csv"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"published", b"publishes", 1))

    found = next(each for each in examine(published, today=TODAY) if each.name == "public")

    assert found.state == "broken"
    assert path.name in found.what


def test_a_promise_that_is_overdue_or_not_sealed(published):
    assert ("promises", "attention") in states(published, date(2027, 1, 1))
    with (published / "comity.toml").open("a") as file:
        file.write(CALENDAR.replace("2026-q2", "2026-q3"))

    unsealed = [each for each in examine(published, today=TODAY) if each.name == "promises"]

    assert unsealed[0].what == "The promise of stops 2026-q3 is in comity.toml and not sealed."


def test_a_clock_behind_the_ledger(published):
    assert ("clock", "broken") in states(published, date(2026, 11, 21))


def test_a_damaged_database(published):
    path = published / "site.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 200)
    connection.commit()
    connection.close()
    path.chmod(0o600)
    assert ("databases", "well") in states(published)

    content = bytearray(path.read_bytes())
    content[4096:12288] = bytes(8192)
    path.write_bytes(content)

    assert ("databases", "broken") in states(published)


def test_a_feed_that_changed_fell_silent_or_was_never_fetched(published):
    from comity.sources.history import TAKEN, WAITING, Fetch, remember

    with (published / "comity.toml").open("a") as file:
        file.write('\n[sources.stops]\nkind = "folder"\nurl = "drop/*.csv"\nnewest_by = "day"\nexpect_days = 30\n')

    def said():
        return [each.what for each in examine(published, today=TODAY) if each.name == "feeds"]

    assert said() == ["stops was never fetched."]
    fetched = Fetch("2026-11-20T00:00:00+00:00", TAKEN, 5, "0" * 64, {"day": "text"}, newest="2026-11-01")
    remember(published, "stops", fetched)
    assert ("feeds", "well") in states(published)
    assert ("feeds", "attention") in states(published, today=date(2027, 1, 5))
    remember(published, "stops", Fetch(**{**vars(fetched), "state": WAITING, "alarms": ("It had 5 rows and has 1.",)}))
    assert said() == ["stops changed and waits: It had 5 rows and has 1."]
