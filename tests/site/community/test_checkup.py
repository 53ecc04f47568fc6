"""The doctor says when the log was changed, when its sealing is late, and when mail does not leave."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

NOON = datetime(2018, 5, 15, 12, tzinfo=UTC)


@pytest.fixture
def noted(town):
    from django.db import transaction

    from comity.site.community.log import record

    with transaction.atomic():
        return [record("test.step", f"thing {n}", by=town.people["chief"]) for n in range(3)]


def states(town, now=NOON):
    from comity.site.community.checkup import look_over

    return {name: (state, what) for name, state, what, _ in look_over(town.folder / "public", now)}


def test_a_log_in_order_is_well(town, noted):
    assert states(town) == {
        "log": ("well", "3 entries in one chain, 0 sealings that agree with it"),
        "mail": ("well", "no message waits"),
    }


def test_a_changed_entry_is_named(on_sqlite, town, noted):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER community_entry_no_update")
        cursor.execute("UPDATE community_entry SET subject = 'x' WHERE number = %s", [noted[1].pk])

    assert states(town)["log"] == (
        "broken", f"Entry {noted[1].pk} of the log was changed, or does not follow from the one before it."
    )  # fmt: skip


def test_entries_taken_off_the_end_contradict_what_was_sealed(on_sqlite, town, noted):
    from django.db import connection

    from comity.ledger import Signer, create_key
    from comity.site.community.sealing import seal_log

    (town.folder / "keys").mkdir()
    create_key(town.folder / "keys" / "ledger.key", "town.example/comity")
    seal_log(town.folder, signer=Signer.load(town.folder / "keys" / "ledger.key"), today=date(2018, 5, 15))
    assert states(town)["log"][0] == "well"

    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER community_entry_no_delete")
        cursor.execute("DELETE FROM community_entry WHERE number = %s", [noted[2].pk])

    assert states(town)["log"] == ("broken", "The log is not what was sealed on 2018-05-15 as log/1.json.")


def test_a_late_sealing_and_waiting_mail_want_attention(town, noted):
    from comity.site.community.mail import queue_mail

    queue_mail("a@example.org", "Hello", "text", once="1")
    found = states(town, NOON + timedelta(days=3))

    assert found["log"][0] == "attention"
    assert found["mail"] == ("attention", "1 messages wait, and comity.toml names no mail server.")
