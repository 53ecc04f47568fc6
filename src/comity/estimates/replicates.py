"""Replicate weights: jackknife (JK1, JKn), balanced repeated replication with Fay's factor, and the rescaled bootstrap.

Wolter, *Introduction to Variance Estimation* (2nd ed.), chapters 3 and 4; Judkins (1990) for Fay's method; Rao, Wu
and Yue (1992, Survey Methodology 18:209) for the bootstrap. Each replicate goes through the *whole* weighting chain
again. Degrees of freedom are those of the design, not the number of replicates less one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import hadamard

from comity.errors import ComityError
from comity.estimates.chain import FittedStep
from comity.estimates.columns import Floats
from comity.estimates.design import Stage, Survey

Method = Literal["JK1", "JKn", "BRR", "Fay", "bootstrap"]
METHODS: tuple[Method, ...] = ("JK1", "JKn", "BRR", "Fay", "bootstrap")

Evaluate = Callable[[Floats], Floats]
"""Estimates (r, k) from r sets of weights (n, r)."""


@dataclass(frozen=True, eq=False)
class Replicates:
    """R sets of weights and how their spread becomes a variance: scale x sum of rscales x (estimate - centre)^2.

    multiplicity: (first-stage units, R) how often each unit counts in each replicate; or weights: (rows, R) final
    weights that came with the data. mse: centre on the full-sample estimate instead of the replicates' mean.
    """

    name: str
    scale: float
    rscales: Floats
    multiplicity: Floats | None = None
    weights: Floats | None = None
    mse: bool = False
    degrees_of_freedom: int | None = None

    @property
    def count(self) -> int:
        return len(self.rscales)

    def estimates(self, survey: Survey, evaluate: Evaluate) -> Floats:
        """The estimates (R, k) of every replicate."""
        size = max(1, min(64, 20_000_000 // max(survey.rows, 1)))
        starts = range(0, self.count, size)
        return np.vstack([evaluate(self.row_weights(survey, slice(start, start + size))) for start in starts])

    def row_weights(self, survey: Survey, which: slice) -> Floats:
        """Final weights (rows, r) of some replicates, with the survey's whole chain in each."""
        if self.weights is not None:
            return _through_chain_of_rows(survey, self.weights[:, which])
        assert self.multiplicity is not None
        units = self.multiplicity[:, which]
        if not survey.steps:
            return units[survey.psu] * survey.base_weights[:, None]
        table = survey.cell_chain
        if table is not None:
            factors = table.factors(table.mass @ units)
            result: Floats = units[survey.psu] * survey.base_weights[:, None] * factors[table.cell]
            return result
        return _through_chain_of_rows(survey, units[survey.psu] * survey.base_weights[:, None])

    def linear_sums(self, survey: Survey, values: Floats) -> Floats:
        """Weighted totals (R, k) of the columns of `values` (rows, k) in every replicate.

        Where the chain works on cells, replicates never touch rows: sums per first-stage unit and cell are enough.
        """
        table = survey.cell_chain if self.multiplicity is not None else None
        if table is None:
            return self.estimates(survey, lambda weights: weights.T @ values)
        assert self.multiplicity is not None
        result = np.empty((self.count, values.shape[1]))
        size = max(1, min(128, 20_000_000 // max(len(self.multiplicity), table.cells)))
        sums = [
            table.mass if (column == 1).all() else table.by_cell_and_unit(column * survey.base_weights)
            for column in values.T
        ]
        for start in range(0, self.count, size):
            units = np.ascontiguousarray(self.multiplicity[:, start : start + size])
            masses = table.mass @ units
            factors = table.factors(masses)
            for at, matrix in enumerate(sums):
                mass = masses if matrix is table.mass else matrix @ units
                result[start : start + size, at] = np.einsum("cr,cr->r", mass, factors)
        return result

    def deviations(self, replicated: Floats, full: Floats) -> Floats:
        """Scaled deviations (R, k) of the replicates' estimates (R, k); `full` (k,) is the full sample's."""
        used = self.rscales > 0
        centre = full if self.mse else replicated[used].mean(axis=0)
        return np.where(used[:, None], (replicated - centre) * np.sqrt(self.scale * self.rscales)[:, None], 0.0)

    def covariance_of(self, replicated: Floats, full: Floats) -> Floats:
        """Covariance (k, k) from the replicates' estimates (R, k) and the full sample's (k,)."""
        deviations = self.deviations(replicated, full)
        covariance: Floats = deviations.T @ deviations
        return covariance


def with_replicates(
    survey: Survey,
    method: Method,
    *,
    count: int = 500,
    seed: int | None = None,
    rho: float = 0.5,
    mse: bool = False,
) -> Survey:
    """`survey` with variance from replicates made from its design.

    JK1: one stratum; JKn: any; BRR and Fay: two PSUs in every stratum (Fay's factor is `rho`); bootstrap: `count`
    replicates drawn with `seed`.
    """
    if survey.design.second_phase is not None:
        raise ComityError(
            "Replicates made here do not carry the second phase of sampling.",
            "Use linearised standard errors, or replicate weights that came with the data.",
        )
    if survey.design.design_effect > 1:
        raise ComityError(
            "Replicates do not carry a stated design effect.", "Use linearised standard errors, or name the clusters."
        )
    stage = survey.stages[0]
    if method == "JK1":
        made = _jackknife_one(stage)
    elif method == "JKn":
        made = _jackknife_strata(stage)
    elif method in ("BRR", "Fay"):
        made = _balanced(stage, 0.0 if method == "BRR" else rho, method)
    elif method == "bootstrap":
        if seed is None:
            raise ComityError(
                "The bootstrap has no seed.", "Give one, such as seed: 1, so that results can be repeated."
            )
        made = _bootstrap(stage, count, seed, 1 / count if mse else 1 / max(count - 1, 1))
    else:
        raise ComityError(f"The replicate method is '{method}'.", f"It is one of: {', '.join(METHODS)}.")
    return replace(survey, replicates=replace(made, mse=mse))


def with_replicate_columns(
    survey: Survey,
    method: Method,
    columns: Sequence[str],
    *,
    rho: float = 0.5,
    scale: float | None = None,
    rscales: Sequence[float] | None = None,
    mse: bool = False,
    degrees_of_freedom: int | None = None,
) -> Survey:
    """`survey` with variance from replicate weights that came with the data (combined with the base weights).

    scale, rscales: from the producer's documentation; JK1, BRR, Fay and bootstrap have a default scale.
    degrees_of_freedom: default is PSUs less strata where the design names them, otherwise what the method implies; a
    bootstrap implies none.
    """
    if len(columns) < 2:
        raise ComityError(f"{len(columns)} replicate weight columns were found.", "Name at least two.")
    weights = np.column_stack([survey.columns.numbers(name) for name in columns])
    if np.isnan(weights).any():
        raise ComityError("Some replicate weights are missing.", "Every row needs a value in every replicate column.")
    count = len(columns)
    if not 0 <= rho < 1:
        raise ComityError(f"Fay's factor is {rho}.", "It is at least 0 and below 1; 0.5 is usual.")
    defaults = {"JK1": (count - 1) / count, "BRR": 1 / count, "Fay": 1 / (count * (1 - rho) ** 2)}
    defaults["bootstrap"] = 1 / count if mse else 1 / (count - 1)
    if scale is None:
        if method == "JKn" and rscales is None:
            raise ComityError(
                "JKn replicate weights need rscales.",
                "Give (n-1)/n of each replicate's stratum, from the documentation.",
            )
        scale = defaults.get(method, 1.0)
    factors = np.ones(count) if rscales is None else np.asarray(rscales, float)
    if len(factors) != count:
        raise ComityError(f"{len(factors)} rscales are given for {count} replicates.", "Give one for each.")
    known = bool(survey.design.strata or survey.design.clusters)
    if degrees_of_freedom is None and not known:
        if method == "bootstrap":
            raise ComityError(
                "The degrees of freedom of these bootstrap weights are unknown; their number does not tell.",
                "Name the strata and clusters, or give degrees_of_freedom from the documentation.",
            )
        degrees_of_freedom = int(np.linalg.matrix_rank(weights)) - 1
    made = Replicates(method, scale, factors, weights=weights, mse=mse, degrees_of_freedom=degrees_of_freedom)
    return replace(survey, replicates=made)


def _jackknife_one(stage: Stage) -> Replicates:
    units = len(stage.stratum)
    if len(stage.sampled) > 1:
        raise ComityError(f"JK1 is for one stratum, and there are {len(stage.sampled)}.", "Use JKn.")
    _limit(units)
    multiplicity = np.full((units, units), units / (units - 1))
    np.fill_diagonal(multiplicity, 0.0)
    scale = (units - 1) / units * (1 - stage.fraction[0])
    return Replicates("JK1", float(scale), np.ones(units), multiplicity)


def _jackknife_strata(stage: Stage) -> Replicates:
    units = len(stage.stratum)
    _limit(units)
    sampled = stage.sampled[stage.stratum]
    same = stage.stratum[:, None] == stage.stratum
    multiplicity = np.where(same, (sampled / np.maximum(sampled - 1, 1))[:, None], 1.0)
    np.fill_diagonal(multiplicity, np.where(sampled == 1, 1.0, 0.0))
    rscales = (sampled - 1) / sampled * (1 - stage.fraction[stage.stratum])
    return Replicates("JKn", 1.0, rscales.astype(float), multiplicity)


def _limit(units: int) -> None:
    if units < 2:
        raise ComityError("There is only one PSU.", "A jackknife needs at least two.")
    if units > 5000:
        raise ComityError(f"A jackknife would make {units:,} replicates.", "Use linearisation, or the bootstrap.")


def _balanced(stage: Stage, rho: float, name: str) -> Replicates:
    if not 0 <= rho < 1:
        raise ComityError(f"Fay's factor is {rho}.", "It is at least 0 and below 1; 0.5 is usual.")
    odd = np.flatnonzero(stage.sampled != 2)
    if len(odd):
        raise ComityError(
            f"{name} needs two PSUs in each stratum, and {len(odd)} strata have another number.",
            "Use JKn or the bootstrap.",
        )
    strata = len(stage.sampled)
    count = 1 << int(strata).bit_length()  # power of two above the number of strata: full orthogonal balance
    signs = hadamard(max(count, 2))[:, 1 : strata + 1]
    first = np.zeros(len(stage.stratum), bool)
    first[np.unique(stage.stratum, return_index=True)[1]] = True
    signed = np.where(first, 1, -1)[:, None] * signs.T[stage.stratum]
    multiplicity = 1 + (1 - rho) * signed
    return Replicates(name, 1 / (len(signs) * (1 - rho) ** 2), np.ones(len(signs)), multiplicity.astype(float))


def _bootstrap(stage: Stage, count: int, seed: int, scale: float) -> Replicates:
    if count < 2:
        raise ComityError(f"{count} bootstrap replicates were asked for.", "Ask for at least 2; 500 is usual.")
    rng = np.random.default_rng(seed)
    order = np.argsort(stage.stratum, kind="stable")
    starts = np.cumsum([0, *stage.sampled])
    multiplicity = np.ones((len(stage.stratum), count))
    for h, n in enumerate(stage.sampled):
        if n < 2:
            continue
        members = order[starts[h] : starts[h + 1]]
        drawn = rng.integers(0, n, size=(count, n - 1)) + n * np.arange(count)[:, None]
        times = np.bincount(drawn.ravel(), minlength=count * n).reshape(count, n).T
        multiplicity[members] = 1 + np.sqrt(1 - stage.fraction[h]) * (n / (n - 1) * times - 1)
    return Replicates("bootstrap", scale, np.ones(count), multiplicity)


def _through_chain_of_rows(survey: Survey, weights: Floats) -> Floats:
    if not survey.steps:
        return weights
    result = np.empty_like(weights)
    for at in range(weights.shape[1]):
        multiplicity = weights[:, at] / survey.base_weights
        current = survey.base_weights
        for step in survey.steps:
            current = step.replay(multiplicity, current)
        result[:, at] = multiplicity * current
    return result


@dataclass(frozen=True, eq=False)
class CellChain:
    """The weighting chain on the cells that its steps tell apart: rows of a cell share one factor in every replicate.

    cell: of each row. unit: first-stage unit of each row. mass: base weights by cell and unit.
    """

    cell: npt.NDArray[np.int64]
    unit: npt.NDArray[np.int64]
    cells: int
    units: int
    steps: tuple[FittedStep, ...]
    mass: sparse.csr_array

    def by_cell_and_unit(self, values: Floats) -> sparse.csr_array:
        """Sums of `values` (rows,) by cell and first-stage unit, (cells, units)."""
        return sparse.csr_array((values, (self.cell, self.unit)), shape=(self.cells, self.units))

    def factors(self, masses: Floats) -> Floats:
        """What the chain multiplies the base weight of each cell by in replicates of these masses, both (cells, r)."""
        current = np.ones_like(masses)
        for step in self.steps:
            current = step.replay_together(masses, current)
        return current


def build_cell_chain(survey: Survey) -> CellChain | None:
    """None where a step depends on more than categories (numeric totals, propensities, trimming)."""
    cell, count = np.zeros(survey.rows, np.int64), 1
    for step in survey.steps:
        codes = step.cell_codes()
        if codes is None:
            return None
        for part in codes:
            joint = cell * (int(part.max()) + 1) + part
            size = count * (int(part.max()) + 1)
            if size <= 20_000_000:
                present = np.flatnonzero(np.bincount(joint, minlength=size))
                lookup = np.empty(size, np.int64)
                lookup[present] = np.arange(len(present))
                cell = lookup[joint]
            else:
                present, cell = np.unique(joint, return_inverse=True)
            count = len(present)
    first = np.empty(count, np.int64)
    first[cell[::-1]] = np.arange(survey.rows)[::-1]
    steps = tuple(step.at_rows(first) for step in survey.steps)
    units = len(survey.stages[0].stratum)
    chain = CellChain(cell, survey.psu, count, units, steps, sparse.csr_array((count, units)))
    return replace(chain, mass=chain.by_cell_and_unit(survey.base_weights))
