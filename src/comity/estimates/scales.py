"""Scores from several questions, how reliable they are, and whether groups understand the questions alike.

Cronbach (1951) and McDonald (1999) for alpha and omega, with design-based standard errors by linearisation; measurement
invariance by multi-group factor analysis with the change in CFI of Cheung and Rensvold (2002). "Don't know" is never
neutral.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from comity.errors import ComityError
from comity.estimates import notes
from comity.estimates.chain import scores_through
from comity.estimates.columns import Floats
from comity.estimates.design import Survey
from comity.estimates.results import Estimate
from comity.estimates.variance import covariance_of_totals


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Items answered from `low` to `high`. reverse: items where high means little. missing_codes: don't know, prefer
    not.

    minimum_share: of the items a person must have answered to get a score.
    """

    items: Sequence[str]
    low: float
    high: float
    reverse: Sequence[str] = ()
    missing_codes: Sequence[float] = ()
    minimum_share: float = 2 / 3

    def __post_init__(self) -> None:
        if len(self.items) < 2 or not self.low < self.high:
            raise ComityError("A scale needs two items and a low below its high.", "Check items, low and high.")
        stray = [name for name in self.reverse if name not in self.items]
        if stray:
            raise ComityError(f"'{stray[0]}' is reversed and is not an item.", "List it among the items.")


def score_scale(survey: Survey, scale: Scale) -> Floats:
    """One score a row, 0-100 (100 is `high`): the mean of the answered items; NaN where fewer than two thirds were
    answered."""
    values = _answers(survey, scale)
    answered = (~np.isnan(values)).sum(axis=1)
    enough = answered >= scale.minimum_share * len(scale.items) - 1e-9
    mean = np.divide(
        np.nansum(values, axis=1), answered, out=np.full(len(values), np.nan), where=enough & (answered > 0)
    )
    result: Floats = 100 * (mean - scale.low) / (scale.high - scale.low)
    return result


def estimate_alpha(survey: Survey, scale: Scale, *, confidence: float = 0.95) -> Estimate:
    """Cronbach's alpha over the rows with every item, with its design-based standard error."""
    values, weights, rows = _complete(survey, scale)
    size = values.shape[1]

    def alpha(matrix: Floats) -> float:
        return float(size / (size - 1) * (1 - np.trace(matrix) / matrix.sum()))

    return _reliability(survey, "alpha", scale, values, weights, rows, alpha, confidence)


def estimate_omega(survey: Survey, scale: Scale, *, confidence: float = 0.95) -> Estimate:
    """McDonald's omega of a one-factor model fitted by least squares to the weighted covariances, with its standard
    error."""
    values, weights, rows = _complete(survey, scale)
    if values.shape[1] < 3:
        raise ComityError("Omega needs three items.", "Use alpha for two.")

    def omega(matrix: Floats) -> float:
        loadings = _one_factor(matrix)
        common = float(loadings.sum()) ** 2
        return common / (common + float((np.diag(matrix) - loadings**2).sum()))

    return _reliability(survey, "omega", scale, values, weights, rows, omega, confidence)


@dataclass(frozen=True)
class Fit:
    """One multi-group factor model: chi-square, df, CFI and RMSEA at the effective n."""

    chi_square: float
    df: int
    cfi: float
    rmsea: float


@dataclass(frozen=True)
class Invariance:
    """configural: same items; metric: same loadings too; scalar: same intercepts too. level: the strictest that holds.

    largest_gap: {item: largest difference of its intercept between groups, in units of the answers}, to find the
    culprit.
    """

    configural: Fit
    metric: Fit
    scalar: Fit
    level: str
    largest_gap: Mapping[str, float]


def check_invariance(survey: Survey, scale: Scale, *, by: str, minimum_n: int = 100, limit: float = 0.01) -> Invariance:
    """Do the groups (or languages) of `by` answer the same questions alike? Means compare fairly only where "scalar"
    holds.

    A level holds where CFI falls by no more than `limit`. n is divided by the Kish design effect of the weights.
    """
    if len(scale.items) < 3:
        raise ComityError(f"{len(scale.items)} items are too few to check.", "A one-factor model needs at least three.")
    values, groups = _answers(survey, scale), survey.columns.categories(by)
    moments = []
    for code, label in enumerate(groups.labels):
        rows = (groups.codes == code) & ~np.isnan(values).any(axis=1) & (survey.weights > 0)
        if int(rows.sum()) < minimum_n:
            raise ComityError(
                f"Only {int(rows.sum())} people in '{label}' of '{by}' answered every item.",
                f"The check needs {minimum_n} in each group: merge groups.",
            )
        weights = survey.weights[rows]
        mean = weights @ values[rows] / weights.sum()
        centred = values[rows] - mean
        covariance = centred.T @ (centred * weights[:, None]) / weights.sum()
        if np.linalg.eigvalsh(covariance)[0] <= 1e-10:
            raise ComityError(f"Some items are constant or repeat each other in '{label}'.", "Drop one of them.")
        moments.append((mean, covariance, weights.sum() ** 2 / (weights @ weights)))
    if len(moments) < 2:
        raise ComityError(f"Column '{by}' has one group.", "Give a column with at least two.")
    fits = {level: _fit_groups(moments, level) for level in ("configural", "metric", "scalar")}
    intercepts = fits["metric"][1]
    level = "none"
    if fits["configural"][0].cfi >= 0.9:
        level = "configural"
        if fits["configural"][0].cfi - fits["metric"][0].cfi <= limit:
            level = "metric"
            if fits["metric"][0].cfi - fits["scalar"][0].cfi <= limit:
                level = "scalar"
    gaps = {name: float(np.ptp(intercepts[:, at])) for at, name in enumerate(scale.items)}
    return Invariance(fits["configural"][0], fits["metric"][0], fits["scalar"][0], level, gaps)


