"""The veil of darkness as a regression: logit P(group) = b dark + spline of clock minute + place, fitted on cells.

Stops with the same minute, place and light are one cell, on which the likelihood is exactly that of the rows. Standard
errors are clustered by day with the CR2 correction and its degrees of freedom (Bell and McCaffrey 2002; Pustejovsky and
Tipton 2018), worked out from each day's score and information, so that no row is laid out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from comity.disparity.sun import clock_changes
from comity.disparity.veil_stops import Stops

Array = NDArray[np.float64]
Ints = NDArray[np.integer]
Mask = NDArray[np.bool_]
Halves = tuple[Array, Array]
"""A vector of all coefficients: those of every place (..., columns), and those of each place (..., places, columns)."""


@dataclass(frozen=True)
class VeilOptions:
    """spline_df: freedom of the clock-time curve. by_place: one level per place. place_curves: a whole curve per place.

    near_clock_change: keep only stops within so many days of a change of the clock. margin_minutes: also drop this long
    before sunset and after dusk. trim_minutes: also drop this long at both ends of the hours used.
    """

    spline_df: int = 6
    by_place: bool = True
    place_curves: bool = False
    near_clock_change: int | None = None
    margin_minutes: int = 0
    trim_minutes: int = 0


@dataclass(frozen=True)
class VeilFit:
    """coefficient: of dark, in log odds; error: its standard error clustered by day (CR2), with `freedom` degrees of
    freedom; plain_error: without the correction for few days, as most programs give it. n: stops used, in the dark
    n_dark. cells: how many minute x place x dark cells the likelihood had. shared: coefficients of dark and (unless
    each place has its own) the spline; own: (places, columns) levels and curves of places.
    """

    coefficient: float
    error: float
    freedom: float
    plain_error: float
    n: int
    n_dark: int
    cells: int
    days: int
    converged: bool
    shared: Array
    own: Array
    share_dark: float
    share_light: float

    @property
    def ratio(self) -> float:
        return math.exp(self.coefficient)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Of the odds ratio."""
        half = float(special.stdtrit(self.freedom, 0.5 + confidence / 2)) * self.error
        return math.exp(self.coefficient - half), math.exp(self.coefficient + half)


def fit_veil(stops: Stops, *, options: VeilOptions, time_zone: str) -> VeilFit | None:
    """Maximum likelihood on the cells; None where light or dark, or one of the groups, is (nearly) missing."""
    used = _within(stops, options, time_zone)
    rows = slice(None) if used is None else used
    day, minute, place = stops.day[rows], stops.minute[rows], stops.place[rows]
    dark, ours, total = stops.dark[rows], stops.group_count[rows], stops.total[rows]
    by_dark, ours_dark = np.bincount(dark, total, 2), np.bincount(dark, ours, 2)
    if by_dark.min() < 20 or ours.sum() < 10 or (total - ours).sum() < 10:
        return None
    label, places = _place_labels(place, ours, total, len(stops.places), options)
    place = label[place]
    if (place < 0).any():
        rows = place >= 0
        day, minute, place, dark = day[rows], minute[rows], place[rows], dark[rows]
        ours, total = ours[rows], total[rows]
    first = int(minute.min())
    minutes = int(minute.max()) - first + 1
    clock = (minute - first).astype(np.int64)
    spline = natural_spline(np.arange(minutes, dtype=float), knots(clock, total, options.spline_df))
    key = (clock * places + place) * 2 + dark
    n, y = (np.bincount(key, weights, minutes * places * 2) for weights in (total, ours))
    cell = np.flatnonzero(n)
    level = np.ones((minutes, 1))
    design = _Design(
        shared=np.empty((minutes, 0)) if options.place_curves else spline,
        own=np.hstack([level, spline]) if options.place_curves else level,
        places=places,
    )
    moment, cell_dark = np.divmod(cell, 2)
    at = _Cells(*np.divmod(moment, places), cell_dark.astype(float), n[cell], y[cell])
    answer = _newton(design, at)
    if answer is None:
        return None
    (shared, own), solve, p, converged = answer
    chance = np.zeros(len(n))
    chance[cell] = p
    days, day = _renumbered(day, len(stops.days))
    error, plain, freedom = _clustered(design, solve, day, days, clock, place, dark, key, ours, total, chance)
    return VeilFit(
        coefficient=float(shared[0]),
        error=error,
        freedom=freedom,
        plain_error=plain,
        n=round(float(total.sum())),
        n_dark=round(float(total[dark].sum())),
        cells=len(cell),
        days=days,
        converged=converged,
        shared=shared,
        own=own,
        share_dark=float(ours_dark[1] / by_dark[1]),
        share_light=float(ours_dark[0] / by_dark[0]),
    )


