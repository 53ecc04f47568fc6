"""The threshold test's log density in whitened space, and the No-U-Turn sampler that walks it.

Density: Pierson, Corbett-Davies and Goel 2018, as a trinomial (hit, search without hit, no search) with closed-form
gradient; signal family 1 is the beta of Simoiu, Corbett-Davies and Goel 2017. Sampler: Hoffman and Gelman 2014 with
multinomial weights (Betancourt 2017), iterative tree. With numba (extra `fast`) both are compiled; without it the
same sampler runs on the NumPy density, several times slower, with the same draws up to rounding.

Unknowns, in whitened order z = (log sigma, globals, places x block):
globals: mu_phi, mu_delta, t_race (R), phi_race (R), delta_race (R); block of a place: t (R), phi_place, delta_place.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

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
        log_a = special.log_expit(eta) + special.log_ndtr(delta - t)
        log_b = special.log_expit(-eta) + special.log_ndtr(-t)
        a, b = np.exp(log_a), np.exp(log_b)
        c = phi * special.ndtr(t - delta) + (1 - phi) * special.ndtr(t)
        log_c = np.where(a + b < 0.5, np.log1p(-np.minimum(a + b, 0.5)), np.log(np.maximum(c, 1e-300)))
        root = 1 / math.sqrt(2 * math.pi)
        guilty, innocent = np.exp(-0.5 * (t - delta) ** 2) * root, np.exp(-0.5 * t * t) * root
        mills_guilty = guilty / special.ndtr(delta - t)
        mills_innocent = innocent / special.ndtr(-t)
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

# data = (family, n, s, h, free, spread, wide, mode_sigma, scale_sigma, mode_globals, inverse_globals, mode_blocks,
#         inverse_blocks, coupling): counts (D, R); free[d] = 0.0 at the pinned place; spread: sd of race and place
# effects;         wide: sd of hyper-means and race thresholds; inverse_globals (K, K) = inverse Cholesky factor of
# the Schur         complement; inverse_blocks (D, M, M) = inverse Cholesky factors; coupling (D, M, K).


def unwhiten(z: Array, data: Any) -> tuple[Any, Array, Array]:
    """(log sigma, globals, blocks) of one or many whitened points z (..., size)."""
    *_, mode_sigma, scale_sigma, mode_globals, inverse_globals, mode_blocks, inverse_blocks, coupling = data
    size = len(mode_globals)
    places, width, _ = inverse_blocks.shape
    moved = z[..., 1 : 1 + size] @ inverse_globals
    rest = z[..., 1 + size :].reshape(*z.shape[:-1], places, width)
    rest = rest - np.einsum("dmk,...k->...dm", coupling, moved)
    blocks = mode_blocks + np.einsum("dim,...di->...dm", inverse_blocks, rest)
    return mode_sigma + scale_sigma * z[..., 0], mode_globals + moved, blocks


def density_numpy(z: Array, data: Any, gradient: Array) -> float:
    """Log density at whitened z, up to a constant; its gradient is written into `gradient`."""
    family, n, s, h, free, spread, wide, _, scale_sigma, _, inverse_globals, _, inverse_blocks, coupling = data
    log_sigma, g, blocks = unwhiten(z, data)
    value, d_log_sigma, d_g, d_blocks = posterior_numpy(
        family, n, s, h, free, spread, wide, float(log_sigma), g, blocks
    )
    whitened = np.einsum("dim,dm->di", inverse_blocks, d_blocks)
    gradient[0] = d_log_sigma * scale_sigma
    gradient[1 : 1 + len(g)] = inverse_globals @ (d_g - np.einsum("dmk,dm->k", coupling, whitened))
    gradient[1 + len(g) :] = whitened.reshape(-1)
    return value


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


def _density_loops(z: Any, data: Any, gradient: Any) -> Any:
    """`density_numpy` as loops, for the compiler."""
    (
        family, n, s, h, free, spread, wide, mode_sigma, scale_sigma,
        mode_globals, inverse_globals, mode_blocks, inverse_blocks, coupling,
    ) = data  # fmt: skip
    places, races = n.shape
    size, width = mode_globals.shape[0], races + 2
    log_sigma = mode_sigma + scale_sigma * z[0]
    sigma2, narrow, broad = math.exp(2 * log_sigma), 1 / (spread * spread), 1 / (wide * wide)
    moved = np.zeros(size)
    for i in range(size):
        for j in range(size):
            moved[j] += inverse_globals[i, j] * z[1 + i]
    g = mode_globals + moved
    mu_phi, mu_delta = g[0], g[1]
    d_g = np.zeros(size)
    squares = 0.0
    total = (
        log_sigma - 0.5 * sigma2 - places * races * log_sigma - 0.5 * broad * (mu_phi * mu_phi + mu_delta * mu_delta)
    )
    d_g[0], d_g[1] = -broad * mu_phi, -broad * mu_delta
    for r in range(races):
        t_r, phi, delta = g[2 + r], g[2 + races + r] - mu_phi, g[2 + 2 * races + r] - mu_delta
        total -= 0.5 * broad * t_r * t_r + 0.5 * narrow * (phi * phi + delta * delta)
        d_g[2 + r] -= broad * t_r
        d_g[0] += narrow * phi
        d_g[1] += narrow * delta
        d_g[2 + races + r] -= narrow * phi
        d_g[2 + 2 * races + r] -= narrow * delta
    rest, block, d_block, white = np.empty(width), np.empty(width), np.empty(width), np.empty(width)
    for d in range(places):
        at = 1 + size + d * width
        for i in range(width):
            pull = z[at + i]
            for k in range(size):
                pull -= coupling[d, i, k] * moved[k]
            rest[i] = pull
        for j in range(width):
            value = mode_blocks[d, j]
            for i in range(j, width):
                value += inverse_blocks[d, i, j] * rest[i]
            block[j] = value
        phi_place, delta_place = block[races], block[races + 1]
        total -= 0.5 * narrow * (phi_place * phi_place + delta_place * delta_place)
        d_block[races], d_block[races + 1] = -narrow * phi_place, -narrow * delta_place
        for r in range(races):
            eta = g[2 + races + r] + free[d] * phi_place
            log_delta = g[2 + 2 * races + r] + free[d] * delta_place
            t = block[r]
            off = t - g[2 + r]
            squares += off * off
            d_g[2 + r] += off / sigma2
            value, d_eta, d_log_delta, d_t = 0.0, 0.0, 0.0, 0.0
            if n[d, r] > 0:
                value, d_eta, d_log_delta, d_t = _cell(family, n[d, r], s[d, r], h[d, r], eta, log_delta, t)
            total += value
            d_block[r] = d_t - off / sigma2
            d_block[races] += free[d] * d_eta
            d_block[races + 1] += free[d] * d_log_delta
            d_g[2 + races + r] += d_eta
            d_g[2 + 2 * races + r] += d_log_delta
        for i in range(width):
            value = 0.0
            for j in range(i + 1):
                value += inverse_blocks[d, i, j] * d_block[j]
            white[i] = value
            gradient[at + i] = value
        for k in range(size):
            pull = 0.0
            for i in range(width):
                pull += coupling[d, i, k] * white[i]
            d_g[k] -= pull
    for i in range(size):
        value = 0.0
        for j in range(size):
            value += inverse_globals[i, j] * d_g[j]
        gradient[1 + i] = value
    gradient[0] = scale_sigma * (1 - sigma2 - places * races + squares / sigma2)
    return total - 0.5 * squares / sigma2


if HAS_NUMBA:
    _log_ndtr, _betainc = _compiled(_log_ndtr), _compiled(_betainc)
    _beta_parts, _beta_value = _compiled(_beta_parts), _compiled(_beta_value)
    _cell = _compiled(_cell)
    density = _compiled(_density_loops)
else:
    density = density_numpy


# --- the sampler


def _sample_chain(z: Any, data: Any, rng: Any, warmup: Any, draws: Any, target: Any, max_depth: Any) -> Any:
    """One chain. Returns (draws, size) positions, divergences after warm-up, leapfrogs after warm-up, and the step
    size.
    """
    size = z.shape[0]
    kept = np.empty((draws, size))
    gradient = np.empty(size)
    value = density(z, data, gradient)
    # Dual averaging of the step size (Hoffman and Gelman 2014, section 3.2), started where whitening puts it.
    step = 0.5
    center, average, statistic = math.log(10 * step), 0.0, 0.0
    divergences, leapfrogs = 0, 0
    p_ckpt, sum_ckpt = np.empty((max_depth + 1, size)), np.empty((max_depth + 1, size))
    for iteration in range(warmup + draws):
        p = rng.standard_normal(size)
        energy = value - 0.5 * np.dot(p, p)
        left_z, left_p, left_g = z.copy(), p.copy(), gradient.copy()
        right_z, right_p, right_g = z.copy(), p.copy(), gradient.copy()
        total_p = p.copy()
        log_weight = 0.0
        accept, leaves = 0.0, 0
        diverged = False
        for depth in range(max_depth):
            forward = rng.random() < 0.5
            direction = 1.0 if forward else -1.0
            cz = right_z.copy() if forward else left_z.copy()
            cp = right_p.copy() if forward else left_p.copy()
            cg = right_g.copy() if forward else left_g.copy()
            sub_weight, sub_p = -np.inf, np.zeros(size)
            proposal_z, proposal_g, proposal_value = cz.copy(), cg.copy(), 0.0
            turning = False
            for leaf in range(2**depth):
                cp += 0.5 * direction * step * cg
                cz += direction * step * cp
                here = density(cz, data, cg)
                cp += 0.5 * direction * step * cg
                leaves += 1
                change = here - 0.5 * np.dot(cp, cp) - energy
                if not change > -1000.0:
                    diverged = True
                    break
                accept += min(1.0, math.exp(min(change, 0.0)))
                bigger = max(sub_weight, change)
                combined = bigger + math.log(math.exp(sub_weight - bigger) + math.exp(change - bigger))
                if math.log(rng.random()) < change - combined:
                    proposal_z[:] = cz
                    proposal_g[:] = cg
                    proposal_value = here
                sub_weight = combined
                sub_p += cp
                # Checkpoints of the left ends of the sub-trees this leaf closes or opens.
                top, shifted = 0, leaf >> 1
                while shifted > 0:
                    top += shifted & 1
                    shifted >>= 1
                if leaf % 2 == 0:
                    p_ckpt[top] = cp
                    sum_ckpt[top] = sub_p
                else:
                    ones, shifted = 0, leaf
                    while shifted & 1:
                        ones += 1
                        shifted >>= 1
                    for index in range(top, top - ones, -1):
                        span = sub_p - sum_ckpt[index] + p_ckpt[index]
                        middle = span - 0.5 * (p_ckpt[index] + cp)
                        if np.dot(p_ckpt[index], middle) <= 0 or np.dot(cp, middle) <= 0:
                            turning = True
                            break
                if turning:
                    break
            if diverged or turning:
                break
            if forward:
                right_z, right_p, right_g = cz, cp, cg
            else:
                left_z, left_p, left_g = cz, cp, cg
            if math.log(rng.random()) < sub_weight - log_weight:
                z, gradient, value = proposal_z, proposal_g, proposal_value
            bigger = max(log_weight, sub_weight)
            log_weight = bigger + math.log(math.exp(log_weight - bigger) + math.exp(sub_weight - bigger))
            total_p += sub_p
            middle = total_p - 0.5 * (left_p + right_p)
            if np.dot(left_p, middle) <= 0 or np.dot(right_p, middle) <= 0:
                break
        rate = accept / max(leaves, 1)
        if iteration < warmup:
            count = iteration + 1.0
            statistic += ((target - rate) - statistic) / (count + 10)
            log_step = center - math.sqrt(count) / 0.05 * statistic
            weight = count**-0.75
            average = weight * log_step + (1 - weight) * average
            step = math.exp(log_step)
            if iteration == warmup - 1:
                step = math.exp(average)
        else:
            kept[iteration - warmup] = z
            divergences += diverged
            leapfrogs += leaves
    return kept, divergences, leapfrogs, step


sample_chain = _compiled(_sample_chain)
