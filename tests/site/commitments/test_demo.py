"""The sample town has a commitment in each state."""

from __future__ import annotations

from datetime import UTC, datetime


def test_the_sample_town_shows_every_state(here, client):
    from comity.site.commitments.demo import _period_after, fill
    from comity.site.commitments.models import Commitment

    fill(here.agency, here.people, now=datetime(2018, 5, 15, 12, tzinfo=UTC), folder=here.folder)

    assert sorted(Commitment.objects.values_list("state", flat=True)) == [
        "accepted",
        "done",
        "evidence",
        "made",
        "reopened",
    ]
    page = client.get("/commitments/").content.decode()
    assert page.count('class="badge overdue"') == 1
    assert [_period_after(each) for each in ("2017", "2017-q3", "2017-q4", "2017-09", "2017-12")] == [
        "2018", "2017-q4", "2018-q1", "2017-10", "2018-01",
    ]  # fmt: skip
