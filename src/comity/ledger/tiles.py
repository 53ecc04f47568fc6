"""Where the hashes and entries of a log lie: files of 256, named as C2SP tlog-tiles has it (https://c2sp.org/tlog-tiles)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache

from comity.ledger.merkle import Subtree, fold
from comity.ledger.notes import NoteError

WIDTH = 256
HASH_BYTES = 32
MOST_ENTRY_BYTES = 65_535


def tile_path(level: int, index: int, size: int) -> str:
    """Name of hash tile `index` at `level` in a log of `size` entries; partial at the right edge."""
    return f"tile/{level}/{_numbered(index, size >> (8 * level))}"


def bundle_path(index: int, size: int) -> str:
    """Name of the file with entries 256 * index onwards in a log of `size` entries."""
    return f"tile/entries/{_numbered(index, size)}"


def tile_width(level: int, index: int, size: int) -> int:
    """Hashes in that tile: 256, fewer at the right edge, 0 beyond it."""
    return max(0, min(WIDTH, (size >> (8 * level)) - index * WIDTH))


def levels(size: int) -> Iterator[tuple[int, int]]:
    """(level, number of tiles) from the leaves upwards in a log of `size` entries."""
    level = 0
    while size >> (8 * level):
        yield level, -(-(size >> (8 * level)) // WIDTH)
        level += 1


def paths(size: int) -> list[str]:
    """All files of a log of `size` entries but its checkpoint, in a fixed order: entries first, then hashes."""
    bundles = [bundle_path(index, size) for index in range(-(-size // WIDTH))]
    return bundles + [tile_path(level, index, size) for level, count in levels(size) for index in range(count)]


def tile_levels(leaf_hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Hashes of all tile levels over these leaves: `[level][n]` covers 256**level entries."""
    found = []
    hashes = list(leaf_hashes)
    while hashes:
        found.append(hashes)
        hashes = [fold(hashes[start : start + WIDTH]) for start in range(0, len(hashes) - WIDTH + 1, WIDTH)]
    return found


def subtrees_in(levels: Sequence[Sequence[bytes]]) -> Subtree:
    """`subtree` for the hashes of all tile levels, as `tile_levels` answers them."""

    def subtree(height: int, index: int) -> bytes:
        level, above = divmod(height, 8)
        return fold(levels[level][index << above : (index + 1) << above])

    return subtree


def subtrees_read(read: Callable[[str, int], bytes], size: int) -> Subtree:
    """`subtree` for a log of `size` entries whose tiles `read` answers by name and exact length; each is read once."""

    @cache
    def tile(level: int, index: int) -> list[bytes]:
        return hashes(read(tile_path(level, index, size), tile_width(level, index, size) * HASH_BYTES))

    def subtree(height: int, index: int) -> bytes:
        level, above = divmod(height, 8)
        start = index << above
        return fold(tile(level, start // WIDTH)[start % WIDTH : start % WIDTH + (1 << above)])

    return subtree


def hashes(data: bytes) -> list[bytes]:
    """The hashes in a tile."""
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as one file: each with its length before it as two bytes, big-endian."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unbundle(data: bytes) -> list[bytes]:
    """Entries of one file; NoteError when the lengths do not add up."""
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise NoteError("it ends in the middle of an entry")
        entries.append(data[at + 2 : end])
        at = end
    return entries


def _numbered(index: int, total: int) -> str:
    """`index` as path elements of three digits, with `.p/width` when fewer than 256 of `total` fall to it."""
    digits = f"{index:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    width = total - index * WIDTH
    return name if width >= WIDTH else f"{name}.p/{width}"
