"""Opt-in differential privacy for tables too wide to suppress: discrete Laplace noise by OpenDP, against a budget.

Mechanism: Ghosh, Roughgarden and Sundararajan (2009), in OpenDP's implementation; needs the extra `dp`. Noise goes on
the finest cells once, and every margin is the sum of noisy cells, so totals add up and a table costs its epsilon once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from comity.disclosure.tables import PUBLISHED, CountTable, levels, with_margins
from comity.errors import ComityError

NOISY = "noisy"
"""Column of a CountTable's counts: each finest count with its noise, which is what becomes public."""

_SLACK = 1e-9


@dataclass(frozen=True)
class Budget:
    """What may ever be spent on one dataset, and what was: {name of the table and its period: epsilon}.

    Keep `as_record()` in the ledger: a budget nobody can look up is none.
    """

    total: float
    spent: Mapping[str, float] = field(default_factory=dict)

    @property
    def left(self) -> float:
        return self.total - sum(self.spent.values())

    def spend(self, what: str, epsilon: float) -> Budget:
        """The budget after `what`. Raises ComityError when it was paid for already, or when too little is left."""
        if what in self.spent:
            raise ComityError(
                f"{what!r} was already released with epsilon {self.spent[what]:g}.",
                "Publish that release again; new noise on the same counts would wear the protection down.",
            )
        if not 0 < epsilon <= self.left + _SLACK:
            raise ComityError(
                f"{what!r} would cost epsilon {epsilon:g}; {self.left:g} of {self.total:g} is left.",
                "Use a smaller epsilon, fewer tables, or keep to suppression.",
            )
        return replace(self, spent={**self.spent, what: epsilon})

    def as_record(self) -> dict[str, Any]:
        """Plain data for the ledger and for release.json."""
        return {"total": self.total, "spent": dict(self.spent), "left": round(self.left, 9)}


def noisy_counts(
    table: CountTable, *, epsilon: float, budget: Budget, period: str, most_records_a_person: int = 1
) -> tuple[pa.Table, Budget]:
    """The table with noise and margins, and the budget after it: `draw_noise`, then `with_noise`."""
    drawn, after = draw_noise(
        table, epsilon=epsilon, budget=budget, period=period, most_records_a_person=most_records_a_person
    )
    return with_noise(drawn), after


def draw_noise(
    table: CountTable, *, epsilon: float, budget: Budget, period: str, most_records_a_person: int = 1
) -> tuple[CountTable, Budget]:
    """The table with every finest cell and, in the column NOISY, its count with noise; and the budget after it.

    most_records_a_person: how many of the table's records one person can have; noise grows with it. It comes from the
    operating system's randomness and cannot be repeated: keep what was drawn. Where categories come from the data,
    their very presence tells something: give fixed `categories`.
    """
    if most_records_a_person < 1:
        raise ComityError(f"most_records_a_person is {most_records_a_person}.", "Use 1 or more.")
    after = budget.spend(f"{table.name} {period}", epsilon)
    finest = _finest(table)
    measurement = _laplace(epsilon, most_records_a_person)
    noisy = np.array(measurement(finest.ravel().tolist()), dtype=np.int64)
    codes = [list(table.categories[name]) for name in table.dimensions]
    places = np.indices(finest.shape).reshape(finest.ndim, -1)
    cells = {name: [codes[axis][at] for at in places[axis].tolist()] for axis, name in enumerate(table.dimensions)}
    counts = {"count": pa.array(finest.ravel(), pa.int64()), NOISY: pa.array(noisy, pa.int64())}
    return replace(table, counts=pa.table({**cells, **counts})), after


def with_noise(table: CountTable) -> pa.Table:
    """The protected table of one that has its noise drawn. Every cell is published; one below 0 shows as it is."""
    if NOISY not in table.counts.column_names:
        raise ComityError(f"Table {table.name!r}: `counts` lacks the column {NOISY!r}.", "Draw its noise first.")
    counts = with_margins(table, table.counts[NOISY].to_numpy())
    every = [list(levels(table, name)) for name in table.dimensions]
    places = np.indices(counts.shape).reshape(counts.ndim, -1)
    columns = {
        name: pa.array([every[axis][at] for at in places[axis].tolist()], pa.string())
        for axis, name in enumerate(table.dimensions)
    }
    columns["count"] = pa.array(counts.ravel(), pa.int64())
    columns["status"] = pa.array([PUBLISHED] * counts.size, pa.string())
    return pa.table(columns)


def noise_interval(
    epsilon: float, *, cells: int = 1, most_records_a_person: int = 1, confidence: float = 0.95
) -> float:
    """Half the width of the interval in which the true sum of `cells` cells lies: print it beside each count."""
    decay = np.exp(-epsilon / most_records_a_person)
    if (
        cells == 1
    ):  # the exact quantile of the discrete Laplace distribution: P(|noise| > t) = 2 decay^(t+1) / (1 + decay)
        return float(max(0, np.ceil(np.log((1 - confidence) * (1 + decay) / 2) / np.log(decay) - 1)))
    deviation = np.sqrt(cells * 2 * decay) / (1 - decay)
    return float(deviation / np.sqrt(1 - confidence))  # Chebyshev: holds for any number of cells


def _finest(table: CountTable) -> Any:
    whole = with_margins(table, table.counts["count"].to_numpy())
    return whole[tuple(slice(len(table.categories[name])) for name in table.dimensions)]


def _laplace(epsilon: float, most_records_a_person: int) -> Any:
    try:
        import opendp.prelude as opendp
    except ImportError as error:
        raise ComityError("Differential privacy needs the extra `dp`.", "Install comity[dp].") from error
    opendp.enable_features("contrib")
    space = opendp.vector_domain(opendp.atom_domain(T=int)), opendp.l1_distance(T=int)
    measurement = opendp.m.make_laplace(*space, scale=most_records_a_person / epsilon)
    promised = measurement.map(most_records_a_person)  # type: ignore[no-untyped-call, unused-ignore]
    if promised > epsilon * (1 + 1e-6):
        raise ComityError(f"OpenDP promises epsilon {promised:g}, not {epsilon:g}.", "Use another epsilon.")
    return measurement
