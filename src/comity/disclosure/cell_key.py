"""Cell-key perturbation: each count changes by a small amount that depends only on which records are in it.

For tables too wide to suppress. The same records give the same published count in every table and every release, so
averaging over tables gains nothing. Method: Fraser and Wooton (2005); Thompson, Broadfoot and Elazar (2013); the table
of chances is the one of greatest entropy with the required mean and variance (Marley and Leaver 2011; Giessing 2016).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from comity.disclosure.tables import PUBLISHED, CountTable, levels, with_margins
from comity.errors import ComityError

_HALVINGS = 70  # of an interval of 120: to the last digit of a float
KEY = "key"
"""Column of a CountTable's counts: the sum of the keys of each cell's records."""

KEYS = 2**32
"""Record keys and cell keys are whole numbers from 0 to KEYS - 1."""


@dataclass(frozen=True)
class Perturbation:
    """most: the largest change. variance: of the change. least_shown: counts of 1 to least_shown - 1 never appear.

    The change has mean 0, zeros stay zero, and no count becomes negative.
    """

    most: int = 5
    variance: float = 3.0
    least_shown: int = 3

    def __post_init__(self) -> None:
        if self.most < 1 or self.variance <= 0 or self.least_shown < 1 or self.least_shown > self.most:
            raise ComityError(
                f"No perturbation has most={self.most}, variance={self.variance}, least_shown={self.least_shown}.",
                "Use most >= least_shown >= 1 and a variance above 0.",
            )


def record_key(secret: bytes, record_id: str) -> int:
    """The key of one record: the first 32 bits of HMAC-SHA-256 of its id under the instance's secret."""
    return int.from_bytes(hmac.new(secret, record_id.encode(), hashlib.sha256).digest()[:4], "big")


def record_keys(secret: bytes, record_ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """The keys of many records. Sum them by the table's dimensions in any engine; int64 holds 2**31 of them."""
    return np.fromiter((record_key(secret, each) for each in record_ids), dtype=np.int64, count=len(record_ids))


def perturb(table: CountTable, *, perturbation: Perturbation | None = None) -> pa.Table:
    """The table with margins and perturbed counts; every cell is published, and totals no longer add up exactly.

    table.counts needs, beside `count`, the column KEY. Columns as in a protected table.
    """
    if KEY not in table.counts.column_names:
        raise ComityError(
            f"Table {table.name!r}: `counts` lacks the column {KEY!r}.", "Sum the record keys of each cell into it."
        )
    chances = _cumulative_chances(perturbation or Perturbation())
    counts = with_margins(table, table.counts["count"].to_numpy())
    keys = with_margins(table, table.counts[KEY].to_numpy() % KEYS) % KEYS
    which = np.minimum(counts, len(chances) - 1)
    changes = (keys[..., None] >= chances[which]).sum(axis=-1) - (chances.shape[1] - 1) // 2
    codes = [list(levels(table, name)) for name in table.dimensions]
    places = np.indices(counts.shape).reshape(counts.ndim, -1)
    columns = {
        name: pa.array([codes[axis][at] for at in places[axis].tolist()], pa.string())
        for axis, name in enumerate(table.dimensions)
    }
    columns["count"] = pa.array((counts + changes).ravel(), pa.int64())
    columns["status"] = pa.array([PUBLISHED] * counts.size, pa.string())
    return pa.table(columns)


def chances(perturbation: Perturbation) -> dict[int, dict[int, float]]:
    """{count: {change: chance}} for counts from 0 to where the chances no longer depend on the count."""
    most, least = perturbation.most, perturbation.least_shown
    found: dict[int, dict[int, float]] = {0: {0: 1.0}}
    for count in range(1, most + least + 1):
        changes = [v for v in range(-most, most + 1) if count + v == 0 or count + v >= least]
        found[count] = dict(zip(changes, _greatest_entropy(np.array(changes), perturbation.variance), strict=True))
    return found


def _greatest_entropy(changes: npt.NDArray[np.int64], variance: float) -> list[float]:
    """Chances proportional to exp(a v + b v^2) with mean 0 and the variance, or the nearest these changes allow."""
    values = changes.astype(np.float64)

    def with_mean_zero(b: float) -> npt.NDArray[np.float64]:
        low, high = -60.0, 60.0
        for _ in range(_HALVINGS):
            a = (low + high) / 2
            weights = np.exp(_less_its_greatest(a * values + b * values**2))
            if weights @ values > 0:
                high = a
            else:
                low = a
        return np.asarray(weights / weights.sum())

    low, high = -40.0, 40.0
    for _ in range(_HALVINGS):
        b = (low + high) / 2
        if with_mean_zero(b) @ values**2 > variance:
            high = b
        else:
            low = b
    return [float(each) for each in with_mean_zero(b)]


def _less_its_greatest(exponents: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(exponents - exponents.max())


@cache
def _cumulative_chances(perturbation: Perturbation) -> npt.NDArray[np.int64]:
    """Row = count, column = change from -most up: the least key that gives a greater change."""
    most = perturbation.most
    table = np.zeros((most + perturbation.least_shown + 1, 2 * most + 1))
    for count, by_change in chances(perturbation).items():
        for change, chance in by_change.items():
            table[count, change + most] = chance
    bounds = np.rint(np.cumsum(table, axis=1) * KEYS).astype(np.int64)
    bounds[:, -1] = KEYS
    return bounds
