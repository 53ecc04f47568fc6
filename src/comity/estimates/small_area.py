"""Small areas by Fay and Herriot (1979, JASA 74:269): direct estimates and area covariates, each weighed by its
precision.

The variance between areas is estimated by restricted maximum likelihood; the mean squared error is that of Datta and
Lahiri (2000), with the cost of estimating it. An area nobody was asked in has a number from the model alone: refused,
or labelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize, stats

from comity.errors import ComityError
from comity.estimates.columns import Floats
from comity.estimates.notes import MODEL_ALONE, MOSTLY_MODEL, POOLED
from comity.estimates.results import Estimate
from comity.wording import Message

DIRECT_N = 100


@dataclass(frozen=True)
class AreaEstimate:
    """An area's estimate with its root mean squared error and interval.

    data_weight: 0-1, how much comes from the area's own answers. label: what must stand beside the number; None where
    the area's effective n is at least 100 and its own answers carry most of it.
    """

    area: str
    estimate: float
    rmse: float
    low: float
    high: float
    n: int
    effective_n: float
    data_weight: float
    direct: float | None
    label: Message | None


@dataclass(frozen=True)
class AreaModel:
    """Areas in the order of the input; coefficients of the covariates; the variance between areas the model leaves."""

    areas: tuple[AreaEstimate, ...]
    coefficients: Mapping[str, float]
    between_variance: float
    iterations: int


def fay_herriot(
    direct: Sequence[Estimate],
    covariates: Mapping[str, Mapping[str, float]] | None = None,
    *,
    model_alone: Literal["refuse", "label"] = "refuse",
    confidence: float = 0.95,
) -> AreaModel:
    """Smooth direct estimates of areas.

    direct: estimates of one variable by area, with standard errors. covariates: {area: {name: value}}; areas in it
    without a direct estimate get one from the model alone, if `model_alone` is "label". Raises ComityError for fewer
    areas than the model needs, for a standard error of zero, and for an area without covariates.
    """
    known = [each for each in direct if each.estimate is not None and each.se is not None]
    names = list(dict.fromkeys(name for values in (covariates or {}).values() for name in values))
    if len(known) < len(names) + 4:
        raise ComityError(
            f"{len(known)} areas have a direct estimate, and the model has {len(names) + 1} coefficients.",
            "Use fewer covariates, or larger areas.",
        )
    labels = [str(each.domain_name) for each in known]
    flat = [label for label, each in zip(labels, known, strict=True) if not (each.se or 0) > 0]
    if flat:
        raise ComityError(
            f"Area '{flat[0]}' has a standard error of zero.",
            "Merge it with a neighbour, or smooth the variances first.",
        )
    unmeasured = [label for label in (covariates or {}) if label not in labels]
    if unmeasured and model_alone == "refuse":
        raise ComityError(
            f"Nobody was asked in {len(unmeasured)} areas, such as '{unmeasured[0]}'.",
            'Leave them out, or pass model_alone="label" to show the model\'s guess, labelled.',
        )
    matrix = _matrix([*labels, *unmeasured], names, covariates)
    y = np.array([each.estimate for each in known], float)
    sampling = np.array([each.se for each in known], float) ** 2
    fitted = fit_fay_herriot(y, sampling, matrix[: len(known)])
    z = float(stats.norm.ppf(0.5 + confidence / 2))
    areas = []
    for at, (label, each) in enumerate(zip(labels, known, strict=True)):
        effective = each.n / each.deff if each.deff else float(each.n)
        weight = float(fitted.data_weights[at])
        note = MOSTLY_MODEL if weight < 0.5 else POOLED if effective < DIRECT_N else None
        point, rmse = float(fitted.estimates[at]), float(np.sqrt(fitted.mse[at]))
        areas.append(
            AreaEstimate(
                label, point, rmse, point - z * rmse, point + z * rmse, each.n, effective, weight, each.estimate, note
            )
        )
    for at, label in enumerate(unmeasured, start=len(known)):
        point = float(matrix[at] @ fitted.coefficients)
        rmse = float(np.sqrt(fitted.between_variance + matrix[at] @ fitted.covariance @ matrix[at]))
        areas.append(
            AreaEstimate(label, point, rmse, point - z * rmse, point + z * rmse, 0, 0.0, 0.0, None, MODEL_ALONE)
        )
    coefficients = dict(zip(["intercept", *names], fitted.coefficients.tolist(), strict=True))
    return AreaModel(tuple(areas), coefficients, fitted.between_variance, fitted.iterations)


@dataclass(frozen=True, eq=False)
class FayHerriotFit:
    """Arrays behind an AreaModel; covariance is that of the coefficients."""

    estimates: Floats
    mse: Floats
    data_weights: Floats
    coefficients: Floats
    covariance: Floats
    between_variance: float
    iterations: int


def fit_fay_herriot(y: Floats, sampling: Floats, matrix: Floats) -> FayHerriotFit:
    """EBLUP of m areas from direct estimates y (m,), their variances `sampling` (m,) and covariates (m, p), by REML."""

    def pieces(between: float) -> tuple[Floats, Floats, Floats]:
        precision = 1 / (between + sampling)
        information = matrix.T @ (matrix * precision[:, None])
        return precision, information, np.linalg.solve(information, matrix.T @ (precision * y))

    def loss(between: float) -> float:
        precision, information, beta = pieces(between)
        gap = y - matrix @ beta
        return float(-np.log(precision).sum() + np.linalg.slogdet(information)[1] + precision @ gap**2)

    top = max(4 * float(np.var(y)), 1e-12)
    # The likelihood can have its maximum at the border: the grid finds the neighbourhood, Brent the place.
    grid = np.concatenate([[0.0], np.geomspace(top * 1e-6, top, 16)])
    best = int(np.argmin([loss(each) for each in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": high * 1e-12})
    between = float(found.x) if float(found.fun) < loss(0.0) else 0.0
    if between > 0:
        between = _polish(between, y, sampling, matrix)
    precision, information, beta = pieces(between)
    covariance = np.linalg.inv(information)
    own = between * precision
    fit = matrix @ beta
    leverage = np.einsum("ij,jk,ik->i", matrix, covariance, matrix)
    first = own * sampling
    second = (1 - own) ** 2 * leverage
    third = sampling**2 * precision**3 * 2 / float((precision**2).sum())
    estimates = own * y + (1 - own) * fit
    return FayHerriotFit(estimates, first + second + 2 * third, own, beta, covariance, between, int(found.nfev))


def _polish(between: float, y: Floats, sampling: Floats, matrix: Floats) -> float:
    """A few Fisher scoring steps on the REML score, to full precision."""
    for _ in range(20):
        precision = 1 / (between + sampling)
        weighted = matrix * precision[:, None]
        covariance = np.linalg.inv(matrix.T @ weighted)
        projection = np.diag(precision) - weighted @ covariance @ weighted.T
        residual = projection @ y
        score = -0.5 * np.trace(projection) + 0.5 * float(residual @ residual)
        step = score / (0.5 * float((projection * projection).sum()))
        if not np.isfinite(step) or between + step <= 0:
            return between
        between += step
        if abs(step) <= 1e-13 * between:
            break
    return between


def _matrix(
    labels: Sequence[str], names: Sequence[str], covariates: Mapping[str, Mapping[str, float]] | None
) -> Floats:
    rows = []
    for label in labels:
        values = (covariates or {}).get(label, {}) if names else {}
        missing = [name for name in names if name not in values or not np.isfinite(values[name])]
        if missing:
            raise ComityError(f"Area '{label}' has no value of '{missing[0]}'.", "Give every covariate for every area.")
        rows.append([1.0, *(float(values[name]) for name in names)])
    return np.array(rows)
