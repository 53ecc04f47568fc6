"""Effects of a staggered roll-out: event study and overall effect, with errors clustered by unit.

Imputation (Borusyak, Jaravel and Spiess 2024; Gardner's did2s), Callaway and Sant'Anna 2021, Sun and Abraham 2021, and
the efficient estimator under random timing of Roth and Sant'Anna 2023. Unit effects are swept out by a Schur complement
on the periods, and all event times are solved for at once, so half a million rows take a fraction of a second. Every
overall effect weights each treated cell alike. Equations: docs/methods/rollout.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from comity.disparity.rollout_panel import Array, Ints, Mask, Panel, comparable, masks
from comity.errors import ComityError

NEVER = 10**9
"""Stands for the adoption period of a unit that never adopts."""


@dataclass(frozen=True)
class Effect:
    """Average effect on the treated. event_time: periods since adoption (below 0: a placebo), None for all of them.

    treated: how many treated cells it averages.
    """

    event_time: int | None
    estimate: float
    error: float
    low: float
    high: float
    treated: int


def impute(panel: Panel, *, confidence: float = 0.95) -> tuple[Effect, list[Effect]]:
    """(overall effect, effect by periods since adoption). Treated cells that nothing can impute are left out."""
    treated, untreated = masks(panel)
    y = np.nan_to_num(panel.outcome)
    fit = _TwoWay(untreated)
    unit_effect, period_effect = fit.solve((y * untreated).sum(axis=1), (y * untreated).sum(axis=0))
    difference = y - unit_effect[:, None] - period_effect[None, :]
    unit, period = np.nonzero(treated & fit.known_units[:, None] & fit.known_periods[None, :])
    if not len(unit):
        raise ComityError("No treated unit has others to compare with.", "Include units that adopted later or never.")
    effect = difference[unit, period]
    since = period - panel.adopted[unit]
    left = difference * untreated
    scatter = _scatter(effect, panel.adopted[unit], since, y.shape[1])
    # Column 0 averages all treated cells, column 1 + e those e periods after adoption.
    event_times = int(since.max()) + 1
    sizes = np.concatenate([[len(unit)], np.bincount(since, minlength=event_times)]).astype(float)
    share = 1 / np.maximum(sizes, 1)

    def laid_out(values: Array, at: Ints, length: int) -> Array:
        """Sums of values by `at` (rows) and event time (columns), as shares of the cells averaged."""
        by_time = np.bincount(at * event_times + since, values, length * event_times).reshape(length, event_times)
        return np.asarray(np.column_stack([by_time.sum(axis=1), by_time]) * share)

    ones = np.ones(len(unit))
    weight_unit, weight_period = fit.solve(laid_out(ones, unit, len(y)), laid_out(ones, period, y.shape[1]))
    influence = laid_out(scatter, unit, len(y)) - weight_unit * left.sum(axis=1)[:, None] - left @ weight_period
    errors = np.sqrt((influence**2).sum(axis=0) * len(y) / (len(y) - 1))
    estimates = np.concatenate([[effect.sum()], np.bincount(since, effect, event_times)]) * share
    freedom = max(len(np.unique(unit)) - 1, 1)
    effects = [
        _effect(int(at) - 1 if at else None, estimates[at], errors[at], freedom, confidence, int(sizes[at]))
        for at in np.flatnonzero(sizes)
    ]
    return effects[0], effects[1:]


def placebo(panel: Panel, *, periods: int = 3) -> tuple[Effect, list[Effect]] | None:
    """The same estimate with adoption pretended `periods` earlier, on data before the real one: it ought to be zero."""
    early = np.where(panel.adopted >= 0, np.maximum(panel.adopted - periods, 0), -1)
    before = np.arange(panel.outcome.shape[1])[None, :] < _when(panel)[:, None]
    pretended = Panel(panel.units, panel.periods, np.where(before, panel.outcome, np.nan), early)
    if not comparable(pretended):
        return None
    overall, by_time = impute(pretended)
    return overall, [
        Effect((each.event_time or 0) - periods, each.estimate, each.error, each.low, each.high, each.treated)
        for each in by_time
    ]


def callaway_santanna(panel: Panel, *, confidence: float = 0.95) -> Effect | None:
    """Average over cohorts and periods of long differences from the period before adoption, against units not yet
    treated. Cohorts of one unit tell nothing about chance and are left out; None where nothing can be compared.
    """
    when = _when(panel)
    order = np.argsort(-when, kind="stable")  # who adopts later stands first, so those not yet treated are a beginning
    y, when = panel.outcome[order], when[order]
    total = weights = 0.0
    influence = np.zeros(len(y))
    for cohort in np.unique(when[(when > 0) & (when < NEVER)]):
        later, start = int(np.searchsorted(-when, -cohort)), int(cohort)
        end = later + int((when == cohort).sum())
        if end - later < 2:
            continue
        change = y[:end, start:] - y[:end, [start - 1]]
        known = np.isfinite(change)
        change = np.where(known, change, 0.0)
        ours = known[later:end]
        others = known[:later] & (when[:later, None] > np.arange(start, y.shape[1])[None, :])
        n1, n0 = ours.sum(axis=0), others.sum(axis=0)
        use = (n1 > 0) & (n0 > 0)
        m1 = change[later:end].sum(axis=0) / np.maximum(n1, 1)
        m0 = (change[:later] * others).sum(axis=0) / np.maximum(n0, 1)
        total += float((n1 * (m1 - m0))[use].sum())
        weights += float(n1[use].sum())
        small = math.sqrt((end - later) / (end - later - 1))  # deviations from a mean of few are too small
        influence[later:end] += small * ((change[later:end] - m1) * ours)[:, use].sum(axis=1)
        influence[:later] -= ((change[:later] - m0) * others) @ np.where(use, n1 / np.maximum(n0, 1), 0.0)
    if weights == 0:
        return None
    error = math.sqrt(float((influence**2).sum())) / weights
    freedom = max(int(((when > 0) & (when < NEVER)).sum()) - 1, 1)
    return _effect(None, total / weights, error, freedom, confidence, int(weights))


def sun_abraham(panel: Panel, *, confidence: float = 0.95) -> tuple[Effect, list[Effect]] | None:
    """Effects of each cohort and period in a regression with a term for each, averaged by the treated cells they have.

    Compared with units that never adopted or, where there are none, with the last cohort until it adopts. Cohorts
    of one unit tell nothing about chance and are left out. Event times below -1 are leads, -1 is the one left out.
    None where nothing can be compared.
    """
    when, y = _when(panel), panel.outcome
    last = int(when.max())
    if last < NEVER:
        y = np.where(np.arange(y.shape[1]) < last, y, np.nan)
    observed = np.isfinite(y)
    control = _Cohort.fitted(y, observed, when == last)
    size = y.shape[1]
    column = {event_time: at for at, event_time in enumerate([None, *range(-size, size)])}
    weights = np.zeros((size, len(column)))  # of the control's period effects, for each effect asked for
    terms: list[tuple[_Cohort, Array]] = []
    cells, estimates = np.zeros(len(column)), np.zeros(len(column))
    for each in np.unique(when[(when > 0) & (when < last)]):
        start = int(each)
        if (when == each).sum() < 2:
            continue
        cohort = _Cohort.fitted(y, observed, when == each)
        reference = np.eye(size)[start - 1]
        of_cohort = np.zeros((size, len(column)))
        for period in range(size):
            contrast = np.eye(size)[period] - reference
            if period == start - 1 or not (cohort.knows(contrast) and control.knows(contrast)):
                continue
            n = float(cohort.observed[:, period].sum())
            for at in [column[period - start], *([column[None]] if period >= start else [])]:
                cells[at] += n
                estimates[at] += n * float(contrast @ (cohort.effects - control.effects))
                of_cohort[:, at] += n * contrast
        terms.append((cohort, of_cohort))
        weights += of_cohort
    if cells[0] == 0:
        return None
    share = 1 / np.maximum(cells, 1)
    variance = sum((cohort.variance(w * share) for cohort, w in terms), control.variance(weights * share))
    freedom = max(sum(len(cohort.observed) for cohort, _ in terms) - 1, 1)
    effects = [
        _effect(time, estimates[at] * share[at], math.sqrt(variance[at]), freedom, confidence, int(cells[at]))
        for time, at in column.items()
        if cells[at] > 0
    ]
    return effects[0], effects[1:]


def roth_santanna(panel: Panel, *, confidence: float = 0.95) -> Effect | None:
    """The efficient estimator if the order of adoption was drawn at random; None where nothing can be compared.

    theta - beta X: theta compares treated cells with units not yet treated at that time, X does so in the period before
    adoption, and beta makes the variance smallest (beta = 1 is Callaway and Sant'Anna, beta = 0 a plain difference).
    Units with a missing outcome and cohorts of one unit are left out. The variance is Neyman's, so it is never too
    small on average.
    """
    complete = np.isfinite(panel.outcome).all(axis=1)
    y, when = panel.outcome[complete], _when(panel)[complete]
    cohorts, cohort, sizes = np.unique(when, return_inverse=True, return_counts=True)
    many = sizes >= 2
    y, cohort = y[many[cohort]], (np.cumsum(many) - 1)[cohort[many[cohort]]]
    cohorts, sizes = cohorts[many], sizes[many]
    periods = y.shape[1]
    after, before = np.zeros((len(cohorts), periods)), np.zeros((len(cohorts), periods))
    cells = 0
    for at, each in enumerate(cohorts):
        for period in range(int(each) if 0 < each < NEVER else periods, periods):
            later = cohorts > period
            if not later.any():
                continue
            cells += int(sizes[at])
            pool = np.where(later, sizes / sizes[later].sum(), 0.0) * sizes[at]
            for weights, when_compared in ((after, period), (before, int(each) - 1)):
                weights[at, when_compared] += sizes[at]
                weights[:, when_compared] -= pool
    if not cells:
        return None
    theta, x = ((y * weights[cohort]).sum(axis=1) / cells for weights in (after, before))
    # Each unit's part; the estimate adds up cohort means, their covariance is that of the parts within cohorts.
    count = sizes.astype(float)
    means = [np.bincount(cohort, part) / count for part in (theta, x)]
    apart = [part - mean[cohort] for part, mean in zip((theta, x), means, strict=True)]

    def covariance(a: Array, b: Array) -> float:
        return float((np.bincount(cohort, a * b) / (count - 1) / count).sum())

    spread = covariance(apart[1], apart[1])
    beta = covariance(apart[0], apart[1]) / spread if spread > 0 else 0.0
    variance = covariance(apart[0], apart[0]) - beta * covariance(apart[0], apart[1])
    estimate = float(means[0].sum() - beta * means[1].sum())
    freedom = max(len(y) - len(cohorts) - 1, 1)
    return _effect(None, estimate, math.sqrt(max(variance, 0.0)), freedom, confidence, cells)


class _TwoWay:
    """Least squares on unit and period effects over the cells of `mask`, by a Schur complement on the periods."""

    def __init__(self, mask: Mask) -> None:
        self.mask = mask.astype(float)
        self.per_unit, self.per_period = self.mask.sum(axis=1), self.mask.sum(axis=0)
        self.known_units, self.known_periods = self.per_unit > 0, self.per_period > 0
        self._inverse = np.where(self.known_units, 1 / np.maximum(self.per_unit, 1), 0.0)
        self.schur = np.diag(self.per_period) - (self.mask * self._inverse[:, None]).T @ self.mask
        self.inverse = np.linalg.pinv(self.schur, rtol=1e-10, hermitian=True)

    def solve(self, by_unit: Array, by_period: Array) -> tuple[Array, Array]:
        """Solution of the normal equations for these sums over units and periods (columns: several at once); one
        period's level is free."""
        inverse = self._inverse if by_unit.ndim == 1 else self._inverse[:, None]
        known = self.known_periods if by_unit.ndim == 1 else self.known_periods[:, None]
        period = self.inverse @ np.where(known, by_period - self.mask.T @ (inverse * by_unit), 0.0)
        return inverse * (by_unit - self.mask @ period), period


@dataclass(frozen=True)
class _Cohort:
    """Unit and period effects of some units on their own. residual, observed: (units, periods)."""

    effects: Array
    residual: Array
    observed: Mask
    fit: _TwoWay

    @classmethod
    def fitted(cls, y: Array, observed: Mask, units: Mask) -> _Cohort:
        y, observed = np.nan_to_num(y[units]), observed[units]
        fit = _TwoWay(observed)
        unit, period = fit.solve((y * observed).sum(axis=1), (y * observed).sum(axis=0))
        return cls(period, (y - unit[:, None] - period) * observed, observed, fit)

    def knows(self, contrast: Array) -> bool:
        """Whether the data tell these periods apart."""
        return bool(np.abs(self.fit.schur @ (self.fit.inverse @ contrast) - contrast).max() < 1e-8)

    def variance(self, contrasts: Array) -> Array:
        """Of contrasts of the period effects (columns), clustered by unit, with n / (n - 1)."""
        n = len(self.residual)
        influence = self.residual @ (self.fit.inverse @ contrasts)
        return np.asarray((influence**2).sum(axis=0) * n / max(n - 1, 1))


def _scatter(effect: Array, adopted: Ints, since: Ints, periods: int) -> Array:
    """Treated cells' differences from the mean of their cohort and event time (Borusyak, Jaravel and Spiess 2024).

    Cohorts of fewer than five cells at an event time say little about chance on their own: they are taken together by
    event time, and a single cell around the mean of all.
    """
    label = adopted * periods + since
    few = np.bincount(label)[label] < 5
    label = np.where(few, periods * periods + since, label)
    n = np.bincount(label)
    mean = np.bincount(label, effect) / np.maximum(n, 1)
    size = n[label]
    centred = (effect - mean[label]) * np.sqrt(size / np.maximum(size - 1, 1))
    return np.where(size > 1, centred, effect - effect.mean())


def _when(panel: Panel) -> NDArray[np.int64]:
    return np.where(panel.adopted >= 0, panel.adopted, NEVER)


def _effect(time: int | None, estimate: float, error: float, freedom: int, confidence: float, treated: int) -> Effect:
    half = float(special.stdtrit(freedom, 0.5 + confidence / 2)) * float(error)
    return Effect(time, float(estimate), float(error), float(estimate) - half, float(estimate) + half, treated)
