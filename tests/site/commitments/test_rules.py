"""What commitments refuse, on the page's side and, with raw SQL around it, in the database."""

from __future__ import annotations

import pytest


def refused(words: str):
    from comity.site.commitments.terms import CommitmentRefused

    return pytest.raises(CommitmentRefused, match=words)


def run(statement: str, *values: object) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def database_refuses(words: str):
    from django.db import DatabaseError

    return pytest.raises(DatabaseError, match=words)


def insert_step(found, kind: str, state: str, by, *, verdict: str = "", text: str = "") -> None:
    """A step written around the page, with an entry of its own."""
    from django.db import transaction

    from comity.site.commitments.models import Commitment
    from comity.site.community.log import record

    with transaction.atomic():
        number = Commitment.objects.values_list("steps", flat=True).get(pk=found.pk) + 1
        entry = record("test.step", "around the page", by=by)
        run(
            "INSERT INTO commitments_step (commitment_id, number, at, by_id, kind, state, verdict, text, link, file, file_kind,"
            " entry_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', '', '', %s)",
            found.pk, number, entry.at, by.pk, kind, state, verdict, text, entry.pk,
        )  # fmt: skip


def test_a_commitment_goes_from_a_finding_to_a_verdict_and_every_step_is_in_the_log(here, examples):
    from comity.site.community.models import Entry

    found = examples.closed(here)

    found.refresh_from_db()
    assert (found.state, found.steps) == ("done", 5)
    assert [each.kind for each in found.life.order_by("number")] == [
        "made",
        "accepted",
        "evidence",
        "verified",
        "closed",
    ]
    entries = Entry.objects.filter(action__startswith="commitments.").order_by("number")
    assert [each.public["step"] for each in entries] == [1, 2, 3, 4, 5]
    assert {each.subject for each in entries} == {f"commitment {found.pk}"}
    assert entries[0].public["definition"] and entries[0].public["due"] == "2018-09-30"
    assert "order" not in str([each.public | {"link": ""} for each in entries])


def test_closing_needs_evidence_that_somebody_else_has_verified(here, examples):
    from comity.site.commitments.actions import close_commitment, give_evidence, reopen_commitment

    chief = here.people["chief"]
    for state in (examples.make, examples.accepted, examples.with_evidence):
        with refused("only with evidence"):
            close_commitment(state(here), by=chief, verdict="done")
        with database_refuses("only with evidence that somebody else has verified"):
            insert_step(state(here), "closed", "done", chief, verdict="done")
    found = examples.verified(here)
    give_evidence(found, by=chief, text="Something new")
    with refused("only with evidence"):
        close_commitment(found, by=chief, verdict="done")
    found = examples.closed(here)
    reopen_commitment(found, by=here.people["auditor"], text="Searches rose again.")
    with refused("only with evidence"):
        close_commitment(found, by=chief, verdict="done")


def test_nobody_verifies_their_own_work_and_nobody_of_the_police_verifies(here, examples):
    from comity.site.commitments.actions import give_evidence, verify_commitment

    leader, chief, analyst = (here.people[role] for role in ("community-leader", "chief", "analyst"))
    found = examples.with_evidence(here)
    for person in (chief, analyst):
        with refused("Nobody verifies their own work"):
            verify_commitment(found, by=person, verdict="done", text="Fine.")
    with database_refuses("nobody verifies their own work"):
        insert_step(found, "verified", "verified", chief, verdict="done", text="Fine.")
    with database_refuses("nobody of the police"):
        insert_step(found, "verified", "verified", analyst, verdict="done", text="Fine.")
    with refused("Evidence comes from the owner or the chief"):
        give_evidence(found, by=analyst, text="I was there.")
    insert_step(found, "evidence", "evidence", leader, text="I was there.")
    with refused("Nobody verifies their own work"):
        verify_commitment(found, by=leader, verdict="done", text="Fine.")
    with database_refuses("nobody verifies their own work"):
        insert_step(found, "verified", "verified", leader, verdict="done", text="Fine.")
    owned = examples.make(here, owner="analyst")
    with refused("Only its owner accepts"):
        from comity.site.commitments.actions import accept_commitment

        accept_commitment(owned, by=chief)
    with database_refuses("only its owner accepts"):
        insert_step(owned, "accepted", "accepted", chief)


