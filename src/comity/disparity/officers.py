"""Officers against comparable peers: an internal benchmark, for the agency's own eyes only.

Ridgeway and MacDonald 2009. First by cell standardisation: each officer's share is compared with what peers did in the
same cells (such as time, place and assignment), leaving the officer out; false discoveries are held by
Benjamini-Hochberg and by an empirical null (Efron 2004), since officers differ for many reasons. Whoever is flagged is
then looked at again, doubly robustly: peers' stops are weighted to look like the officer's, and adjusted by a regression.
A flag means "differs from comparable peers", no more.

Results are `OfficerFlag`s and not findings: nothing here can enter a release (tests/disparity/test_officers.py holds
that).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import special, stats

from comity.disparity.change import FunnelPoint
from comity.disparity.counts import numbers
from comity.disparity.picture_parts import Drawing
from comity.disparity.point_pictures import funnel_picture
from comity.errors import ComityError
from comity.wording import message

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class OfficerFlag:
    """share: events per stop; expected: what peers did in the same cells. compared: stops in cells that peers share.

    q: Benjamini-Hochberg; q_empirical: the same against the empirical null. flagged: both at or below the limit, and
    more than expected. Only for those flagged: adjusted, what peers' stops weighted to look like this officer's lead one
    to expect, z_adjusted, and confirmed, whether the difference from that would have been flagged as well.
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
    adjusted: float | None = None
    z_adjusted: float | None = None
    confirmed: bool = False


@dataclass(frozen=True)
class _Stops:
    """Rows of the same officer and cell added up. levels: (cells, features) codes."""

    officer: Ints
    cell: Ints
    n: Array
    k: Array
    officers: list[str]
    levels: Ints


def officers_against_peers(table: pa.Table, *, false_discovery: float = 0.1, least: int = 50) -> list[OfficerFlag]:
    """One entry per officer with at least `least` comparable stops, largest excess first.

    table: columns officer, stops, events (events up to stops), and one or more further ones, within whose combinations
    officers are compared; rows of the same officer and combination are added. Raises ComityError for missing columns,
    negative counts, events above stops, or fewer than 10 comparable officers.
    """
    stops = _read(table)
    officer, cell, n, k = stops.officer, stops.cell, stops.n, stops.k
    cell_n, cell_k = np.bincount(cell, n)[cell], np.bincount(cell, k)[cell]
    peers = cell_n - n
    use = peers > 0
    rate = np.where(use, (cell_k - k) / np.maximum(peers, 1), 0)
    # A cell whose peers all agree still has a variance: the pooled rate is taken with one event more and one less.
    smooth = (cell_k - k + 0.5) / (peers + 1)
    size = len(stops.officers)
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
    centre = max(0.0, float(np.median(z)))
    spread = max(1.0, float(np.subtract(*np.quantile(z, [0.75, 0.25]))) / 1.349)
    q = _benjamini_hochberg(stats.norm.sf(z))
    q_empirical = _benjamini_hochberg(stats.norm.sf((z - centre) / spread))
    whole = np.bincount(officer, n, size)
    known = np.flatnonzero(enough)
    flags = [
        OfficerFlag(
            officer=stops.officers[at],
            stops=round(float(whole[at])),
            compared=round(float(compared[at])),
            share=float(observed[at] / compared[at]),
            expected=float(expected[at] / compared[at]),
            z=float(z[i]),
            q=float(q[i]),
            q_empirical=float(q_empirical[i]),
            flagged=bool(q[i] <= false_discovery and q_empirical[i] <= false_discovery),
        )
        for i, at in enumerate(known)
    ]
    flagged = [i for i, flag in enumerate(flags) if flag.flagged]
    # What Benjamini-Hochberg demanded of those flagged is demanded again.
    limit = false_discovery * len(flagged) / len(flags)
    for i in flagged:
        adjusted, z_adjusted = _doubly_robust(stops, int(known[i]))
        flags[i] = replace(
            flags[i],
            adjusted=adjusted,
            z_adjusted=z_adjusted,
            confirmed=bool(stats.norm.sf((z_adjusted - centre) / spread) <= limit),
        )
    return sorted(flags, key=lambda each: -each.z)


def officer_funnel(flags: Sequence[OfficerFlag], language: str = "en") -> Drawing:
    """A funnel of officers, each share as it would be if peers' cells were like all cells; those flagged are named."""
    compared = np.array([flag.compared for flag in flags], dtype=float)
    overall = float(np.sum([flag.expected for flag in flags] * compared) / compared.sum())
    limits = [stats.binom.ppf(q, compared.astype(int), overall) / compared for q in (0.025, 0.975, 0.001, 0.999)]
    points = [
        FunnelPoint(
            place=flag.officer,
            rate=overall * flag.share / max(flag.expected, 1e-9),
            exposure=float(flag.compared),
            low=float(limits[0][at]),
            high=float(limits[1][at]),
            far_low=float(limits[2][at]),
            far_high=float(limits[3][at]),
            stands_out=flag.flagged,
        )
        for at, flag in enumerate(flags)
    ]
    return funnel_picture(points, title=message("Officers against comparable peers (internal)"), language=language)


