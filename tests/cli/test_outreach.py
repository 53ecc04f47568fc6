"""`comity outreach workforce` seals protected counts of a file, and nothing of it that could name somebody."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

LINES = ["white,male,officer,no"] * 90 + ["black,female,officer,yes"] * 30 + ["black,male,sergeant,yes"] * 3


@pytest.fixture
def instance(tmp_path):
    from comity.instance.create import create_instance

    create_instance(tmp_path / "town", origin="town.example/comity")
    return tmp_path / "town"


@pytest.fixture
def outreach():
    from comity.cli.outreach import command

    def run(*given):
        return CliRunner().invoke(command, [str(each) for each in given])

    return run


def test_a_workforce_is_sealed_once_and_verifies(instance, outreach, tmp_path):
    from comity.ledger import verify

    file = tmp_path / "officers.csv"
    file.write_text("\n".join(["group,sex,rank,lives_here", *LINES]))
    given = ("workforce", file, "--instance", instance, "--period", "2026", "--date", "2026-05-01", "--yes")

    assert outreach(*given).output.splitlines()[-1] == "Published workforce/2026/v1."
    assert outreach(*given).output.strip() == "Already public: workforce/2026/v1."

    assert verify(instance / "public").problems == ()
    table = (
        instance / "public" / "releases" / "workforce" / "2026" / "v1" / "tables" / "by_group_and_rank.csv"
    ).read_text()
    assert "suppressed" in table and ",3," not in table
    assert not list(instance.rglob("officers.csv"))


def test_a_corrected_file_needs_a_reason(instance, outreach, tmp_path):
    file = tmp_path / "officers.csv"
    rest = ("--instance", instance, "--period", "2026", "--date", "2026-05-01", "--yes")
    file.write_text("\n".join(["group,sex,rank,lives_here", *LINES]))
    outreach("workforce", file, *rest)
    file.write_text("\n".join(["group,sex,rank,lives_here", *LINES, *["white,male,officer,yes"] * 40]))

    assert outreach("workforce", file, *rest).exception is not None
    because = ("--because", "en=Forty were forgotten.", "--because", "es=Se olvidaron cuarenta.")
    assert "Published workforce/2026/v2." in outreach("workforce", file, *rest, *because).output


def test_a_file_with_names_is_refused_in_one_sentence(instance, tmp_path):
    file = tmp_path / "officers.csv"
    file.write_text("name,group,sex,rank,lives_here\nSomebody,white,male,officer,yes\n")
    run = subprocess.run(
        [sys.executable, "-c", "from comity.cli.main import main; main()", "outreach", "workforce", str(file),
         "--instance", str(instance), "--period", "2026", "--yes"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert run.returncode == 1
    assert "has a column 'name'" in run.stderr and "Somebody" not in run.stderr and "Traceback" not in run.stderr
    assert not (instance / "public" / "releases").exists()


def test_contacts_that_were_counted_are_sealed(instance, tmp_path):
    """In a process of its own, because the site is opened for this instance."""
    make = """
import sys
from datetime import date
from pathlib import Path
from comity.cli.setting_up import open_site
open_site(Path(sys.argv[1]), "community")
from comity.site.community.actions import add_account
from comity.site.community.models import Agency, Place
from comity.site.outreach.actions.contacts import count_contacts
agency = Agency.objects.get()
chief = add_account("chief", role="chief", password="a long pass phrase", works_for_police=True, agency=agency)
place = Place.objects.create(agency=agency, slug="holland", name="Holland")
for month in (3, 4):
    count_contacts(place, "school", date(2026, month, 1), 20 * month, by=chief, today=date(2026, 5, 1))
from comity.cli.main import main
sys.argv = ["comity", "outreach", "contacts", "--instance", sys.argv[1], "--period", "2026", "--date", "2026-05-01", "--yes"]
main()
"""
    run = subprocess.run([sys.executable, "-c", make, str(instance)], capture_output=True, text=True, check=False)

    assert run.stdout.strip() == "Published contacts/2026/v1.", run.stderr
    release = json.loads((instance / "public" / "releases" / "contacts" / "2026" / "v1" / "release.json").read_bytes())
    assert [each["name"] for each in release["tables"]] == ["by_place_and_kind", "by_month"]
