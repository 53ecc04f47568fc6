"""Knox, Lowe and Mummolo's bounds by brute force: every way to share searches between the two kinds of a group's stops."""

from __future__ import annotations

import numpy as np


def effects_among_everybody(p1, p0, own, rho, *, less_serious=True, steps=20_001):
    """(least, most) effect on everybody stopped, over all chances of a search in stops that would not have been made.

    p1, p0: share searched of the group and of the others; own: the group's share of all stops.
    less_serious: such stops are searched no likelier than those that would have been made anyway.
    """
    found = []
    for extra in np.linspace(0, 1, steps):
        anyway = (p1 - rho * extra) / (1 - rho)
        if not 0 <= anyway <= 1 or (less_serious and extra > anyway + 1e-12):
            continue
        # Group's stops: without the group, extra stops have no search, the others the reference's share.
        of_own = rho * extra + (1 - rho) * (anyway - p0)
        found.append(own * of_own + (1 - own) * (anyway - p0))
    return min(found), max(found)
