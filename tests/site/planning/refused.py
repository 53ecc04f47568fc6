"""Raw SQL that the database must refuse, whoever sends it: run on SQLite and on PostgreSQL by the same list."""

from __future__ import annotations

from django.db import DatabaseError, connection, transaction


def raw(statement: str) -> None:
    """Runs one statement in a transaction of its own."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def is_refused(statement: str) -> bool:
    """Whether the database refuses `statement`; what it took is undone."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement)
            transaction.set_rollback(True)
    except DatabaseError:
        return True
    return False


def attempts(town, makers) -> dict[str, tuple[str, str | None]]:
    """What is tried: name -> (statement that must be refused, one like it that must be taken, or None)."""
    from comity.site.planning import actions
    from comity.site.planning.models import Responsibility

    asked = makers.an_asked_version(town)
    draft = makers.a_plan(town).versions.get()
    passage, free_passage = asked.passages.first(), draft.passages.first()
    signatory = asked.signatories.get()
    accountable = Responsibility.objects.get(
        activity__version=draft, activity__text="Write the sentence", kind="consulted"
    )
    chief = town.people["chief"]
    plan = makers.a_plan(town)
    counted = makers.a_counted_vote(town, plan)
    waiting_in = makers.a_consultation(town, plan)
    from comity.site.planning import consulting

    consulting.contribute(waiting_in, "A quiet room")
    waiting = waiting_in.contributions.get()
    decided = counted.contributions.first()
    signed = makers.an_active_plan(town).versions.get()
    actions.start_draft(signed.plan, by=chief)
    other = signed.signatories.get()
    when = "'2018-05-15 12:00:00+00:00'"
    return {
        "activating without signatures": (
            f"UPDATE planning_version SET active_at = {when} WHERE id = {asked.pk}",
            None,
        ),
        "activating a draft": (f"UPDATE planning_version SET active_at = {when} WHERE id = {draft.pk}", None),
        "asking without a digest": (f"UPDATE planning_version SET asked_at = {when} WHERE id = {draft.pk}", None),
        "changing the text of an asked version": (
            f"UPDATE planning_passage SET text = 'x' WHERE id = {passage.pk}",
            f"UPDATE planning_passage SET text = 'x' WHERE id = {free_passage.pk}",
        ),
        "taking a passage out of it": (
            f"DELETE FROM planning_passage WHERE id = {passage.pk}",
            f"DELETE FROM planning_passage WHERE id = {free_passage.pk}",
        ),
        "moving a passage into it": (
            f"UPDATE planning_passage SET version_id = {asked.pk} WHERE id = {free_passage.pk}",
            None,
        ),
        "adding a passage to it": (
            f"INSERT INTO planning_passage (version_id, kind, position, text) VALUES ({asked.pk}, 'goal', 9, 'x')",
            f"INSERT INTO planning_passage (version_id, kind, position, text) VALUES ({draft.pk}, 'goal', 9, 'x')",
        ),
        "changing its matrix": (
            (
                f"UPDATE planning_responsibility SET kind = 'informed' WHERE activity_id IN"
                f" (SELECT id FROM planning_activity WHERE version_id = {asked.pk})"
            ),
            (
                f"UPDATE planning_responsibility SET kind = 'informed' WHERE activity_id IN"
                f" (SELECT id FROM planning_activity WHERE version_id = {draft.pk})"
            ),
        ),
        "taking its signatory away": (f"DELETE FROM planning_signatory WHERE id = {signatory.pk}", None),
        "changing its digest": (f"UPDATE planning_version SET sha256 = 'x' WHERE id = {asked.pk}", None),
        "changing its document": (f"UPDATE planning_version SET document = '{{}}' WHERE id = {asked.pk}", None),
        "making it a draft again": (
            f"UPDATE planning_version SET asked_at = NULL, sha256 = '' WHERE id = {asked.pk}",
            None,
        ),
        "ending an active version quietly": (
            f"UPDATE planning_version SET active_at = NULL WHERE id = {signed.pk}",
            None,
        ),
        "deleting it": (f"DELETE FROM planning_version WHERE id = {asked.pk}", None),
        "two accountable": (
            f"UPDATE planning_responsibility SET kind = 'accountable' WHERE id = {accountable.pk}",
            f"UPDATE planning_responsibility SET kind = 'responsible' WHERE id = {accountable.pk}",
        ),
        "a signature under another text": (
            f"INSERT INTO planning_signature (signatory_id, sha256, at) VALUES ({signatory.pk}, '{'0' * 64}', {when})",
            f"INSERT INTO planning_signature (signatory_id, sha256, at) VALUES ({signatory.pk}, '{asked.sha256}', {when})",
        ),
        "a second signature": (
            f"INSERT INTO planning_signature (signatory_id, sha256, at) VALUES ({other.pk}, '{signed.sha256}', {when})",
            None,
        ),
        "taking a signature back": (f"DELETE FROM planning_signature WHERE signatory_id = {other.pk}", None),
        "changing a dissent": ("UPDATE planning_dissent SET text = 'I agree'", None),
        "changing the rule after sealing": (
            f"UPDATE planning_consultation SET rule = 'greedy' WHERE id = {counted.pk}",
            f"UPDATE planning_consultation SET rule = 'greedy' WHERE id = {waiting_in.pk}",
        ),
        "an open vote on money": (f"UPDATE planning_consultation SET access = 'open' WHERE id = {waiting_in.pk}", None),
        "changing a result": (f"UPDATE planning_consultation SET result = '{{}}' WHERE id = {counted.pk}", None),
        "a contribution after sealing": (
            (
                "INSERT INTO planning_contribution (consultation_id, number, day, text, details, receipt)"
                f" VALUES ({counted.pk}, 77, '2018-05-15', 'x', '', 'r1')"
            ),
            (
                "INSERT INTO planning_contribution (consultation_id, number, day, text, details, receipt)"
                f" VALUES ({waiting_in.pk}, 77, '2018-05-15', 'x', '', 'r1')"
            ),
        ),
        "changing somebody's words": (f"UPDATE planning_contribution SET text = 'x' WHERE id = {waiting.pk}", None),
        "another cost after sealing": (
            f"UPDATE planning_contribution SET cost = 1 WHERE id = {decided.pk}",
            f"UPDATE planning_contribution SET cost = 1 WHERE id = {waiting.pk}",
        ),
        "a rejection without a reason": (
            (
                "INSERT INTO planning_decision (contribution_id, is_published, reason, by_id, at)"
                f" VALUES ({waiting.pk}, {{false}}, '', {town.people['moderator'].pk}, {when})"
            ),
            (
                "INSERT INTO planning_decision (contribution_id, is_published, reason, by_id, at)"
                f" VALUES ({waiting.pk}, {{false}}, 'rule 1', {town.people['moderator'].pk}, {when})"
            ),
        ),
        "taking a decision back": (f"DELETE FROM planning_decision WHERE contribution_id = {decided.pk}", None),
    }
