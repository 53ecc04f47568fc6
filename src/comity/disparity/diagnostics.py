"""Whether Markov chains may be believed: rank-normalised split R-hat and effective sample sizes (Vehtari et al.
2021).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft, special

Array = NDArray[np.float64]


class Convergence(NamedTuple):
    """Per parameter: the larger of the bulk and the folded R-hat, and effective sample sizes of the bulk and of the
    tails (the smaller of the 5% and the 95% quantile's).
    """

    r_hat: Array
    ess_bulk: Array
    ess_tail: Array


def convergence(draws: Array) -> Convergence:
    """How far draws (chains, draws, parameters) can be trusted."""
    half = draws.shape[1] // 2
    halves = np.concatenate([draws[:, :half], draws[:, -half:]])
    # One row a parameter, so that sorting and transforms run along memory.
    halves = np.ascontiguousarray(halves.transpose(2, 0, 1))
    together = halves.reshape(len(halves), -1)
    folded = np.abs(halves - np.median(together, axis=1)[:, None, None])
    bulk = _normal_ranks(halves)
    low, high = np.quantile(together, [0.05, 0.95], axis=1)
    tails = [_ess((halves <= cut[:, None, None]).astype(float)) for cut in (low, high)]
    return Convergence(
        r_hat=np.maximum(_r_hat(bulk), _r_hat(_normal_ranks(folded))),
        ess_bulk=_ess(bulk),
        ess_tail=np.minimum(*tails),
    )


def _normal_ranks(x: Array) -> Array:
    """Normal quantiles of the ranks among all draws of a parameter; equal draws share their mean rank."""
    flat = x.reshape(len(x), -1)
    count = flat.shape[1]
    order = np.argsort(flat, axis=1)
    ordered = np.take_along_axis(flat, order, axis=1)
    at = np.arange(count)
    new = np.ones(flat.shape, dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.maximum.accumulate(np.where(new, at, 0), axis=1)
    last = np.ones(flat.shape, dtype=bool)
    last[:, :-1] = new[:, 1:]
    final = np.minimum.accumulate(np.where(last, at, count)[:, ::-1], axis=1)[:, ::-1]
    # Twice the mean rank is whole: there are few values that the quantile function must be worked out for.
    quantiles = special.ndtri((0.5 * np.arange(2 * count + 1) - 0.375) / (count + 0.25))
    ranks = np.empty(flat.shape)
    np.put_along_axis(ranks, order, quantiles[first + final + 2], axis=1)
    return ranks.reshape(x.shape)


def _r_hat(x: Array) -> Array:
    length = x.shape[2]
    within = x.var(axis=2, ddof=1).mean(axis=1)
    between = x.mean(axis=2).var(axis=1, ddof=1)
    return np.asarray(np.sqrt((length - 1) / length + between / within))


def _ess(x: Array) -> Array:
    """Geyer's initial monotone sequence on the autocovariance of all chains together."""
    _, chains, length = x.shape
    mean = x.mean(axis=2)
    size = fft.next_fast_len(2 * length, real=True)
    spectrum = fft.rfft(x - mean[..., None], n=size, axis=2)
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=1)
    covariance = fft.irfft(power, n=size, axis=1)[:, :length] / length
    within = covariance[:, :1] * length / (length - 1)
    total = covariance[:, :1] + mean.var(axis=1, ddof=1)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = 1 - (within - covariance * length / (length - 1)) / total
    rho[:, 0] = 1.0
    even = length - length % 2
    pairs = rho[:, 0:even:2] + rho[:, 1:even:2]
    pairs = np.where(np.logical_and.accumulate(pairs > 0, axis=1), pairs, 0)
    pairs = np.minimum.accumulate(pairs, axis=1)
    tau = np.maximum(-1 + 2 * pairs.sum(axis=1), 1 / np.log10(chains * length))
    return np.asarray(chains * length / tau)
