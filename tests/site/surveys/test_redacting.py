"""Redacting by a file: all or none, by somebody who may, and nothing leaves as it was written."""

from __future__ import annotations

import json

import pytest

from comity.site.surveys.free_text import RedactionError

WRITTEN = [
    "Officer Smith told my neighbor to call 555-123-4567 about the blue house.",
    "Slow the cars down near the school.",
]


@pytest.fixture
def closed(fielded):
    """The survey, closed, with two texts; and accounts by role."""
    from comity.site.community.actions import add_account
    from comity.site.surveys.responses import actions, slots
    from comity.site.surveys.responses.models import Survey

    survey = Survey.objects.get(name="town")
    for text in WRITTEN:
        content = json.dumps({"day": "2027-03-01", "answers": {"safe_day": "1", "open_keep": text}})
        slots.store(content.encode(), survey.first_slot, survey.slots)
    actions.close_survey("town")
    people = {
        role: add_account(role, role=role, password="a long pass phrase", works_for_police=role == "analyst")
        for role in ("redactor", "custodian", "analyst", "interviewer")
    }
    return fielded, people


def decided(rows, **other):
    """Every mark hidden and every text approved, with `other` in the rows of the text that starts so."""
    return [row | {"decision": "hide" if row["mark"] else "approve"} | other for row in rows]


def test_the_file_has_every_mark_and_no_other_answer(closed):
    from comity.site.surveys.responses import redacting

    rows = redacting.proposals("town", by=closed[1]["redactor"])

    assert sorted(row["words"] for row in rows if not row["mark"]) == sorted(WRITTEN)
    assert {"Smith", "555-123-4567"} <= {row["words"] for row in rows if row["mark"]}
    assert "safe_day" not in str(rows)
    assert "2027" not in str(rows)


def test_decisions_come_back_and_only_then_texts_may_leave(closed):
    from comity.site.surveys.responses import free_texts, redacting

    by = closed[1]["redactor"]
    assert free_texts.approved_by_digest("town") == {}
    rows = decided(redacting.proposals("town", by=by))
    for row in rows:
        if row["words"] == WRITTEN[0]:
            row["also"] = "blue house"

    assert redacting.decide("town", rows, by=by) == 2

    texts = sorted(free_texts.approved_by_digest("town").values())
    assert texts[-1] == WRITTEN[1]
    assert not any(word in texts[0] for word in ("Smith", "555", "blue house"))
    assert redacting.proposals("town", by=by) == []
    with pytest.raises(RedactionError, match="Row 2 is about a text that does not wait"):
        redacting.decide("town", rows, by=by)


def test_an_undecided_mark_stops_the_whole_file_and_an_untouched_text_waits(closed):
    from comity.site.surveys.responses import free_texts, redacting

    by = closed[1]["custodian"]
    rows = decided(redacting.proposals("town", by=by))
    half = [row | {"decision": ""} if row["words"] == "Smith" else row for row in rows]
    with pytest.raises(RedactionError, match=r"Row \d+: mark \d of its text is neither hidden nor kept"):
        redacting.decide("town", half, by=by)
    assert free_texts.approved_by_digest("town") == {}

    kept = next(row["text"] for row in rows if row["words"] == WRITTEN[1])
    one = [row if row["text"] == kept else row | {"decision": ""} for row in rows]
    assert redacting.decide("town", one, by=by) == 1
    assert {row["text"] for row in redacting.proposals("town", by=by)} == {row["text"] for row in rows} - {kept}


def test_a_text_without_approval_does_not_leave(closed):
    from comity.site.surveys.responses import redacting

    rows = decided(redacting.proposals("town", by=closed[1]["redactor"]))
    unapproved = [row | ({} if row["mark"] else {"decision": "", "also": "school"}) for row in rows]

    with pytest.raises(RedactionError, match="the text is not approved"):
        redacting.decide("town", unapproved, by=closed[1]["redactor"])


def test_the_police_and_interviewers_neither_read_nor_decide(closed):
    from comity.site.surveys.responses import redacting

    for role in ("analyst", "interviewer"):
        with pytest.raises(RedactionError, match="may not read or decide"):
            redacting.proposals("town", by=closed[1][role])
        with pytest.raises(RedactionError, match="may not read or decide"):
            redacting.decide("town", [], by=closed[1][role])


def test_nobody_sees_an_estimate_before_the_day(closed):
    """The office shows counts to the custodian and nothing to the analyst; no page of it has a share or a score."""
    import re

    from django.test import Client

    pages = {}
    for role, account in closed[1].items():
        client = Client()
        client.force_login(account)
        pages[role] = client.get("/office/").content.decode() + client.get("/survey/town/receipts/").content.decode()
        for address in ("/api/v1/releases", "/releases/survey-town/2026/v1/", "/office/surveys/town/results/"):
            assert "town" not in client.get(address).content.decode() or client.get(address).status_code == 404

    words = {role: re.sub(r"<[^>]+>", " ", page) for role, page in pages.items()}
    assert not any(re.search(r"\d\s?%|\d\.\d|95", text) for text in words.values())
    assert "town" not in Client().get("/releases/").content.decode()
