"""Killed anywhere, an append or a mirror run leaves the old state or the new, and the next run finishes."""

from __future__ import annotations

import os
import shutil
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import aics_tlog
import pytest

from comity.ledger import Log, Signer, seal_files, verify
from comity.ledger.mirror import mirror

SIGNER = Signer.from_seed("example.com/log", b"\x01" * 32)
_spec = spec_from_file_location("killed", Path(__file__).parents[1] / "reference" / "killed.py")
_killed = module_from_spec(_spec)
_spec.loader.exec_module(_killed)
is_killed = _killed.is_killed


def entry(number: int) -> bytes:
    return f'{{"number": {number}}}'.encode()


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    monkeypatch.setattr(os, "sync", lambda: None)


@pytest.mark.parametrize(("size", "more"), [(0, 3), (3, 2), (254, 3), (255, 1), (511, 300)])
def test_an_append_killed_anywhere_leaves_the_old_log_or_the_new(tmp_path, size, more):
    base = tmp_path / "base"
    base.mkdir()
    if size:
        Log(base).append([entry(number) for number in range(size)], signer=SIGNER)
    old, new = [entry(number) for number in range(size)], [entry(number) for number in range(size + more)]
    points, sizes = 0, set()

    while True:
        log = Log(tmp_path / f"{points}")
        shutil.copytree(base, log.folder)
        if not is_killed(lambda log=log: log.append(new[size:], signer=SIGNER), at=points):
            break

        found = list(log.entries())
        assert found in (old, new), points
        sizes.add(len(found))
        last = log.append([*new[len(found) :], entry(size + more)], signer=SIGNER)

        files = files_of(log.folder)
        del files["checkpoint"]
        assert files == aics_tlog.tiles.materialise_tiles([*new, entry(size + more)]), points
        assert last.size == size + more + 1
        points += 1

    assert points >= 10
    assert sizes == {size, size + more}


def test_a_mirror_killed_anywhere_holds_the_old_state_or_the_new(tmp_path, public, signer):
    base = tmp_path / "base"
    mirror(public, base)
    old = files_of(public)
    (public / "calendar.json").write_text("{}")
    seal_files(public, "calendar", ["calendar.json"], signer=signer)
    new = files_of(public)
    points, states = 0, set()

    while True:
        copy = tmp_path / f"{points}"
        shutil.copytree(base, copy, symlinks=True)
        if not is_killed(lambda copy=copy: mirror(public, copy), at=points):
            break

        found = files_of((copy / "public").resolve())
        assert found in (old, new), points
        states.add(len(found))
        mirror(public, copy)

        assert files_of((copy / "public").resolve()) == new
        assert sorted(path.name for path in copy.iterdir()) == [".states", "public"]
        assert len(list((copy / ".states").iterdir())) <= 2
        assert verify(copy).is_intact
        points += 1

    assert points > 20
    assert states == {len(old), len(new)}
