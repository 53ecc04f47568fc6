"""The log's pages: whom they show what, with how many queries, and that a changed entry is named on them."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
def note(town):
    from django.db import transaction

    from comity.site.community.log import record

    def work(count=1, action="test.step", by=None, **more):
        with transaction.atomic():
            return [
                record(action, f"thing {n}", by=by or town.people["chief"], details={"reason": "<b>x</b>"}, **more)
                for n in range(count)
            ]

    return work


def test_the_auditor_reads_and_filters_the_log(town, clients, note):
    note(action="plans.signed", by=town.people["community-leader"])
    note(2)
    note(action="elsewhere", by=town.strangers["chief"])

    page = clients["auditor"].get("/office/log/").content.decode()
    filtered = clients["auditor"].get("/office/log/?actor=chief@sample-town&since=2018-05-15&until=2018-05-15").content
    none = clients["auditor"].get("/office/log/?since=2018-05-16").content.decode()

    assert "Every entry on this page is as it was written" in page
    assert "plans.signed" in page
    assert "elsewhere" not in page
    assert "&lt;b&gt;x" in page
    assert filtered.count(b'<th scope="row">') == 2
    assert "There is no such entry" in none
    for wrong in ("since=yesterday", "page=zero", "page=99999999999999999999", "actor=%00", "action=" + "x" * 999):
        assert clients["auditor"].get(f"/office/log/?{wrong}").status_code == 200


def test_pages_follow_each_other_and_keep_the_filter(clients, note):
    note(120)
    seen = []
    address = "/office/log/?action=test.step"
    while address:
        page = clients["auditor"].get(address).content.decode()
        seen += [int(number) for number in re.findall(r'<th scope="row">(\d+)<', page)]
        following = re.search(r'<a href="(\?[^"]+)" rel="next"', page)
        address = following and "/office/log/" + following[1].replace("&amp;", "&")

    assert len(seen) == 120
    assert seen == sorted(seen, reverse=True)


def test_a_page_takes_as_many_queries_for_one_entry_as_for_a_hundred(clients, note):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for more in (1, 2, 97):
        note(more)
        with CaptureQueriesContext(connection) as queries:
            assert clients["auditor"].get("/office/log/").status_code == 200
        counts.append(len(queries))

    assert len(set(counts)) == 1, counts


def test_a_changed_entry_and_one_whose_predecessor_is_gone_are_named(on_sqlite, clients, note):
    from django.db import connection

    entries = note(5)
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER community_entry_no_update")
        cursor.execute("DROP TRIGGER community_entry_no_delete")
        cursor.execute("UPDATE community_entry SET actor = 'x' WHERE number = %s", [entries[1].pk])
        cursor.execute("DELETE FROM community_entry WHERE number = %s", [entries[3].pk])

    page = clients["auditor"].get("/office/log/").content.decode()

    assert f"entry {entries[4].pk}, {entries[1].pk}." in page
    assert "Every entry on this page" not in page
