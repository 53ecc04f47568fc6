"""The log's sealing: its public steps are published, its head cannot be rewritten, and being late shows."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

TODAY = date(2018, 5, 15)
NOON = datetime(2018, 5, 15, 12, tzinfo=UTC)


@pytest.fixture
def signer(town):
    from comity.ledger import Signer, create_key

    (town.folder / "keys").mkdir()
    create_key(town.folder / "keys" / "ledger.key", "town.example/comity")
    return Signer.load(town.folder / "keys" / "ledger.key")


def note(town, action="test.step", public=None):
    from django.db import transaction

    from comity.site.community.log import record

    with transaction.atomic():
        return record(action, "thing 1", by=town.people["chief"], details={"reason": "private words"}, public=public)


def test_public_steps_are_sealed_and_private_ones_only_counted(town, signer):
    from comity.ledger import verify
    from comity.site.community.sealing import seal_log

    first, second = note(town), note(town, "commitments.made", {"due": "2018-06-01"})
    assert seal_log(town.folder, signer=signer, today=TODAY) == 2

    text = (town.folder / "public/log/1.json").read_text()
    said = json.loads(text)
    assert said["steps"] == [
        {
            "number": second.number,
            "at": NOON.isoformat(),
            "agency": "sample-town",
            "action": "commitments.made",
            "subject": "thing 1",
            "public": {"due": "2018-06-01"},
        }
    ]
    assert {name: said[name] for name in ("first", "last", "entries", "before", "head", "day")} == {
        "first": first.number, "last": second.number, "entries": 2, "before": "0" * 64, "head": second.hash,
        "day": "2018-05-15",
    }  # fmt: skip
    assert "private words" not in text
    assert "chief@" not in text
    assert verify(town.folder / "public", vkey=signer.verifier.vkey).problems == ()


def test_private_entries_are_sealed_once_a_day_and_public_ones_at_once(town, signer):
    from comity.ledger import read_entries
    from comity.site.community.sealing import seal_log, sealings

    counts = []
    for public, days in ((None, 0), (None, 0), ({}, 0), (None, 0), (None, 1)):
        note(town, public=public)
        counts.append(seal_log(town.folder, signer=signer, today=TODAY + timedelta(days=days)))

    assert counts == [1, 0, 2, 0, 2]
    assert seal_log(town.folder, signer=signer, today=TODAY + timedelta(days=9)) == 0
    assert [each.entries for each in sealings(town.folder / "public")] == [1, 2, 2]
    assert [each.kind for each in read_entries(town.folder / "public")] == ["origin", "log", "log", "log"]


def test_a_log_that_was_rewritten_with_its_whole_chain_contradicts_what_was_sealed(on_sqlite, town, signer):
    from django.db import connection

    from comity.site.community.log import BEGINNING, entry_hash, first_broken
    from comity.site.community.models import Entry
    from comity.site.community.sealing import LogBroken, contradiction, seal_log, sealings

    note(town), note(town)
    seal_log(town.folder, signer=signer, today=TODAY)
    past = sealings(town.folder / "public")
    assert contradiction(past) is None

    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER community_entry_no_update")
    before = BEGINNING
    for each in Entry.objects.order_by("number"):
        each.subject, each.before = "another thing", before
        before = each.hash = entry_hash(each)
        each.save()

    assert first_broken(Entry.objects.order_by("number")) is None  # the chain alone does not show it
    assert contradiction(past) == past[0]
    note(town, public={})
    with pytest.raises(LogBroken, match="Entry 3"):
        seal_log(town.folder, signer=signer, today=TODAY)


def test_a_sealing_is_late_when_an_entry_waits_for_two_days(town, signer):
    from comity.site.community.sealing import is_late, seal_log, sealings

    note(town)
    assert not is_late([], NOON + timedelta(days=2))
    assert is_late([], NOON + timedelta(days=2, seconds=1))

    seal_log(town.folder, signer=signer, today=TODAY)
    assert not is_late(sealings(town.folder / "public"), NOON + timedelta(days=30))


def test_a_sealed_file_of_the_log_that_is_written_anew_is_found_although_it_is_sealed_again(town, signer):
    from comity.ledger import seal_files, verify
    from comity.site.community.sealing import seal_log

    note(town, public={"verdict": "done"})
    seal_log(town.folder, signer=signer, today=TODAY)
    path = town.folder / "public/log/1.json"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content.replace(b"done", b"kept"))
    seal_files(town.folder / "public", "log", ["log/1.json"], signer=signer)

    assert any("log/1.json" in str(each) for each in verify(town.folder / "public").problems)
