"""What the database itself refuses in planning, whoever asks: a step for migrations, on SQLite and PostgreSQL.

An asked version and all its parts stay as they are; a signature is only taken under the digest of what is signed; a version
becomes active only with every signature; a sealed consultation keeps its rule, budget, ballot paper and contributions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import migrations


class Refusal(NamedTuple):
    """`verb` on `table` is refused with `says` where the SQL `condition` holds. {row}: the row as it is to be, or was."""

    table: str
    verb: str
    condition: str
    says: str


_IS_ASKED = "EXISTS (SELECT 1 FROM planning_version v WHERE v.id = {row}.version_id AND v.asked_at IS NOT NULL)"
_ACTIVITY_IS_ASKED = (
    "EXISTS (SELECT 1 FROM planning_version v JOIN planning_activity a ON a.version_id = v.id"
    " WHERE a.id = {row}.activity_id AND v.asked_at IS NOT NULL)"
)
_FROZEN = "this version is out for signature and does not change"
_UNSIGNED = (
    "NEW.active_at IS NOT NULL AND EXISTS (SELECT 1 FROM planning_signatory s WHERE s.version_id = NEW.id AND NOT EXISTS"
    " (SELECT 1 FROM planning_signature g WHERE g.signatory_id = s.id AND g.sha256 = NEW.sha256))"
)
_UNANSWERED_FOR = (
    "EXISTS (SELECT 1 FROM planning_activity a WHERE a.version_id = NEW.id AND NOT EXISTS"
    " (SELECT 1 FROM planning_responsibility r WHERE r.activity_id = a.id AND r.kind = 'accountable'))"
)
_NOBODY_NAMED = "NOT EXISTS (SELECT 1 FROM planning_signatory s WHERE s.version_id = NEW.id)"


def _differ(*columns: str) -> str:
    return "(" + " OR ".join(f"OLD.{each} <> NEW.{each}" for each in columns) + ")"


def _parts() -> list[Refusal]:
    """The parts of an asked version: no row is added, changed, moved away or taken out."""
    tables = {f"planning_{name}": _IS_ASKED for name in ("passage", "term", "party", "activity", "signatory")} | {
        "planning_responsibility": _ACTIVITY_IS_ASKED
    }
    return [
        refusal
        for table, condition in tables.items()
        for refusal in (
            Refusal(table, "INSERT", condition.format(row="NEW"), _FROZEN),
            Refusal(table, "UPDATE", f"{condition.format(row='OLD')} OR {condition.format(row='NEW')}", _FROZEN),
            Refusal(table, "DELETE", condition.format(row="OLD"), _FROZEN),
        )
    ]


REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        "planning_version",
        "INSERT",
        "NEW.asked_at IS NOT NULL OR NEW.active_at IS NOT NULL",
        "a version starts as a draft",
    ),
    Refusal(
        "planning_version",
        "UPDATE",
        "OLD.asked_at IS NOT NULL AND (NEW.asked_at IS NULL OR OLD.active_at IS NOT NULL OR "
        + _differ("id", "plan_id", "number", "document", "sha256", "asked_at")
        + ")",
        _FROZEN,
    ),
    Refusal("planning_version", "DELETE", "OLD.asked_at IS NOT NULL", _FROZEN),
    Refusal(
        "planning_version",
        "UPDATE",
        f"OLD.asked_at IS NULL AND NEW.asked_at IS NOT NULL AND {_UNANSWERED_FOR}",
        "an activity has nobody accountable",
    ),
    Refusal(
        "planning_version",
        "UPDATE",
        f"OLD.asked_at IS NULL AND NEW.asked_at IS NOT NULL AND ({_NOBODY_NAMED} OR NEW.active_at IS NOT NULL)",
        "no signatory is named, or none can have signed yet",
    ),
    Refusal("planning_version", "UPDATE", _UNSIGNED, "a named signatory has not signed this version"),
    *_parts(),
    *(
        Refusal(
            "planning_responsibility",
            verb,
            "(SELECT a.version_id FROM planning_activity a WHERE a.id = NEW.activity_id)"
            " <> (SELECT p.version_id FROM planning_party p WHERE p.id = NEW.party_id)",
            "activity and party are of different versions",
        )
        for verb in ("INSERT", "UPDATE")
    ),
    Refusal(
        "planning_signature",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM planning_signatory s JOIN planning_version v ON v.id = s.version_id"
        " WHERE s.id = NEW.signatory_id AND v.asked_at IS NOT NULL AND v.sha256 = NEW.sha256)",
        "this is not the digest of the version that was asked to be signed",
    ),
    Refusal(
        "planning_dissent",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM planning_signatory s JOIN planning_version v ON v.id = s.version_id"
        " WHERE s.id = NEW.signatory_id AND v.asked_at IS NOT NULL)",
        "there is nothing to dissent from before signatures are asked",
    ),
    Refusal(
        "planning_consultation",
        "UPDATE",
        "OLD.sealed_at IS NOT NULL AND (NEW.sealed_at IS NULL OR "
        + _differ(
            "plan_id",
            "kind",
            "question",
            "explanation",
            "policy",
            "access",
            "rule",
            "publishes_ballots",
            "questionnaire",
            "sealed_at",
        )
        + " OR COALESCE(OLD.budget, -1) <> COALESCE(NEW.budget, -1))",
        "this consultation is sealed",
    ),
    Refusal(
        "planning_consultation",
        "UPDATE",
        "OLD.voting_at IS NOT NULL AND (NEW.voting_at IS NULL OR " + _differ("survey", "voting_at") + ")",
        "voting was opened and stays so",
    ),
    Refusal("planning_consultation", "UPDATE", "OLD.counted_at IS NOT NULL", "this consultation is counted"),
    Refusal("planning_consultation", "DELETE", "OLD.sealed_at IS NOT NULL", "this consultation is sealed"),
    Refusal(
        "planning_contribution",
        "UPDATE",
        _differ("consultation_id", "number", "day", "text", "details", "receipt"),
        "a contribution stays as it was sent",
    ),
    Refusal("planning_contribution", "DELETE", "OLD.id IS NOT NULL", "a contribution stays"),
    *(
        Refusal(
            "planning_contribution",
            verb,
            "EXISTS (SELECT 1 FROM planning_consultation c WHERE c.id = NEW.consultation_id AND c.sealed_at IS NOT NULL)",
            "this consultation is sealed",
        )
        for verb in ("INSERT", "UPDATE")
    ),
)


def refuse_by_trigger(refusals: Sequence[Refusal] = REFUSALS) -> migrations.RunPython:
    """The operation after which the database refuses `refusals` with an IntegrityError.

    SQLite rebuilds a table whose fields a later migration alters, drops its triggers, and stumbles over those of other tables
    that read it: that migration drops all of these first and repeats this step. So none reads a table of another room.
    """

    def protect(apps: Any, editor: Any) -> None:
        for number, each in enumerate(refusals):
            name = f"{each.table}_refusal_{number}"
            if editor.connection.vendor == "sqlite":
                editor.execute(
                    f'CREATE TRIGGER {name} BEFORE {each.verb} ON "{each.table}" WHEN {each.condition}'
                    f" BEGIN SELECT RAISE(ABORT, '{each.says}'); END"
                )
                continue
            row = "OLD" if each.verb == "DELETE" else "NEW"
            editor.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {each.condition} THEN"
                f" RAISE EXCEPTION '{each.says}' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
                f" RETURN {row}; END $$"
            )
            editor.execute(
                f'CREATE TRIGGER {name} BEFORE {each.verb} ON "{each.table}" FOR EACH ROW EXECUTE FUNCTION {name}()'
            )

    return migrations.RunPython(protect, migrations.RunPython.noop)
