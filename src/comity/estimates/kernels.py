"""Passes over rows: packing codes into keys and summing weights by key. Numba where it is installed, plain NumPy
otherwise.

Both give the same numbers (sums in row order); the tests run both. Set COMITY_NUMBA=0 to use NumPy only.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from comity.estimates.columns import Floats

Integers = npt.NDArray[np.integer[Any]]

CHUNK = 65_536  # rows worked on at once, so that they stay in the processor's cache
SMALL = 20_000  # rows below which compiling or loading compiled code costs more than it saves


def has_numba() -> bool:
    """True where the compiled kernels are to be used."""
    return os.environ.get("COMITY_NUMBA", "1") != "0" and importlib.util.find_spec("numba") is not None


def pack(codes: Sequence[Integers], sizes: Sequence[int]) -> Integers:
    """One key a row from several codes (mixed radix, the last code fastest); int32 where it fits, otherwise int64."""
    key = np.empty(len(codes[0]), _key_type(sizes))
    for start in range(0, len(key), CHUNK):
        _pack_into(key[start : start + CHUNK], [part[start : start + CHUNK] for part in codes], sizes)
    return key


def _key_type(sizes: Sequence[int]) -> type[np.signedinteger[Any]]:
    return np.int32 if float(np.prod([float(size) for size in sizes])) < 2**31 else np.int64


def _pack_into(key: Integers, codes: Sequence[Integers], sizes: Sequence[int]) -> None:
    key[:] = codes[0]
    for part, size in zip(codes[1:], sizes[1:], strict=True):
        key *= key.dtype.type(size)
        key += part.astype(key.dtype, copy=False)


class UnitSums(NamedTuple):
    """Sums over the rows of each unit and domain, (units, domains): weight, weight x centred value, and rows.

    squares: weight x centred value squared, (domains,). centre: what the values were centred on, against rounding.
    """

    mass: Floats
    total: Floats
    n: npt.NDArray[np.int64]
    squares: Floats
    centre: float


def sums_by_unit_and_domain(
    unit: Integers, domain: Integers, weights: Floats, values: Floats, units: int, domains: int
) -> UnitSums:
    """One pass over rows; rows with a missing value (NaN), no weight or no domain (-1) are left out."""
    first = values[: min(len(values), 10_000)]
    known = first[~np.isnan(first)]
    centre = float(known.mean()) if len(known) else 0.0
    if len(values) >= SMALL and has_numba():
        from comity.estimates.compiled import unit_sums

        mass, total, n, squares = unit_sums(unit, domain, weights, values, centre, units, domains)
        return UnitSums(mass, total, n, squares, centre)
    used = (domain >= 0) & (weights != 0) & ~np.isnan(values)
    key, w, y = unit[used] * domains + domain[used], weights[used], values[used] - centre
    cells, shape = units * domains, (units, domains)
    return UnitSums(
        np.bincount(key, weights=w, minlength=cells).reshape(shape),
        np.bincount(key, weights=w * y, minlength=cells).reshape(shape),
        np.bincount(key, minlength=cells).reshape(shape),
        np.bincount(domain[used], weights=w * y * y, minlength=domains),
        centre,
    )
