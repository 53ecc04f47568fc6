"""PostgreSQL holds the same rules as SQLite: the tests that go around the page, run once more on a database of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
SERVER = "postgresql://postgres@127.0.0.1:5432"
PROGRAM = """\
import importlib.util, shutil, sys
from pathlib import Path
from types import SimpleNamespace
from django.db import DatabaseError, connection, transaction

public, here = Path(sys.argv[1]), Path(sys.argv[2])
import django
django.setup()
from comity.site.upgrading import upgrade_stores
upgrade_stores()
from comity.site.community.actions import add_account
from comity.site.community.models import Agency
from comity.site.community.roles import OF_THE_POLICE, Role

def load(name):
    source = importlib.util.spec_from_file_location(f"commitments_{name}", here / f"{name}.py")
    module = importlib.util.module_from_spec(source)
    source.loader.exec_module(module)
    return module

examples, rules = load("examples"), load("test_rules")
agency, other = (Agency.objects.create(slug=slug, name=slug) for slug in ("sample-town", "other-town"))
of = {
    each.slug: {
        role: add_account(f"{role}@{each.slug}", role=role, password="a long pass phrase", works_for_police=role in OF_THE_POLICE, agency=each)
        for role in Role.values
    }
    for each in (agency, other)
}
from django.conf import settings
town = SimpleNamespace(folder=settings.INSTANCE, public=public, agency=agency, other=other, people=of["sample-town"], strangers=of["other-town"])
assert connection.vendor == "postgresql"
rules.test_closing_needs_evidence_that_somebody_else_has_verified(town, examples)
rules.test_nobody_verifies_their_own_work_and_nobody_of_the_police_verifies(town, examples)
rules.test_people_of_another_agency_find_nothing_and_the_database_takes_no_step_of_theirs(town, examples)
rules.test_the_database_takes_no_step_out_of_order_and_no_commitment_that_begins_closed(town, examples)
rules.test_not_done_needs_its_reason_and_stands_must_say_why(town, examples)
rules.test_terms_change_only_with_a_reason_and_stand_beside_the_first(town, examples)
mark = next(each for each in rules.test_the_database_rewrites_nothing.pytestmark if each.name == "parametrize")
for statement, words in mark.args[1]:
    rules.test_the_database_rewrites_nothing(town, examples, statement, words)
with rules.database_refuses("append-only|cannot be deleted"):
    rules.run("TRUNCATE commitments_commitment CASCADE")
rules.test_a_day_named_after_the_due_day_had_passed_leaves_it_overdue(town, settings, examples)
print("held")
"""


def test_postgresql_holds_every_rule(small_public, tmp_path, django):
    psycopg = pytest.importorskip("psycopg")
    name = f"comity_commitments_{os.getpid()}"
    try:
        server = psycopg.connect(f"{SERVER}/postgres", autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL server answers on 127.0.0.1:5432")
    with server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name}")
    try:
        environment = {
            **os.environ, "COMITY_PARTS": "community", "COMITY_PUBLIC": str(small_public), "COMITY_INSTANCE": str(tmp_path),
            "COMITY_SITE_DATABASE": f"{SERVER}/{name}", "DJANGO_SETTINGS_MODULE": "small_town_settings", "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
        }  # fmt: skip
        (tmp_path / "small_town_settings.py").write_text(
            "from comity.site.settings import *\nfrom datetime import UTC, datetime\n"
            "CLOCK = lambda: datetime(2018, 5, 15, 12, tzinfo=UTC)\n"
            "PASSWORD_HASHERS = ['django.contrib.auth.hashers.MD5PasswordHasher']\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, small_public, Path(__file__).parent], env=environment, capture_output=True, text=True, check=False
        )  # fmt: skip
        assert done.stdout.strip() == "held", done.stderr[-3000:]
    finally:
        with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
