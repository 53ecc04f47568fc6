"""The threshold test's log density in whitened space, and the sampler that walks it.

Density: Pierson, Corbett-Davies and Goel 2018, as a trinomial (hit, search without hit, no search) with closed-form
gradient; signal family 1 is the beta of Simoiu, Corbett-Davies and Goel 2017. Sampler: Hamiltonian Monte Carlo that
follows the normal part of the target exactly and only corrects for the rest (Shahbaba, Lan, Johnson and Neal 2014).
With numba (extra `fast`) both are compiled; without it the same sampler runs on the NumPy density, several times
slower, with the same draws up to rounding.

Unknowns, in whitened order z = (log sigma, globals, places x block):
globals: mu_phi, mu_delta, t_race (R), phi_race (R), delta_race (R); block of a place: t (R), phi_place, delta_place.
Changes of variables make the posterior nearly normal (docs/methods/threshold_test.md): a race's share and threshold slide
along the ridge on which its search and hit rates stay as they are while its signal's strength changes (in the beta
family, a place's threshold along that on which its own search rate does), and a place's threshold moves with sigma as
far as its own counts leave it free.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

try:
    import numba
except ImportError:  # the extra `fast` is not installed
    numba = None  # type: ignore[assignment]

Array = NDArray[np.float64]
HAS_NUMBA = numba is not None
DISCRIMINANT, BETA = 0, 1


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    return numba.njit(cache=True, nogil=True, error_model="numpy")(function) if HAS_NUMBA else function


# --- the signal: probabilities of (hit, search without hit, no search) and their gradients


def cells_numpy(family: int, n: Array, s: Array, h: Array, eta: Array, log_delta: Array, t: Array) -> tuple[Any, ...]:
    """Log-likelihood of each cell and its derivatives in (eta, log delta, t); all arrays of one shape."""
    phi = special.expit(eta)
    if family == DISCRIMINANT:
        delta = np.exp(log_delta)
        log_over_guilty, log_over_innocent = special.log_ndtr(delta - t), special.log_ndtr(-t)
        log_a = special.log_expit(eta) + log_over_guilty
        log_b = special.log_expit(-eta) + log_over_innocent
        a, b = np.exp(log_a), np.exp(log_b)
        c = phi * special.ndtr(t - delta) + (1 - phi) * special.ndtr(t)
        log_c = np.where(a + b < 0.5, np.log1p(-np.minimum(a + b, 0.5)), np.log(np.maximum(c, 1e-300)))
        log_guilty = -0.5 * (t - delta) ** 2 - 0.5 * math.log(2 * math.pi)
        log_innocent = -0.5 * t * t - 0.5 * math.log(2 * math.pi)
        guilty, innocent = np.exp(log_guilty), np.exp(log_innocent)
        mills_guilty, mills_innocent = np.exp(log_guilty - log_over_guilty), np.exp(log_innocent - log_over_innocent)
        value = h * log_a + (s - h) * log_b + (n - s) * log_c
        none = (n - s) / np.maximum(c, 1e-300)
        d_eta = h * (1 - phi) - (s - h) * phi + none * phi * (1 - phi) * (special.ndtr(t - delta) - special.ndtr(t))
        d_log_delta = (h * mills_guilty - none * phi * guilty) * delta
        d_t = -h * mills_guilty - (s - h) * mills_innocent + none * (phi * guilty + (1 - phi) * innocent)
        return value, d_eta, d_log_delta, d_t
    step = 1e-5

    def at(e: Array, d: Array, x: Array) -> Array:
        mean, total = special.expit(e), np.exp(d)
        alpha, beta = mean * total, (1 - mean) * total
        cut = special.expit(x)
        c = special.betainc(alpha, beta, cut)
        search = special.betaincc(alpha, beta, cut)
        a = mean * special.betaincc(alpha + 1, beta, cut)
        b = np.maximum(search - a, 1e-300)
        return np.asarray(
            h * np.log(np.maximum(a, 1e-300)) + (s - h) * np.log(b) + (n - s) * np.log(np.maximum(c, 1e-300))
        )

    return (
        at(eta, log_delta, t),
        (at(eta + step, log_delta, t) - at(eta - step, log_delta, t)) / (2 * step),
        (at(eta, log_delta + step, t) - at(eta, log_delta - step, t)) / (2 * step),
        (at(eta, log_delta, t + step) - at(eta, log_delta, t - step)) / (2 * step),
    )


def _log_ndtr(x: float) -> float:
    """log Phi(x); an asymptotic series below -12, where erfc would underflow soon."""
    if x > -12.0:
        return math.log(0.5 * math.erfc(-x * 0.7071067811865476))
    square = 1 / (x * x)
    return -0.5 * x * x - 0.9189385332046727 - math.log(-x) + math.log1p(-square * (1 - 3 * square * (1 - 5 * square)))


def _betainc(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta by Lentz's continued fraction (Abramowitz and Stegun 26.5.8)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    swap = x > (a + 1) / (a + b + 2)
    if swap:
        a, b, x = b, a, 1 - x
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > 1e-30 else 1e-30)
    f = d
    for m in range(1, 300):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 + even * d
        c = 1 + even / c
        d = 1 / (d if abs(d) > 1e-30 else 1e-30)
        f *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 + odd * d
        c = 1 + odd / c
        d = 1 / (d if abs(d) > 1e-30 else 1e-30)
        f *= d * c
        if abs(d * c - 1) < 1e-13:
            break
    return 1 - front * f if swap else front * f


def _beta_parts(eta: float, log_delta: float, t: float) -> Any:
    """Chances of a hit, a search without one and no search, and the signal's density at the threshold, in log odds."""
    mean, total, cut = 1 / (1 + math.exp(-eta)), math.exp(log_delta), 1 / (1 + math.exp(-t))
    alpha, beta = mean * total, (1 - mean) * total
    search = _betainc(beta, alpha, 1 - cut)
    log_beta = math.lgamma(alpha) + math.lgamma(beta) - math.lgamma(total)
    density_at = math.exp(alpha * math.log(cut) + beta * math.log1p(-cut) - log_beta)
    # I(b, a + 1) from I(b, a): one incomplete beta does for all three chances.
    a = max(mean * (search + density_at / alpha), 1e-300)
    return a, max(search - a, 1e-300), max(1 - search, 1e-300), density_at, cut


