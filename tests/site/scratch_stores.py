"""Stores of a test's own, copied from ones that were filled once: SQLite files, or PostgreSQL databases.

COMITY_TEST_DATABASE=postgresql runs the tests of the site on the PostgreSQL server of 127.0.0.1; without it they run on SQLite.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ON_POSTGRESQL = os.environ.get("COMITY_TEST_DATABASE") == "postgresql"
SERVER = "postgresql://postgres@127.0.0.1:5432"
WORKER = f"{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{os.getpid()}"


def name_databases() -> None:
    """Before Django's settings are read: a database of this process for each store, where the tests run on PostgreSQL."""
    if ON_POSTGRESQL:
        from comity.site.databases import DATABASE_SETTINGS

        for store, setting in DATABASE_SETTINGS.items():
            os.environ[setting] = f"{SERVER}/{_database(store, 'own')}"


@contextmanager
def filled_once(kind: str, fill: Callable[[Path], None]) -> Iterator[Path]:
    """A folder with stores that `fill` has filled, to copy from; `kind` tells several such apart."""
    from django.db import connections

    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    before = {store: connections[store].settings_dict["NAME"] for store in connections}
    for store in connections:
        connections[store].close()
        name = folder / f"{store}.sqlite3"
        if ON_POSTGRESQL:
            name = _database(store, kind)
            _run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
        connections[store].settings_dict["NAME"] = name
    try:
        fill(folder)
        connections.close_all()
        for store, name in before.items():
            connections[store].settings_dict["NAME"] = name
        yield folder
    finally:
        connections.close_all()
        if ON_POSTGRESQL:
            for store in before:
                for which in (kind, "own"):
                    _run(f"DROP DATABASE IF EXISTS {_database(store, which)} WITH (FORCE)")
        shutil.rmtree(folder)


@contextmanager
def copied(original: Path, kind: str) -> Iterator[Path]:
    """A copy of what `filled_once` gave, in use until the block ends."""
    from django.db import connections

    folder = Path(tempfile.mkdtemp(dir=original.parent)) / "instance"
    shutil.copytree(original, folder)
    before = {}
    for store in connections:
        connections[store].close()
        before[store] = connections[store].settings_dict["NAME"]
        name = folder / f"{store}.sqlite3"
        if ON_POSTGRESQL:
            name = _database(store, "own")
            _run(
                f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
                f"CREATE DATABASE {name} TEMPLATE {_database(store, kind)} STRATEGY FILE_COPY",
            )
        connections[store].settings_dict["NAME"] = name
    try:
        yield folder
    finally:
        connections.close_all()
        for store, name in before.items():
            connections[store].settings_dict["NAME"] = name
        shutil.rmtree(folder.parent)


def _database(store: str, kind: str) -> str:
    return f"comity_tests_{WORKER}_{store}_{kind}"


def _run(*statements: str) -> None:
    import psycopg

    with psycopg.connect(f"{SERVER}/test", autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
