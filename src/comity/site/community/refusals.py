"""Changes that the database itself refuses, under a condition: a step for migrations."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def refuse_update(table: str, name: str, *, when: str, because: str) -> migrations.RunPython:
    """The operation after which an UPDATE of `table` fails with `because` where `when` holds.

    when: SQL over OLD and NEW that SQLite and PostgreSQL both know. name: of the trigger, with the table's before it.
    SQLite drops triggers where a later migration rebuilds the table: that migration repeats this step.
    """

    def protect(apps: Any, editor: Any) -> None:
        trigger = f"{table}_{name}"
        if editor.connection.vendor == "sqlite":
            editor.execute(
                f'CREATE TRIGGER {trigger} BEFORE UPDATE ON "{table}" WHEN {when} '
                f"BEGIN SELECT RAISE(ABORT, '{because}'); END"
            )
            return
        editor.execute(
            f"CREATE OR REPLACE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{because}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        editor.execute(
            f'CREATE TRIGGER {trigger} BEFORE UPDATE ON "{table}" FOR EACH ROW WHEN ({when}) '
            f"EXECUTE FUNCTION {trigger}()"
        )

    return migrations.RunPython(protect, migrations.RunPython.noop)
