"""A log grows without ever changing what it said, and other people's tools can read it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import aics_tlog
import pytest

from comity.errors import ComityError
from comity.ledger import Log, Signer, tiles
from comity.ledger.log import APPENDING
from comity.ledger.merkle import is_consistent, is_included, leaf_hash

SIGNER = Signer.from_seed("example.com/log", b"\x01" * 32)


def entry(number: int) -> bytes:
    return f'{{"number": {number}}}'.encode()


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_state_from_0_to_300_entries_is_exactly_what_an_independent_writer_makes(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # 2,400 waits for the disk would show nothing more
    log = Log(tmp_path)
    log.append([], signer=SIGNER)
    key = aics_tlog.parse_vkey(SIGNER.verifier.vkey)

    for size in range(301):
        expected = aics_tlog.tiles.materialise_tiles([entry(number) for number in range(size)])
        found = files_of(tmp_path)
        note = aics_tlog.parse_note(found.pop("checkpoint"))
        result = aics_tlog.verify_checkpoint(note, key)
        assert found == expected
        assert (result.ok, result.size) == (True, size)
        assert result.root == aics_tlog.tree_root_from_tiles(aics_tlog.FileSystemTileReader(tmp_path), size)
        log.append([entry(size)], signer=SIGNER)


@pytest.mark.parametrize("steps", [[255, 1, 1], [256], [300, 1000], [700, 1, 255, 1]])
def test_appending_many_at_once_is_the_same_as_one_by_one(tmp_path, steps):
    log = Log(tmp_path)
    size = 0

    for step in steps:
        log.append([entry(number) for number in range(size, size + step)], signer=SIGNER)
        size += step

    found = files_of(tmp_path)
    del found["checkpoint"]
    assert found == aics_tlog.tiles.materialise_tiles([entry(number) for number in range(size)])
    assert list(log.entries()) == [entry(number) for number in range(size)]
    assert list(log.entries(254, 258)) == [entry(number) for number in range(254, min(258, size))]


def test_proofs_from_the_files_convince_an_independent_verifier(tmp_path):
    log = Log(tmp_path)
    log.append([entry(number) for number in range(600)], signer=SIGNER)
    now = log.root()

    for size in (1, 2, 255, 256, 257, 511, 512, 599, 600):
        for index in {0, size // 2, size - 1}:
            proof = log.inclusion_proof(index, size)
            leaf = leaf_hash(entry(index))
            assert aics_tlog.verify_inclusion(leaf, index, size, proof, log.root(size))
            assert is_included(leaf, index, size, proof, log.root(size))
        proof = log.consistency_proof(size)
        assert aics_tlog.verify_consistency(size, 600, log.root(size), now, proof)
        assert is_consistent(size, log.root(size), 600, now, proof)


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 65_792, 70_000, 256**3, 256**3 + 1, 2 * 256**3 + 70_001])
def test_tile_arithmetic_at_the_boundaries_of_levels(size):
    widths = {
        (level, index): tiles.tile_width(level, index, size)
        for level, count in tiles.levels(size)
        for index in {0, count - 1, count}
    }

    for (level, index), width in widths.items():
        stated = aics_tlog.tiles.tile_width_at(size, level, index)
        assert width == {None: 256, -1: 0}.get(stated, stated)
        if width:
            expected = aics_tlog.tiles.tile_path(level, index, None if width == 256 else width)
            assert tiles.tile_path(level, index, size) == expected


def test_the_specification_s_example_of_70_000_entries():
    counts = dict(tiles.levels(70_000))

    assert counts == {0: 274, 1: 2, 2: 1}
    assert tiles.tile_path(0, 273, 70_000) == "tile/0/273.p/112"
    assert tiles.tile_path(1, 1, 70_000) == "tile/1/001.p/17"
    assert tiles.tile_path(2, 0, 70_000) == "tile/2/000.p/1"
    assert tiles.tile_path(0, 1_234_067, 256 * 1_234_068) == "tile/0/x001/x234/067"


def test_appending_reads_only_the_right_edge(tmp_path):
    log = Log(tmp_path)
    log.append([entry(number) for number in range(1_000)], signer=SIGNER)
    (tmp_path / "tile" / "entries" / "000").unlink()
    (tmp_path / "tile" / "0" / "001").unlink()

    checkpoint = log.append([entry(1_000)], signer=SIGNER)

    assert checkpoint.root == aics_tlog.MerkleTree([entry(number) for number in range(1_001)]).root()


def test_files_shared_with_an_older_state_stay_as_they_were(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    Log(old).append([entry(number) for number in range(258)], signer=SIGNER)
    for path in old.rglob("*"):
        if path.is_file():
            copy = new / path.relative_to(old)
            copy.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, copy)
    before = files_of(old)

    Log(new).append([entry(258)], signer=SIGNER)

    assert files_of(old) == before
    assert Log(new).size == 259


def test_another_key_cannot_append(tmp_path):
    log = Log(tmp_path)
    log.append([entry(0)], signer=SIGNER)
    before = files_of(tmp_path)

    for name in ("example.com/log", "example.com/other"):
        with pytest.raises(ComityError, match="not signed with the key"):
            log.append([entry(1)], signer=Signer.from_seed(name, b"\x02" * 32))

    assert files_of(tmp_path) == before


def test_a_damaged_log_is_not_continued(tmp_path):
    log = Log(tmp_path)
    log.append([entry(number) for number in range(3)], signer=SIGNER)

    for path in ("tile/entries/000.p/3", "tile/0/000.p/3", "checkpoint"):
        target = tmp_path / path
        right = target.read_bytes()
        target.write_bytes(right[:-2] + bytes([right[-2] ^ 1]) + right[-1:])
        with pytest.raises(ComityError, match=r"damaged|do not fit|not signed"):
            log.append([entry(3)], signer=SIGNER)
        target.write_bytes(right)
    (tmp_path / "checkpoint").unlink()
    with pytest.raises(ComityError, match="entries but no checkpoint"):
        log.append([entry(3)], signer=SIGNER)


def test_an_entry_too_long_for_the_format_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ComityError, match="65,536 bytes is too long"):
        Log(tmp_path / "log").append([b"x" * 65_536], signer=SIGNER)

    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize("writes", range(6))
def test_a_disk_that_fills_leaves_the_log_as_it_was(tmp_path, monkeypatch, writes):
    log = Log(tmp_path)
    log.append([entry(number) for number in range(254)], signer=SIGNER)
    before, left, fsync = files_of(tmp_path), writes, os.fsync

    def fill(handle: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    with monkeypatch.context() as filling:
        filling.setattr(os, "fsync", fill)
        with pytest.raises(OSError, match="No space left"):
            log.append([entry(number) for number in range(254, 258)], signer=SIGNER)

    assert files_of(tmp_path) == before
    log.append([entry(number) for number in range(254, 258)], signer=SIGNER)
    found = files_of(tmp_path)
    del found["checkpoint"]
    assert found == aics_tlog.tiles.materialise_tiles([entry(number) for number in range(258)])


def test_what_a_crashed_append_left_is_removed_by_the_next(tmp_path):
    log = Log(tmp_path)
    log.append([entry(number) for number in range(3)], signer=SIGNER)
    (tmp_path / APPENDING).touch()
    for path in ("tile/0/000", "tile/0/001.p/4", "tile/entries/000", "tile/entries/.001.new"):
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"left over")

    log.append([entry(3)], signer=SIGNER)

    found = files_of(tmp_path)
    del found["checkpoint"]
    assert found == aics_tlog.tiles.materialise_tiles([entry(number) for number in range(4)])
