"""Officers against comparable peers: an internal benchmark, for the agency's own eyes only.

Ridgeway and MacDonald 2009, by cell standardisation: each officer's share is compared with what peers did in the same
cells (such as time, place and assignment), leaving the officer out. False discoveries are held by Benjamini-Hochberg
and by an empirical null (Efron 2004), since officers differ for many reasons. A flag means "differs from comparable
peers", no more.

Results are `OfficerFlag`s and not findings: nothing here can enter a release (tests/disparity/test_officers.py holds
that).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from comity.errors import ComityError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class OfficerFlag:
    """share: events per stop; expected: what peers did in the same cells. compared: stops in cells that peers share.

    q: Benjamini-Hochberg; q_empirical: the same against the empirical null. flagged: both at or below the limit, and
    more than expected.
    """

    officer: str
    stops: int
    compared: int
    share: float
    expected: float
    z: float
    q: float
    q_empirical: float
    flagged: bool


def officers_against_peers(table: pa.Table, *, false_discovery: float = 0.1, least: int = 50) -> list[OfficerFlag]:
    """One entry per officer with at least `least` comparable stops, largest excess first.

    table: columns officer, cell, stops, events (events up to stops); rows of the same officer and cell are added.
    Raises ComityError for missing columns, negative counts, events above stops, or fewer than 10 comparable officers.
    """
    for column in ("officer", "cell", "stops", "events"):
        if column not in table.column_names:
            raise ComityError(f"There is no column '{column}'.", "Give officer, cell, stops and events.")
    stops, events = (table[column].to_numpy().astype(float) for column in ("stops", "events"))
    if (stops < 0).any() or (events < 0).any():
        raise ComityError("A count is negative.", "Counts are whole numbers of zero or more.")
    if (events > stops).any():
        at = int(np.argmax(events > stops))
        raise ComityError(f"Row {at + 1} has {events[at]:g} events but only {stops[at]:g} stops.", "Correct the row.")
    officer, officers = _codes(table, "officer")
    cell, cells = _codes(table, "cell")
    packed, where = np.unique(officer * len(cells) + cell, return_inverse=True)
    n, k = np.bincount(where, stops), np.bincount(where, events)
    officer, cell = np.divmod(packed, len(cells))
    cell_n, cell_k = np.bincount(cell, n, len(cells))[cell], np.bincount(cell, k, len(cells))[cell]
    peers = cell_n - n
    use = peers > 0
    rate = np.where(use, (cell_k - k) / np.maximum(peers, 1), 0)
    # A cell whose peers all agree still has a variance: the pooled rate is taken with one event more and one less.
    smooth = (cell_k - k + 0.5) / (peers + 1)
    size = len(officers)
    compared = np.bincount(officer, n * use, size)
    observed = np.bincount(officer, k * use, size)
    expected = np.bincount(officer, n * rate, size)
    variance = np.bincount(officer, np.where(use, n * smooth * (1 - smooth) * (1 + n / np.maximum(peers, 1)), 0), size)
    enough = compared >= least
    if enough.sum() < 10:
        raise ComityError(
            f"Only {int(enough.sum())} officers have {least} stops that peers' stops can be compared with.",
            "Use coarser cells, more months, or a lower `least`.",
        )
    z = (observed - expected)[enough] / np.sqrt(variance[enough])
    # Empirical null: centre and spread of the middle half, so that the officers sought do not widen it.
    middle = np.median(z)
    spread = max(1.0, float(np.subtract(*np.quantile(z, [0.75, 0.25]))) / 1.349)
    q = _benjamini_hochberg(stats.norm.sf(z))
    q_empirical = _benjamini_hochberg(stats.norm.sf((z - max(0.0, float(middle))) / spread))
    whole = np.bincount(officer, n, size)
    flags = [
        OfficerFlag(
            officer=officers[at],
            stops=round(float(whole[at])),
            compared=round(float(compared[at])),
            share=float(observed[at] / compared[at]),
            expected=float(expected[at] / compared[at]),
            z=float(z[i]),
            q=float(q[i]),
            q_empirical=float(q_empirical[i]),
            flagged=bool(q[i] <= false_discovery and q_empirical[i] <= false_discovery),
        )
        for i, at in enumerate(np.flatnonzero(enough))
    ]
    return sorted(flags, key=lambda each: -each.z)


def _benjamini_hochberg(p: Array) -> Array:
    order = np.argsort(p)
    ranked = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1)
    return q


def _codes(table: pa.Table, column: str) -> tuple[NDArray[np.int64], list[str]]:
    encoded = table[column].cast(pa.string()).combine_chunks().dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()
