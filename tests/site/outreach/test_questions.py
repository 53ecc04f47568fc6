"""A question waits in public from the day it was asked until an answer stands; every step is in the log."""

from __future__ import annotations

import pytest

from comity.errors import ComityError


def test_the_longest_waiting_question_is_first_and_its_days_follow_the_clock(clients, ask, at):
    at(-40)
    ask("The oldest?")
    at(-3)
    ask("The newest?")
    at(0)

    page = clients["anyone"].get("/questions/").content.decode()

    assert page.index("The oldest?") < page.index("The newest?")
    assert "waiting for 40 days" in page and "waiting for 3 days" in page
    at(1)
    assert "waiting for 41 days" in clients["anyone"].get("/questions/").content.decode()


def test_an_answer_that_is_none_leaves_the_question_waiting_since_it_was_asked(town, ask, at):
    from comity.site.outreach.actions.questions import answer, judge
    from comity.site.outreach.queries.questions import public_question

    at(-20)
    asked = ask().question
    at(-10)
    answer(asked, "We will see.", by=town.people["chief"])
    now = at(0)
    assert (public_question(town.agency, asked.pk, now).state, public_question(town.agency, asked.pk, now).days) == (
        "answered",
        10,
    )

    judge(asked, is_answer=False)

    standing = public_question(town.agency, asked.pk, now)
    assert (standing.state, standing.days) == ("open", 20)
    answer(asked, "Because of the new patrols.", by=town.people["analyst"])
    judge(asked, is_answer=True)
    standing = public_question(town.agency, asked.pk, now)
    assert (standing.state, standing.days) == ("accepted", 20)


def test_an_answer_is_judged_once(town, ask):
    from comity.site.outreach.actions.questions import QuestionRefused, answer, judge

    asked = ask().question
    with pytest.raises(QuestionRefused, match="no answer to judge"):
        judge(asked, is_answer=True)
    answer(asked, "Yes.", by=town.people["chief"])
    judge(asked, is_answer=True)
    with pytest.raises(QuestionRefused, match="no answer to judge"):
        judge(asked, is_answer=False)


def test_what_is_left_out_is_erased_and_its_asker_sees_the_rule(town, clients, ask):
    from comity.site.outreach.actions.questions import decide
    from comity.site.outreach.models import Question

    asked = ask("Zanzibar is a bad neighbor!", publish=False)
    decide(asked.question, publish=False, rule="person", by=town.people["moderator"])

    assert Question.objects.get().text == ""
    page = clients["anyone"].post("/questions/follow/", _form(receipt=asked.code), content_type=FORM).content.decode()
    assert "names or shows a private person" in page
    assert "Zanzibar" not in page + clients["anyone"].get("/questions/").content.decode()
    assert clients["anyone"].get(f"/questions/{asked.question.pk}/").status_code == 404


def test_a_question_is_seen_only_after_a_moderator_read_it(clients, ask):
    asked = ask("Unread so far?", publish=False)

    assert "Unread so far?" not in clients["anyone"].get("/questions/").content.decode()
    assert clients["anyone"].get(f"/questions/{asked.question.pk}/").status_code == 404
    assert "Unread so far?" in clients["moderator"].get("/office/outreach/questions/").content.decode()


def test_the_same_form_sent_twice_is_one_question_with_one_receipt(town, clients):
    import re

    from comity.site.outreach.models import Question

    page = clients["anyone"].get("/questions/ask/").content.decode()
    token = re.search(r'name="form" value="([^"]+)"', page)[1]
    answers = [
        clients["anyone"].post("/questions/ask/", _form(text="Why so many?", form=token), content_type=FORM)
        for _time in range(2)
    ]

    codes = {re.search(r"<code>([0-9A-Z-]{14})</code>", each.content.decode())[1] for each in answers}
    assert len(codes) == 1
    assert Question.objects.count() == 1
    assert not answers[0].cookies
    page = clients["anyone"].post("/questions/follow/", _form(receipt=codes.pop().lower()), content_type=FORM)
    assert "Why so many?" in page.content.decode()