def _beta_value(n: float, s: float, h: float, eta: float, log_delta: float, t: float) -> float:
    a, b, c, _, _ = _beta_parts(eta, log_delta, t)
    return h * math.log(a) + (s - h) * math.log(b) + (n - s) * math.log(c)


def _cell(family: int, n: float, s: float, h: float, eta: float, log_delta: float, t: float) -> Any:
    if family == 1:
        e = 1e-5
        a, b, c, density_at, cut = _beta_parts(eta, log_delta, t)
        return (
            h * math.log(a) + (s - h) * math.log(b) + (n - s) * math.log(c),
            (_beta_value(n, s, h, eta + e, log_delta, t) - _beta_value(n, s, h, eta - e, log_delta, t)) / (2 * e),
            (_beta_value(n, s, h, eta, log_delta + e, t) - _beta_value(n, s, h, eta, log_delta - e, t)) / (2 * e),
            density_at * ((n - s) / c - h * cut / a - (s - h) * (1 - cut) / b),
        )
    phi = 1 / (1 + math.exp(-eta))
    delta = math.exp(log_delta)
    log_phi = -math.log1p(math.exp(-eta)) if eta > -30 else eta
    log_rest = -math.log1p(math.exp(eta)) if eta < 30 else -eta
    log_q1, log_q0 = _log_ndtr(delta - t), _log_ndtr(-t)
    q1, q0 = math.exp(log_q1), math.exp(log_q0)
    missed = phi * q1 + (1 - phi) * q0
    c = 1 - missed if missed < 0.5 else phi * (1 - q1) + (1 - phi) * (1 - q0)
    log_c = math.log1p(-missed) if missed < 0.5 else math.log(max(c, 1e-300))
    log_g1 = -0.5 * (t - delta) ** 2 - 0.9189385332046727
    log_g0 = -0.5 * t * t - 0.9189385332046727
    mills1, mills0 = math.exp(log_g1 - log_q1), math.exp(log_g0 - log_q0)
    g1, g0 = math.exp(log_g1), math.exp(log_g0)
    none = (n - s) / max(c, 1e-300)
    value = h * (log_phi + log_q1) + (s - h) * (log_rest + log_q0) + (n - s) * log_c
    d_eta = h * (1 - phi) - (s - h) * phi + none * phi * (1 - phi) * (q0 - q1)
    d_log_delta = (h * mills1 - none * phi * g1) * delta
    d_t = -h * mills1 - (s - h) * mills0 + none * (phi * g1 + (1 - phi) * g0)
    return value, d_eta, d_log_delta, d_t


