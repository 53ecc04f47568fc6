"""The command line: quick to answer, an example for every verb, one sentence for every error."""

from __future__ import annotations

import subprocess
import sys

import pytest

from comity.cli.main import VERBS, verbs

HEAVY = ("duckdb", "ibis", "pyarrow", "numpy", "scipy", "altair", "highspy", "django", "rich", "cryptography")


def comity(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "comity.cli.main", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def test_help_imports_nothing_heavy():
    script = (
        "import sys\nfrom comity.cli.main import main\nsys.argv = ['comity', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert run.stdout.endswith("[]\n")
    assert all(verb in run.stdout for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb_has_an_example(verb):
    command = verbs.get_command(None, verb)

    assert command is not None
    subcommands = getattr(command, "commands", {})
    for one in (command, *subcommands.values()):
        assert f"comity {verb}" in f"{one.help} {one.epilog}", one.name


def test_an_error_is_one_sentence_and_exit_code_1(tmp_path):
    run = comity("publish", "--instance", tmp_path)

    assert run.returncode == 1
    assert "is not a Comity instance. Make one with: comity init" in run.stderr
    assert "Traceback" not in run.stderr


def test_wrong_usage_is_exit_code_2():
    run = comity("publish", "--no-such-option")

    assert run.returncode == 2
    assert "Traceback" not in run.stderr


def test_an_unknown_verb_is_exit_code_2():
    run = comity("publsh")

    assert run.returncode == 2
    assert "publsh" in run.stderr


def test_init_makes_an_instance_that_publish_then_asks_files_for(tmp_path):
    made = comity("init", tmp_path / "our-town")
    published = comity("publish", "--instance", tmp_path / "our-town")

    assert made.returncode == 0
    assert published.returncode == 1
    assert "No file in" in published.stderr


def test_a_verb_that_finds_something_wrong_exits_with_1(tmp_path):
    (tmp_path / "public").mkdir()

    assert comity("verify", tmp_path / "public").returncode == 1
