"""Fits the threshold test: posterior mode and its curvature, whitened sampling on every core, and the draws of
thresholds.

The centred posterior has no useful joint mode in sigma (it grows without bound as all thresholds agree), so sigma is
placed where the Laplace approximation of its marginal is highest, and the rest at its mode given that. Curvature is
the Fisher information of the trinomial, whose places are independent given the globals: a block-arrow matrix, never
formed in full.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.optimize import minimize_scalar

from comity.disparity.diagnostics import convergence
from comity.disparity.threshold_kernels import (
    BETA,
    DISCRIMINANT,
    REACH,
    Whitened,
    posterior_numpy,
    sample_chain,
    unwhiten,
)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ModelOptions:
    """family: "discriminant" (Pierson 2018) or "beta" (Simoiu 2017). pin: index of the place whose effects are fixed
    at 0, or None. prior_scale: factor on the standard deviation of race and place effects, 0.1."""

    family: str = "discriminant"
    pin: int | None = None
    prior_scale: float = 1.0


@dataclass(frozen=True)
class SamplerOptions:
    """draws: kept, per chain. target: acceptance that the step size aims at. threads: chains run at the same time.
    rounds: of recentring before, for posteriors whose mode says little about their middle.
    """

    chains: int = 4
    warmup: int = 150
    draws: int = 800
    target: float = 0.85
    seed: int = 2017
    threads: int = 2
    rounds: int = 0


@dataclass(frozen=True)
class Draws:
    """Posterior draws of all chains in a row, and how far they can be trusted.

    log_sigma (draws,), globals (draws, 2 + 3R), blocks (draws, places, R + 2), thresholds (draws, places, R) as
    probabilities. r_hat, ess_bulk, ess_tail: worst over all parameters. evaluations: of the density, after warm-up.
    """

    log_sigma: Array
    globals: Array
    blocks: Array
    thresholds: Array
    r_hat: float
    ess_bulk: float
    ess_tail: float
    divergences: int
    evaluations: int


def sample_posterior(n: Array, s: Array, h: Array, *, model: ModelOptions, sampler: SamplerOptions) -> Draws:
    """Draw from the posterior for counts (places, groups) of stops, searches and hits."""
    data = whitened(n, s, h, model)
    streams = np.random.default_rng(sampler.seed).spawn(sampler.chains)
    starts = np.stack([0.7 * rng.standard_normal(data.size) for rng in streams])

    def run(warmup: int, draws: int) -> Any:
        def chain(at: int) -> Any:
            return sample_chain(starts[at], data, streams[at], warmup, draws, sampler.target)

        with ThreadPoolExecutor(sampler.threads) as pool:
            return list(pool.map(chain, range(sampler.chains)))

    for _ in range(sampler.rounds):
        data, starts = recentred(data, np.stack([kept for kept, *_ in run(100, 150)]))
    results = run(sampler.warmup, sampler.draws)
    log_sigma, globals_, blocks = unwhiten(np.stack([kept for kept, *_ in results]), data)
    races = n.shape[1]
    flat = np.concatenate([log_sigma[..., None], globals_, blocks.reshape(*blocks.shape[:2], -1)], axis=-1)
    if model.pin is not None:
        # The pinned place's two effects are not parameters of the model: they stay at their prior.
        at = 1 + globals_.shape[-1] + model.pin * (races + 2) + races
        flat = np.delete(flat, [at, at + 1], axis=-1)
    trust = convergence(flat)
    merged = blocks.reshape(-1, *blocks.shape[2:])
    every = globals_.reshape(-1, globals_.shape[-1])
    return Draws(
        log_sigma=log_sigma.reshape(-1),
        globals=every,
        blocks=merged,
        thresholds=thresholds(model, every, merged),
        r_hat=float(trust.r_hat.max()),
        ess_bulk=float(trust.ess_bulk.min()),
        ess_tail=float(trust.ess_tail.min()),
        divergences=sum(result[1] for result in results),
        evaluations=sum(result[2] for result in results),
    )


def signal(model: ModelOptions, globals_: Array, blocks: Array) -> tuple[Array, Array, Array]:
    """(eta, log delta, t) of each draw, place and group."""
    races = blocks.shape[-1] - 2
    free = _free(model, blocks.shape[-2])
    eta = globals_[..., None, 2 + races : 2 + 2 * races] + (free * blocks[..., races])[..., None]
    log_delta = globals_[..., None, 2 + 2 * races :] + (free * blocks[..., races + 1])[..., None]
    return eta, log_delta, blocks[..., :races]


def thresholds(model: ModelOptions, globals_: Array, blocks: Array) -> Array:
    """The probability of carrying contraband at which a person is searched, by draw, place and group."""
    eta, log_delta, t = signal(model, globals_, blocks)
    if model.family == "beta":
        return np.asarray(special.expit(t))
    delta = np.exp(log_delta)
    return np.asarray(special.expit(eta + delta * t - 0.5 * delta**2))


def probabilities(family: int, eta: Array, log_delta: Array, t: Array) -> tuple[Array, Array, Array]:
    """Chance that a stop ends in a hit, in a search without one, and without a search."""
    if family == DISCRIMINANT:
        phi, delta = special.expit(eta), np.exp(log_delta)
        a, b = phi * special.ndtr(delta - t), (1 - phi) * special.ndtr(-t)
        return a, b, phi * special.ndtr(t - delta) + (1 - phi) * special.ndtr(t)
    mean, total, cut = special.expit(eta), np.exp(log_delta), special.expit(t)
    alpha, beta = mean * total, (1 - mean) * total
    a = mean * special.betaincc(alpha + 1, beta, cut)
    return a, np.maximum(special.betaincc(alpha, beta, cut) - a, 0), special.betainc(alpha, beta, cut)


def whitened(n: Array, s: Array, h: Array, model: ModelOptions) -> Whitened:
    """The sampler's data: counts, priors, and the change of variables that makes the posterior about standard
    normal.
    """
    family = BETA if model.family == "beta" else DISCRIMINANT
    n, s, h = (np.ascontiguousarray(each, dtype=float) for each in (n, s, h))
    places, _ = n.shape
    fit = _Fit(
        family,
        n,
        s,
        h,
        _free(model, places),
        spread=0.1 * model.prior_scale,
        wide=1.0,
    )
    found = minimize_scalar(lambda x: -fit.marginal(x), bounds=(-4.0, 1.5), method="bounded", options={"xatol": 0.02})
    best, step = float(found.x), 0.15
    curvature = (2 * fit.marginal(best) - fit.marginal(best - step) - fit.marginal(best + step)) / step**2
    fit.marginal(best)
    inverse_blocks, coupling, inverse_globals = fit.factors()
    tight = math.exp(-2 * best)
    share = tight / (tight + fit.information()[..., 2, 2])
    return Whitened(
        family=family,
        n=n,
        s=s,
        h=h,
        free=fit.free,
        spread=fit.spread,
        wide=fit.wide,
        mode_sigma=best,
        mode_globals=fit.globals,
        centre_sigma=best,
        scale_sigma=float(np.clip(1 / math.sqrt(max(curvature, 1e-3)), 0.02, 1.0)),
        centre_globals=fit.globals,
        inverse_globals=inverse_globals,
        centre_blocks=fit.blocks,
        inverse_blocks=inverse_blocks,
        coupling=coupling,
        share=share,
        ridge=np.zeros((n.shape[1], 2, 2, 2)) if family == BETA else _ridge(fit.globals, n.shape[1]),
        bend=_bend(*fit.point(), share) if family == BETA else np.zeros((*n.shape, 2, 2)),
        bend_at=special.log_expit(fit.point()[0]) + fit.point()[1],
    )


def recentred(data: Whitened, z: Array) -> tuple[Whitened, Array]:
    """The same target with mean and spread of these draws (chains, draws, size) at the centre, and the chains' last
    positions in its coordinates. Spreads of few draws are drawn towards 1.
    """
    size, last = len(data.mode_globals), z[:, -1]
    flat = z.reshape(-1, z.shape[-1])
    mean, count = flat.mean(axis=0), len(flat)
    spread = np.sqrt((count * flat.var(axis=0) + 20) / (count + 20))
    near = slice(1, 1 + size)
    root = np.linalg.cholesky((count * np.cov(flat[:, near].T) + 20 * np.eye(size)) / (count + 20))
    moved = mean[near] @ data.inverse_globals
    rest = mean[1 + size :].reshape(data.centre_blocks.shape) - data.coupling @ moved
    scale = spread[1 + size :].reshape(data.centre_blocks.shape)[..., None]
    starts = (last - mean) / spread
    starts[:, near] = np.linalg.solve(root, (last - mean)[:, near].T).T
    return data._replace(
        centre_sigma=data.centre_sigma + data.scale_sigma * float(mean[0]),
        scale_sigma=data.scale_sigma * float(spread[0]),
        centre_globals=data.centre_globals + moved,
        inverse_globals=np.ascontiguousarray(root.T @ data.inverse_globals),
        centre_blocks=data.centre_blocks + np.einsum("dim,di->dm", data.inverse_blocks, rest),
        inverse_blocks=scale * data.inverse_blocks,
        coupling=data.coupling / scale,
    ), starts


def _bend(eta: Array, log_delta: Array, t: Array, share: Array, points: int = 61) -> Array:
    """How a place's threshold must change with log (phi delta) for its search rate to stay as it is at the mode, less the
    straight part, as far as its own counts hold it there. Beta family; (D, R, 2, points): see Whitened.
    """
    mean, total = special.expit(eta), np.exp(log_delta)
    alpha, beta = mean * total, (1 - mean) * total
    below = np.maximum(special.betainc(alpha, beta, special.expit(t)), 1e-300)
    x = np.linspace(-REACH, REACH, points)
    path = np.empty((points, *t.shape))
    for at in range(points):
        first = alpha * np.exp(x[at])
        # Where the cut is too small for a double, the leading term of the incomplete beta function is all there is.
        tiny = (np.log(below) + np.log(first) + special.betaln(first, beta)) / first
        cut = np.clip(special.betaincinv(first, beta, below), 1e-300, 1 - 1e-16)
        path[at] = np.where(tiny < -25, tiny, special.logit(cut))
    slopes = np.gradient(path, x, axis=0)
    middle = points // 2
    values = path - path[middle] - slopes[middle] * x[:, None, None]
    curves = (1 - share) * np.stack([values, slopes - slopes[middle]])
    return np.ascontiguousarray(curves.transpose(2, 3, 0, 1))


def _ridge(globals_: Array, races: int, points: int = 121) -> Array:
    """How share and threshold must change with the signal's strength for a race's search and hit rates to stay as they
    are at the mode, less the straight part, which whitening sees to. Discriminant family; (R, 2, 2, points): see Whitened.
    """
    t, phi, delta = (globals_[2 + each * races : 2 + (each + 1) * races] for each in range(3))
    goal = np.log(np.stack(probabilities(DISCRIMINANT, phi, delta, t)[:2]))
    middle = points // 2
    x = np.linspace(-REACH, REACH, points)
    path = np.empty((points, 2, races))
    path[middle] = phi, t
    for side in (1, -1):
        good = np.ones(races, dtype=bool)
        for at in range(middle + side, points if side == 1 else -1, side):
            before, last = path[at - side], path[at - 2 * side if abs(at - middle) > 1 else at - side]
            path[at] = _solve(goal, delta + x[at], 2 * before - last)
            # Where there is no such point, or only a far one, the ridge goes on straight.
            good &= np.isfinite(path[at]).all(axis=0) & (np.abs(path[at] - before) < 0.5).all(axis=0)
            path[at] = np.where(good, path[at], 2 * before - last)
    slopes = np.gradient(path, x, axis=0)
    straight = slopes[middle]
    values = path - path[middle] - straight * x[:, None, None]
    return np.ascontiguousarray(np.stack([values, slopes - straight]).transpose(3, 2, 0, 1))


def _solve(goal: Array, log_delta: Array, start: Array) -> Array:
    """(phi, t) at which the logarithms of the chances of a hit and of a search without one are `goal`, by Newton."""
    point, e = start.copy(), 1e-6

    def miss(phi: Array, t: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log(np.stack(probabilities(DISCRIMINANT, phi, log_delta, t)[:2])) - goal)

    for _ in range(30):
        off = miss(*point)
        by_phi = (miss(point[0] + e, point[1]) - miss(point[0] - e, point[1])) / (2 * e)
        by_t = (miss(point[0], point[1] + e) - miss(point[0], point[1] - e)) / (2 * e)
        with np.errstate(divide="ignore", invalid="ignore"):
            determinant = by_phi[0] * by_t[1] - by_phi[1] * by_t[0]
            move = (
                np.stack([off[0] * by_t[1] - off[1] * by_t[0], by_phi[0] * off[1] - by_phi[1] * off[0]]) / determinant
            )
        point = point - np.clip(move, -1, 1)
        if not (np.abs(off) > 1e-10).any():
            break
    return np.where(np.abs(off) < 1e-6, point, np.nan)


class _Fit:
    """Mode and curvature of everything but sigma, warm-started from one sigma to the next."""

    def __init__(self, family: int, n: Array, s: Array, h: Array, free: Array, *, spread: float, wide: float) -> None:
        self.family, self.n, self.s, self.h, self.free = family, n, s, h, free
        self.spread, self.wide = spread, wide
        races = n.shape[1]
        self.globals = np.zeros(2 + 3 * races)
        self.blocks = np.zeros((n.shape[0], races + 2))
        found = (h.sum() + 1) / (s.sum() + 2)
        phi, delta, t = -1.5, 0.5, 1.5
        if family == BETA:
            phi, delta, t = special.logit(0.3 * found), 1.5, special.logit(0.7 * found)
        self.globals[0], self.globals[1] = phi, delta
        self.globals[2 : 2 + races] = t
        self.globals[2 + races : 2 + 2 * races] = phi
        self.globals[2 + 2 * races :] = delta
        self.blocks[:, :races] = t
        self._hessian: tuple[Array, Array, Array] | None = None

    def marginal(self, log_sigma: float) -> float:
        """Laplace approximation of the log marginal posterior of log sigma; leaves mode and curvature in self."""
        value = self._climb(log_sigma)
        inverse_blocks, _, inverse_globals = self.factors()
        diagonal = np.diagonal(inverse_blocks, axis1=1, axis2=2)
        return value + float(np.log(diagonal).sum() + np.log(np.diag(inverse_globals)).sum())

    def factors(self) -> tuple[Array, Array, Array]:
        """Inverse Cholesky factors of the place blocks, their coupling to the globals, and that of the Schur
        complement.
        """
        assert self._hessian is not None
        block, border, corner = self._hessian
        inverse_blocks = np.linalg.inv(np.linalg.cholesky(block))
        coupling = inverse_blocks @ border
        schur = corner - np.einsum("dmk,dml->kl", coupling, coupling)
        inverse_globals = np.linalg.inv(np.linalg.cholesky(schur))
        return np.tril(inverse_blocks), np.ascontiguousarray(coupling), np.tril(inverse_globals)

    def _climb(self, log_sigma: float) -> float:
        args = (self.family, self.n, self.s, self.h, self.free, self.spread, self.wide, log_sigma)
        value, _, d_globals, d_blocks = posterior_numpy(*args, self.globals, self.blocks)
        damping = 1e-8
        for _ in range(200):
            self._hessian = self._curvature(log_sigma, damping)
            inverse_blocks, coupling, inverse_globals = self.factors()
            white = np.einsum("dim,dm->di", inverse_blocks, d_blocks)
            white_globals = inverse_globals @ (d_globals - np.einsum("dmk,dm->k", coupling, white))
            gain = float((white**2).sum() + (white_globals**2).sum())
            # What is still to gain in log density; slopes of the beta family are numerical, so it stops earlier.
            if gain < (1e-3 if self.family == BETA else 1e-8):
                break
            step_globals = white_globals @ inverse_globals
            step_blocks = np.einsum("dim,di->dm", inverse_blocks, white - coupling @ step_globals)
            size = 1.0
            while size > 1e-6:
                trial = posterior_numpy(*args, self.globals + size * step_globals, self.blocks + size * step_blocks)
                if math.isfinite(trial[0]) and trial[0] > value:
                    break
                size /= 2
            else:
                break
            damping = 1e-8 if size == 1.0 else max(damping, 1e-4)
            self.globals = self.globals + size * step_globals
            self.blocks = self.blocks + size * step_blocks
            value, _, d_globals, d_blocks = trial
        self._hessian = self._curvature(log_sigma, 0.0)
        return value

    def _curvature(self, log_sigma: float, damping: float) -> tuple[Array, Array, Array]:
        """Fisher information plus the prior's precision, as place blocks (D, M, M), border (D, M, K), corner (K, K)."""
        places, races = self.n.shape
        size, width = 2 + 3 * races, races + 2
        narrow, tight, broad = 1 / self.spread**2, math.exp(-2 * log_sigma), 1 / self.wide**2
        information = self.information()
        block, border, corner = (
            np.zeros((places, width, width)),
            np.zeros((places, width, size)),
            np.zeros((size, size)),
        )
        corner[0, 0] = corner[1, 1] = broad + races * narrow
        free = self.free
        for r in range(races):
            cell, t_at = information[:, r], 2 + r
            own, above = (races, races + 1), (2 + races + r, 2 + 2 * races + r)
            block[:, r, r] += cell[:, 2, 2] + tight
            border[:, r, t_at] -= tight
            corner[t_at, t_at] += broad + places * tight
            for i in range(2):
                block[:, r, own[i]] += free * cell[:, 2, i]
                block[:, own[i], r] += free * cell[:, 2, i]
                border[:, r, above[i]] += cell[:, 2, i]
                corner[above[i], above[i]] += narrow
                corner[above[i], i] -= narrow
                corner[i, above[i]] -= narrow
                for j in range(2):
                    block[:, own[i], own[j]] += free**2 * cell[:, i, j]
                    border[:, own[i], above[j]] += free * cell[:, i, j]
                    corner[above[i], above[j]] += cell[:, i, j].sum()
        block[:, races, races] += narrow
        block[:, races + 1, races + 1] += narrow
        ridge = 1 + damping
        block[:, np.arange(width), np.arange(width)] *= ridge
        corner[np.arange(size), np.arange(size)] *= ridge
        return block, border, corner

    def point(self) -> tuple[Array, Array, Array]:
        """(eta, log delta, t) of each place and group."""
        races = self.n.shape[1]
        eta = self.globals[2 + races : 2 + 2 * races] + (self.free * self.blocks[:, races])[:, None]
        log_delta = self.globals[2 + 2 * races :] + (self.free * self.blocks[:, races + 1])[:, None]
        return eta, log_delta, self.blocks[:, :races]

    def information(self) -> Array:
        """Fisher information (D, R, 3, 3) of the cells' trinomials in (eta, log delta, t), by central differences."""
        point = list(self.point())
        chances = probabilities(self.family, *point)
        slopes = []
        for axis in range(3):
            up, down = list(point), list(point)
            up[axis] = point[axis] + 1e-5
            down[axis] = point[axis] - 1e-5
            pair = zip(probabilities(self.family, *up), probabilities(self.family, *down), strict=True)
            slopes.append([(a - b) / 2e-5 for a, b in pair])
        information = np.zeros((*self.n.shape, 3, 3))
        for outcome in range(3):
            slope = np.stack([slopes[axis][outcome] for axis in range(3)], axis=-1)
            weight = self.n / np.maximum(chances[outcome], 1e-12)
            information += weight[..., None, None] * slope[..., :, None] * slope[..., None, :]
        return information


def _free(model: ModelOptions, places: int) -> Array:
    free = np.ones(places)
    if model.pin is not None:
        free[model.pin] = 0.0
    return free
