"""A mail server for tests: what was sent, as a list."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def sent(town):
    """The messages that left, in a list; the site sends as record@town.example."""
    from django.core import mail
    from django.test import override_settings

    mail.outbox = []
    mailers = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    with override_settings(MAILERS=mailers, MAIL_FROM="record@town.example"):
        yield mail.outbox


@pytest.fixture
def settings_of():
    """Django's `override_settings`."""
    from django.test import override_settings

    return override_settings


@pytest.fixture
def postgresql():
    """The URL of an empty PostgreSQL database of this test's own; skipped where there is no server."""
    psycopg = pytest.importorskip("psycopg")
    name = f"comity_accounts_{os.getpid()}"
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
