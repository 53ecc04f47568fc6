"""`comity upgrade` says what it will do, wants a backup first, and does it once."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.fixture
def instance(tmp_path):
    from comity.instance.create import create_instance

    create_instance(tmp_path / "town", origin="upgrade.example.org/town")
    return tmp_path / "town"


@pytest.fixture
def comity(instance):
    def run(*given):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COMITY_")}
        command = [
            sys.executable,
            "-c",
            "from comity.cli.main import main; main()",
            "upgrade",
            "--instance",
            str(instance),
        ]
        return subprocess.run([*command, *given], env=environment, capture_output=True, text=True, check=False)

    return run


def test_an_upgrade_is_shown_wants_a_backup_and_happens_once(comity, instance):
    dry = comity("--dry-run")
    assert (dry.returncode, dry.stdout.splitlines()) == (0, ["default: a new file", "1 changes; nothing was changed."])
    assert not (instance / "site.sqlite3").exists()

    refused = comity()
    assert refused.returncode == 1
    assert "There is no backup of today." in refused.stderr

    assert comity("--without-backup").returncode == 0
    assert "as this version wants them" in comity().stdout