# --- the posterior in whitened space


class Whitened(NamedTuple):
    """Counts (D, R), priors, and the change of variables between z and the model's unknowns.

    free (D,): 0 at the pinned place, else 1. spread: sd of race and place effects; wide: of hyper-means and race
    thresholds. mode_*: where the curves below touch the straight. centre_*: where z = 0. inverse_blocks (D, M, M),
    coupling (D, M, K), inverse_globals (K, K): inverse Cholesky factors of the information. share (D, R): how much of a
    place's threshold moves with sigma (0 none, 1 all). Curves are values and slopes on a grid from -REACH to REACH, with
    the straight part taken off: ridge (R, 2, 2, G), of share and threshold against log delta less its mode; bend
    (D, R, 2, G), of a place's threshold against log (phi delta) less bend_at, used by the beta family only.
    """

    family: int
    n: Array
    s: Array
    h: Array
    free: Array
    spread: float
    wide: float
    mode_sigma: float
    mode_globals: Array
    centre_sigma: float
    scale_sigma: float
    centre_globals: Array
    inverse_globals: Array
    centre_blocks: Array
    inverse_blocks: Array
    coupling: Array
    share: Array
    ridge: Array
    bend: Array
    bend_at: Array

    @property
    def size(self) -> int:
        return 1 + len(self.mode_globals) + self.centre_blocks.size


REACH = 3.0


def unwhiten(z: Array, data: Whitened) -> tuple[Any, Array, Array]:
    """(log sigma, globals, blocks) of one or many whitened points z (..., size)."""
    size, races = len(data.mode_globals), data.n.shape[1]
    moved = z[..., 1 : 1 + size] @ data.inverse_globals
    rest = z[..., 1 + size :].reshape(*z.shape[:-1], *data.centre_blocks.shape)
    rest = rest - np.einsum("dmk,...k->...dm", data.coupling, moved)
    blocks = data.centre_blocks + np.einsum("dim,...di->...dm", data.inverse_blocks, rest)
    straight = data.centre_globals + moved
    log_sigma = data.centre_sigma + data.scale_sigma * z[..., 0]
    globals_ = straight.copy()
    for race in range(races):
        x = straight[..., 2 + 2 * races + race] - data.mode_globals[2 + 2 * races + race]
        phi, t = _curve_numpy(data.ridge[race], x)[0]
        globals_[..., 2 + races + race] += phi
        globals_[..., 0] += phi / races
        globals_[..., 2 + race] += t
    stretch = np.exp(data.share * (log_sigma - data.mode_sigma)[..., None, None])
    off = stretch * (blocks[..., :races] - straight[..., None, 2 : 2 + races])
    if data.family == BETA:
        off = off + _bend_numpy(data, globals_, blocks)[0]
    blocks[..., :races] = globals_[..., None, 2 : 2 + races] + off
    return log_sigma, globals_, blocks