def natural_spline(x: Array, knots: Array) -> Array:
    """Natural cubic spline basis (Hastie, Tibshirani and Friedman, section 5.2.1) without intercept: len(knots) - 1
    columns.

    knots: increasing, boundary knots included. Columns are made orthonormal over x, which changes no fitted value.
    """
    low, high = knots[0], knots[-1]

    def d(knot: float) -> Array:
        return np.asarray((np.maximum(x - knot, 0) ** 3 - np.maximum(x - high, 0) ** 3) / (high - knot))

    last = d(knots[-2])
    columns = [(x - low) / (high - low), *((d(knot) - last) / (high - low) ** 2 for knot in knots[:-2])]
    basis = np.column_stack(columns)
    basis = (basis - basis.mean(axis=0)) / basis.std(axis=0)
    return np.asarray(np.linalg.qr(basis)[0] * math.sqrt(len(x)))


def knots(clock: Ints, total: Array, df: int) -> Array:
    """Boundary knots at the ends and df - 1 inner ones at equal shares of the stops. clock: minutes from the first."""
    by_minute = np.bincount(clock, weights=total)
    inner = np.searchsorted(np.cumsum(by_minute) / by_minute.sum(), np.arange(1, df) / df)
    return np.unique(np.concatenate([[0], inner, [len(by_minute) - 1]])).astype(float)


@dataclass(frozen=True)
class _Design:
    """Columns by clock minute: `shared` ones (after dark) have one coefficient, `own` ones one for each place."""

    shared: Array
    own: Array
    places: int

    def shared_at(self, clock: Ints, dark: Array) -> Array:
        return np.column_stack([dark, self.shared[clock]])


@dataclass(frozen=True)
class _Cells:
    clock: Ints
    place: Ints
    dark: Array
    n: Array
    y: Array


def _within(stops: Stops, options: VeilOptions, time_zone: str) -> Mask | None:
    """Which stops these options keep; None for all of them."""
    keep = None
    if options.margin_minutes:
        late = stops.minute >= stops.first_dark[stops.day] + options.margin_minutes
        early = stops.minute <= stops.last_light[stops.day] - options.margin_minutes
        keep = np.where(stops.dark, late, early)
    if options.trim_minutes:
        low, high = stops.hours[0] + options.trim_minutes, stops.hours[1] - options.trim_minutes
        inside = (stops.minute >= low) & (stops.minute <= high)
        keep = inside if keep is None else keep & inside
    if options.near_clock_change is not None:
        first, last = (int(str(day)[:4]) for day in (stops.days.min(), stops.days.max()))
        changes = np.array([np.datetime64(each.date(), "D") for each in clock_changes(first, last, time_zone)])
        near = np.zeros(len(stops.days), dtype=bool)
        if len(changes):
            apart = np.abs(stops.days[:, None] - changes[None, :]).min(axis=1).astype(int)
            near = apart <= options.near_clock_change
        keep = near[stops.day] if keep is None else keep & near[stops.day]
    return keep


def _place_labels(place: Ints, ours: Array, total: Array, places: int, options: VeilOptions) -> tuple[Ints, int]:
    """Each place's new number, and how many there are; -1 where only one of the groups was stopped, which says nothing.

    With a curve for each place, places with few stops share one: 30 of either group for each freedom of the curve.
    """
    if not options.by_place:
        return np.zeros(places, dtype=np.int64), 1
    k, n = np.bincount(place, ours, places), np.bincount(place, total, places)
    few = np.minimum(k, n - k)
    if not options.place_curves:
        informative = few > 0
        return np.where(informative, np.cumsum(informative) - 1, -1), int(informative.sum())
    many = few >= 30 * (1 + options.spline_df)
    label = np.where(many, np.cumsum(many) - 1, int(many.sum()))
    return label, int(many.sum()) + bool((~many & (n > 0)).any())


