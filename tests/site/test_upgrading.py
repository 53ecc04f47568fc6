"""A new version takes the old one's database with all that is in it; an old version never touches a newer one's."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest


@pytest.fixture
def first_version(on_sqlite, town):
    """The site's store as the first version left it, with one account."""
    from django.core.management import call_command
    from django.db import connections

    store = connections["default"]
    store.close()
    path = store.settings_dict["NAME"]
    path.unlink()
    for app in ("contenttypes", "auth", "sessions"):
        call_command("migrate", app, database="default", verbosity=0)
    call_command("migrate", "community", "0001", database="default", verbosity=0)
    with store.cursor() as cursor:
        cursor.execute(
            "INSERT INTO community_account (password, is_superuser, username, first_name, last_name, email, is_staff, is_active,"
            " date_joined, role, works_for_police) VALUES ('x', false, 'keeper', '', '', '', false, true, '2026-01-01', 'custodian', false)"
        )
    store.close()
    return path


def test_the_first_versions_store_is_brought_to_this_one_with_its_accounts(first_version):
    from django.apps import apps

    from comity.site.community.models import Account
    from comity.site.upgrading import pending_steps, upgrade_stores

    said = {each.name for each in pending_steps()}
    upgrade_stores()

    assert "community 0002_agencies_and_log" in said
    assert Account.objects.get(username="keeper").role == "custodian"
    assert pending_steps() == ()
    for model in apps.get_app_config("community").get_models():
        model.objects.exists()


def test_a_store_of_a_newer_version_is_refused_and_left_alone(on_sqlite, town):
    from django.db import connections

    from comity.site.upgrading import StoreIsNewer, pending_steps, upgrade_stores

    path = connections["default"].settings_dict["NAME"]
    with closing(sqlite3.connect(path)) as store:
        store.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('community', '9999_tomorrow', '2030-01-01')"
        )
        store.commit()
    before = path.read_bytes()

    for attempt in (pending_steps, upgrade_stores):
        with pytest.raises(StoreIsNewer, match="community 9999_tomorrow"):
            attempt()
    connections["default"].close()
    assert path.read_bytes() == before


def test_what_another_part_has_in_the_same_store_is_no_reason_to_refuse(on_sqlite, town):
    from django.db import connections

    from comity.site.upgrading import pending_steps

    with closing(sqlite3.connect(connections["default"].settings_dict["NAME"])) as store:
        store.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('elsewhere', '0001_initial', '2030-01-01')"
        )
        store.commit()

    assert pending_steps() == ()


def test_two_processes_that_start_at_once_upgrade_once(on_sqlite, django, tmp_path):
    code = (
        "import django; django.setup()\n"
        "from comity.site.upgrading import upgrade_stores, pending_steps\n"
        "upgrade_stores(); print(len(pending_steps()))"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "comity.site.settings",
        "COMITY_PARTS": "community",
        "COMITY_INSTANCE": str(tmp_path),
    }
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [each.communicate(timeout=60) for each in both]

    assert [out.strip() for out, _ in said] == ["0", "0"], said
    assert (tmp_path / "site.sqlite3").stat().st_mode & 0o077 == 0


def test_tables_that_no_row_may_leave_keep_their_triggers_after_every_upgrade(first_version):
    """SQLite drops triggers when a later migration rebuilds a table."""
    from django.db import connections

    from comity.site.upgrading import upgrade_stores

    upgrade_stores()
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        triggers = {name for (name,) in cursor.fetchall()}

    assert {"community_entry_no_update", "community_entry_no_delete"} <= triggers