def density_numpy(z: Array, data: Whitened, gradient: Array) -> float:
    """Log density at whitened z, up to a constant; its gradient is written into `gradient`."""
    size, races = len(data.mode_globals), data.n.shape[1]
    log_sigma, g, blocks = unwhiten(z, data)
    value, d_log_sigma, d_g, d_blocks = posterior_numpy(
        data.family, data.n, data.s, data.h, data.free, data.spread, data.wide, float(log_sigma), g, blocks
    )
    moved = z[1 : 1 + size] @ data.inverse_globals
    d_t = d_blocks[:, :races].copy()
    off = blocks[:, :races] - g[2 : 2 + races]
    d_g[2 : 2 + races] += d_t.sum(axis=0)
    if data.family == BETA:
        bend, slope, rare = _bend_numpy(data, g, blocks)
        off = off - bend
        for above, own, by in ((2 + races, races, slope * rare), (2 + 2 * races, races + 1, slope)):
            d_g[above : above + races] += (d_t * by).sum(axis=0)
            d_blocks[:, own] += data.free * (d_t * by).sum(axis=1)
    stretch = np.exp(data.share * (log_sigma - data.mode_sigma))
    value += float(data.share.sum() * (log_sigma - data.mode_sigma))
    d_log_sigma += float((data.share * (off * d_t + 1)).sum())
    d_blocks[:, :races] = stretch * d_t
    slid = np.empty(races)
    for race in range(races):
        at = 2 + 2 * races + race
        d_phi, d_threshold = _curve_numpy(
            data.ridge[race], data.centre_globals[at] + moved[at] - data.mode_globals[at]
        )[1]
        slid[race] = d_phi * (d_g[2 + races + race] + d_g[0] / races) + d_threshold * d_g[2 + race]
    d_g[2 + 2 * races :] += slid
    d_g[2 : 2 + races] -= d_blocks[:, :races].sum(axis=0)
    whitened = np.einsum("dim,dm->di", data.inverse_blocks, d_blocks)
    gradient[0] = d_log_sigma * data.scale_sigma
    gradient[1 : 1 + size] = data.inverse_globals @ (d_g - np.einsum("dmk,dm->k", data.coupling, whitened))
    gradient[1 + size :] = whitened.reshape(-1)
    return value


def _curve_numpy(curve: Array, x: Any) -> tuple[Array, Array]:
    """Values and slopes at x of curves (..., 2, G): cubic Hermite, straight beyond the grid. x is one number for each
    curve, or many for all of them.
    """
    x = np.asarray(x)
    steps = curve.shape[-1] - 1
    width = 2 * REACH / steps
    inside = np.clip(x, -REACH, REACH)
    at = np.minimum(((inside + REACH) / width).astype(int), steps - 1)
    u = (inside + REACH) / width - at
    values, slopes = curve[..., 0, :], curve[..., 1, :] * width
    if x.shape == curve.shape[:-2] and x.ndim:
        v0, v1, s0, s1 = (
            np.take_along_axis(each, (at + more)[..., None], axis=-1)[..., 0]
            for each in (values, slopes)
            for more in (0, 1)
        )
    else:
        v0, v1, s0, s1 = values[..., at], values[..., at + 1], slopes[..., at], slopes[..., at + 1]
    a, b = 2 * (v0 - v1) + s0 + s1, 3 * (v1 - v0) - 2 * s0 - s1
    slope = (3 * a * u * u + 2 * b * u + s0) / width
    return ((a * u + b) * u + s0) * u + v0 + slope * (x - inside), slope


def _bend_numpy(data: Whitened, g: Array, blocks: Array) -> tuple[Array, Array, Array]:
    """How far each place's thresholds bend, the slopes in log (phi delta), and 1 - phi."""
    races = data.n.shape[1]
    eta = g[..., None, 2 + races : 2 + 2 * races] + (data.free * blocks[..., races])[..., None]
    log_delta = g[..., None, 2 + 2 * races :] + (data.free * blocks[..., races + 1])[..., None]
    x = special.log_expit(eta) + log_delta - data.bend_at
    points = x.reshape(-1, *data.n.shape)
    bent = [_curve_numpy(data.bend, point) for point in points]
    value, slope = (np.stack([each[part] for each in bent]).reshape(x.shape) for part in (0, 1))
    return value, slope, special.expit(-eta)