def _newton(design: _Design, at: _Cells) -> tuple[Halves, Callable[[Array, Array], Halves], Array, bool] | None:
    """Newton's method for the logistic likelihood; None where it diverges (a place with one group only at some hours).

    Returns the coefficients, a solver for the information matrix, the fitted chances, and whether it converged.
    """
    x, z, place, places = design.shared_at(at.clock, at.dark), design.own[at.clock], at.place, design.places
    shared, own = np.zeros(x.shape[1]), np.zeros((places, z.shape[1]))
    # Start each place at its own log odds, a little towards the middle.
    place_y, place_n = np.bincount(place, at.y, places), np.bincount(place, at.n, places)
    own[:, 0] = np.log((place_y + 0.5) / (place_n - place_y + 0.5))

    def deviance(shared: Array, own: Array) -> tuple[float, Array]:
        eta = x @ shared + np.einsum("ij,ij->i", z, own[place])
        return float(-2 * (at.y @ eta - at.n @ np.logaddexp(0, eta))), special.expit(eta)

    now, p = deviance(shared, own)
    for _ in range(50):
        w, residual = at.n * p * (1 - p), at.y - at.n * p
        blocks = _information(x, z, place, places, w)
        try:
            solve = _solver(*blocks)
        except np.linalg.LinAlgError:
            return None
        gradient = x.T @ residual, _by_place(z * residual[:, None], place, places)
        step = solve(*gradient)
        if float(gradient[0] @ step[0] + (gradient[1] * step[1]).sum()) < 1e-18 * max(1.0, now):
            return (shared + step[0], own + step[1]), solve, p, True
        for _ in range(20):
            after, chance = deviance(shared + step[0], own + step[1])
            if after <= now + 1e-9 * abs(now):
                break
            step = step[0] / 2, step[1] / 2
        shared, own, now, p = shared + step[0], own + step[1], after, chance
    small = max(np.abs(step[0]).max(), np.abs(step[1]).max()) < 1e-8
    return ((shared, own), solve, p, True) if small else None


def _information(x: Array, z: Array, place: Ints, places: int, w: Array) -> tuple[Array, Array, Array]:
    """(shared x shared), (places, own x shared), (places, own x own)."""
    weighted = x * w[:, None]
    cross = np.stack([_by_place(z * weighted[:, [j]], place, places) for j in range(x.shape[1])], axis=2)
    block = np.stack([_by_place(z * (z[:, [j]] * w[:, None]), place, places) for j in range(z.shape[1])], axis=2)
    return weighted.T @ x, cross, block


def _by_place(values: Array, place: Ints, places: int) -> Array:
    return np.column_stack([np.bincount(place, column, places) for column in values.T])


def _solver(dense: Array, cross: Array, block: Array) -> Callable[[Array, Array], Halves]:
    """Solves with the information matrix, whose place blocks touch each other only through the shared columns."""
    inverse = np.linalg.inv(block)
    across = inverse @ cross
    schur = np.linalg.inv(dense - np.einsum("pli,plj->ij", cross, across))

    def solve(shared: Array, own: Array) -> Halves:
        """shared (..., columns), own (..., places, columns)."""
        inner = np.einsum("plk,...pk->...pl", inverse, own)
        first = (shared - np.einsum("pli,...pl->...i", cross, inner)) @ schur
        return first, inner - np.einsum("pli,...i->...pl", across, first)

    return solve


