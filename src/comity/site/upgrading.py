"""Brings a database to this version's tables: one process at a time, and never one that a newer version has changed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from comity.errors import ComityError


class StoreIsNewer(ComityError):
    """A database has tables that this version does not know."""


class StoreUnreachable(ComityError):
    """A database does not answer."""


@dataclass(frozen=True)
class Step:
    """One change of one database. store: "default", "invitations" or "responses"; name: "community 0003_mail"."""

    store: str
    name: str


def pending_steps() -> tuple[Step, ...]:
    """What `upgrade_stores` would do. Raises StoreIsNewer and StoreUnreachable."""
    found = []
    for store in settings.DATABASES:
        name = settings.DATABASES[store]["NAME"]
        if isinstance(name, Path) and not name.exists():
            found.append(Step(store, "a new file"))
            continue
        with _reachable(store):
            executor = MigrationExecutor(connections[store])
            _refuse_newer(store, executor.loader)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
            found += [
                Step(store, f"{each.app_label} {each.name}") for each, _ in plan if _belongs(store, each.app_label)
            ]
    return tuple(found)


def upgrade_stores() -> None:
    """Every database of the served parts, in place; processes that come at the same time wait for the first.

    SQLite files are made with mode 0600. Raises StoreIsNewer, with nothing changed, and StoreUnreachable.
    """
    for store in settings.DATABASES:
        name = settings.DATABASES[store]["NAME"]
        if isinstance(name, Path) and not name.exists():
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT, 0o600))
        with _reachable(store), _alone(store):
            _refuse_newer(store, MigrationLoader(connections[store]))
            call_command("migrate", database=store, verbosity=0, interactive=False)
    connections.close_all()


def _refuse_newer(store: str, loader: MigrationLoader) -> None:
    ours = {each.label for each in apps.get_app_configs()}
    unknown = sorted(
        f"{app} {name}"
        for app, name in loader.applied_migrations
        if app in ours and (app, name) not in loader.disk_migrations
    )
    if unknown:
        raise StoreIsNewer(
            f"The database '{store}' was upgraded by a newer Comity ({unknown[0]}), and this one would damage it.",
            "Install that version again, or restore the backup from before the upgrade.",
        )


def _belongs(store: str, app_label: str) -> bool:
    from django.db import router

    return bool(router.allow_migrate(store, app_label))


@contextmanager
def _reachable(store: str) -> Iterator[None]:
    try:
        connections[store].ensure_connection()
        yield
    except OperationalError:
        raise StoreUnreachable(
            f"The database '{store}' does not answer.", "Start it, or check its URL in [site] of comity.toml."
        ) from None


@contextmanager
def _alone(store: str) -> Iterator[None]:
    """Holds the right to change the tables of `store`; waits for whoever has it."""
    connection: Any = connections[store]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('comity upgrade'))")
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('comity upgrade'))")
        return
    lock = os.open(f"{connection.settings_dict['NAME']}.upgrading", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