def posterior_numpy(
    family: int,
    n: Array,
    s: Array,
    h: Array,
    free: Array,
    spread: float,
    wide: float,
    log_sigma: float,
    g: Array,
    blocks: Array,
) -> tuple[float, float, Array, Array]:
    """Log posterior (centred form) and its derivatives in log sigma, globals and blocks."""
    races = n.shape[1]
    mu_phi, mu_delta = g[0], g[1]
    t_race, phi_race, delta_race = g[2 : 2 + races], g[2 + races : 2 + 2 * races], g[2 + 2 * races :]
    t, phi_place, delta_place = blocks[:, :races], blocks[:, races], blocks[:, races + 1]
    eta = phi_race + (free * phi_place)[:, None]
    log_delta = delta_race + (free * delta_place)[:, None]
    value, d_eta, d_log_delta, d_t = cells_numpy(family, n, s, h, eta, log_delta, t)
    sigma2, narrow = math.exp(2 * log_sigma), 1 / spread**2
    off = t - t_race
    total = (
        float(value.sum())
        - t.size * log_sigma
        - 0.5 * float((off**2).sum()) / sigma2
        - 0.5 * sigma2
        + log_sigma
        - 0.5 * (mu_phi**2 + mu_delta**2 + float((t_race**2).sum())) / wide**2
        - 0.5 * narrow * float(((phi_race - mu_phi) ** 2).sum() + ((delta_race - mu_delta) ** 2).sum())
        - 0.5 * narrow * float((phi_place**2).sum() + (delta_place**2).sum())
    )
    d_g = np.empty_like(g)
    d_g[0] = -mu_phi / wide**2 + narrow * (phi_race - mu_phi).sum()
    d_g[1] = -mu_delta / wide**2 + narrow * (delta_race - mu_delta).sum()
    d_g[2 : 2 + races] = -t_race / wide**2 + off.sum(axis=0) / sigma2
    d_g[2 + races : 2 + 2 * races] = d_eta.sum(axis=0) - narrow * (phi_race - mu_phi)
    d_g[2 + 2 * races :] = d_log_delta.sum(axis=0) - narrow * (delta_race - mu_delta)
    d_blocks = np.empty_like(blocks)
    d_blocks[:, :races] = d_t - off / sigma2
    d_blocks[:, races] = free * d_eta.sum(axis=1) - narrow * phi_place
    d_blocks[:, races + 1] = free * d_log_delta.sum(axis=1) - narrow * delta_place
    d_log_sigma = -t.size + float((off**2).sum()) / sigma2 - sigma2 + 1
    return total, d_log_sigma, d_g, d_blocks


def _curve(curve: Any, x: float) -> Any:
    """`_curve_numpy` for one curve and one value."""
    steps = curve.shape[1] - 1
    width = 2 * REACH / steps
    inside = min(max(x, -REACH), REACH)
    at = min(int((inside + REACH) / width), steps - 1)
    u = (inside + REACH) / width - at
    v0, v1, s0, s1 = curve[0, at], curve[0, at + 1], curve[1, at] * width, curve[1, at + 1] * width
    a, b = 2 * (v0 - v1) + s0 + s1, 3 * (v1 - v0) - 2 * s0 - s1
    slope = (3 * a * u * u + 2 * b * u + s0) / width
    return ((a * u + b) * u + s0) * u + v0 + slope * (x - inside), slope


