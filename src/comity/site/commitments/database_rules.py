"""What the database itself refuses, whoever asks it: a step for migrations, on SQLite and PostgreSQL.

A commitment's state is that of its last step. A step must follow from the state before it, so the only way to a closed
commitment leads through evidence and through somebody else's verification.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

Rules = tuple[tuple[str, str], ...]  # (what the refusal says, the condition under which a row is refused)

COMMITMENT, TERMS, STEP = "commitments_commitment", "commitments_terms", "commitments_step"

_FACTS = (
    "agency_id", "place_id", "topic", "language", "title", "said", "plan", "source", "source_release", "source_finding",
    "source_words", "source_day", "owner_id", "made_by_id", "made_on",
)  # fmt: skip
_STATE = f"(SELECT state FROM {COMMITMENT} WHERE id = NEW.commitment_id)"
_OF_COMMITMENT = f"(SELECT {{}} FROM {COMMITMENT} WHERE id = NEW.commitment_id)"
_OF_ACTOR = "(SELECT {} FROM community_account WHERE id = NEW.by_id)"
_LAST_TERMS = f"(SELECT {{}} FROM {TERMS} WHERE commitment_id = NEW.commitment_id AND number = NEW.number - 1)"
_OPEN = "('made', 'accepted', 'evidence', 'verified', 'reopened')"
_CLOSED = "('done', 'partly', 'not-done')"

NEW_COMMITMENT: Rules = (
    ("a commitment begins as made, without steps", "NEW.state <> 'made' OR NEW.steps <> 0"),
    ("the owner is of another agency", "(SELECT agency_id FROM community_account WHERE id = NEW.owner_id) <> NEW.agency_id"),
)  # fmt: skip
CHANGED_COMMITMENT: Rules = (
    ("a commitment cannot be rewritten", " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in ("id", *_FACTS))),
    (
        "the state of a commitment is that of its last step",
        (f"NEW.state <> COALESCE((SELECT state FROM {STEP} WHERE commitment_id = NEW.id ORDER BY number DESC LIMIT 1), 'made')"
        f" OR NEW.steps <> COALESCE((SELECT MAX(number) FROM {STEP} WHERE commitment_id = NEW.id), 0)"),
    ),
    (
        "the day that counts is that of the last terms",
        f"NEW.due <> COALESCE((SELECT counted FROM {TERMS} WHERE commitment_id = NEW.id ORDER BY number DESC LIMIT 1), OLD.due)",
    ),
)  # fmt: skip
NEW_TERMS: Rules = (
    ("terms are numbered one after the other", f"NEW.number > 1 AND {_LAST_TERMS.format('number')} IS NULL"),
    ("the terms of a closed commitment stay", f"NEW.number > 1 AND {_STATE} IN {_CLOSED}"),
    (
        "a later day named after the day had passed does not count",
        (
            f"NEW.counted <> CASE WHEN NEW.number = 1 OR NEW.made_on <= {_LAST_TERMS.format('counted')} THEN NEW.due"
            f" ELSE {_LAST_TERMS.format('counted')} END"
        ),
    ),
)
NEW_STEP: Rules = (
    ("steps are numbered one after the other", f"NEW.number <> {_OF_COMMITMENT.format('steps')} + 1"),
    (
        "a commitment closes only with evidence that somebody else has verified",
        f"NEW.kind = 'closed' AND {_STATE} <> 'verified'",
    ),
    ("there is no evidence to verify", f"NEW.kind = 'verified' AND {_STATE} <> 'evidence'"),
    (
        "this step does not follow from the state of the commitment",
        " AND ".join(
            f"NOT (NEW.kind = '{kind}' AND {before} AND NEW.state = {after})"
            for kind, before, after in (
                ("made", "NEW.number = 1", "'made'"),
                ("accepted", f"{_STATE} = 'made'", "'accepted'"),
                ("evidence", f"{_STATE} IN ('accepted', 'evidence', 'verified', 'reopened')", "'evidence'"),
                ("verified", f"{_STATE} = 'evidence'", "'verified'"),
                ("closed", f"{_STATE} = 'verified'", "NEW.verdict"),
                ("reopened", f"{_STATE} IN {_CLOSED}", "'reopened'"),
                ("changed", f"{_STATE} IN {_OPEN}", _STATE),
                ("stand", "NEW.number > 1", _STATE),
                ("measured", "NEW.number > 1", _STATE),
            )
        ),
    ),
    (
        "somebody of another agency",
        f"NEW.by_id IS NOT NULL AND {_OF_ACTOR.format('agency_id')} IS DISTINCT FROM {_OF_COMMITMENT.format('agency_id')}",
    ),
    ("only its owner accepts a commitment", f"NEW.kind = 'accepted' AND NEW.by_id <> {_OF_COMMITMENT.format('owner_id')}"),
    (
        "nobody verifies their own work",
        (f"NEW.kind = 'verified' AND (NEW.by_id IN ({_OF_COMMITMENT.format('owner_id')}, {_OF_COMMITMENT.format('made_by_id')})"
        f" OR EXISTS (SELECT 1 FROM {STEP} WHERE commitment_id = NEW.commitment_id AND kind = 'evidence' AND by_id = NEW.by_id))"),
    ),
    (
        "nobody of the police verifies, takes a stand for the community or reopens",
        f"NEW.kind IN ('verified', 'stand', 'reopened') AND {_OF_ACTOR.format('works_for_police')}",
    ),
    (
        "a measurement of another commitment",
        ("NEW.measurement_id IS NOT NULL AND NEW.commitment_id <> (SELECT t.commitment_id FROM commitments_measurement m"
        f" JOIN {TERMS} t ON t.id = m.terms_id WHERE m.id = NEW.measurement_id)"),
    ),
)  # fmt: skip
NEVER: Rules = (("a commitment cannot be deleted", "1 = 1"),)

_REFUSALS = (
    (COMMITMENT, "INSERT", NEW_COMMITMENT),
    (COMMITMENT, "UPDATE", CHANGED_COMMITMENT),
    (COMMITMENT, "DELETE", NEVER),
    (TERMS, "INSERT", NEW_TERMS),
    (STEP, "INSERT", NEW_STEP),
)
_FOLLOWS = (
    (STEP, f"UPDATE {COMMITMENT} SET state = NEW.state, steps = NEW.number WHERE id = NEW.commitment_id"),
    (TERMS, f"UPDATE {COMMITMENT} SET due = NEW.counted WHERE id = NEW.commitment_id"),
)


def hold_rules() -> migrations.RunPython:
    """The operation after which the database refuses what this module lists, with an IntegrityError that says why."""
    return migrations.RunPython(_protect, migrations.RunPython.noop)


def _protect(apps: Any, editor: Any) -> None:
    write = _sqlite if editor.connection.vendor == "sqlite" else _postgresql
    for table, verb, rules in _REFUSALS:
        write(editor, f"{table}_{verb.lower()}_refused", table, f"BEFORE {verb}", rules, "")
    for table, then in _FOLLOWS:
        write(editor, f"{table}_followed", table, "AFTER INSERT", (), then)
    if editor.connection.vendor != "sqlite":
        editor.execute(
            f"CREATE TRIGGER {COMMITMENT}_no_truncate BEFORE TRUNCATE ON {COMMITMENT}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {COMMITMENT}_delete_refused()"
        )


def _sqlite(editor: Any, name: str, table: str, when: str, rules: Rules, then: str) -> None:
    body = [f"SELECT RAISE(ABORT, '{said}') WHERE {condition};" for said, condition in rules] + (
        [f"{then};"] if then else []
    )
    editor.execute(f"CREATE TRIGGER {name} {when} ON {table} BEGIN {' '.join(body)} END")


def _postgresql(editor: Any, name: str, table: str, when: str, rules: Rules, then: str) -> None:
    body = [
        f"IF ({condition}) THEN RAISE EXCEPTION '{said}' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
        for said, condition in rules
    ] + ([f"{then};"] if then else [])
    result = "OLD" if when == "BEFORE DELETE" else "NEW"
    editor.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {' '.join(body)} RETURN {result}; END $$"
    )
    editor.execute(f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
