"""The steps of weighting, as plain descriptions, and `weigh`, which applies them, verifies each, and records it.

Base weights -> unknown eligibility -> non-response -> post-stratification, raking or calibration -> trimming:
Valliant, Dever and Kreuter, *Practical Tools for Designing and Weighting Survey Samples* (2nd ed.), chapters 13 and
14. A step that cannot do what it says raises ComityError that names the margin; convergence flags are not trusted,
the weights are added up again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from comity.errors import ComityError, nearest
from comity.estimates.calibration import Auxiliary, Distance, Margin, Solution, Total, calibrate, rake
from comity.estimates.chain import FittedStep
from comity.estimates.columns import Categories, Columns, Floats, joint_codes
from comity.estimates.design import Survey

Mask = npt.NDArray[np.bool_]
Shares = Mapping[str, float] | Mapping[tuple[str, ...], float]
Margins = Mapping[str, Shares] | Mapping[tuple[str, ...], Shares] | Mapping[str | tuple[str, ...], Shares]


@dataclass(frozen=True, kw_only=True)
class Collapse:
    """Merge categories with fewer than `minimum_n` respondents: neighbours where `ordered`, otherwise the smallest
    together."""

    minimum_n: int = 30
    ordered: bool = False


@dataclass(frozen=True)
class Rake:
    """Fit several margins at once. margins: {column: {category: population count}}, or {(columns): {(categories):
    count}}.

    Targets that add up to 1 are shares: of the population of the other margins, or of the present total of weights.
    tolerance: relative, for each category.
    """

    margins: Margins
    collapse: Collapse | None = None
    tolerance: float = 1e-9
    max_sweeps: int = 2000


@dataclass(frozen=True)
class PostStratify:
    """Fit the joint categories of `columns` to `targets`: {category: count}, or {(categories): count} for several
    columns."""

    columns: str | tuple[str, ...]
    targets: Shares
    collapse: Collapse | None = None


@dataclass(frozen=True)
class Calibrate:
    """Calibrate to margins, to totals of numeric columns, and to the population's size.

    distance: "linear" (the generalised regression estimator; weights may go negative), "raking", or, with `bounds` on
    the factors, "logit" or "truncated". tolerance: relative, for each total.
    """

    totals: Mapping[str, float] = field(default_factory=dict)
    margins: Margins = field(default_factory=dict)
    population: float | None = None
    distance: Distance = "linear"
    bounds: tuple[float, float] | None = None
    tolerance: float = 1e-9
    max_steps: int = 100


@dataclass(frozen=True)
class AdjustEligibility:
    """Spread the weight of cases whose eligibility is unknown over those where it is known, within classes.

    status: column; `unknown`: its categories that mean unknown. Known ineligible cases keep their share and leave at
    the end: `ineligible` lists their categories.
    """

    status: str
    unknown: Sequence[str]
    ineligible: Sequence[str] = ()
    within: str | Sequence[str] = ()


@dataclass(frozen=True)
class AdjustNonresponse:
    """Make respondents stand for non-respondents.

    responded: column that is 1, true or "yes" for respondents. within: classes whose respondents carry the class's
    whole weight. propensity: columns of a logistic model of response, whose inverse fitted probabilities multiply the
    weights;
    floor: the least probability.
    """

    responded: str
    within: str | Sequence[str] = ()
    propensity: Sequence[str] = ()
    floor: float = 0.01


@dataclass(frozen=True)
class Trim:
    """Cap weights at `cap`, or at `times_median` x the median weight, and give the excess to the others in
    proportion."""

    cap: float | None = None
    times_median: float | None = None
    redistribute: bool = True


Step = Rake | PostStratify | Calibrate | AdjustEligibility | AdjustNonresponse | Trim


def weigh(survey: Survey, *steps: Step) -> Survey:
    """Apply the steps in order. The result carries the new weights and how they came about; `survey` is unchanged.

    Raises ComityError that names the margin, category or class when a step cannot be done or does not verify.
    """
    for step in steps:
        fitted = _fit(survey, step)
        survey = survey.with_weights(fitted.after, fitted)
    return survey


@dataclass(frozen=True)
class WeightDiagnostics:
    """n: rows with weight. deff_kish = 1 + CV^2 of the weights. effective_n = n / deff_kish. largest_share: of the
    top 1% of rows."""

    n: int
    total: float
    deff_kish: float
    effective_n: float
    smallest: float
    median: float
    largest: float
    largest_to_median: float
    largest_share: float
    negative: int


def diagnose_weights(survey: Survey) -> WeightDiagnostics:
    """What the weighting costs: Kish (1992, Journal of Official Statistics 8:183)."""
    weights = survey.weights[survey.weights != 0]
    deff = len(weights) * float(weights @ weights) / float(weights.sum()) ** 2
    ordered = np.sort(weights)
    top = ordered[-max(1, len(weights) // 100) :]
    median = float(np.median(weights))
    return WeightDiagnostics(
        n=len(weights),
        total=float(weights.sum()),
        deff_kish=deff,
        effective_n=len(weights) / deff,
        smallest=float(ordered[0]),
        median=median,
        largest=float(ordered[-1]),
        largest_to_median=float(ordered[-1]) / median,
        largest_share=float(top.sum() / weights.sum()),
        negative=int((weights < 0).sum()),
    )


def _fit(survey: Survey, step: Step) -> FittedStep:
    if isinstance(step, Rake):
        return _fit_rake(survey, step)
    if isinstance(step, PostStratify):
        return _fit_post_strata(survey, step)
    if isinstance(step, Calibrate):
        return _fit_calibration(survey, step)
    if isinstance(step, AdjustEligibility):
        return _fit_eligibility(survey, step)
    if isinstance(step, AdjustNonresponse):
        return _fit_propensity(survey, step) if step.propensity else _fit_response_classes(survey, step)
    return _fit_trim(survey, step)


# --- calibration in all its forms


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
    method: str
    bounds: tuple[float, float] | None
    tolerance: float
    state: object
    receivers: Mask | None = None
    source: Mask | None = None
    is_response: bool = False

    def backward(self, adjoint: Floats, direct: Floats) -> tuple[Floats, Floats]:
        mass = self.before if self.receivers is None else np.where(self.receivers, self.before, 0.0)
        matrix = self.auxiliary.cross(mass)
        slopes = self.auxiliary.solve(matrix, self.auxiliary.project(mass[:, None] * adjoint))
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
        solution = _solve(self, mass, targets)
        result = weights * solution.factors
        if self.receivers is not None:
            result = np.where(self.receivers, result, 0.0)
        return result

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

    def response_variance(self, survey: Survey, scores: Floats) -> Floats:
        if not self.is_response:
            return super().response_variance(survey, scores)
        factor = np.divide(self.after, self.before, out=np.ones_like(self.after), where=self.after != 0)
        return _response_variance(survey, scores, 1 - 1 / factor)


def _solve(step: FittedCalibration, mass: Floats, targets: Floats) -> Solution:
    if step.method == "rake":
        return rake(step.auxiliary, mass, targets, tolerance=step.tolerance, max_sweeps=2000, start=step.state)
    if step.method == "cells":
        return Solution(_cell_factors(step.auxiliary, mass, targets)[step.auxiliary.margins[0].codes], None, 1)
    distance: Distance = step.method  # type: ignore[assignment]
    return calibrate(
        step.auxiliary, mass, targets, distance=distance, bounds=step.bounds, tolerance=step.tolerance, max_steps=100,
        start=None if distance == "linear" else step.state,
    )  # fmt: skip


def _cell_factors(auxiliary: Auxiliary, mass: Floats, targets: Floats) -> Floats:
    """Target over present weight, per category of the only margin; 1 where a replicate has nobody there."""
    margin = auxiliary.margins[0]
    present = np.bincount(margin.codes, weights=mass, minlength=len(margin.labels))
    return np.divide(targets, present, out=np.ones_like(present), where=present > 0)


def _fit_rake(survey: Survey, step: Rake) -> FittedCalibration:
    margins, merged = _margins(survey, step.margins, step.collapse)
    _refuse_disagreement(margins)
    auxiliary = Auxiliary(tuple(margins))
    solution = rake(auxiliary, survey.weights, auxiliary.targets, tolerance=step.tolerance, max_sweeps=step.max_sweeps)
    after = survey.weights * solution.factors
    _verify(survey, auxiliary, after, auxiliary.targets, step.tolerance, "Raking")
    record = {"step": "rake", "margins": _record(margins), "sweeps": solution.iterations, "merged": merged}
    return FittedCalibration(
        "rake",
        survey.weights,
        after,
        record,
        auxiliary,
        auxiliary.targets,
        "rake",
        None,
        step.tolerance,
        solution.state,
    )


def _fit_post_strata(survey: Survey, step: PostStratify) -> FittedCalibration:
    margins, merged = _margins(survey, {step.columns: step.targets}, step.collapse)
    auxiliary = Auxiliary(tuple(margins))
    factors = _cell_factors(auxiliary, survey.weights, auxiliary.targets)
    after = survey.weights * factors[margins[0].codes]
    _verify(survey, auxiliary, after, auxiliary.targets, 1e-9, "Post-stratification")
    record = {"step": "post-stratify", "margins": _record(margins), "merged": merged}
    return FittedCalibration(
        "post-stratify", survey.weights, after, record, auxiliary, auxiliary.targets, "cells", None, 1e-9, None
    )


def _fit_calibration(survey: Survey, step: Calibrate) -> FittedCalibration:
    if step.distance not in ("linear", "raking", "logit", "truncated"):
        raise ComityError(f"The distance is '{step.distance}'.", "It is one of: linear, raking, logit, truncated.")
    if step.distance in ("logit", "truncated"):
        if step.bounds is None:
            raise ComityError(f"Distance '{step.distance}' needs bounds.", "Give bounds such as (0.3, 3) around 1.")
        if not 0 <= step.bounds[0] < 1 < step.bounds[1]:
            raise ComityError(
                f"The bounds are {step.bounds}.", "They are two positive numbers around 1, such as (0.3, 3)."
            )
    margins, _ = _margins(survey, step.margins, None, step.population)
    _refuse_disagreement(margins, population=step.population)
    totals = []
    if step.population is not None:
        totals.append(Total("population", np.ones(survey.rows), float(step.population)))
    for name, target in step.totals.items():
        values = survey.columns.numbers(name)
        missing = int(np.isnan(values[survey.weights != 0]).sum())
        if missing:
            raise ComityError(
                f"Column '{name}' is missing in {missing} rows.", "Fill it in before calibrating to its total."
            )
        totals.append(Total(name, np.where(np.isnan(values), 0.0, values), float(target)))
    auxiliary = Auxiliary(tuple(margins), tuple(totals))
    solution = calibrate(
        auxiliary, survey.weights, auxiliary.targets, distance=step.distance, bounds=step.bounds,
        tolerance=step.tolerance, max_steps=step.max_steps,
    )  # fmt: skip
    after = survey.weights * solution.factors
    hint = f" within the bounds {step.bounds}" if step.bounds else ""
    _verify(survey, auxiliary, after, auxiliary.targets, step.tolerance, f"Calibration{hint}")
    record = {
        "step": "calibrate", "distance": step.distance, "bounds": step.bounds, "margins": _record(margins),
        "totals": {total.name: total.target for total in totals}, "negative_weights": int((after < 0).sum()),
    }  # fmt: skip
    return FittedCalibration(
        "calibrate", survey.weights, after, record, auxiliary, auxiliary.targets, step.distance, step.bounds,
        step.tolerance, solution.state,
    )  # fmt: skip


def _margins(
    survey: Survey,
    wanted: Margins,
    collapse: Collapse | None,
    population: float | None = None,
) -> tuple[list[Margin], dict[str, dict[str, str]]]:
    """The margins with their targets in the order of the levels; and which categories were merged into which."""
    margins, merged = [], {}
    sums = [float(sum(shares.values())) for shares in wanted.values()]
    total = next((each for each in sums if not _are_shares(each)), population or float(survey.weights.sum()))
    for key, shares in wanted.items():
        names = (key,) if isinstance(key, str) else tuple(key)
        targets = {label if isinstance(label, tuple) else (label,): float(count) for label, count in shares.items()}
        margin, changes = _margin(survey, names, {tuple(map(str, k)): v for k, v in targets.items()}, total, collapse)
        margins.append(margin)
        if changes:
            merged[margin.name] = changes
    return margins, merged


def _are_shares(total: float) -> bool:
    return abs(total - 1) < 1e-6  # a population of one person needs no survey


def _margin(
    survey: Survey,
    names: tuple[str, ...],
    targets: dict[tuple[str, ...], float],
    total: float,
    collapse: Collapse | None,
) -> tuple[Margin, dict[str, str]]:
    title = " x ".join(names)
    wrong = next((label for label, count in targets.items() if not (count >= 0 and np.isfinite(count))), None)
    if wrong is not None:
        raise ComityError(
            f"The target of '{' x '.join(wrong)}' in '{title}' is {targets[wrong]}.", "Give counts of at least 0."
        )
    if not targets or sum(targets.values()) == 0:
        raise ComityError(f"The targets of '{title}' are empty.", "Give a count for each category.")
    if _are_shares(sum(targets.values())):
        scale = total / sum(targets.values())
        targets = {label: count * scale for label, count in targets.items()}
    parts = [_complete(survey, name) for name in names]
    for at, part in enumerate(parts):
        _refuse_unknown(survey, part, [label[at] for label in targets])
    if len(parts) == 1:
        return _single_margin(survey, parts[0], {label[0]: count for label, count in targets.items()}, collapse)
    joint, _ = joint_codes([part.codes for part in parts], [len(part.labels) for part in parts])
    present, codes = np.unique(joint, return_inverse=True)
    labels = []
    for code in present:
        rest, label = int(code), []
        for part in reversed(parts):
            rest, at = divmod(rest, len(part.labels))
            label.append(part.labels[at])
        labels.append(tuple(reversed(label)))
    unmatched = [label for label in labels if label not in targets]
    if unmatched:
        raise ComityError(
            f"The data have the cell {' x '.join(unmatched[0])} of '{title}', and the targets do not.",
            "Give every cell that occurs a target, or merge categories.",
        )
    joined = Categories(title, codes, tuple(" x ".join(label) for label in labels))
    return _single_margin(survey, joined, {" x ".join(label): count for label, count in targets.items()}, collapse)


def _single_margin(
    survey: Survey, part: Categories, targets: dict[str, float], collapse: Collapse | None
) -> tuple[Margin, dict[str, str]]:
    labels, codes, changes = list(part.labels), part.codes, {}
    missing = [label for label in targets if label not in labels]
    labels += missing
    if collapse is not None:
        order = [label for label in targets if label in labels]
        n = np.bincount(codes[survey.weights != 0], minlength=len(labels))
        changes = collapse_categories({label: int(n[labels.index(label)]) for label in order}, collapse)
        merged_labels = list(dict.fromkeys(changes.get(label, label) for label in labels))
        lookup = np.array([merged_labels.index(changes.get(label, label)) for label in labels])
        codes = lookup[codes]
        sums: dict[str, float] = {}
        for label, count in targets.items():
            sums[changes.get(label, label)] = sums.get(changes.get(label, label), 0.0) + count
        labels, targets = merged_labels, sums
    if not changes and survey.all_weighted and all(targets.get(label, 0) > 0 for label in labels) and not missing:
        return Margin(part.name, codes, tuple(labels), np.array([targets[label] for label in labels])), changes
    present = np.bincount(codes[survey.weights != 0], minlength=len(labels))
    for at, label in enumerate(labels):
        target = targets.get(label, 0.0)
        if present[at] == 0 and target > 0:
            raise ComityError(
                f"Nobody in the sample is in '{label}' of '{part.name}', whose target is {target:,.6g}.",
                "Merge this category with a similar one, in the data and in the targets (collapse does it by rule).",
            )
        if present[at] > 0 and target == 0:
            raise ComityError(
                f"The target of '{label}' of '{part.name}' is 0, and {present[at]} rows are in it.",
                "Correct the target, or leave those rows out of the sample.",
            )
    keep = [at for at in range(len(labels)) if present[at] > 0]
    if len(keep) < len(labels):
        lookup = np.zeros(len(labels), np.int64)
        lookup[keep] = np.arange(len(keep))
        codes, labels = lookup[codes], [labels[at] for at in keep]
    return Margin(part.name, codes, tuple(labels), np.array([targets[label] for label in labels])), changes


def collapse_categories(n_by_category: Mapping[str, int], rule: Collapse) -> dict[str, str]:
    """Which category becomes which so that each has `rule.minimum_n`: {old: merged name}; unchanged ones are left out.

    Ordered: the smallest joins its smaller neighbour. Otherwise the smallest joins the next smallest. Names join with
    " + ".
    """
    groups = [([label], n) for label, n in n_by_category.items()]
    while len(groups) > 1 and min(n for _, n in groups) < rule.minimum_n:
        at = min(range(len(groups)), key=lambda each: groups[each][1])
        if rule.ordered:
            near = [each for each in (at - 1, at + 1) if 0 <= each < len(groups)]
        else:
            near = [each for each in range(len(groups)) if each != at]
        other = min(near, key=lambda each: groups[each][1])
        first, second = sorted((at, other))
        groups[first] = (groups[first][0] + groups[second][0], groups[first][1] + groups[second][1])
        del groups[second]
    return {label: " + ".join(labels) for labels, _ in groups if len(labels) > 1 for label in labels}


def _complete(survey: Survey, name: str) -> Categories:
    part = survey.columns.categories(name)
    if part.codes.min() >= 0:
        return part
    gone = part.codes < 0
    used = int((gone & (survey.weights != 0)).sum())
    if used:
        raise ComityError(
            f"Weighting column '{name}' is missing in {used} rows.",
            "Fill it in (impute it) or leave those rows out.",
        )
    return Categories(part.name, np.where(gone, 0, part.codes), part.labels)


def _refuse_unknown(survey: Survey, part: Categories, valid: Sequence[str]) -> None:
    if set(part.labels) <= set(valid):
        return
    used = survey.weights != 0
    present = np.bincount(part.codes[used], minlength=len(part.labels))
    for label, n in zip(part.labels, present, strict=True):
        if n and label not in valid:
            near = nearest(label, sorted(set(valid)))
            hint = f"Did you mean '{near}'?" if near else f"The targets have: {', '.join(sorted(set(valid))[:12])}."
            raise ComityError(
                f"Column '{part.name}' has the category '{label}' ({n} rows), which the targets do not.", hint
            )


def _refuse_disagreement(margins: Sequence[Margin], population: float | None = None) -> None:
    sums = [(f"'{m.name}'", float(m.targets.sum())) for m in margins if m.targets is not None]
    if population is not None:
        sums.insert(0, ("the population", population))
    for name, total in sums[1:]:
        if abs(total - sums[0][1]) > 1e-6 * sums[0][1]:
            raise ComityError(
                f"The targets disagree: {sums[0][0]} adds up to {sums[0][1]:,.6f} and {name} to {total:,.6f}.",
                "Take all targets from one population, or rescale one of them.",
            )


def _verify(survey: Survey, auxiliary: Auxiliary, after: Floats, targets: Floats, tolerance: float, what: str) -> None:
    """Add the weights up again. Raises ComityError naming the worst margin and the cells that hold it back."""
    reached = auxiliary.sums(after)
    gaps = np.abs(reached - targets) / np.maximum(np.abs(targets), 1e-12)
    allowed = max(10 * tolerance, 1e-7)
    if np.isfinite(gaps).all() and gaps.max() <= allowed:
        return
    order = np.argsort(-np.where(np.isfinite(gaps), gaps, np.inf))[:3]
    missed = "; ".join(f"{auxiliary.names[at]} reached {reached[at]:,.6g} of {targets[at]:,.6g}" for at in order)
    raise ComityError(
        f"{what} cannot meet its targets: {missed}.{_blocking_cells(auxiliary, survey.weights, int(order[0]))}",
        "Merge categories, drop a margin, or widen the bounds; nothing was weighted.",
    )


def _blocking_cells(auxiliary: Auxiliary, weights: Floats, worst: int) -> str:
    """Names the combinations with the worst category that nobody in the sample is in."""
    if worst >= auxiliary.levels or len(auxiliary.margins) < 2:
        return ""
    starts = np.cumsum([0, *[len(m.labels) for m in auxiliary.margins]])
    at = int(np.searchsorted(starts, worst, side="right") - 1)
    margin, level = auxiliary.margins[at], worst - int(starts[at])
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


# --- eligibility and non-response


def _classes(survey: Survey, within: str | Sequence[str]) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    names = [within] if isinstance(within, str) else list(within)
    if not names:
        return np.zeros(survey.rows, np.int64), ("everyone",)
    parts = [_complete(survey, name) for name in names]
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


def _is_yes(survey: Survey, name: str) -> Mask:
    found = survey.columns.categories(name)
    yes = [at for at, label in enumerate(found.labels) if label.casefold() in ("1", "true", "yes", "y")]
    known = {"0", "1", "true", "false", "yes", "no", "y", "n"}
    odd = [label for label in found.labels if label.casefold() not in known]
    if odd:
        raise ComityError(f"Column '{name}' has '{odd[0]}' where yes or no is expected.", "Use 1 and 0, or yes and no.")
    return np.isin(found.codes, yes)


def _fit_eligibility(survey: Survey, step: AdjustEligibility) -> FittedStep:
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


def _fit_response_classes(survey: Survey, step: AdjustNonresponse) -> FittedStep:
    used = survey.weights != 0
    responded = _is_yes(survey, step.responded) & used
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

    def response_variance(self, survey: Survey, scores: Floats) -> Floats:
        return _response_variance(survey, scores, 1 - self._shares(self.coefficients)[0])

    def _shares(self, coefficients: Floats) -> tuple[Floats, Mask]:
        shares = 1 / (1 + np.exp(-np.clip(self.matrix @ coefficients, -30, 30)))
        return np.maximum(shares, self.floor), shares > self.floor


def _fit_propensity(survey: Survey, step: AdjustNonresponse) -> FittedPropensity:
    if step.within:
        raise ComityError("Both classes and a propensity model are given for non-response.", "Choose one of them.")
    used = survey.weights != 0
    responded = _is_yes(survey, step.responded) & used
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


def _response_variance(survey: Survey, scores: Floats, nonresponse: Floats) -> Floats:
    """Responding as a last stage of Poisson sampling: what the first-stage finite population correction takes away
    too much."""
    stage = survey.stages[0]
    fraction = stage.fraction[stage.stratum[stage.unit]]
    if not fraction.any():
        return np.zeros((scores.shape[1], scores.shape[1]))
    return scores.T @ (scores * (fraction * np.clip(nonresponse, 0, 1))[:, None])


# --- trimming


@dataclass(frozen=True, eq=False)
class FittedTrim(FittedStep):
    """Weights in `trimmed` are `cap`; the others are multiplied by one factor that keeps the total."""

    name: str
    before: Floats
    after: Floats
    record: Mapping[str, object]
    cap: float
    redistribute: bool

    def backward(self, adjoint: Floats, direct: Floats) -> tuple[Floats, Floats]:
        trimmed, factor = _capped(self.before, np.ones_like(self.before), self.cap, self.redistribute)
        if not self.redistribute:
            return np.where(trimmed[:, None], 0.0, adjoint), direct
        free = ~trimmed & (self.before != 0)
        mass = self.before[free].sum()
        pull = (self.before[free] @ adjoint[free]) / mass
        change = np.where(free, 1 - factor, np.where(trimmed, 1.0, 0.0))
        by_weight = np.where(free[:, None], factor * adjoint, 0.0) + change[:, None] * pull
        by_count = np.where(free, self.before * (1 - factor), np.where(trimmed, self.before - self.cap, 0.0))
        return by_weight, direct + by_count[:, None] * pull

    def replay(self, multiplicity: Floats, weights: Floats) -> Floats:
        trimmed, factor = _capped(weights, multiplicity, self.cap, self.redistribute)
        return np.where(trimmed, self.cap, weights * factor)


def _capped(weights: Floats, multiplicity: Floats, cap: float, redistribute: bool) -> tuple[Mask, float]:
    """Which weights are capped, and the factor of the others that keeps the total."""
    trimmed, factor = weights > cap, 1.0
    total = float(multiplicity @ weights)
    while redistribute:
        rest = float(multiplicity[~trimmed] @ weights[~trimmed])
        factor = (total - cap * float(multiplicity[trimmed].sum())) / rest if rest > 0 else 1.0
        more = ~trimmed & (weights * factor > cap * (1 + 1e-12))
        if not more.any():
            break
        trimmed = trimmed | more
    return trimmed, factor


def _fit_trim(survey: Survey, step: Trim) -> FittedTrim:
    if (step.cap is None) == (step.times_median is None):
        raise ComityError("Trimming needs a cap.", "Give cap, or times_median, and not both.")
    used = survey.weights[survey.weights != 0]
    cap = step.cap if step.cap is not None else float(step.times_median or 0) * float(np.median(used))
    if cap <= 0 or (step.redistribute and cap * len(used) < used.sum()):
        raise ComityError(
            f"A cap of {cap:,.6g} cannot hold the total weight of {used.sum():,.6g} on {len(used)} rows.",
            f"Give a cap above the mean weight of {used.mean():,.6g}.",
        )
    trimmed, factor = _capped(survey.weights, np.ones(survey.rows), cap, step.redistribute)
    after = np.where(trimmed, cap, survey.weights * factor)
    record = {"step": "trim", "cap": float(cap), "trimmed": int(trimmed.sum()), "factor": float(factor)}
    return FittedTrim("trim", survey.weights, after, record, float(cap), step.redistribute)
