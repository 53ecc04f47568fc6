"""A logistic multilevel model on grouped answers, fitted by nested Laplace approximation: Rue, Martino and Chopin (2009).

Given the spreads of the effects, the posterior of the coefficients is approximated by Laplace's method; the spreads are
integrated out by importance sampling around their mode, so their uncertainty counts. Grouping answers leaves the
likelihood exactly the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse, stats

from comity.estimates.columns import Floats

Codes = npt.NDArray[np.int64]
POINTS = 64  # settings of the spreads that are averaged over


@dataclass(frozen=True, kw_only=True)
class MultilevelModel:
    """varying: columns (or pairs of columns, for their interaction) with an effect for each level. fixed: numeric or
    two-level.

    intercept_sd, fixed_sd: of normal priors, on the logit scale. spread_sd: of the half-normal prior of each spread.
    """

    varying: Sequence[str | tuple[str, ...]]
    fixed: Sequence[str] = ()
    intercept_sd: float = 2.5
    fixed_sd: float = 2.5
    spread_sd: float = 1.0


@dataclass(frozen=True, eq=False)
class Grouped:
    """Answers by cell. levels: (cells, K) column of each varying effect; fixed: (cells, F); sizes of each varying
    effect."""

    levels: Codes
    fixed: Floats
    sizes: tuple[int, ...]
    yes: Floats
    total: Floats


@dataclass(frozen=True, eq=False)
class Posterior:
    """draws: (coefficients, draws): intercept, fixed, then all levels. spreads: posterior means (K,)."""

    draws: Floats
    spreads: Floats
    effective_points: float


def fit_multilevel(data: Grouped, model: MultilevelModel, *, draws: int, seed: int) -> Posterior:
    """Draws from the approximate posterior of the coefficients, spreads integrated out."""
    laplace = _Laplace(data, model)
    centre = laplace.find_mode()
    curvature = laplace.curvature(centre)
    values, vectors = np.linalg.eigh(curvature)
    # A spread near zero has a flat posterior on the log scale: keep the search within reason.
    scale = vectors / np.sqrt(np.maximum(values, 0.25))
    dimension = len(data.sizes)
    uniform = stats.qmc.Sobol(dimension, seed=seed).random(POINTS)
    # A t distribution with 5 degrees of freedom has heavier tails than the posterior, so no weight explodes.
    steps = stats.t.ppf(np.clip(uniform, 1e-6, 1 - 1e-6), 5)
    points = centre + steps @ scale.T
    start = laplace.at(centre).mode
    fitted = [laplace.at(point, start) for point in points]
    logs = np.array([each.log_density for each in fitted]) - stats.t.logpdf(steps, 5).sum(axis=1)
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    rng = np.random.default_rng(seed)
    counts = _systematic(weights, draws // 2, rng)
    parts = []
    for each, size in zip(fitted, counts, strict=True):
        if size:
            noise = linalg.solve_triangular(each.factor, rng.normal(size=(len(each.mode), size)), trans="T", lower=True)
            parts += [
                each.mode[:, None] + noise,
                each.mode[:, None] - noise,
            ]  # antithetic pairs halve the noise of means
    return Posterior(np.hstack(parts), weights @ np.exp(points), float(1 / (weights @ weights)))


@dataclass(frozen=True, eq=False)
class _Point:
    mode: Floats
    factor: Floats
    log_density: float


class _Laplace:
    """The posterior of the coefficients given the log spreads, by Newton's method on grouped answers."""

    def __init__(self, data: Grouped, model: MultilevelModel) -> None:
        self.data, self.model = data, model
        self.dense = np.column_stack([np.ones(len(data.yes)), data.fixed])
        self.f = self.dense.shape[1]
        starts = np.cumsum([0, *data.sizes[:-1]])
        self.columns = data.levels + starts
        self.width = int(sum(data.sizes))
        self.effect = np.repeat(np.arange(len(data.sizes)), data.sizes)
        cells, effects = self.columns.shape
        self.incidence = sparse.csr_array(
            (np.ones(self.columns.size), self.columns.ravel(), np.arange(0, self.columns.size + 1, effects)),
            shape=(cells, self.width),
        )
        self.transposed = self.incidence.T.tocsr()
        # Which cells add to which entry of the effects' block of the Hessian.
        pairs = (self.columns[:, :, None] * self.width + self.columns[:, None, :]).reshape(cells, -1)
        rows = np.repeat(np.arange(cells), pairs.shape[1])
        self.block = sparse.csr_array((np.ones(pairs.size), (pairs.ravel(), rows)), shape=(self.width**2, cells))
        self.fixed_precision = np.concatenate([[model.intercept_sd**-2], np.full(self.f - 1, model.fixed_sd**-2)])

    def linear(self, coefficients: Floats) -> Floats:
        result: Floats = self.dense @ coefficients[: self.f]
        result += self.incidence @ coefficients[self.f :]
        return result

    def at(self, log_spreads: Floats, start: Floats | None = None) -> _Point:
        """Mode, Cholesky factor of the precision, and log posterior density of the log spreads up to a constant."""
        precision = np.concatenate([self.fixed_precision, np.exp(-2 * log_spreads)[self.effect]])
        mode = np.zeros(self.f + self.width) if start is None else start.copy()
        value, gap = self._objective(mode, precision)
        factor = np.zeros((0, 0))
        for _ in range(50):
            share = gap[1]
            gradient = self._gradient(share, precision, mode)
            factor = linalg.cholesky(self._hessian(self.data.total * share * (1 - share), precision), lower=True)
            step = linalg.cho_solve((factor, True), gradient)
            length = 1.0
            while length > 1e-4:
                trial = mode + length * step
                new_value, new_gap = self._objective(trial, precision)
                if new_value >= value - 1e-9:
                    break
                length /= 2
            mode, change, value, gap = trial, new_value - value, new_value, new_gap
            if abs(change) < 1e-8:
                break
        determinant = 2 * float(np.log(np.diag(factor)).sum())
        prior = -0.5 * float((np.exp(2 * log_spreads)).sum()) / self.model.spread_sd**2 + float(log_spreads.sum())
        density = value + 0.5 * float(np.log(precision).sum()) - 0.5 * determinant + prior
        return _Point(mode, factor, density)

    def find_mode(self) -> Floats:
        """Log spreads of highest posterior density: EM steps, then Newton on the approximate density."""
        spreads = np.log(np.full(len(self.data.sizes), 0.5))
        mode = None
        for _ in range(15):
            point = self.at(spreads, mode)
            mode = point.mode
            inverse = linalg.cho_solve((point.factor, True), np.eye(len(mode)))
            moments = mode[self.f :] ** 2 + np.diag(inverse)[self.f :]
            sums = np.bincount(self.effect, weights=moments)
            # Maximum of -n log s - S / 2 s^2 - s^2 / 2 tau^2 + log s (the last from the log scale).
            tau, sizes = self.model.spread_sd**2, np.array(self.data.sizes) - 1.0
            squares = tau / 2 * (-sizes + np.sqrt(sizes**2 + 4 * sums / tau))
            change = 0.5 * np.log(np.maximum(squares, 1e-6)) - spreads
            spreads = spreads + 1.5 * change
            if np.max(np.abs(change)) < 0.02:
                break
        self._start = mode
        return spreads

    def curvature(self, centre: Floats) -> Floats:
        """Minus the second derivatives of the log density at `centre`, by differences."""
        size, step = len(centre), 0.15
        middle = self.at(centre, self._start).log_density
        ahead = np.array([self.at(centre + step * row, self._start).log_density for row in np.eye(size)])
        behind = np.array([self.at(centre - step * row, self._start).log_density for row in np.eye(size)])
        result = np.diag((2 * middle - ahead - behind) / step**2)
        for row in range(size):
            for column in range(row):
                both = self.at(centre + step * (np.eye(size)[row] + np.eye(size)[column]), self._start).log_density
                result[row, column] = result[column, row] = -(both - ahead[row] - ahead[column] + middle) / step**2
        return result

    def _objective(self, coefficients: Floats, precision: Floats) -> tuple[float, tuple[Floats, Floats]]:
        eta = self.linear(coefficients)
        value = float(self.data.yes @ eta - self.data.total @ np.logaddexp(0, eta))
        return value - 0.5 * float(precision @ coefficients**2), (eta, 1 / (1 + np.exp(-eta)))

    def _gradient(self, share: Floats, precision: Floats, coefficients: Floats) -> Floats:
        residual = self.data.yes - self.data.total * share
        return np.concatenate([self.dense.T @ residual, self.transposed @ residual]) - precision * coefficients

    def _hessian(self, mass: Floats, precision: Floats) -> Floats:
        size = self.f + self.width
        result = np.empty((size, size))
        result[: self.f, : self.f] = self.dense.T @ (self.dense * mass[:, None])
        corner = (self.transposed @ (self.dense * mass[:, None])).T
        result[: self.f, self.f :], result[self.f :, : self.f] = corner, corner.T
        result[self.f :, self.f :] = (self.block @ mass).reshape(self.width, self.width)
        result[np.arange(size), np.arange(size)] += precision
        return result


def _systematic(weights: Floats, draws: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """How often each point is drawn: systematic resampling, which keeps counts close to weight x draws."""
    places = (rng.random() + np.arange(draws)) / draws
    return np.bincount(np.searchsorted(np.cumsum(weights), places).clip(0, len(weights) - 1), minlength=len(weights))