def _density_loops(z: Any, data: Any, gradient: Any) -> Any:
    """`density_numpy` as loops, for the compiler."""
    n, s, h, free, coupling, inverse_blocks = data.n, data.s, data.h, data.free, data.coupling, data.inverse_blocks
    places, races = n.shape
    size, width = data.mode_globals.shape[0], races + 2
    log_sigma = data.centre_sigma + data.scale_sigma * z[0]
    change = log_sigma - data.mode_sigma
    sigma2, narrow, broad = math.exp(2 * log_sigma), 1 / (data.spread * data.spread), 1 / (data.wide * data.wide)
    moved = np.zeros(size)
    for i in range(size):
        for j in range(size):
            moved[j] += data.inverse_globals[i, j] * z[1 + i]
    straight = data.centre_globals + moved
    g = straight.copy()
    slope_phi, slope_t = np.empty(races), np.empty(races)
    for r in range(races):
        x = straight[2 + 2 * races + r] - data.mode_globals[2 + 2 * races + r]
        phi, slope_phi[r] = _curve(data.ridge[r, 0], x)
        t, slope_t[r] = _curve(data.ridge[r, 1], x)
        g[2 + races + r] += phi
        g[0] += phi / races
        g[2 + r] += t
    mu_phi, mu_delta = g[0], g[1]
    # d_g: slope in the model's globals; d_straight: through the blocks, which lean on the globals before they slide.
    d_g, d_straight = np.zeros(size), np.zeros(size)
    squares = 0.0
    total = (
        log_sigma - 0.5 * sigma2 - places * races * log_sigma - 0.5 * broad * (mu_phi * mu_phi + mu_delta * mu_delta)
    )
    d_log_sigma = 1 - sigma2 - places * races
    d_g[0], d_g[1] = -broad * mu_phi, -broad * mu_delta
    for r in range(races):
        t_r, phi, delta = g[2 + r], g[2 + races + r] - mu_phi, g[2 + 2 * races + r] - mu_delta
        total -= 0.5 * broad * t_r * t_r + 0.5 * narrow * (phi * phi + delta * delta)
        d_g[2 + r] -= broad * t_r
        d_g[0] += narrow * phi
        d_g[1] += narrow * delta
        d_g[2 + races + r] -= narrow * phi
        d_g[2 + 2 * races + r] -= narrow * delta
    rest, block, d_block = np.empty(width), np.empty(width), np.empty(width)
    for d in range(places):
        at = 1 + size + d * width
        for i in range(width):
            pull = z[at + i]
            for k in range(size):
                pull -= coupling[d, i, k] * moved[k]
            rest[i] = pull
        for j in range(width):
            value = data.centre_blocks[d, j]
            for i in range(j, width):
                value += inverse_blocks[d, i, j] * rest[i]
            block[j] = value
        phi_place, delta_place = block[races], block[races + 1]
        total -= 0.5 * narrow * (phi_place * phi_place + delta_place * delta_place)
        d_block[races], d_block[races + 1] = -narrow * phi_place, -narrow * delta_place
        for r in range(races):
            eta = g[2 + races + r] + free[d] * phi_place
            log_delta = g[2 + 2 * races + r] + free[d] * delta_place
            stretch = math.exp(data.share[d, r] * change)
            own = stretch * (block[r] - straight[2 + r])
            off, by_log_delta, by_eta = own, 0.0, 0.0
            if data.family == 1:
                log_phi = -math.log1p(math.exp(-eta)) if eta > -30 else eta
                bend, by_log_delta = _curve(data.bend[d, r], log_phi + log_delta - data.bend_at[d, r])
                by_eta = by_log_delta * (1 - math.exp(log_phi))
                off = own + bend
            squares += off * off
            value, d_eta, d_log_delta, d_t = 0.0, 0.0, 0.0, 0.0
            if n[d, r] > 0:
                value, d_eta, d_log_delta, d_t = _cell(
                    data.family, n[d, r], s[d, r], h[d, r], eta, log_delta, g[2 + r] + off
                )
            total += value + data.share[d, r] * change
            d_off = d_t - off / sigma2
            d_log_sigma += data.share[d, r] * (own * d_off + 1)
            d_eta += by_eta * d_off
            d_log_delta += by_log_delta * d_off
            d_g[2 + r] += d_t
            d_block[r] = d_off * stretch
            d_straight[2 + r] -= d_block[r]
            d_block[races] += free[d] * d_eta
            d_block[races + 1] += free[d] * d_log_delta
            d_g[2 + races + r] += d_eta
            d_g[2 + 2 * races + r] += d_log_delta
        for i in range(width):
            value = 0.0
            for j in range(i + 1):
                value += inverse_blocks[d, i, j] * d_block[j]
            gradient[at + i] = value
        for k in range(size):
            pull = 0.0
            for i in range(width):
                pull += coupling[d, i, k] * gradient[at + i]
            d_straight[k] -= pull
    for r in range(races):
        slid = slope_phi[r] * (d_g[2 + races + r] + d_g[0] / races) + slope_t[r] * d_g[2 + r]
        d_straight[2 + 2 * races + r] += slid
    d_straight += d_g
    for i in range(size):
        value = 0.0
        for j in range(size):
            value += data.inverse_globals[i, j] * d_straight[j]
        gradient[1 + i] = value
    gradient[0] = data.scale_sigma * (d_log_sigma + squares / sigma2)
    return total - 0.5 * squares / sigma2


