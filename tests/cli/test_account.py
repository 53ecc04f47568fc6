"""`comity account`, `work` and `doctor` on an instance, and which parts of it `comity serve` serves by itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from comity.cli.setting_up import has_accounts, parts_with_accounts, read_setup
from comity.instance.create import create_instance


@pytest.fixture
def instance(tmp_path):
    create_instance(tmp_path / "our-town")
    return tmp_path / "our-town"


def comity(instance, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COMITY_", "DJANGO_"))}
    program = "from comity.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments, "--instance", instance],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_accounts_are_made_changed_and_closed_and_no_password_is_typed(instance):
    added = comity(instance, "account", "add", "maria", "--role", "custodian", "--email", "maria@example.org")
    again = comity(instance, "account", "add", "maria", "--role", "auditor")
    police = comity(instance, "account", "add", "lee", "--role", "custodian", "--works-for-police")
    role = comity(instance, "account", "role", "maria", "auditor")
    reset = comity(instance, "account", "reset", "maria")
    close = comity(instance, "account", "close", "maria")
    listed = comity(instance, "account", "list")

    links = [re.search(r"/office/password/new/\S+/", each.stdout)[0] for each in (added, reset)]
    assert links[0] != links[1]
    assert (again.returncode, again.stderr) == (1, "There is already an account 'maria'. Choose another name.\n")
    assert police.stderr.startswith("Someone who works for the police cannot be custodian.")
    assert role.stdout == "maria is auditor from now on.\n"
    assert close.returncode == 0
    assert re.fullmatch(r"maria +auditor +closed\n", listed.stdout)


def test_the_doctor_looks_at_the_log_of_an_instance_with_accounts(instance):
    assert "log:" not in comity(instance, "doctor").stdout
    comity(instance, "account", "add", "maria", "--role", "auditor")

    said = comity(instance, "doctor").stdout

    assert "log: 1 entries in one chain, 0 sealings that agree with it" in said
    assert "mail: no message waits" in said


def test_the_community_is_served_where_there_are_accounts_and_surveys_where_one_was_fielded(instance):
    assert not has_accounts(instance)

    with (instance / "comity.toml").open("a") as file:
        file.write('\n[site]\nurl = "https://record.town.example"\n')

    assert has_accounts(instance)
    assert parts_with_accounts(instance) == ("community",)
    assert read_setup(instance)[0].url == "https://record.town.example"
    (instance / "keys" / "tokens-trust.key").touch()
    assert parts_with_accounts(instance) == ("codes", "answers", "community")


def test_the_reach_record_knows_who_lives_where_the_instance_compares_with_residents(instance):
    path = instance / "comity.toml"
    assert read_setup(instance)[0].population is None
    text = path.read_text().replace("# [datasets.stops.benchmarks]", "[datasets.stops.benchmarks]")
    path.write_text(re.sub(r"^# (residents = .*)$", r"\1", text, flags=re.MULTILINE))

    assert read_setup(instance)[0].population == instance / "sources" / "residents.yaml"


def test_the_office_stands_by_itself_where_only_the_code_page_is_served(tmp_path):
    program = (
        "import sys; from pathlib import Path; from comity.site.server import SiteSetup, prepare_site\n"
        "prepare_site(SiteSetup(Path(sys.argv[1])))\n"
        "from django.test import Client\n"
        "for address in ('/office/sign-in/', '/es/office/password/forgotten/', '/office/'):\n"
        "    print(Client().get(address, headers={'host': 'localhost'}).status_code)"
    )
    environment = {**os.environ, "COMITY_PARTS": "codes", "DJANGO_SETTINGS_MODULE": "comity.site.settings"}
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path], env=environment, capture_output=True, text=True, check=False
    )

    assert done.stdout.split() == ["200", "200", "302"], done.stderr