def _clustered(
    design: _Design,
    solve: Callable[[Array, Array], Halves],
    day: Ints,
    days: int,
    clock: Ints,
    place: Ints,
    dark: Mask,
    key: Ints,
    ours: Array,
    total: Array,
    chance: Array,
) -> tuple[float, float, float]:
    """(CR2 error, error with days / (days - 1) only, CR2's degrees of freedom) of the coefficient of dark.

    With M the inverse information, s a day's score and J its information, CR2 adds up (e' M^(1/2) (I - M^(1/2) J
    M^(1/2))^(-1/2) M^(1/2) s)^2. The inverse root is a series in M J, so that only products with vectors are needed.
    """
    minutes, places = len(design.own), design.places
    p = chance[key]
    residual, w = ours - total * p, total * p * (1 - p)
    at = day * minutes + clock
    # A day's dark and light minutes do not overlap, so sums by day and minute hold everything about shared columns.
    by_minute = np.bincount(at, w, days * minutes).reshape(days, minutes)
    is_dark = np.zeros((days, minutes))
    is_dark[day, clock] = dark
    spline, own = design.shared, design.own
    width, columns = 1 + spline.shape[1], own.shape[1]
    dense = np.empty((days, width, width))
    dense[:, 0, 0] = (by_minute * is_dark).sum(axis=1)
    dense[:, 0, 1:] = dense[:, 1:, 0] = (by_minute * is_dark) @ spline
    products = (spline[:, :, None] * spline[:, None, :]).reshape(minutes, -1)
    dense[:, 1:, 1:] = (by_minute @ products).reshape(days, width - 1, width - 1)
    where = day * places + place

    def summed(weights: Array) -> Array:
        return np.bincount(where, weights, days * places).reshape(days, places)

    cross, block = np.empty((days, places, columns, width)), np.empty((days, places, columns, columns))
    for i in range(columns):
        own_i = w if i == 0 else w * own[clock, i]
        cross[:, :, i, 0] = summed(own_i * dark)
        for j in range(1, width):
            cross[:, :, i, j] = summed(own_i * spline[clock, j - 1])
        for j in range(i, columns):
            block[:, :, i, j] = block[:, :, j, i] = summed(own_i if j == 0 else own_i * own[clock, j])
    score = np.empty((days, width)), np.empty((days, places, columns))
    by_minute = np.bincount(at, residual, days * minutes).reshape(days, minutes)
    score[0][:, 0], score[0][:, 1:] = (by_minute * is_dark).sum(axis=1), by_minute @ spline
    for i in range(columns):
        score[1][:, :, i] = summed(residual if i == 0 else residual * own[clock, i])

    def dot(a: Halves, b: Halves) -> Array:
        return np.asarray((a[0] * b[0]).sum(axis=-1) + np.einsum("...pl,...pl->...", a[1], b[1]))

    def by_information(a: Halves) -> Halves:
        """Each day's information times that day's vector."""
        shared = np.einsum("dij,dj->di", dense, a[0]) + np.einsum("dpli,dpl->di", cross, a[1])
        return shared, np.einsum("dpli,di->dpl", cross, a[0]) + np.einsum("dplk,dpk->dpl", block, a[1])

    direction = np.zeros(width), np.zeros((places, columns))
    direction[0][0] = 1.0
    influence = solve(*direction)
    term = np.tile(influence[0], (days, 1)), np.tile(influence[1], (days, 1, 1))
    plain = dot(term, score)
    total_term, total_pull, coefficient = term, plain, 1.0
    for order in range(1, 200):
        coefficient *= (2 * order - 1) / (2 * order)
        term = solve(*by_information(term))
        more = coefficient * dot(term, score)
        total_term = total_term[0] + coefficient * term[0], total_term[1] + coefficient * term[1]
        total_pull = total_pull + more
        if np.abs(more).max() <= 1e-12 * np.abs(total_pull).max():
            break
    # Degrees of freedom: those of the sum of squares if days' residuals were independent with the fitted variances.
    image = by_information(total_term)
    solved = solve(*image)
    covariance = np.diag(dot(total_term, image)) - (
        solved[0] @ image[0].T + solved[1].reshape(days, -1) @ image[1].reshape(days, -1).T
    )
    freedom = float(np.trace(covariance)) ** 2 / float((covariance**2).sum())
    return (
        math.sqrt(float(total_pull @ total_pull)),
        math.sqrt(days / max(days - 1, 1) * float(plain @ plain)),
        max(1.0, freedom),
    )


def _renumbered(day: Ints, days: int) -> tuple[int, Ints]:
    """How many of the days have stops here, and each row's number among these."""
    present = np.zeros(days, dtype=bool)
    present[day] = True
    return int(present.sum()), (np.cumsum(present) - 1)[day]
