"""PostgreSQL holds the same rules as SQLite: the room's actions and the database's refusals, on a database of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SERVER = "postgresql://postgres@127.0.0.1:5432"
PROGRAM = """\
import importlib.util, sys
from pathlib import Path
from types import SimpleNamespace

import django
django.setup()
from django.conf import settings
from django.db import connection, transaction, DatabaseError
from django.test import Client
from comity.site.upgrading import upgrade_stores
upgrade_stores()
from comity.site.community.actions import add_account
from comity.site.community.models import Agency
from comity.site.training import demo
from comity.site.training.models import Officer

here = Path(sys.argv[1])

def load(name):
    source = importlib.util.spec_from_file_location(f"training_{name}", here / f"{name}.py")
    module = importlib.util.module_from_spec(source)
    source.loader.exec_module(module)
    return module

examples, xapi_parts, actions, xapi = map(load, ("examples", "xapi_parts", "test_actions", "test_xapi"))
assert connection.vendor == "postgresql"

def town():
    count = Agency.objects.count()
    agencies = [Agency.objects.create(slug=f"town-{count + at}", name=f"Town {count + at}") for at in range(2)]
    people = [
        {
            role: add_account(f"{role}@{each.slug}", role=role, password="a long pass phrase", works_for_police=role != "auditor", agency=each)
            for role in ("training-officer", "chief", "auditor")
        }
        for each in agencies
    ]
    return SimpleNamespace(folder=settings.INSTANCE, agency=agencies[0], other=agencies[1], people=people[0], strangers=people[1])

sys.path.insert(0, str(here.parents[1] / "journeys"))
from second_factors import sign_in_with_second_factors
sign_in_with_second_factors()
one = town()
demo.fill(one.agency, one.people, now=settings.CLOCK(), folder=settings.INSTANCE)
for role in ("training-officer", "chief"):
    client = Client()
    client.force_login(one.people[role])
    for address in ("/training/", "/office/training/", "/office/training/officers/", "/office/training/courses/"):
        assert client.get(address, headers={"Host": "localhost"}).status_code == 200, address

def by(each):
    return each.people["training-officer"]

each = town()
with transaction.atomic():
    actions.test_an_instructor_must_hold_the_qualification_on_that_day(each, examples, by(each))
each = town()
actions.test_the_database_refuses_what_the_actions_refuse(each, examples, by(each))
for table in ("courseversion", "completion", "item", "effectstatement", "statement", "sitting"):
    with connection.cursor() as cursor:
        for statement in (f"UPDATE training_{table} SET id = id", f"DELETE FROM training_{table}", f"TRUNCATE training_{table} CASCADE"):
            try:
                with transaction.atomic():
                    cursor.execute(statement)
            except DatabaseError as problem:
                assert "append-only" in str(problem), (statement, problem)
            else:
                cursor.execute(f"SELECT count(*) FROM training_{table}")
                assert table == "statement" and cursor.fetchone()[0] == 0 and not statement.startswith("TRUNCATE"), statement

each = town()
examples.officers(each.agency, ["101", "102"])
made, secret = examples.provider(examples.course(by(each)), by(each))
sender = xapi_parts.Sender(Client(headers={"Host": "localhost"}), xapi_parts.basic(made.key, secret))
sender.provider = made
given = xapi_parts.statement()
assert [sender.post(given)[0] for _ in range(2)] == [200, 200]
assert sender.post({**given, "timestamp": "2018-05-01T10:00:01Z"})[0] == 409
assert sender.post(xapi.voiding(xapi_parts, given["id"]))[0] == 200
assert sender.post(xapi.voiding(xapi_parts, given["id"]))[0] == 409
assert Officer.objects.get(agency=each.agency, number="101").completions.get().taken_back.reason
print("held")
"""


def test_postgresql_holds_every_rule(small_public, tmp_path, django):
    psycopg = pytest.importorskip("psycopg")
    name = f"comity_training_{os.getpid()}"
    try:
        server = psycopg.connect(f"{SERVER}/postgres", autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL server answers on 127.0.0.1:5432")
    with server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name}")
    try:
        environment = {
            **os.environ,
            "COMITY_PARTS": "community",
            "COMITY_PUBLIC": str(small_public),
            "COMITY_INSTANCE": str(tmp_path),
            "COMITY_SITE_DATABASE": f"{SERVER}/{name}",
            "DJANGO_SETTINGS_MODULE": "small_town_settings",
            "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
        }
        (tmp_path / "small_town_settings.py").write_text(
            "from comity.site.settings import *\nfrom datetime import UTC, datetime\n"
            "CLOCK = lambda: datetime(2018, 5, 15, 12, tzinfo=UTC)\n"
            "PASSWORD_HASHERS = ['django.contrib.auth.hashers.MD5PasswordHasher']\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, Path(__file__).parent],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.strip() == "held", done.stderr[-3000:]
    finally:
        with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
