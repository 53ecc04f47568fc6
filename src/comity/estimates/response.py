"""Unknown eligibility and non-response as steps of the chain: weighting classes, and a logistic model of response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from comity.errors import ComityError, nearest
from comity.estimates.auxiliary import Auxiliary, Margin
from comity.estimates.calibration_steps import FittedCalibration
from comity.estimates.chain import FittedStep, poisson_variance
from comity.estimates.columns import Columns, Floats, joint_codes
from comity.estimates.design import Survey
from comity.estimates.margins import complete_categories
from comity.estimates.steps import AdjustEligibility, AdjustNonresponse

Mask = npt.NDArray[np.bool_]


def _classes(survey: Survey, within: str | Sequence[str]) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    names = [within] if isinstance(within, str) else list(within)
    if not names:
        return np.zeros(survey.rows, np.int64), ("everyone",)
    parts = [complete_categories(survey, name) for name in names]
    joint, _ = joint_codes([part.codes for part in parts], [len(part.labels) for part in parts])
    present, codes = np.unique(joint, return_inverse=True)
    labels = []
    for code in present:
        rest, label = int(code), []
        for part in reversed(parts):
            rest, at = divmod(rest, len(part.labels))
            label.append(f"{part.name}={part.labels[at]}")
        labels.append(", ".join(reversed(label)))
    return codes, tuple(labels)


def _spread(
    survey: Survey, name: str, receivers: Mask, source: Mask, within: str | Sequence[str], record: Mapping[str, object],
    *, is_response: bool,
) -> FittedCalibration:  # fmt: skip
    """Give the weight of `source` rows to the `receivers` of their class."""
    codes, labels = _classes(survey, within)
    before = survey.weights
    to = np.bincount(codes, weights=np.where(source, before, 0.0), minlength=len(labels))
    have = np.bincount(codes, weights=np.where(receivers, before, 0.0), minlength=len(labels))
    empty = np.flatnonzero((to > 0) & (have <= 0))
    if len(empty):
        raise ComityError(
            f"Class '{labels[empty[0]]}' has nobody to carry its weight of {to[empty[0]]:,.6g}.",
            "Merge this class with a similar one.",
        )
    factors = np.divide(to, have, out=np.zeros_like(to), where=have > 0)
    after = np.where(receivers, before * factors[codes], 0.0)
    if abs(after.sum() - to.sum()) > 1e-9 * to.sum():
        raise ComityError(f"The {name} step lost weight.", "Report this as a fault.")
    margin = Margin(name, codes, labels, None)
    details = {**record, "classes": len(labels), "largest_factor": float(factors.max())}
    return FittedCalibration(
        name,
        before,
        after,
        details,
        Auxiliary((margin,)),
        to,
        "cells",
        None,
        1e-9,
        None,
        receivers,
        source,
        is_response,
    )


def fit_eligibility(survey: Survey, step: AdjustEligibility) -> FittedStep:
    found = survey.columns.categories(step.status)
    for label in [*step.unknown, *step.ineligible]:
        if label not in found.labels:
            near = nearest(label, found.labels)
            hint = f"Did you mean '{near}'?" if near else f"It has: {', '.join(found.labels[:12])}."
            raise ComityError(f"Column '{step.status}' has no category '{label}'.", hint)
    used = survey.weights != 0
    unknown = np.isin(found.codes, [found.labels.index(label) for label in step.unknown])
    ineligible = np.isin(found.codes, [found.labels.index(label) for label in step.ineligible])
    record = {
        "step": "eligibility",
        "unknown": int((unknown & used).sum()),
        "ineligible": int((ineligible & used).sum()),
    }
    spread = _spread(survey, "eligibility", used & ~unknown, used, step.within, record, is_response=False)
    if not ineligible.any():
        return spread
    keep = used & ~unknown & ~ineligible
    return _Combined("eligibility", spread.before, np.where(keep, spread.after, 0.0), spread.record, spread, keep)


@dataclass(frozen=True, eq=False)
class _Combined(FittedStep):
    """A step after which some rows leave: the ineligible carry weight during the adjustment, and none afterwards."""

    name: str
    before: Floats
    after: Floats
    record: Mapping[str, object]
    inner: FittedCalibration
    keep: Mask

    def backward(self, adjoint: Floats, direct: Floats) -> tuple[Floats, Floats]:
        return self.inner.backward(
            np.where(self.keep[:, None], adjoint, 0.0), np.where(self.keep[:, None], direct, 0.0)
        )

    def replay(self, multiplicity: Floats, weights: Floats) -> Floats:
        return np.where(self.keep, self.inner.replay(multiplicity, weights), 0.0)

    def cell_codes(self) -> list[npt.NDArray[np.int64]] | None:
        return [*(self.inner.cell_codes() or []), self.keep.astype(np.int64)]

    def at_rows(self, rows: npt.NDArray[np.int64]) -> _Combined:
        return replace(self, inner=self.inner.at_rows(rows), keep=self.keep[rows])


def fit_response_classes(survey: Survey, step: AdjustNonresponse) -> FittedStep:
    used = survey.weights != 0
    responded = survey.columns.yes(step.responded) & used
    _refuse_nobody(responded, step.responded)
    record = {"step": "nonresponse", "method": "classes", "respondents": int(responded.sum()), "cases": int(used.sum())}
    return _spread(survey, "nonresponse", responded, used, step.within, record, is_response=True)


def _refuse_nobody(responded: Mask, name: str) -> None:
    if not responded.any():
        raise ComityError(f"Column '{name}' says that nobody responded.", "Check its coding: 1 or yes means responded.")


@dataclass(frozen=True, eq=False)
class FittedPropensity(FittedStep):
    """Weights of respondents over their fitted probability of response; the fit is by weighted maximum likelihood."""

    name: str
    before: Floats
    after: Floats
    record: Mapping[str, object]
    matrix: Floats
    responded: Mask
    coefficients: Floats
    floor: float

    def backward(self, adjoint: Floats, direct: Floats) -> tuple[Floats, Floats]:
        shares, free = self._shares(self.coefficients)
        used = self.before != 0
        information = self.matrix.T @ (self.matrix * (self.before * shares * (1 - shares) * used)[:, None])
        sensitivity = np.where(self.responded & free, self.before * (1 - shares) / shares, 0.0)
        slopes = -np.linalg.solve(information, self.matrix.T @ (sensitivity[:, None] * adjoint))
        moved = (self.matrix @ slopes) * np.where(used, self.responded - shares, 0.0)[:, None]
        factor = np.divide(self.after, self.before, out=np.zeros_like(self.after), where=used)
        return factor[:, None] * adjoint + moved, direct + self.before[:, None] * moved

    def replay(self, multiplicity: Floats, weights: Floats) -> Floats:
        fitted = _logistic(self.matrix, self.responded, multiplicity * weights, self.coefficients)
        shares, _ = self._shares(fitted)
        return np.where(self.responded, weights / shares, 0.0)

    def sampling_variance(self, survey: Survey, scores: Floats) -> Floats:
        return poisson_variance(survey, scores, 1 - self._shares(self.coefficients)[0])

    def _shares(self, coefficients: Floats) -> tuple[Floats, Mask]:
        shares = 1 / (1 + np.exp(-np.clip(self.matrix @ coefficients, -30, 30)))
        return np.maximum(shares, self.floor), shares > self.floor


def fit_propensity(survey: Survey, step: AdjustNonresponse) -> FittedPropensity:
    if step.within:
        raise ComityError("Both classes and a propensity model are given for non-response.", "Choose one of them.")
    used = survey.weights != 0
    responded = survey.columns.yes(step.responded) & used
    _refuse_nobody(responded, step.responded)
    matrix = _model_matrix(survey.columns, step.propensity, used)
    fitted = _logistic(matrix, responded, survey.weights, np.zeros(matrix.shape[1]))
    shares = np.maximum(1 / (1 + np.exp(-np.clip(matrix @ fitted, -30, 30))), step.floor)
    after = np.where(responded, survey.weights / shares, 0.0)
    record = {
        "step": "nonresponse", "method": "propensity", "columns": list(step.propensity),
        "respondents": int(responded.sum()), "cases": int(used.sum()),
        "smallest_probability": float(shares[responded].min()),
    }  # fmt: skip
    return FittedPropensity("nonresponse", survey.weights, after, record, matrix, responded, fitted, step.floor)


def _model_matrix(columns: Columns, names: Sequence[str], used: Mask) -> Floats:
    """Intercept, numeric columns centred and scaled, categories as 0/1 less the first."""
    parts = [np.ones((columns.rows, 1))]
    for name in names:
        if columns.is_numeric(name):
            values = columns.numbers(name)
            if np.isnan(values[used]).any():
                raise ComityError(f"Column '{name}' of the response model has missing values.", "Fill it in first.")
            values = np.where(used, values, 0.0)
            spread = values[used].std() or 1.0
            parts.append(((values - values[used].mean()) / spread)[:, None])
        else:
            found = columns.categories(name)
            if (found.codes[used] < 0).any():
                raise ComityError(f"Column '{name}' of the response model has missing values.", "Fill it in first.")
            parts.append((found.codes[:, None] == np.arange(1, len(found.labels))).astype(float))
    return np.hstack(parts)


def _logistic(matrix: Floats, responded: Mask, weights: Floats, start: Floats) -> Floats:
    coefficients = start.copy()
    for _ in range(50):
        shares = 1 / (1 + np.exp(-np.clip(matrix @ coefficients, -30, 30)))
        gradient = matrix.T @ (weights * (responded - shares))
        information = matrix.T @ (matrix * (weights * shares * (1 - shares))[:, None])
        try:
            change = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError as error:
            raise ComityError("The response model's columns repeat each other.", "Drop one of them.") from error
        coefficients = coefficients + np.clip(change, -5, 5)
        if np.max(np.abs(change)) < 1e-10:
            return coefficients
        if np.max(np.abs(coefficients)) > 25:
            break
    raise ComityError(
        "The response model has no finite solution: some columns separate respondents from the others.",
        "Use fewer columns, or weighting classes.",
    )
