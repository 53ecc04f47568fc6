"""Attack: change one byte of one public file. Verification names the file, whichever file and byte it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from comity.cli.verify import command as verify_command
from comity.ledger import verify


@pytest.fixture
def public(demo_instance, tmp_path) -> Path:
    return Path(shutil.copytree(demo_instance / "public", tmp_path / "public"))


def flip(path: Path, position: int, bit: int = 0) -> bytes:
    """Flips one bit of the byte at `position`; returns what was there."""
    before = path.read_bytes()
    changed = bytearray(before)
    changed[position] ^= 1 << bit
    path.write_bytes(changed)
    return before


def test_the_untouched_folder_is_intact(public):
    assert verify(public).problems == ()


def test_one_flipped_bit_in_any_file_is_found_and_the_file_is_named(public):
    files = sorted(path for path in public.rglob("*") if path.is_file())
    assert len(files) > 60
    missed = []

    for number, path in enumerate(files):
        name = path.relative_to(public).as_posix()
        size = path.stat().st_size
        for position in {0, size // 2, size - 1}:
            before = flip(path, position, bit=number % 8)
            problems = verify(public).problems
            if name not in {each.path for each in problems}:
                missed.append((name, position, [each.path for each in problems]))
            path.write_bytes(before)

    assert missed == []


def test_every_byte_of_the_ledger_itself_counts(public):
    missed = []

    for path in sorted((public / "ledger").rglob("*")):
        if path.is_file():
            for position in range(path.stat().st_size):
                before = flip(path, position)
                if verify(public).is_intact:
                    missed.append((path.name, position))
                path.write_bytes(before)

    assert missed == []


def test_the_command_exits_with_1_and_names_the_file(public):
    table = public / "releases/stops/2017/v1/tables/person_searches.csv"
    flip(table, 100)

    result = CliRunner().invoke(verify_command, [str(public)])

    assert result.exit_code == 1
    assert "releases/stops/2017/v1/tables/person_searches.csv" in result.output
