"""The units call commands that exist, with options that exist, and give away no privilege."""

from __future__ import annotations

import configparser
import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
SERVICES = sorted(DEPLOY.glob("*.service"))


def read(path):
    """Section -> key -> every value that it has."""
    found = {}

    class Repeated(dict):
        def __setitem__(self, key, value):
            if key in self and isinstance(value, list):
                self[key].extend(value)
            else:
                super().__setitem__(key, value)

    parser = configparser.RawConfigParser(strict=False, dict_type=Repeated)
    parser.optionxform = str
    parser.read_string(path.read_text())
    for section in parser.sections():
        found[section] = {key: value.split("\n") for key, value in parser.items(section)}
    return found


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_what_a_unit_starts_is_there(path):
    for line in read(path)["Service"]["ExecStart"]:
        program, verb, *given = shlex.split(line.lstrip("-"))
        command = import_module(f"comity.cli.{verb}").command

        assert program.endswith("/comity")
        known = {option for parameter in command.params for option in parameter.opts}
        assert {each for each in given if each.startswith("--")} <= known


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_a_unit_runs_without_privilege_and_writes_little(path):
    service = {key: values[-1] for key, values in read(path)["Service"].items()}

    assert service["User"] not in ("", "root")
    assert (service["NoNewPrivileges"], service["ProtectSystem"], service["UMask"]) == ("yes", "strict", "0077")
    assert set(service["ReadWritePaths"].split()) <= {"/var/lib/comity", "/mnt/backups"}


def test_every_timer_has_its_service_and_every_unit_is_in_the_guide():
    guide = (DEPLOY.parent / "docs" / "how-to" / "run-on-one-machine.md").read_text()

    assert {path.stem for path in DEPLOY.glob("*.timer")} <= {path.stem for path in SERVICES}
    assert {path.stem for path in SERVICES} == set(re.findall(r"^\| `(comity[a-z-]*)` \|", guide, flags=re.MULTILINE))


def test_the_container_runs_as_nobody_in_particular_and_installs_by_hash():
    content = (DEPLOY / "Containerfile").read_text()

    assert re.search(r"^USER (?!root|0)\w+$", content, flags=re.MULTILINE)
    assert "--require-hashes -r /wheels/requirements.lock" in content