def test_people_of_another_agency_find_nothing_and_the_database_takes_no_step_of_theirs(here, examples):
    from comity.site.commitments.actions import make_commitment, verify_commitment
    from comity.site.commitments.released import catalogue

    found = examples.with_evidence(here)
    stranger = here.strangers["community-leader"]

    with refused("no such commitment"):
        verify_commitment(found, by=stranger, verdict="done", text="Fine.")
    with database_refuses("somebody of another agency"):
        insert_step(found, "verified", "verified", stranger, verdict="done", text="Fine.")
    with refused("owner has no account of this agency"):
        make_commitment(
            examples.wording(), examples.proposal(), owner=here.strangers["chief"], by=here.people["chief"],
            found=catalogue(here.public),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE commitments_commitment SET state = 'done' WHERE id = %s", "that of its last step"),
        ("UPDATE commitments_commitment SET steps = 9 WHERE id = %s", "that of its last step"),
        ("UPDATE commitments_commitment SET due = '2030-01-01' WHERE id = %s", "that of the last terms"),
        ("UPDATE commitments_commitment SET title = 'Something easier' WHERE id = %s", "cannot be rewritten"),
        ("UPDATE commitments_commitment SET owner_id = owner_id + 1 WHERE id = %s", "cannot be rewritten"),
        ("DELETE FROM commitments_commitment WHERE id = %s", "cannot be deleted"),
        ("UPDATE commitments_terms SET size = 0.001 WHERE commitment_id = %s", "append-only"),
        ("DELETE FROM commitments_step WHERE commitment_id = %s", "append-only"),
        ("UPDATE commitments_step SET text = 'Fine.' WHERE commitment_id = %s", "append-only"),
    ],
)
def test_the_database_rewrites_nothing(here, examples, statement, words):
    found = examples.with_evidence(here)

    with database_refuses(words):
        run(statement, found.pk)


def test_the_database_takes_no_step_out_of_order_and_no_commitment_that_begins_closed(here, examples):
    found, chief, leader = examples.make(here), here.people["chief"], here.people["community-leader"]

    for kind, state, by, verdict in (
        ("evidence", "evidence", chief, ""),
        ("accepted", "done", chief, ""),
        ("reopened", "reopened", leader, ""),
        ("made", "made", chief, ""),
    ):
        with database_refuses("does not follow from the state|evidence_shows_something"):
            insert_step(found, kind, state, by, verdict=verdict, text="x")
    with database_refuses("begins as made"):
        run(
            "INSERT INTO commitments_commitment (agency_id, topic, language, title, said, plan, source, source_release,"
            " source_finding, source_words, owner_id, made_by_id, made_on, state, due, steps) SELECT agency_id, topic, language,"
            " title, said, plan, source, source_release, source_finding, source_words, owner_id, made_by_id, made_on, 'done', due, 0"
            " FROM commitments_commitment WHERE id = %s",
            found.pk,
        )  # fmt: skip


def test_not_done_needs_its_reason_and_stands_must_say_why(here, examples):
    from comity.site.commitments.actions import close_commitment, take_stand

    found = examples.verified(here)
    with refused("why it was not done"):
        close_commitment(found, by=here.people["chief"], verdict="not-done")
    with database_refuses("step_says_why"):
        insert_step(found, "closed", "not-done", here.people["chief"], verdict="not-done")
    close_commitment(found, by=here.people["chief"], verdict="not-done", text="No money was found.")
    with refused("not said why"):
        take_stand(found, by=here.people["community-leader"], verdict="not-done", text=" ")


def test_reopening_reaches_the_owner(here, examples):
    from comity.site.commitments.actions import reopen_commitment
    from comity.site.commitments.office import duties

    chief = here.people["chief"]
    chief.email = "chief@example.org"
    chief.save()
    found = examples.closed(here)
    with refused("Nobody of the police reopens"):
        reopen_commitment(found, by=here.people["analyst"], text="Hm.")

    reopen_commitment(found, by=here.people["moderator"], text="Searches rose again.")

    found.refresh_from_db()
    assert found.state == "reopened"
    assert any("reopened" in subject for subject in mails_to("chief@example.org"))
    assert [each.is_urgent for each in duties(chief) if "reopened" in str(each.note)] == [True]


