"""PostgreSQL keeps with each row which transaction wrote it (xmin) and where (ctid): an order, until the stores are mixed."""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PEOPLE = 100
CHANCE = 0.55  # five standard deviations of a rank correlation of 100 pairs, and a bit

pytestmark = pytest.mark.slow


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


running = load(ROOT / "tests" / "site" / "surveys" / "running.py")
linkage = load(ROOT / "tests" / "attacks" / "linkage.py")
tokens = load(ROOT / "tests" / "attacks" / "test_survey_tokens.py")

CLOSE = """\
import json, os, sys
from pathlib import Path
from comity.site.server import SiteSetup, prepare_site
os.environ["COMITY_PARTS"] = "codes,answers"
os.environ["DJANGO_SETTINGS_MODULE"] = "comity.site.settings"
prepare_site(SiteSetup(Path(sys.argv[1]), json.loads(sys.argv[2])))
from comity.site.surveys.invitations.actions import close_sample
from comity.site.surveys.responses.actions import close_survey
close_survey("town")
close_sample("town")
"""


def orders(url: str, table: str, of_row) -> dict[str, dict[str, float]]:
    """Every order that a superuser sees in `table`: xmin, block and place of ctid, and the order of a plain scan."""
    import psycopg

    with psycopg.connect(url) as connection:
        rows = connection.execute(f"SELECT xmin::text::bigint, ctid::text, t.* FROM {table} t WHERE is_used").fetchall()
    found = {"xmin": {}, "ctid": {}, "scan": {}}
    for at, (xmin, ctid, *row) in enumerate(rows):
        block, place = json.loads(ctid.replace("(", "[").replace(")", "]"))
        for signal, value in (("xmin", xmin), ("ctid", block * 1000 + place), ("scan", at)):
            found[signal][of_row(row)] = float(value)
    return found


def test_on_postgresql_the_order_is_there_until_the_stores_are_mixed_and_not_afterwards(tmp_path, monkeypatch):
    benchmark = tokens.benchmark
    monkeypatch.setattr(benchmark, "POSTGRESQL", tokens.postgresql_server())
    instance = benchmark._on_postgresql(tmp_path / "instance", PEOPLE)
    server = running.Server(instance, tmp_path / "server.log", workers=1)
    cases = sorted(instance.codes)
    random.Random(3).shuffle(cases)
    resident = running.Resident(server.port)
    try:
        for case in cases:
            token, stratum = resident.exchange(instance.codes[case])
            assert resident.send(token, stratum, {"open_keep": f"marker-{case}"})[0] == 200
    finally:
        server.kill()
    truth = {case: case for case in cases}

    def attack() -> float:
        invitations = orders(
            instance.databases["invitations"],
            "survey_invitations_invitation",
            lambda row: next(c for c in row if c in truth),
        )
        responses = orders(
            instance.databases["responses"],
            "survey_responses_slot",
            lambda row: bytes(row[2]).split(b"marker-")[1][:5].decode(),
        )
        return linkage.best_link(invitations, responses, truth)[0]

    before = attack()
    subprocess.run(
        [sys.executable, "-c", CLOSE, str(instance.folder), json.dumps(instance.databases)],
        check=True,
        capture_output=True,
    )
    after = attack()

    assert before > 0.99
    assert after < CHANCE
