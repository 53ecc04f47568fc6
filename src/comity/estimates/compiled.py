"""The passes of `kernels` compiled by Numba and cached on disk; imported only where Numba is installed."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

BLOCK = 2048  # rows worked on at once


def _compile(**options: Any) -> Any:
    """Numba's njit with its cache on disk; without it where no folder can be written, as in read-only containers."""

    def decorate(function: Any) -> Any:
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:
            return numba.njit(**options)(function)

    return decorate


@_compile()
def sum_by_key(key, weights, count):  # type: ignore[no-untyped-def]
    """See kernels.sum_by_key."""
    sums = np.zeros(count)
    for row in range(len(key)):
        sums[key[row]] += weights[row]
    return sums


@_compile()
def scale_by_key(key, factors, weights):  # type: ignore[no-untyped-def]
    """See kernels.scale_by_key."""
    scaled = np.empty(len(key))
    sums = np.zeros(len(factors))
    for row in range(len(key)):
        cell = key[row]
        value = weights[row] * factors[cell]
        scaled[row] = value
        sums[cell] += value
    return scaled, sums


@_compile()
def sum_scaled(key, count, other, factors, weights):  # type: ignore[no-untyped-def]
    """See kernels.sum_scaled."""
    sums = np.zeros(count)
    for row in range(len(key)):
        sums[key[row]] += weights[row] * factors[other[row]]
    return sums


@_compile()
def moments_by_key(key, values, weights, count):  # type: ignore[no-untyped-def]
    """See kernels.moments_by_key. In blocks of rows that stay in the cache, one column at a time."""
    size = len(values)
    sums, products = np.zeros((size + 1, count)), np.zeros((size, size))
    weighted = np.empty(BLOCK)
    for start in range(0, len(key), BLOCK):
        cells, mass = key[start : start + BLOCK], weights[start : start + BLOCK]
        for row in range(len(cells)):
            sums[0, cells[row]] += mass[row]
        for at in range(size):
            column = values[at][start : start + BLOCK]
            for row in range(len(cells)):
                part = mass[row] * column[row]
                weighted[row] = part
                sums[at + 1, cells[row]] += part
            for other in range(at + 1):
                products[at, other] += inner(weighted[: len(cells)], values[other][start : start + BLOCK])
    return sums, products


@_compile()
def moments_of_two(key, first, second, weights, count):  # type: ignore[no-untyped-def]
    """`moments_by_key` of two columns in one pass, twice as fast as one column after the other."""
    sums = np.zeros((count, 4))
    one, both, two = 0.0, 0.0, 0.0
    for row in range(len(key)):
        cell, weight = key[row], weights[row]
        x, z = first[row], second[row]
        wx, wz = weight * x, weight * z
        sums[cell, 0] += weight
        sums[cell, 1] += wx
        sums[cell, 2] += wz
        one += wx * x
        both += wx * z
        two += wz * z
    return sums, np.array([[one, both], [both, two]])


@_compile()
def scale_by_two(key, table, first, second, slopes, weights):  # type: ignore[no-untyped-def]
    """`scale_linearly` over two columns in one pass."""
    scaled, sums = np.empty(len(key)), np.zeros(len(table))
    one, two = 0.0, 0.0
    for row in range(len(key)):
        cell, x, z = key[row], first[row], second[row]
        value = weights[row] * (table[cell] + slopes[0] * x + slopes[1] * z)
        scaled[row] = value
        sums[cell] += value
        one += value * x
        two += value * z
    return scaled, sums, np.array([one, two])


@_compile(fastmath={"reassoc"})
def inner(first, second):  # type: ignore[no-untyped-def]
    """Their inner product, summed several rows at a time."""
    total = 0.0
    for row in range(len(first)):
        total += first[row] * second[row]
    return total


@_compile()
def scale_linearly(key, table, values, slopes, weights):  # type: ignore[no-untyped-def]
    """See kernels.scale_linearly. In blocks of rows, as `moments_by_key`."""
    size = len(values)
    scaled, sums, totals = np.empty(len(key)), np.zeros(len(table)), np.zeros(size)
    for start in range(0, len(key), BLOCK):
        cells, mass = key[start : start + BLOCK], weights[start : start + BLOCK]
        block = scaled[start : start + BLOCK]
        for row in range(len(cells)):
            block[row] = table[cells[row]]
        for at in range(size):
            column, slope = values[at][start : start + BLOCK], slopes[at]
            for row in range(len(cells)):
                block[row] += slope * column[row]
        for row in range(len(cells)):
            value = mass[row] * block[row]
            block[row] = value
            sums[cells[row]] += value
        for at in range(size):
            totals[at] += inner(block, values[at][start : start + BLOCK])
    return scaled, sums, totals


@_compile()
def unit_sums(key, domain, weights, values, centre, cells, domains):  # type: ignore[no-untyped-def]
    """See kernels.sums_by_unit_and_domain."""
    mass, total = np.zeros(cells), np.zeros(cells)
    n, squares = np.zeros(cells, np.int64), np.zeros(domains)
    for row in range(len(values)):
        cell, w, y = key[row], weights[row], values[row] - centre
        if cell >= 0 and w != 0 and y == y:
            mass[cell] += w
            total[cell] += w * y
            n[cell] += 1
            squares[domain[row]] += w * y * y
    return mass, total, n, squares


@_compile()
def unit_totals(key, domain, weights, values, centre, cells, domains):  # type: ignore[no-untyped-def]
    """The sums of `unit_sums` that differ between items, and whether no value is missing."""
    total, squares = np.zeros(cells), np.zeros(domains)
    for row in range(len(values)):
        cell, y = key[row], values[row] - centre
        if y != y:
            return False, total, squares
        if cell >= 0:
            part = weights[row] * y
            total[cell] += part
            squares[domain[row]] += part * y
    return True, total, squares