def _read(table: pa.Table) -> _Stops:
    for column in ("officer", "stops", "events"):
        if column not in table.column_names:
            raise ComityError(
                f"There is no column '{column}'.", "Give officer, stops, events and what officers are compared within."
            )
    features = [name for name in table.column_names if name not in ("officer", "stops", "events")]
    if not features:
        raise ComityError(
            "No column says within what officers are compared.", "Add one, such as cell, place, hour or assignment."
        )
    stops, events = (numbers(table, column) for column in ("stops", "events"))
    for name, values in (("stops", stops), ("events", events)):
        if not (np.isfinite(values).all() and (values >= 0).all() and (values == np.floor(values)).all()):
            at = int(np.argmax(~((values >= 0) & (values == np.floor(values)))))
            raise ComityError(
                f"'{name}' is {values[at]:g} in row {at + 1}.", "Counts are whole numbers of zero or more."
            )
    if (events > stops).any():
        at = int(np.argmax(events > stops))
        raise ComityError(f"Row {at + 1} has {events[at]:g} events but only {stops[at]:g} stops.", "Correct the row.")
    officer, officers = _codes(table, "officer")
    codes = np.column_stack([_codes(table, name)[0] for name in features])
    levels, cell = np.unique(codes, axis=0, return_inverse=True)
    packed = officer * len(levels) + cell.reshape(-1)
    pairs, row = np.unique(packed, return_inverse=True)
    officer, cell = np.divmod(pairs, len(levels))
    n, k = np.bincount(row, stops), np.bincount(row, events)
    return _Stops(officer[n > 0], cell[n > 0], n[n > 0], k[n > 0], officers, levels)


def _doubly_robust(stops: _Stops, officer: int) -> tuple[float, float]:
    """(share of events that peers lead one to expect of this officer, z of the difference from it).

    Peers' stops get the odds that a stop with their features is the officer's; a regression on the features, so
    weighted, adjusts for what the weights leave. Either being right is enough. Peers are clusters in the variance.
    """
    x = _design(stops.levels)
    cells = len(x)
    mine = stops.officer == officer
    own_n, own_k = (np.bincount(stops.cell[mine], each[mine], cells) for each in (stops.n, stops.k))
    peer_n, peer_k = (np.bincount(stops.cell[~mine], each[~mine], cells) for each in (stops.n, stops.k))
    odds = np.exp(x @ _logistic(x, own_n, own_n + peer_n))
    weight = odds / odds.max()
    share = special.expit(x @ _logistic(x, weight * peer_k, weight * peer_n))
    total, whole = own_n.sum(), float(weight @ peer_n)
    expected = float(own_n @ share / total + weight @ (peer_k - peer_n * share) / whole)
    residual = weight[stops.cell] * (stops.k - stops.n * share[stops.cell]) * ~mine
    of_peers = np.bincount(stops.officer, residual, len(stops.officers)) / whole
    variance = float(own_n @ (share * (1 - share)) / total**2 + (of_peers**2).sum())
    return expected, float((own_k.sum() / total - expected) / np.sqrt(max(variance, 1e-12)))


def _design(levels: Ints) -> Array:
    """An intercept and a column for each level but the first of each feature. levels: (cells, features)."""
    columns = [np.ones((len(levels), 1))]
    for feature in levels.T:
        known, code = np.unique(feature, return_inverse=True)
        columns.append(np.eye(len(known))[code][:, 1:])
    return np.hstack(columns)


def _logistic(x: Array, y: Array, n: Array, *, ridge: float = 1e-4) -> Array:
    """Coefficients of a logistic regression of y of n on x; the ridge holds levels that never (or always) occur."""
    beta = np.zeros(x.shape[1])
    penalty = np.full(x.shape[1], ridge)
    penalty[0] = 0.0
    for _ in range(100):
        p = special.expit(x @ beta)
        gradient = x.T @ (y - n * p) - penalty * beta
        information = (x * (n * p * (1 - p) + 1e-12)[:, None]).T @ x + np.diag(penalty + 1e-12)
        step = np.linalg.solve(information, gradient)
        step *= min(1.0, 5.0 / max(np.abs(step).max(), 1e-12))
        beta = beta + step
        if np.abs(step).max() < 1e-9:
            break
    return beta


def _benjamini_hochberg(p: Array) -> Array:
    order = np.argsort(p)
    ranked = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1)
    return q


def _codes(table: pa.Table, column: str) -> tuple[Ints, list[str]]:
    encoded = table[column].cast(pa.string()).combine_chunks().fill_null("not recorded").dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()
