"""Takes the order out of a store: everything is written again, in the order of its keys, in one transaction.

PostgreSQL keeps with each row the transaction that wrote it (xmin) and where it lies (ctid), so the order of arrival can
be read from a table until this has run. In a SQLite store rows are overwritten in place, which leaves no order, but for
the list of spent tokens: it grows, and the numbers of its pages tell which part of it grew when.
"""

from __future__ import annotations

import os
import threading
import time

from django.apps import apps
from django.db import DatabaseError, close_old_connections, connections, transaction

from comity.site.surveys.stores import INVITATIONS, RESPONSES
from comity.site.surveys.turns import sqlite_turn

SHORTEST_WAIT, LONGEST_WAIT = 60.0, 600.0  # seconds
WAIT_FOR_EACH_SECOND = 500.0  # nobody can answer meanwhile, so it takes a five-hundredth of the time

_APPS = {INVITATIONS: "survey_invitations", RESPONSES: "survey_responses"}
_waiting: set[tuple[int, str]] = set()
_took: dict[str, float] = {}
_lock = threading.Lock()


def mix(store: str) -> None:
    """Writes every table of `store` anew, ordered by primary key; outside of a transaction."""
    began = time.monotonic()
    if connections[store].vendor == "postgresql":
        _mix_postgresql(store)
    elif store == RESPONSES:  # no table of the other store grows
        with sqlite_turn(store), connections[store].cursor() as cursor:
            cursor.execute("VACUUM")
    _took[store] = time.monotonic() - began


def _mix_postgresql(store: str) -> None:
    connection = connections[store]
    with transaction.atomic(using=store), connection.cursor() as cursor:
        for model in apps.get_app_config(_APPS[store]).get_models():
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
    """Mixes `store` within LONGEST_WAIT, once however often this is called meanwhile."""
    if connections[store].vendor != "postgresql" and store != RESPONSES:
        return
    waiting = (os.getpid(), store)
    with _lock:
        if waiting in _waiting:
            return
        _waiting.add(waiting)
    timer = threading.Timer(wait_after(_took.get(store, 0.0)), _mix_now, [waiting])
    timer.daemon = True
    timer.start()


def wait_after(seconds: float) -> float:
    """How long to wait with the next mixing where the last one took `seconds`."""
    return min(max(WAIT_FOR_EACH_SECOND * seconds, SHORTEST_WAIT), LONGEST_WAIT)


def _mix_now(waiting: tuple[int, str]) -> None:
    with _lock:
        _waiting.discard(waiting)
    try:
        mix(waiting[1])
    except DatabaseError:
        mix_later(waiting[1])  # somebody else was busy for long
    finally:
        close_old_connections()
        connections[waiting[1]].close()
