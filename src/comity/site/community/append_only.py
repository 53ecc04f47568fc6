"""Tables that the database itself keeps from being changed: a step for migrations."""

from __future__ import annotations

from typing import Any

from django.db import migrations

_SQLITE = """
CREATE TRIGGER {table}_no_{verb_lower} BEFORE {verb} ON "{table}"
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_POSTGRESQL = (
    """
CREATE OR REPLACE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$
""",
    """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON "{table}"
FOR EACH ROW EXECUTE FUNCTION {table}_append_only()
""",
    """
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON "{table}"
FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()
""",
)


def append_only(table: str) -> migrations.RunPython:
    """The operation after which `table` takes new rows, and refuses UPDATE and DELETE with an IntegrityError.

    SQLite rebuilds a table whose fields a later migration alters, and drops its triggers: that migration repeats this step.
    """

    def protect(apps: Any, editor: Any) -> None:
        if editor.connection.vendor == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                editor.execute(_SQLITE.format(table=table, verb=verb, verb_lower=verb.lower()))
        else:
            for statement in _POSTGRESQL:
                editor.execute(statement.format(table=table))

    return migrations.RunPython(protect, migrations.RunPython.noop)
