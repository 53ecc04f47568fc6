"""Whether Markov chains may be believed: rank-normalised split R-hat and effective sample sizes (Vehtari et al.
2021).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft, special, stats

Array = NDArray[np.float64]


def rhat(draws: Array) -> Array:
    """Per parameter, the larger of the bulk and the folded rank-normalised split R-hat. draws: (chains, draws,
    parameters).
    """
    halves = _split(draws)
    folded = np.abs(halves - np.median(halves, axis=(0, 1)))
    return np.maximum(_plain_rhat(_normal_ranks(halves)), _plain_rhat(_normal_ranks(folded)))


def ess(draws: Array) -> tuple[Array, Array]:
    """(bulk, tail) effective sample size per parameter; tail is the smaller of the 5% and 95% quantiles'."""
    halves = _split(draws)
    bulk = _plain_ess(_normal_ranks(halves))
    low, high = np.quantile(halves, [0.05, 0.95], axis=(0, 1))
    tails = [_plain_ess((halves <= cut).astype(float)) for cut in (low, high)]
    return bulk, np.minimum(*tails)


def _split(draws: Array) -> Array:
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def _normal_ranks(x: Array) -> Array:
    ranks = stats.rankdata(x.reshape(-1, x.shape[-1]), axis=0)
    return np.asarray(special.ndtri((ranks - 0.375) / (len(ranks) + 0.25)).reshape(x.shape))


def _plain_rhat(x: Array) -> Array:
    length = x.shape[1]
    within = x.var(axis=1, ddof=1).mean(axis=0)
    between = x.mean(axis=1).var(axis=0, ddof=1)
    return np.asarray(np.sqrt((length - 1) / length + between / within))


def _plain_ess(x: Array) -> Array:
    """Geyer's initial monotone sequence on the autocovariance of all chains together."""
    chains, length, _ = x.shape
    centred = x - x.mean(axis=1, keepdims=True)
    size = fft.next_fast_len(2 * length)
    spectrum = fft.rfft(centred, n=size, axis=1)
    covariance = fft.irfft(np.abs(spectrum) ** 2, n=size, axis=1)[:, :length].mean(axis=0) / length
    within = x.var(axis=1, ddof=1).mean(axis=0)
    total = within * (length - 1) / length + x.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = 1 - (within - covariance * length / (length - 1)) / total
    rho[0] = 1.0
    pairs = rho[0 : length - length % 2 : 2] + rho[1 : length - length % 2 + 1 : 2][: len(rho) // 2]
    pairs = np.where(np.cumprod(pairs > 0, axis=0).astype(bool), pairs, 0)
    pairs = np.minimum.accumulate(pairs, axis=0)
    tau = np.maximum(-1 + 2 * pairs.sum(axis=0), 1 / np.log10(chains * length))
    return np.asarray(chains * length / tau)