def _answers(survey: Survey, scale: Scale) -> Floats:
    """Answers (rows, items) with don't-know as missing and reversed items turned."""
    columns = []
    for name in scale.items:
        values = survey.columns.numbers(name).copy()
        values[np.isin(values, list(scale.missing_codes))] = np.nan
        known = values[~np.isnan(values)]
        if len(known) and (known.min() < scale.low or known.max() > scale.high):
            outside = known[(known < scale.low) | (known > scale.high)][0]
            raise ComityError(
                f"'{name}' has the answer {outside:g}, outside {scale.low:g} to {scale.high:g}.",
                "If it means don't know or no answer, list it in missing_codes.",
            )
        columns.append(scale.low + scale.high - values if name in scale.reverse else values)
    return np.column_stack(columns)


def _complete(survey: Survey, scale: Scale) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    values = _answers(survey, scale)
    rows = ~np.isnan(values).any(axis=1) & (survey.weights != 0)
    n = int(rows.sum())
    if n < max(survey.design.minimum_n, len(scale.items) + 1):
        raise ComityError(f"Only {n} rows answered every item.", "Reliability needs more complete answers.")
    return values, np.where(rows, survey.weights, 0.0), rows


def _reliability(
    survey: Survey,
    statistic: str,
    scale: Scale,
    values: Floats,
    weights: Floats,
    rows: npt.NDArray[np.bool_],
    function: Callable[[Floats], float],
    confidence: float,
) -> Estimate:
    """The coefficient of the weighted covariance matrix, and its variance through the derivative by each covariance."""
    filled = np.where(rows[:, None], values, 0.0)
    total = weights.sum()
    centred = np.where(rows[:, None], filled - weights @ filled / total, 0.0)
    matrix = centred.T @ (centred * weights[:, None]) / total
    point, size = function(matrix), len(matrix)
    derivative = np.zeros((size, size))
    for row in range(size):
        for column in range(row + 1):
            step = 1e-5 * np.sqrt(matrix[row, row] * matrix[column, column])
            moved = np.zeros((size, size))
            moved[row, column] = moved[column, row] = step
            change = (function(matrix + moved) - function(matrix - moved)) / (2 * step)
            derivative[row, column] = derivative[column, row] = change if row == column else change / 2
    title = " + ".join(scale.items)
    n = int(rows.sum())
    if not survey.has_margin_of_error:
        return Estimate(title, statistic, {}, point, None, None, None, None, n, None, confidence, "none", notes.OPT_IN)
    if survey.replicates is None:
        quadratic = np.einsum("ij,jk,ik->i", centred, derivative, centred) - float((derivative * matrix).sum())
        scores = scores_through(survey, np.where(rows, quadratic, 0.0)[:, None] / total)
        variance, method = covariance_of_totals(survey, scores)[0, 0], "linearised"
    else:
        replicated = survey.replicates.estimates(survey, _over_replicates(filled, rows, function))
        variance = survey.replicates.covariance_of(replicated, np.array([point]))[0, 0]
        method = survey.replicates.name
    se = float(np.sqrt(variance))
    df = survey.domain_degrees_of_freedom(rows)
    margin = float(stats.t.ppf(0.5 + confidence / 2, max(df, 1))) * se
    return Estimate(
        title, statistic, {}, point, se, df, point - margin, min(point + margin, 1.0), n, None, confidence,
        method, survey.caveat,
    )  # fmt: skip


def _over_replicates(
    filled: Floats, rows: npt.NDArray[np.bool_], function: Callable[[Floats], float]
) -> Callable[[Floats], Floats]:
    """The coefficient for each column of replicate weights (rows, r), as (r, 1)."""

    def evaluate(weights: Floats) -> Floats:
        found = []
        for column in weights.T:
            used = np.where(rows, column, 0.0)
            centred = filled - used @ filled / used.sum()
            found.append([function(centred.T @ (centred * used[:, None]) / used.sum())])
        return np.array(found)

    return evaluate