if HAS_NUMBA:
    _log_ndtr, _betainc = _compiled(_log_ndtr), _compiled(_betainc)
    _beta_parts, _beta_value = _compiled(_beta_parts), _compiled(_beta_value)
    _cell, _curve = _compiled(_cell), _compiled(_curve)
    density = _compiled(_density_loops)
else:
    density = density_numpy


# --- the sampler

QUARTER = 1.8
"""Mean length of a trajectory; a normal target forgets where it came from in pi / 2."""
LONGEST = 64
"""Density evaluations of one trajectory, at most."""


def _sample_chain(z: Any, data: Any, rng: Any, warmup: Any, draws: Any, target: Any) -> Any:
    """One chain. Returns (draws, size) positions; divergences, evaluations of the density and mean acceptance after
    warm-up; and the step size.

    Between two kicks by the slope of what is left of the log density after a standard normal is taken out, (z, p) turns
    as that normal's exact flow. Trajectories have random lengths, so that none runs in circles.
    """
    size = z.shape[0]
    kept = np.empty((draws, size))
    gradient, slope = np.empty(size), np.empty(size)
    value = density(z, data, gradient)
    # Dual averaging of the step size (Hoffman and Gelman 2014, section 3.2).
    step = 0.5
    center, average, statistic = math.log(2 * step), 0.0, 0.0
    divergences, evaluations, accepted = 0, 0, 0.0
    for iteration in range(warmup + draws):
        p = rng.standard_normal(size)
        length = QUARTER * (0.7 + 0.6 * rng.random())
        count = min(LONGEST, max(1, math.ceil(length / step)))
        each = min(step, length / count)
        cos, sin = math.cos(each), math.sin(each)
        energy = value - 0.5 * np.dot(p, p)
        q, here, change, diverged = z.copy(), value, 0.0, False
        slope[:] = gradient
        for _ in range(count):
            p = p + 0.5 * each * (slope + q)
            q, p = cos * q + sin * p, cos * p - sin * q
            here = density(q, data, slope)
            p = p + 0.5 * each * (slope + q)
            change = here - 0.5 * np.dot(p, p) - energy
            if not change > -1000.0:
                diverged = True
                break
        rate = 0.0 if diverged else math.exp(min(change, 0.0))
        if rng.random() < rate:
            z, value = q, here
            gradient[:] = slope
        if iteration < warmup:
            weight = 1.0 / (iteration + 11.0)
            statistic += weight * (target - rate - statistic)
            log_step = min(center - math.sqrt(iteration + 1.0) / 0.05 * statistic, math.log(QUARTER))
            weight = (iteration + 1.0) ** -0.75
            average = weight * log_step + (1 - weight) * average
            step = math.exp(average if iteration == warmup - 1 else log_step)
        else:
            kept[iteration - warmup] = z
            divergences += diverged
            evaluations += count
            accepted += rate
    return kept, divergences, evaluations, accepted / max(draws, 1), step


sample_chain = _compiled(_sample_chain)
