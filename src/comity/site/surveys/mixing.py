"""Takes the order out of a PostgreSQL store: its rows are written again, in the order of their keys, in one transaction.

PostgreSQL keeps with each row the transaction that wrote it (xmin) and where it lies (ctid), so the order of arrival can
be read from a table until this has run. A SQLite store needs none of it: its rows are overwritten in place.
"""

from __future__ import annotations

import os
import threading

from django.apps import apps
from django.db import close_old_connections, connections, transaction

SECONDS_BETWEEN = 600.0

_waiting: set[tuple[int, str]] = set()
_lock = threading.Lock()


def mix(store: str) -> None:
    """Writes every table of `store` anew, ordered by primary key. Does nothing on SQLite."""
    connection = connections[store]
    if connection.vendor != "postgresql":
        return
    app = {"invitations": "survey_invitations", "responses": "survey_responses"}[store]
    with transaction.atomic(using=store), connection.cursor() as cursor:
        for model in apps.get_app_config(app).get_models():
            table = connection.ops.quote_name(model._meta.db_table)
            key = connection.ops.quote_name(model._meta.pk.column)
            if any(field.is_relation for field in model._meta.related_objects):
                continue  # a few rows that others point to, written when a survey is made
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            cursor.execute(f"CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM {table}")
            cursor.execute(f"TRUNCATE {table}")
            cursor.execute(f"INSERT INTO {table} SELECT * FROM kept ORDER BY {key}")
            cursor.execute("DROP TABLE kept")


def mix_later(store: str) -> None:
    """Mixes `store` within SECONDS_BETWEEN, once however often this is called meanwhile."""
    if connections[store].vendor != "postgresql":
        return
    waiting = (os.getpid(), store)
    with _lock:
        if waiting in _waiting:
            return
        _waiting.add(waiting)
    timer = threading.Timer(SECONDS_BETWEEN, _mix_now, [waiting])
    timer.daemon = True
    timer.start()


def _mix_now(waiting: tuple[int, str]) -> None:
    with _lock:
        _waiting.discard(waiting)
    try:
        mix(waiting[1])
    finally:
        close_old_connections()
        connections[waiting[1]].close()
