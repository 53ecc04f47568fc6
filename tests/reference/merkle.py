"""Slow, obvious Merkle tree: RFC 6962 section 2.1 written down as it stands, for the tests of `comity.ledger`."""

from __future__ import annotations

from hashlib import sha256


def root(entries: list[bytes]) -> bytes:
    """MTH(D[n])."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return sha256(b"\x01" + root(entries[:k]) + root(entries[k:])).digest()


def path(index: int, entries: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]), RFC 6962 section 2.1.1."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if index < k:
        return [*path(index, entries[:k]), root(entries[k:])]
    return [*path(index - k, entries[k:]), root(entries[:k])]


def proof(old: int, entries: list[bytes]) -> list[bytes]:
    """PROOF(m, D[n]), RFC 6962 section 2.1.2."""
    return subproof(old, entries, True)


def subproof(old: int, entries: list[bytes], is_whole: bool) -> list[bytes]:
    if old == len(entries):
        return [] if is_whole else [root(entries)]
    k = split(len(entries))
    if old <= k:
        return [*subproof(old, entries[:k], is_whole), root(entries[k:])]
    return [*subproof(old - k, entries[k:], False), root(entries[:k])]


def split(size: int) -> int:
    k = 1
    while 2 * k < size:
        k *= 2
    return k
