"""`comity work`: every room's jobs run, one that fails stops no other, and its words reach no log."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

NOON = datetime(2018, 5, 15, 12, tzinfo=UTC)


def test_a_failing_job_is_named_by_its_kind_and_the_others_go_on(town):
    from comity.site.community.work import Done, work_once

    def fail(folder, now):
        raise LookupError("maria@example.org was not found")

    done = work_once([("a.first", lambda *_: 2), ("a.fail", fail), ("b.last", lambda *_: 1)], town.folder, NOON)

    assert done == [Done("a.first", 2), Done("a.fail", 0, "LookupError"), Done("b.last", 1)]


def test_the_jobs_of_every_room_are_found_and_mail_comes_last(django, monkeypatch):
    from comity.site.community.work import jobs
    from comity.site.planning import jobs as planning

    def remind(folder, now):
        return 0

    monkeypatch.setattr(planning, "JOBS", (remind,))
    found = [name for name, _ in jobs()]

    assert "planning.remind" in found
    assert found[-1] == "community.send_waiting"


def test_one_round_seals_the_log_of_an_instance_and_a_second_finds_nothing(tmp_path):
    from comity.instance.create import create_instance
    from comity.ledger import verify

    folder = tmp_path / "our-town"
    create_instance(folder)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COMITY_")}
    program = (
        "import sys; from pathlib import Path; from comity.cli.setting_up import open_site; folder = Path(sys.argv[1]);"
        "open_site(folder, 'community'); from django.db import transaction; from comity.site.community.log import record\n"
        "with transaction.atomic(): record('test.step', 'thing', by=None, public={})"
    )
    subprocess.run([sys.executable, "-c", program, folder], env=environment, check=True)

    runs = [
        subprocess.run(
            [Path(sys.executable).with_name("comity"), "work", "--instance", folder],
            env=environment, capture_output=True, text=True, check=False,
        )
        for _ in range(2)
    ]  # fmt: skip

    assert [(each.returncode, each.stdout, each.stderr) for each in runs] == [
        (0, "community.seal_log: 1\n", ""),
        (0, "", ""),
    ]
    assert verify(folder / "public").problems == ()
