"""`comity survey redact` on a real instance, run as a person runs it."""

from __future__ import annotations

import csv
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

from comity.instance.create import create_instance

ROOT = Path(__file__).parents[2]
ANSWER = """\
import json, os, sys
from pathlib import Path
os.environ["COMITY_PARTS"] = "codes,answers"
os.environ["DJANGO_SETTINGS_MODULE"] = "comity.site.settings"
from comity.cli.survey import prepare
prepare(Path(sys.argv[1]))
from comity.site.surveys.responses import slots
from comity.site.surveys.responses.models import Survey
survey = Survey.objects.get(name="town")
content = {"day": "2027-03-01", "mode": "web", "stratum": "", "answers": {"open_keep": "=Officer Smith, 555-123-4567"}}
slots.store(json.dumps(content).encode(), survey.first_slot, survey.slots)
"""


def comity(folder, *words, given=""):
    command = [sys.executable, "-c", "from comity.cli.main import main; main()", "survey", *words]
    return subprocess.run(
        command, input=given, capture_output=True, text=True, check=False, cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip


def test_a_redactor_decides_by_files_and_an_analyst_of_the_police_is_refused(tmp_path):
    create_instance(tmp_path / "town", origin="town.example/ledger")
    here = ("--instance", "town")
    for role, more in (("redactor", ()), ("analyst", ("--works-for-police",))):
        made = comity(tmp_path, "account", role, *here, "--role", role, *more, "--password", "a long pass phrase")
        assert made.returncode == 0, made.stderr
    comity(tmp_path, "field", "town", *here, "--open-link")
    subprocess.run(
        [sys.executable, "-c", ANSWER, "town"], check=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    comity(tmp_path, "close", "town", *here)
    by = ("redact", "town", *here, "--account", "redactor", "--password", "a long pass phrase")

    refused = comity(
        tmp_path, *by[:4], "--account", "analyst", "--password", "a long pass phrase", "--proposals", "x.csv"
    )
    assert "may not read or decide" in refused.stderr
    assert not (tmp_path / "x.csv").exists()
    wrong = comity(tmp_path, *by[:4], "--account", "redactor", "--password", "another one", "--proposals", "x.csv")
    assert "no such account, or the password is another" in wrong.stderr

    out = comity(tmp_path, *by, "--proposals", "texts.csv")
    assert "1 texts wait" in out.stdout, out.stderr
    assert stat.S_IMODE((tmp_path / "texts.csv").stat().st_mode) == 0o600
    with (tmp_path / "texts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["words"].startswith("'=Officer")
    with (tmp_path / "decided.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"decision": "hide" if row["mark"] else "approve"} for row in rows)
    done = comity(tmp_path, *by, "--decisions", "decided.csv", "--approved", "approved.json")

    assert "1 texts are decided" in done.stdout, done.stderr
    (text,) = json.loads((tmp_path / "approved.json").read_text())["approved"].values()
    assert "Smith" not in text
    assert "555" not in text
    assert stat.S_IMODE((tmp_path / "approved.json").stat().st_mode) == 0o600
