"""The passes of `kernels` compiled by Numba and cached on disk; imported only where Numba is installed."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def unit_sums(unit, domain, weights, values, centre, units, domains):  # type: ignore[no-untyped-def]
    """See kernels.sums_by_unit_and_domain."""
    mass, total = np.zeros((units, domains)), np.zeros((units, domains))
    n, squares = np.zeros((units, domains), np.int64), np.zeros(domains)
    for row in range(len(values)):
        g, w, y = domain[row], weights[row], values[row] - centre
        if g >= 0 and w != 0 and y == y:
            u = unit[row]
            mass[u, g] += w
            total[u, g] += w * y
            n[u, g] += 1
            squares[g] += w * y * y
    return mass, total, n, squares