def test_every_step_is_in_the_log_without_the_words(town, ask):
    from comity.site.community.models import Entry
    from comity.site.outreach.actions.questions import answer, judge

    asked = ask("A question of Zanzibar").question
    answer(asked, "An answer of Timbuktu", by=town.people["chief"])
    judge(asked, is_answer=True)

    entries = list(Entry.objects.order_by("number"))
    assert [each.action.split(".")[1] for each in entries] == [
        "question-asked", "question-published", "question-answered", "answer-judged",
    ]  # fmt: skip
    said = str([(each.details, each.public, each.subject) for each in entries])
    assert "Zanzibar" not in said and "Timbuktu" not in said


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE outreach_question SET text = 'Another'",
        "UPDATE outreach_question SET asked = '2019-01-01 00:00:00'",
        "UPDATE outreach_answer SET text = 'Another'",
        "DELETE FROM outreach_judgement",
        "UPDATE outreach_decision SET is_published = 0",
    ],
)
def test_the_database_refuses_to_change_what_was_said(town, ask, change):
    from django.db import DatabaseError, connection, transaction

    from comity.site.outreach.actions.questions import answer, judge

    asked = ask().question
    answer(asked, "Yes.", by=town.people["chief"])
    judge(asked, is_answer=True)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_a_decision_needs_a_rule_exactly_where_something_is_left_out(town, ask):
    from comity.site.outreach.actions.questions import decide

    asked = ask(publish=False).question
    for publish, rule in ((False, ""), (True, "person"), (False, "because")):
        with pytest.raises(ComityError):
            decide(asked, publish=publish, rule=rule, by=town.people["moderator"])


def test_a_flood_of_unread_questions_stops(town, ask, monkeypatch):
    from comity.site.outreach.actions import questions

    monkeypatch.setattr(questions, "MOST_UNREAD", 2)
    ask(publish=False)
    ask(publish=False)

    with pytest.raises(questions.QuestionRefused, match="More questions"):
        ask(publish=False)


@pytest.mark.parametrize("address", ["/questions/", "/events/", "/officers/", "/office/outreach/questions/"])
def test_a_list_asks_the_database_as_often_for_a_hundred_things_as_for_one(town, clients, ask, announce, address):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from comity.site.outreach.actions import profiles
    from comity.site.outreach.actions.questions import answer, judge

    def one_more(number):
        asked = ask(f"Question {number}?").question
        answer(asked, "Yes.", by=town.people["chief"])
        if number % 3:
            judge(asked, is_answer=False)
        announce(title=f"Event {number}")
        _profile, token = profiles.prepare_profile(
            name=f"Officer {number}", rank="Officer", words="Hello.", by=town.people["chief"]
        )
        profiles.consent(token, months=6)

    client = clients["chief" if address.startswith("/office") else "anyone"]
    counts, made = [], 0
    for many in (1, 3, 100):
        for number in range(made, many):
            one_more(number)
        made = many
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        counts.append(len(seen))

    assert counts[0] == counts[1] == counts[2] < 12


FORM = "application/x-www-form-urlencoded"


def _form(**given):
    from urllib.parse import urlencode

    return urlencode(given)


def test_a_slip_of_the_office_is_said_on_its_own_page(clients, ask):
    asked = ask(publish=False).question

    undecided = clients["moderator"].post(f"/office/outreach/questions/{asked.pk}/decide/", {"publish": "no"})
    empty = clients["chief"].post(f"/office/outreach/questions/{asked.pk}/answer/", {"text": ""})

    assert (undecided.status_code, empty.status_code) == (422, 422)
    assert "or left out by a rule" in undecided.content.decode()
    assert "between 1 and 4,000" in empty.content.decode()


def test_somebody_without_an_agency_has_no_office_here(town):
    from django.test import Client

    from comity.site.community.actions import add_account

    lonely = Client()
    lonely.force_login(
        add_account("lonely", role="chief", password="a long pass phrase", works_for_police=True, agency=None)
    )

    for address in ("events", "contacts", "profiles", "questions"):
        assert lonely.get(f"/office/outreach/{address}/").status_code == 404
