"""Multilevel regression with post-stratification, by fast empirical Bayes: Gelman and Little (1997), Park, Gelman and
Bafumi (2004).

A logistic model with an intercept, fixed columns and a normal effect for each level of the varying columns. Given the
spreads of the effects, the posterior is approximated by Laplace's method; the spreads are integrated out by
importance sampling around their mode (Rue, Martino and Chopin 2009), so their uncertainty counts. Answers are
grouped: the likelihood is exactly the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse, stats

from comity.errors import ComityError
from comity.estimates.columns import Columns, Floats, joint_codes, read_columns
from comity.estimates.design import Survey
from comity.estimates.notes import MODEL_ALONE, POOLED
from comity.estimates.small_area import DIRECT_N, AreaEstimate

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


@dataclass(frozen=True)
class MrpResult:
    """areas: estimates of each area and, first, of everyone. spreads: posterior mean of each varying column's spread.

    effective_points: of the importance sample (of the chains, where sampled in full); few mean that the numbers are poor.
    """

    areas: tuple[AreaEstimate, ...]
    spreads: Mapping[str, float]
    effective_points: float


def estimate_mrp(
    survey: Survey,
    variable: str,
    *,
    category: str,
    model: MultilevelModel,
    population: Any,
    count: str,
    by: str,
    seed: int,
    draws: int = 1000,
    confidence: float = 0.95,
    model_alone: Literal["refuse", "label"] = "refuse",
    engine: Literal["fast", "full"] = "fast",
) -> MrpResult:
    """Share of `category` of `variable` in each level of `by`, from respondents and the cells of a population.

    population: a table with every column of the model and `by`, one row a cell, and its people in `count`. seed: of the
    posterior draws. engine: "fast", or "full" sampling through Bambi (extra `bayes`), which takes minutes. Raises ComityError where a level of the population has nobody in the sample and `model_alone` is
    "refuse".
    """
    target = read_columns(population)
    people = target.numbers(count)
    if np.isnan(people).any() or (people < 0).any() or people.sum() == 0:
        raise ComityError(
            f"Column '{count}' of the population has missing or negative counts.", "Give people per cell."
        )
    answers = survey.columns.categories(variable)
    if category not in answers.labels:
        raise ComityError(
            f"Column '{variable}' has no category '{category}'.", f"It has: {', '.join(answers.labels[:12])}."
        )
    used = (answers.codes >= 0) & (survey.weights != 0)
    spaces = _Spaces.read(survey.columns, target, model, used)
    used &= spaces.complete
    n = int(used.sum())
    if n < max(survey.design.minimum_n, 30):
        raise ComityError(f"{n} respondents have every column of the model.", "A multilevel model needs at least 30.")
    yes = (answers.codes == answers.labels.index(category))[used].astype(float)
    fit = fit_multilevel
    if engine == "full":
        from comity.estimates.mrp_full import sample_multilevel as fit
    posterior = fit(spaces.grouped(used, yes), model, draws=draws, seed=seed)
    areas = target.categories(by)
    members = np.where(areas.codes < 0, len(areas.labels), areas.codes)
    sums = spaces.sums_of_shares(posterior.draws, people, members, len(areas.labels) + 1)
    weight = np.bincount(members, weights=people, minlength=len(areas.labels) + 1)
    here = survey.columns.categories(by)
    in_sample = np.bincount(here.codes[used & (here.codes >= 0)], minlength=len(here.labels))
    n_by_area = dict(zip(here.labels, in_sample.tolist(), strict=True))
    empty = [label for label in areas.labels if not n_by_area.get(label, 0)]
    if empty and model_alone == "refuse":
        raise ComityError(
            f"Nobody was asked in {len(empty)} categories of '{by}', such as '{empty[0]}'.",
            'Merge them, or pass model_alone="label" to show the model\'s guess, labelled.',
        )
    tail = (1 - confidence) / 2
    items = []
    for code, label in [(-1, "everyone"), *enumerate(areas.labels)]:
        spread = sums[code] / weight[code] if code >= 0 else sums.sum(axis=0) / weight.sum()
        low, high = np.quantile(spread, [tail, 1 - tail])
        size = n if code < 0 else int(n_by_area.get(label, 0))
        note = MODEL_ALONE if size == 0 else POOLED if size < DIRECT_N else None
        own = float(yes[here.codes[used] == here.labels.index(label)].mean()) if code >= 0 and size else None
        items.append(
            AreaEstimate(
                label, float(spread.mean()), float(spread.std()), float(low), float(high), size, float(size),
                size / (size + DIRECT_N), own, note,
            )
        )  # fmt: skip
    names = [_title(each) for each in model.varying]
    return MrpResult(
        tuple(items), dict(zip(names, posterior.spreads.tolist(), strict=True)), posterior.effective_points
    )


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


@dataclass(frozen=True, eq=False)
class _Spaces:
    """The model's columns, coded alike in the sample and the population."""

    sample_levels: Codes
    sample_fixed: Floats
    target_levels: Codes
    target_fixed: Floats
    sizes: tuple[int, ...]
    complete: npt.NDArray[np.bool_]

    @staticmethod
    def read(sample: Columns, target: Columns, model: MultilevelModel, used: npt.NDArray[np.bool_]) -> _Spaces:
        if not model.varying:
            raise ComityError("The model has no varying column.", "Name at least one, such as the area.")
        parts = [_shared_levels(sample, target, each) for each in model.varying]
        fixed = [_shared_numbers(sample, target, name, used) for name in model.fixed]
        complete = np.all([codes[0] >= 0 for codes in parts], axis=0)
        for here, _ in fixed:
            complete &= ~np.isnan(here)
        return _Spaces(
            np.column_stack([here for here, _, _ in parts]),
            np.column_stack([here for here, _ in fixed]) if fixed else np.zeros((sample.rows, 0)),
            np.column_stack([there for _, there, _ in parts]),
            np.column_stack([there for _, there in fixed]) if fixed else np.zeros((target.rows, 0)),
            tuple(size for _, _, size in parts),
            complete,
        )

    def grouped(self, used: npt.NDArray[np.bool_], yes: Floats) -> Grouped:
        levels, fixed = self.sample_levels[used], self.sample_fixed[used]
        keys = np.column_stack([levels, *(np.unique(column, return_inverse=True)[1] for column in fixed.T)])
        code = np.zeros(len(keys), np.int64)
        for column in keys.T:
            code = np.unique(code * (int(column.max()) + 1) + column, return_inverse=True)[1]
        first = np.unique(code, return_index=True)[1]
        return Grouped(
            levels[first], fixed[first], self.sizes, np.bincount(code, weights=yes), np.bincount(code).astype(float)
        )

    def sums_of_shares(self, draws: Floats, people: Floats, groups: npt.NDArray[np.integer[Any]], count: int) -> Floats:
        """People who say yes in each group (count, draws): sums over the population's cells, a few thousand at a
        time."""
        dense = np.column_stack([np.ones(len(people)), self.target_fixed])
        starts = dense.shape[1] + np.cumsum([0, *self.sizes[:-1]])
        result = np.zeros((count, draws.shape[1]))
        chunk = max(1, 400_000 // draws.shape[1])
        for start in range(0, len(people), chunk):
            part = slice(start, start + chunk)
            eta = dense[part] @ draws[: dense.shape[1]]
            for at, first in enumerate(starts):
                eta += draws[first + self.target_levels[part, at]]
            np.negative(eta, out=eta)
            np.exp(eta, out=eta)
            eta += 1.0
            np.divide(people[part, None], eta, out=eta)
            rows = len(eta)
            result += sparse.csr_array((np.ones(rows), (groups[part], np.arange(rows))), shape=(count, rows)) @ eta
        return result


def _title(column: str | tuple[str, ...]) -> str:
    return column if isinstance(column, str) else " x ".join(column)


def _shared_levels(sample: Columns, target: Columns, column: str | tuple[str, ...]) -> tuple[Codes, Codes, int]:
    names = (column,) if isinstance(column, str) else column
    here, there, sizes = [], [], []
    for name in names:
        ours, theirs = sample.categories(name), target.categories(name)
        unknown = [label for label in ours.labels if label not in theirs.labels]
        if unknown:
            raise ComityError(
                f"The sample has '{unknown[0]}' in '{name}', and the population does not.", "Code both the same way."
            )
        if (theirs.codes < 0).any():
            raise ComityError(f"Column '{name}' of the population has missing values.", "Complete the cells.")
        lookup = np.array([theirs.labels.index(label) for label in ours.labels] + [-1])
        here.append(lookup[ours.codes])
        there.append(theirs.codes.astype(np.int64))
        sizes.append(len(theirs.labels))
    one, total = joint_codes(here, sizes)
    two, _ = joint_codes(there, sizes)
    if len(names) == 1:
        return one, two, total
    used, two = np.unique(two, return_inverse=True)
    place = np.searchsorted(used, one)
    place[(one < 0) | (used[np.minimum(place, len(used) - 1)] != one)] = -1
    return place, two, len(used)


def _shared_numbers(sample: Columns, target: Columns, name: str, used: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """A numeric column on the sample's scale, or a two-level one as 0 and 1."""
    if sample.is_numeric(name):
        here, there = sample.numbers(name), target.numbers(name)
        known = here[used & ~np.isnan(here)]
        centre, spread = (known.mean(), known.std() or 1.0) if len(np.unique(known)) > 2 else (0.0, 1.0)
        if np.isnan(there).any():
            raise ComityError(f"Column '{name}' of the population has missing values.", "Complete the cells.")
        return (here - centre) / spread, (there - centre) / spread
    ours, theirs = sample.categories(name), target.categories(name)
    if len(theirs.labels) != 2 or any(label not in theirs.labels for label in ours.labels):
        raise ComityError(f"Fixed column '{name}' has {len(theirs.labels)} categories.", "Make it varying.")
    lookup = np.array([theirs.labels.index(label) for label in ours.labels] + [np.nan], float)
    return lookup[ours.codes], theirs.codes.astype(float)


def _systematic(weights: Floats, draws: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """How often each point is drawn: systematic resampling, which keeps counts close to weight x draws."""
    places = (rng.random() + np.arange(draws)) / draws
    return np.bincount(np.searchsorted(np.cumsum(weights), places).clip(0, len(weights) - 1), minlength=len(weights))
