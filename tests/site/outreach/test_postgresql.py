"""On PostgreSQL the rooms' rules are held by the database too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def postgresql():
    """The URL of an empty PostgreSQL database of this test's own; skipped where there is no server."""
    psycopg = pytest.importorskip("psycopg")
    name = f"comity_outreach_{os.getpid()}"
    try:
        server = psycopg.connect("postgresql://postgres@127.0.0.1:5432/postgres", autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL server answers on 127.0.0.1:5432")
    with server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name}")
    yield f"postgresql://postgres@127.0.0.1:5432/{name}"
    with psycopg.connect("postgresql://postgres@127.0.0.1:5432/postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_postgresql_takes_the_sample_town_and_refuses_what_sqlite_refuses(postgresql, tmp_path):
    environment = {
        **os.environ, "COMITY_PARTS": "portal,community", "DJANGO_SETTINGS_MODULE": "comity.site.settings",
        "COMITY_PUBLIC": str(tmp_path / "public"),
    }  # fmt: skip
    run = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("on_postgresql.py")), tmp_path, postgresql],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert run.stdout.splitlines() == ["subscriptions 1"], run.stderr
