"""Roots and proofs equal the specification's definition, and every proof of ours convinces an independent verifier."""

from __future__ import annotations

import random
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import aics_tlog
import pytest

from comity.ledger import merkle, tiles

_spec = spec_from_file_location("reference_merkle", Path(__file__).parents[1] / "reference" / "merkle.py")
assert _spec
assert _spec.loader
slow = module_from_spec(_spec)
_spec.loader.exec_module(slow)

LEAVES = [merkle.leaf_hash(f"entry {number}".encode()) for number in range(300)]
ENTRIES = [f"entry {number}".encode() for number in range(300)]
EMPTY_ROOT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # RFC 6962 section 2.1


def root(size: int) -> bytes:
    return merkle.range_hash(0, size, merkle.subtrees_of(LEAVES))


ROOTS = [root(size) for size in range(301)]


def test_roots_and_proofs_are_those_of_the_specification_for_every_small_tree():
    subtree = merkle.subtrees_of(LEAVES)

    for size in range(40):
        assert ROOTS[size] == slow.root(ENTRIES[:size])
        for index in range(size):
            assert merkle.inclusion_proof(index, size, subtree) == slow.path(index, ENTRIES[:size])
        for old in range(1, size + 1):
            assert merkle.consistency_proof(old, size, subtree) == slow.proof(old, ENTRIES[:size])

    assert ROOTS[0].hex() == EMPTY_ROOT


def test_roots_around_the_width_of_a_tile_are_those_of_the_specification():
    for size in (127, 128, 129, 255, 256, 257, 299, 300):
        assert ROOTS[size] == slow.root(ENTRIES[:size])


def test_every_inclusion_proof_convinces_an_independent_verifier_and_ours():
    subtree = merkle.subtrees_of(LEAVES)

    for size in [*range(1, 70), 255, 256, 257, 300]:
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, subtree)
            assert aics_tlog.verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])
            assert merkle.is_included(LEAVES[index], index, size, proof, ROOTS[size])


def test_every_consistency_proof_convinces_an_independent_verifier_and_ours():
    subtree = merkle.subtrees_of(LEAVES)

    for new in [*range(70), 255, 256, 257, 300]:
        for old in range(new + 1):
            proof = merkle.consistency_proof(old, new, subtree)
            assert aics_tlog.verify_consistency(old, new, ROOTS[old], ROOTS[new], proof)
            assert merkle.is_consistent(old, ROOTS[old], new, ROOTS[new], proof)


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
def test_proofs_from_tiles_hold_where_a_third_level_begins(size):
    leaves = [sha256(number.to_bytes(4, "big")).digest() for number in range(size)]
    levels = tiles.tile_levels(leaves)
    asked = []

    def read(path: str, length: int) -> bytes:
        level, index, width = aics_tlog.tiles.parse_tile_path(path)
        asked.append(path)
        assert length == 32 * (width or 256)
        return b"".join(levels[level][index * 256 : index * 256 + (width or 256)])

    whole = merkle.range_hash(0, size, merkle.subtrees_of(leaves))
    assert whole == merkle.range_hash(0, size, tiles.subtrees_in(levels))
    for index in (0, 256, 65_279, size - 1):
        asked.clear()
        proof = merkle.inclusion_proof(index, size, tiles.subtrees_read(read, size))
        assert aics_tlog.verify_inclusion(leaves[index], index, size, proof, whole)
        assert len(asked) <= 6
        old = merkle.range_hash(0, index, merkle.subtrees_of(leaves))
        proof = merkle.consistency_proof(index, size, tiles.subtrees_read(read, size))
        assert index == 0 or aics_tlog.verify_consistency(index, size, old, whole, proof)


def test_a_proof_convinces_nobody_of_anything_else():
    subtree = merkle.subtrees_of(LEAVES)
    pick = random.Random(1)

    for _ in range(500):
        size = pick.randrange(2, 300)
        index, other = pick.sample(range(size), 2)
        proof = merkle.inclusion_proof(index, size, subtree)
        assert not merkle.is_included(LEAVES[other], index, size, proof, ROOTS[size])
        assert not merkle.is_included(LEAVES[index], index, size, [*proof, LEAVES[0]], ROOTS[size])
        assert not merkle.is_included(LEAVES[index], index, size, proof[:-1], ROOTS[size])
        assert not merkle.is_included(LEAVES[index], size, size, proof, ROOTS[size])
        old = pick.randrange(1, size)
        proof = merkle.consistency_proof(old, size, subtree)
        assert not merkle.is_consistent(old, ROOTS[old - 1], size, ROOTS[size], proof)
        assert not merkle.is_consistent(old, ROOTS[old], size, ROOTS[size - 1], proof)
        assert not merkle.is_consistent(old, ROOTS[old], size, ROOTS[size], [*proof, LEAVES[0]])
        assert not merkle.is_consistent(old, ROOTS[old], size, ROOTS[size], proof[:-1])
