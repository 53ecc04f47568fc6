"""What a page refuses, the database refuses too: raw SQL on SQLite and PostgreSQL."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import SimpleNamespace

import pytest


def load(name):
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"planning_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def taken_and_refused(town, makers):
    """(what was wrongly taken, what was wrongly refused)."""
    refused = load("refused")
    from django.db import connection

    false = "false" if connection.vendor == "postgresql" else "0"
    tried = {
        name: tuple(None if each is None else each.replace("{false}", false) for each in pair)
        for name, pair in refused.attempts(town, makers).items()
    }
    wrongly_taken = [name for name, (bad, _good) in tried.items() if not refused.is_refused(bad)]
    wrongly_refused = [name for name, (_bad, good) in tried.items() if good and refused.is_refused(good)]
    return wrongly_taken, wrongly_refused


def test_sqlite_refuses_what_the_pages_refuse_and_nothing_else(town, makers):
    assert taken_and_refused(town, makers) == ([], [])


@pytest.fixture
def town_on_postgresql(site, monkeypatch):
    """A town in a database of its own on the PostgreSQL server of the tests."""
    psycopg = pytest.importorskip("psycopg")
    from django.db import connections

    server = os.environ.get("COMITY_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres")
    try:
        admin = psycopg.connect(server, autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL server on 127.0.0.1:5432")
    name = f"comity_planning_{os.getpid()}"
    admin.execute(f"DROP DATABASE IF EXISTS {name}")
    admin.execute(f"CREATE DATABASE {name}")
    from comity.site.databases import database_from_url

    before = connections["default"]
    before.close()
    parts = server.rsplit("/", 1)[0]
    connections.settings["default"] = {**before.settings_dict, **database_from_url(f"{parts}/{name}", Path())}
    del connections["default"]
    from django.core.management import call_command

    from comity.site.community.models import Account, Agency
    from comity.site.community.roles import Role

    call_command("migrate", database="default", verbosity=0, interactive=False)
    agency = Agency.objects.create(slug="sample-town", name="Sample Town")
    people = {
        role: Account.objects.create_user(
            role, role=role, works_for_police=role in ("chief", "analyst", "training-officer"), agency=agency
        )
        for role in Role.values
    }
    yield SimpleNamespace(agency=agency, people=people)
    connections["default"].close()
    connections.settings["default"] = before.settings_dict
    del connections["default"]
    admin.execute(f"DROP DATABASE {name}")
    admin.close()


def test_postgresql_refuses_the_same(town_on_postgresql, makers):
    from django.db import connection

    assert connection.vendor == "postgresql"
    assert taken_and_refused(town_on_postgresql, makers) == ([], [])