def _one_factor(matrix: Floats) -> Floats:
    """Loadings of one factor by unweighted least squares on the off-diagonal covariances (minres), on standardised
    items."""
    spread = np.sqrt(np.diag(matrix))
    correlations = matrix / spread[:, None] / spread
    off = ~np.eye(len(matrix), dtype=bool)
    values, vectors = np.linalg.eigh(correlations)
    loadings = vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.1))
    loadings *= np.sign(loadings.sum()) or 1.0

    def residuals(guess: Floats) -> Floats:
        gaps: Floats = (np.outer(guess, guess) - correlations)[off]
        return gaps

    found = optimize.least_squares(residuals, loadings, xtol=1e-14, ftol=1e-14, gtol=1e-14)
    return np.asarray(found.x) * spread


def _fit_groups(moments: Sequence[tuple[Floats, Floats, float]], level: str) -> tuple[Fit, Floats]:
    """Maximum likelihood of a one-factor model in each group, with loadings ("metric") and intercepts ("scalar")
    shared."""
    groups, size = len(moments), len(moments[0][0])
    share_loadings, share_intercepts = level != "configural", level == "scalar"
    n_loadings = size if share_loadings else groups * size
    n_intercepts = size if share_intercepts else groups * size
    n_spreads = groups - 1 if share_loadings else 0
    n_means = groups - 1 if share_intercepts else 0
    total = sum(n for _, _, n in moments)

    def unpack(theta: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        parts = np.split(theta, np.cumsum([n_loadings, n_intercepts, groups * size, n_spreads]))
        loadings = np.broadcast_to(parts[0].reshape(-1, size), (groups, size))
        intercepts = np.broadcast_to(parts[1].reshape(-1, size), (groups, size))
        spreads = np.concatenate([[0.0], parts[3]]) if share_loadings else np.zeros(groups)
        means = np.concatenate([[0.0], parts[4]]) if share_intercepts else np.zeros(groups)
        return loadings, intercepts, np.exp(parts[2].reshape(groups, size)), np.exp(spreads), means

    def objective(theta: Floats) -> tuple[float, Floats]:
        loadings, intercepts, uniques, variances, means = unpack(theta)
        value = 0.0
        by_loading, by_intercept = np.zeros((groups, size)), np.zeros((groups, size))
        by_unique, by_variance, by_mean = np.zeros((groups, size)), np.zeros(groups), np.zeros(groups)
        for g, (mean, covariance, n) in enumerate(moments):
            implied = variances[g] * np.outer(loadings[g], loadings[g]) + np.diag(uniques[g])
            inverse = np.linalg.inv(implied)
            gap = mean - intercepts[g] - loadings[g] * means[g]
            spread = covariance + np.outer(gap, gap)
            share = n / total
            value += share * (np.linalg.slogdet(implied)[1] + float((inverse * spread).sum()))
            slope = share * (inverse - inverse @ spread @ inverse)
            pull = -2 * share * (inverse @ gap)
            by_loading[g] = 2 * variances[g] * slope @ loadings[g] + pull * means[g]
            by_intercept[g] = pull
            by_unique[g] = np.diag(slope) * uniques[g]
            by_variance[g] = variances[g] * loadings[g] @ slope @ loadings[g]
            by_mean[g] = pull @ loadings[g]
        gradient = [
            by_loading.sum(axis=0) if share_loadings else by_loading.ravel(),
            by_intercept.sum(axis=0) if share_intercepts else by_intercept.ravel(),
            by_unique.ravel(),
            by_variance[1:] if share_loadings else np.zeros(0),
            by_mean[1:] if share_intercepts else np.zeros(0),
        ]
        return value, np.concatenate(gradient)

    pooled = sum(covariance * n for _, covariance, n in moments) / total
    start_loadings = _one_factor(np.asarray(pooled))
    start = np.concatenate([
        np.tile(start_loadings, n_loadings // size),
        np.concatenate([mean for mean, _, _ in moments]) if not share_intercepts
        else np.asarray(sum(mean * n for mean, _, n in moments) / total),
        np.log(np.concatenate([np.maximum(np.diag(c) - start_loadings**2, 0.2 * np.diag(c)) for _, c, _ in moments])),
        np.zeros(n_spreads + n_means),
    ])  # fmt: skip
    found = optimize.minimize(
        objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-9}
    )
    perfect = sum(n / total * (np.linalg.slogdet(c)[1] + size) for _, c, n in moments)
    chi_square = max(total * (float(found.fun) - float(perfect)), 0.0)
    df = groups * (size * (size + 1) // 2 + size) - len(start)
    alone = sum(n * (float(np.log(np.diag(c)).sum()) - np.linalg.slogdet(c)[1]) for _, c, n in moments)
    alone_df = groups * size * (size - 1) // 2
    worst = max(alone - alone_df, chi_square - df, 1e-12)
    cfi = 1 - max(chi_square - df, 0.0) / worst
    rmsea = float(np.sqrt(groups * max(chi_square - df, 0.0) / (df * total))) if df else 0.0
    return Fit(chi_square, df, cfi, rmsea), np.array(unpack(found.x)[1])