def mails_to(address: str) -> list[str]:
    from comity.site.community.models import Mail

    return list(Mail.objects.filter(address=address).values_list("subject", flat=True))


def test_terms_change_only_with_a_reason_and_stand_beside_the_first(here, examples):
    from datetime import date

    from comity.site.commitments.actions import change_measure, move_due_day
    from comity.site.commitments.released import catalogue

    found = examples.accepted(here)
    with refused("not said why the terms change"):
        move_due_day(found, date(2018, 12, 31), by=here.people["chief"], reason=" ")

    move_due_day(found, date(2018, 12, 31), by=here.people["chief"], reason="The vendor is late.")
    smaller = examples.proposal(due=date(2018, 12, 31), size=0.01)
    change_measure(found, smaller, by=here.people["chief"], reason="Less is agreed.", found=catalogue(here.public))

    found.refresh_from_db()
    assert found.due == date(2018, 12, 31)
    assert [(each.number, each.due, each.size, each.reason) for each in found.terms.order_by("number")] == [
        (1, date(2018, 9, 30), 0.02, ""),
        (2, date(2018, 12, 31), 0.02, "The vendor is late."),
        (3, date(2018, 12, 31), 0.01, "Less is agreed."),
    ]


def test_a_day_named_after_the_due_day_had_passed_leaves_it_overdue(here, site, examples):
    from datetime import UTC, date, datetime

    from comity.site.commitments.actions import move_due_day
    from comity.site.commitments.queries import is_overdue

    found = examples.accepted(here)
    site.CLOCK = lambda: datetime(2018, 10, 2, tzinfo=UTC)

    move_due_day(found, date(2018, 12, 31), by=here.people["chief"], reason="It takes longer.")

    found.refresh_from_db()
    assert found.due == date(2018, 9, 30)
    assert is_overdue(found, date(2018, 10, 2))
    with database_refuses("does not count"):
        columns = (
            'commitment_id, made_on, due, kind, dataset, period, version, "table", cell, base, finding, figure, wants, size,'
            " size_is, first_period, definition, baseline, label"
        )
        run(
            f"INSERT INTO commitments_terms ({columns}, number, reason, counted) SELECT {columns}, 3, 'x', due"
            " FROM commitments_terms WHERE commitment_id = %s AND number = 2",
            found.pk,
        )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"first_period": "2017"}, "must come after the baseline"),
        ({"first_period": "2018-q1"}, "not written as that of the baseline"),
        ({"size": 0.0}, "more than nothing"),
        ({"size": float("nan")}, "more than nothing"),
        ({"size": 2.0}, "100 percentage points"),
        ({"size": 1.5, "size_is": "relative"}, "more than 100%"),
        ({"release": "stops/2017/v1"}, "no newest release"),
        ({"wants": "sideways"}, "which way"),
    ],
)
def test_terms_that_cannot_be_measured_are_refused(here, examples, change, words):
    from datetime import date

    from comity.site.commitments.released import catalogue
    from comity.site.commitments.terms import unsaved_terms

    with refused(words):
        unsaved_terms(catalogue(here.public), examples.proposal(**change), today=date(2018, 5, 15))


def test_a_measure_is_bound_before_its_number_is_public(here, examples):
    examples.release_2018(here.public)

    with refused("public already"):
        examples.make(here)


def test_a_source_that_is_not_released_is_refused(here, examples):
    for wrong, words in (
        ({"source_finding": "nothing"}, "no such finding"),
        ({"source_release": "stops/2016/v1"}, "no newest release"),
        ({"source": "survey"}, "no such finding"),
        ({"source": "meeting"}, "which meeting"),
        ({"source": "theme"}, "theme is not named"),
        ({"source": "rumour"}, "not one of those known"),
    ):
        with refused(words):
            examples.make(here, **wrong)
