"""What the ledger's documents show is what the program does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from comity.cli import mirror, reproduce, verify, witness
from comity.ledger import Signer
from comity.ledger import verify as verify_folder

DOCS = Path(__file__).parents[2] / "docs"
COMMANDS = {
    "verify": verify.command,
    "witness": witness.command,
    "mirror": mirror.command,
    "reproduce": reproduce.command,
}


def test_every_command_in_the_how_to_has_only_options_that_exist():
    text = (DOCS / "how-to" / "verify-a-release.md").read_text()
    lines = re.findall(r"^comity (.+)$", text, flags=re.MULTILINE)

    for line in lines:
        verb, *words = shlex.split(line)
        command = COMMANDS[verb]
        if verb == "witness":
            command = command.commands[words.pop(0)]
        options = {name for each in command.params for name in each.opts}
        assert {word for word in words if word.startswith("--")} <= options, line
    assert len(lines) > 8


def test_the_example_in_the_reference_runs(tmp_path, monkeypatch):
    text = (DOCS / "reference" / "ledger.md").read_text()
    example = re.search(r"```python\n(.+?)```", text, flags=re.DOTALL).group(1)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "agency.json").write_text("{}")

    exec(example, {})

    assert verify_folder("public").is_intact
    assert Signer.load("keys/ledger.key").name == "data.example.gov/police"
