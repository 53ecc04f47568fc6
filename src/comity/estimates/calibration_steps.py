"""Raking, post-stratification and calibration as steps of the chain: fitted, verified from the rows, replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from comity.errors import ComityError
from comity.estimates.auxiliary import Auxiliary, Margin, Total
from comity.estimates.calibration import Distance, Solution, calibrate, fit_cells, rake, solve
from comity.estimates.chain import FittedStep, poisson_variance
from comity.estimates.columns import Floats
from comity.estimates.design import Survey
from comity.estimates.margins import read_margins, refuse_disagreement
from comity.estimates.raking import cell_factors, fit_factors
from comity.estimates.steps import Calibrate, PostStratify, Rake

Mask = npt.NDArray[np.bool_]
MOST_SWEEPS = 2000  # of a replicate, started from the full sample's solution


@dataclass(frozen=True, eq=False)
class FittedCalibration(FittedStep):
    """Rows in `receivers` are calibrated to targets; where `source` is given, those are its own weighted totals in
    the sample."""

    name: str
    before: Floats
    after: Floats
    record: Mapping[str, object]
    auxiliary: Auxiliary
    targets: Floats
    method: Literal["rake", "cells"] | Distance
    bounds: tuple[float, float] | None
    tolerance: float
    state: Any
    receivers: Mask | None = None
    source: Mask | None = None
    is_response: bool = False

    def backward(self, adjoint: Floats, direct: Floats) -> tuple[Floats, Floats]:
        mass = self.before if self.receivers is None else np.where(self.receivers, self.before, 0.0)
        matrix = self.auxiliary.cross(mass)
        slopes = solve(matrix, self.auxiliary.project(mass[:, None] * adjoint))
        fitted = self.auxiliary.predict(slopes)
        factor = np.divide(self.after, self.before, out=np.zeros_like(self.after), where=self.before != 0)
        new_adjoint = factor[:, None] * (adjoint - fitted)
        new_direct = direct - self.after[:, None] * fitted
        if self.source is not None:
            new_adjoint[self.source] += fitted[self.source]
            new_direct[self.source] += self.before[self.source, None] * fitted[self.source]
        return new_adjoint, new_direct

    def replay(self, multiplicity: Floats, weights: Floats) -> Floats:
        mass = multiplicity * weights
        targets = self.targets
        if self.source is not None:
            targets = self.auxiliary.sums(np.where(self.source, mass, 0.0))
        if self.receivers is not None:
            mass = np.where(self.receivers, mass, 0.0)
        result, _ = self._solve(mass, targets).apply(weights)
        if self.receivers is not None:
            result = np.where(self.receivers, result, 0.0)
        return result

    def replay_together(self, multiplicities: Floats, weights: Floats) -> Floats:
        if self.method != "rake" or len(self.auxiliary.blocks) > 1:
            return super().replay_together(multiplicities, weights)
        count = weights.shape[1]
        targets = np.broadcast_to(self.targets[:, None], (len(self.targets), count))
        factors, _ = fit_factors(
            self.auxiliary, multiplicities * weights, targets, tolerance=self.tolerance, max_sweeps=MOST_SWEEPS,
            start=self.state,
        )  # fmt: skip
        by_cell = cell_factors(self.auxiliary, factors)[0]
        return weights * by_cell.T[self.auxiliary.keys[0]]

    def _solve(self, mass: Floats, targets: Floats) -> Solution:
        if self.method == "rake":
            return rake(
                self.auxiliary, mass, targets, tolerance=self.tolerance, max_sweeps=MOST_SWEEPS, start=self.state
            )
        if self.method == "cells":
            return fit_cells(self.auxiliary, mass, targets)
        distance: Distance = self.method
        return calibrate(
            self.auxiliary, mass, targets, distance=distance, bounds=self.bounds, tolerance=self.tolerance,
            max_steps=100, start=self.state,
        )  # fmt: skip

    def cell_codes(self) -> list[npt.NDArray[np.int64]] | None:
        if self.auxiliary.totals:
            return None
        masks = [mask.astype(np.int64) for mask in (self.receivers, self.source) if mask is not None]
        return [margin.codes.astype(np.int64, copy=False) for margin in self.auxiliary.margins] + masks

    def at_rows(self, rows: npt.NDArray[np.int64]) -> FittedCalibration:
        margins = tuple(replace(margin, codes=margin.codes[rows]) for margin in self.auxiliary.margins)
        return replace(
            self, before=self.before[rows], after=self.after[rows], auxiliary=Auxiliary(margins),
            receivers=None if self.receivers is None else self.receivers[rows],
            source=None if self.source is None else self.source[rows],
        )  # fmt: skip

    def sampling_variance(self, survey: Survey, scores: Floats) -> Floats:
        if not self.is_response:
            return super().sampling_variance(survey, scores)
        factor = np.divide(self.after, self.before, out=np.ones_like(self.after), where=self.after != 0)
        return poisson_variance(survey, scores, 1 - 1 / factor)


def fit_rake(survey: Survey, step: Rake) -> FittedCalibration:
    """Rake to the margins of `step`. Raises ComityError naming the margin and cells where that cannot be done."""
    if not step.margins:
        raise ComityError("Raking has no margins.", "Give the counts of at least one column's categories.")
    margins, merged = read_margins(survey, step.margins, step.collapse)
    refuse_disagreement(margins)
    auxiliary = Auxiliary(tuple(margins))
    solution = rake(auxiliary, survey.weights, auxiliary.targets, tolerance=step.tolerance, max_sweeps=step.max_sweeps)
    record = {"step": "rake", "margins": _record(margins), "sweeps": solution.iterations, "merged": merged}
    return _fitted(survey, solution, "rake", record, step.tolerance, "Raking")


def fit_post_strata(survey: Survey, step: PostStratify) -> FittedCalibration:
    """Fit the joint categories of `step` to their targets."""
    margins, merged = read_margins(survey, {step.columns: step.targets}, step.collapse)
    auxiliary = Auxiliary(tuple(margins))
    solution = fit_cells(auxiliary, survey.weights, auxiliary.targets)
    record = {"step": "post-stratify", "margins": _record(margins), "merged": merged}
    return _fitted(survey, solution, "cells", record, 1e-9, "Post-stratification")


def _fitted(
    survey: Survey,
    solution: Solution,
    method: Literal["rake", "cells"] | Distance,
    record: Mapping[str, object],
    tolerance: float,
    what: str,
    bounds: tuple[float, float] | None = None,
) -> FittedCalibration:
    """The step with its new weights, which are verified first."""
    auxiliary = solution.auxiliary
    after, reached = solution.apply(survey.weights)
    _verify(auxiliary, survey.weights, reached, tolerance, what)
    return FittedCalibration(
        str(record["step"]), survey.weights, after, record, auxiliary, auxiliary.targets, method, bounds, tolerance,
        solution.state,
    )  # fmt: skip


def fit_calibration(survey: Survey, step: Calibrate) -> FittedCalibration:
    """Calibrate to the margins and totals of `step`, and verify them."""
    if not step.margins and not step.totals and step.population is None:
        raise ComityError("Calibration has nothing to meet.", "Give margins, totals or the population.")
    if step.distance not in ("linear", "raking", "logit", "truncated"):
        raise ComityError(f"The distance is '{step.distance}'.", "It is one of: linear, raking, logit, truncated.")
    if step.distance in ("logit", "truncated"):
        if step.bounds is None:
            raise ComityError(f"Distance '{step.distance}' needs bounds.", "Give bounds such as (0.3, 3) around 1.")
        if not 0 <= step.bounds[0] < 1 < step.bounds[1]:
            raise ComityError(
                f"The bounds are {step.bounds}.", "They are two positive numbers around 1, such as (0.3, 3)."
            )
    margins, merged = read_margins(survey, step.margins, step.collapse, step.population)
    refuse_disagreement(margins, population=step.population)
    totals = []
    if step.population is not None:
        totals.append(Total("population", np.ones(survey.rows), float(step.population)))
    for name, target in step.totals.items():
        values = survey.columns.numbers(name)
        has_gaps = bool(np.isnan(values.min()))
        missing = int(np.isnan(values[survey.weights != 0]).sum()) if has_gaps else 0
        if missing:
            raise ComityError(
                f"Column '{name}' is missing in {missing} rows.", "Fill it in before calibrating to its total."
            )
        totals.append(Total(name, np.nan_to_num(values) if has_gaps else values, float(target)))
    auxiliary = Auxiliary(tuple(margins), tuple(totals))
    solution = calibrate(
        auxiliary, survey.weights, auxiliary.targets, distance=step.distance, bounds=step.bounds,
        tolerance=step.tolerance, max_steps=step.max_steps,
    )  # fmt: skip
    hint = f" within the bounds {step.bounds}" if step.bounds else ""
    record: dict[str, object] = {
        "step": "calibrate", "distance": step.distance, "bounds": step.bounds, "margins": _record(margins),
        "totals": {total.name: total.target for total in totals}, "merged": merged,
    }  # fmt: skip
    fitted = _fitted(survey, solution, step.distance, record, step.tolerance, f"Calibration{hint}", step.bounds)
    record["negative_weights"] = int(np.count_nonzero(fitted.after < 0))
    return fitted


def _verify(auxiliary: Auxiliary, before: Floats, reached: Floats, tolerance: float, what: str) -> None:
    """`reached` is what the new weights add up to. Raises ComityError naming the worst margins and the empty cells
    that hold them back."""
    targets = auxiliary.targets
    gaps = np.abs(reached - targets) / np.maximum(np.abs(targets), 1e-12)
    if np.isfinite(gaps).all() and gaps.max() <= max(10 * tolerance, 1e-7):
        return
    order = np.argsort(-np.where(np.isfinite(gaps), gaps, np.inf))[:3]
    missed = "; ".join(f"{auxiliary.names[at]} reached {reached[at]:,.6g} of {targets[at]:,.6g}" for at in order)
    blocking = next((words for at in order if (words := _empty_cells(auxiliary, before, int(at)))), "")
    raise ComityError(
        f"{what} cannot meet its targets: {missed}.{blocking}",
        "Merge categories, drop a margin, or widen the bounds; nothing was weighted.",
    )


def _empty_cells(auxiliary: Auxiliary, weights: Floats, column: int) -> str:
    """Names the combinations with one category (a column of X) that nobody in the sample is in."""
    if column >= auxiliary.levels or len(auxiliary.margins) < 2:
        return ""
    at = int(np.searchsorted(auxiliary.starts, column, side="right") - 1)
    margin, level = auxiliary.margins[at], column - auxiliary.starts[at]
    inside = (margin.codes == level) & (weights != 0)
    empty = []
    for other in auxiliary.margins:
        if other is not margin:
            n = np.bincount(other.codes[inside], minlength=len(other.labels))
            empty += [f"{other.name}={other.labels[each]}" for each in np.flatnonzero(n == 0)]
    if not empty:
        return ""
    return f" Empty cells: nobody in {margin.name}={margin.labels[level]} is in {', '.join(empty[:4])}."


def _record(margins: Sequence[Margin]) -> dict[str, dict[str, float]]:
    return {
        m.name: {label: float(count) for label, count in zip(m.labels, m.targets, strict=True)}
        for m in margins
        if m.targets is not None
    }
