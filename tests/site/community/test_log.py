"""The log of what was done takes new entries and nothing else, and shows where somebody went around it."""

from __future__ import annotations

import pytest


@pytest.fixture
def three_entries(town):
    from django.db import transaction

    from comity.site.community.log import record

    with transaction.atomic():
        return [record("test.step", f"thing {n}", by=town.people["chief"], public={"n": n}) for n in range(3)]


def test_entries_are_bound_to_each_other(three_entries):
    from comity.site.community.log import BEGINNING, first_broken

    assert [each.before for each in three_entries] == [BEGINNING, three_entries[0].hash, three_entries[1].hash]
    assert first_broken(three_entries) is None


@pytest.mark.parametrize("change", ["UPDATE community_entry SET actor = 'nobody'", "DELETE FROM community_entry"])
def test_the_database_refuses_to_change_the_log(three_entries, change):
    from django.db import DatabaseError, connection, transaction

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_an_entry_changed_behind_the_triggers_is_found(on_sqlite, three_entries):
    from django.db import connection

    from comity.site.community.log import first_broken
    from comity.site.community.models import Entry

    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER community_entry_no_update")
        cursor.execute("UPDATE community_entry SET subject = 'something else' WHERE number = %s", [three_entries[1].pk])

    assert first_broken(Entry.objects.order_by("number")).pk == three_entries[1].pk


def test_an_entry_outside_the_transaction_of_its_action_is_refused(town):
    from django.db import transaction

    from comity.site.community.log import record

    with pytest.raises(transaction.TransactionManagementError):
        record("test.step", "thing", by=None)
