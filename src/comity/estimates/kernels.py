"""Passes over rows: packing codes into keys, and sums and products by key. Numba where it is installed, plain NumPy
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
    small = float(np.prod([float(size) for size in sizes])) < 2**31
    key: npt.NDArray[Any] = np.empty(len(codes[0]), np.int32 if small else np.int64)
    for start in range(0, len(key), CHUNK):
        part = key[start : start + CHUNK]
        part[:] = codes[0][start : start + CHUNK]
        for each, size in zip(codes[1:], sizes[1:], strict=True):
            part *= part.dtype.type(size)
            part += each[start : start + CHUNK].astype(part.dtype, copy=False)
    return key


def sum_by_key(key: Integers, weights: Floats, count: int) -> Floats:
    """Sums (count,) of `weights` by key."""
    if _is_compiled(key, weights):
        from comity.estimates import compiled

        found: Floats = compiled.sum_by_key(key, weights, count)
        return found
    return np.bincount(key, weights=weights, minlength=count)


def scale_by_key(key: Integers, factors: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """weights x the factor of their key, and the sums of that by key."""
    if _is_compiled(key, weights):
        from comity.estimates import compiled

        scaled, sums = compiled.scale_by_key(key, factors, weights)
        return scaled, sums
    scaled = weights * factors[key]
    return scaled, np.bincount(key, weights=scaled, minlength=len(factors))


def sum_scaled(key: Integers, count: int, other: Integers, factors: Floats, weights: Floats) -> Floats:
    """Sums (count,) by `key` of weights x the factor of their other key."""
    if _is_compiled(key, weights):
        from comity.estimates import compiled

        found: Floats = compiled.sum_scaled(key, count, other, factors, weights)
        return found
    return np.bincount(key, weights=weights * factors[other], minlength=count)


def moments_by_key(key: Integers, values: Sequence[Floats], weights: Floats, count: int) -> tuple[Floats, Floats]:
    """Sums by key (1 + k, count) of the weights and of weights x each of k columns, and the weighted products (k, k)."""
    if _is_compiled(key, weights) and values:
        from comity.estimates import compiled

        if len(values) == 2:
            interleaved, products = compiled.moments_of_two(key, values[0], values[1], weights, count)
            return np.ascontiguousarray(interleaved[:, :3].T), products
        sums, products = compiled.moments_by_key(key, tuple(values), weights, count)
    else:
        weighted = [weights * column for column in values]
        sums = np.stack([np.bincount(key, weights=each, minlength=count) for each in (weights, *weighted)])
        products = np.array([[each @ column for column in values] for each in weighted]).reshape(
            len(values), len(values)
        )
    return sums, np.tril(products) + np.tril(products, -1).T


def scale_linearly(
    key: Integers, table: Floats, values: Sequence[Floats], slopes: Floats, weights: Floats
) -> tuple[Floats, Floats, Floats]:
    """weights x (the table's entry of their key + the columns x slopes); its sums by key, and its total on each column."""
    if _is_compiled(key, weights) and values:
        from comity.estimates import compiled

        if len(values) == 2:
            scaled, sums, totals = compiled.scale_by_two(key, table, values[0], values[1], slopes, weights)
        else:
            scaled, sums, totals = compiled.scale_linearly(key, table, tuple(values), slopes, weights)
        return scaled, sums, totals
    factors = table[key]
    for column, slope in zip(values, slopes, strict=True):
        factors += slope * column
    factors *= weights
    totals = np.array([factors @ column for column in values])
    return factors, np.bincount(key, weights=factors, minlength=len(table)), totals


def _is_compiled(key: Integers, weights: Floats) -> bool:
    return len(key) >= SMALL and has_numba() and weights.flags.c_contiguous and key.flags.c_contiguous


class UnitSums(NamedTuple):
    """Sums over the rows of each unit and domain, (units, domains): weight, weight x centred value, and rows.

    squares: weight x centred value squared, (domains,). centre: what the values were centred on, against rounding.
    """

    mass: Floats
    total: Floats
    n: npt.NDArray[np.int64]
    squares: Floats
    centre: float


class UnitSummer:
    """Sums items by unit and domain; what does not depend on the item is done once for all items without gaps.

    unit: of each row; domain: of each row, -1 for none.
    """

    def __init__(self, unit: Integers, domain: Integers, weights: Floats, units: int, domains: int) -> None:
        self.domain, self.weights, self.shape = domain, weights, (units, domains)
        self.key = pack([unit, domain], [units, domains])
        if (domain < 0).any():
            self.key[domain < 0] = -1
        self._common: UnitSums | None = None

    def sums(self, values: Floats) -> UnitSums:
        """One pass over rows; rows with a missing value (NaN), no weight or no domain are left out."""
        first = values[: min(len(values), 10_000)]
        known = first[~np.isnan(first)]
        centre = float(known.mean()) if len(known) else 0.0
        cells = self.shape[0] * self.shape[1]
        if _is_compiled(self.key, self.weights):
            from comity.estimates import compiled

            given = self.domain, self.weights, values, centre, cells, self.shape[1]
            if self._common is not None:
                complete, total, squares = compiled.unit_totals(self.key, *given)
                if complete:
                    return UnitSums(self._common.mass, total.reshape(self.shape), self._common.n, squares, centre)
            mass, total, n, squares = compiled.unit_sums(self.key, *given)
        else:
            used = (self.key >= 0) & (self.weights != 0) & ~np.isnan(values)
            key, w, y = self.key[used], self.weights[used], values[used] - centre
            mass, total = np.bincount(key, weights=w, minlength=cells), np.bincount(key, weights=w * y, minlength=cells)
            n = np.bincount(key, minlength=cells)
            squares = np.bincount(self.domain[used], weights=w * y * y, minlength=self.shape[1])
        found = UnitSums(mass.reshape(self.shape), total.reshape(self.shape), n.reshape(self.shape), squares, centre)
        if self._common is None and not np.isnan(values).any():
            self._common = found
        return found
