"""The threshold test's log posterior written as plainly as the paper states it, one cell at a time."""

from __future__ import annotations

import numpy as np
from scipy.special import expit
from scipy.stats import norm


def log_posterior(n, s, h, sigma, mu_phi, mu_delta, t_race, phi_race, delta_race, t, phi_place, delta_place):
    """With the Jacobian of log sigma; every argument as in the paper, t by (place, group)."""
    total = norm.logpdf(sigma, 0, 1) + np.log(sigma)
    total += norm.logpdf(mu_phi, 0, 1) + norm.logpdf(mu_delta, 0, 1) + norm.logpdf(t_race, 0, 1).sum()
    total += norm.logpdf(phi_race, mu_phi, 0.1).sum() + norm.logpdf(delta_race, mu_delta, 0.1).sum()
    total += norm.logpdf(phi_place, 0, 0.1).sum() + norm.logpdf(delta_place, 0, 0.1).sum()
    for d in range(n.shape[0]):
        for r in range(n.shape[1]):
            phi = expit(phi_race[r] + phi_place[d])
            delta = np.exp(delta_race[r] + delta_place[d])
            total += norm.logpdf(t[d, r], t_race[r], sigma)
            hit = phi * norm.sf(t[d, r], delta, 1)
            miss = (1 - phi) * norm.sf(t[d, r], 0, 1)
            total += (
                h[d, r] * np.log(hit)
                + (s[d, r] - h[d, r]) * np.log(miss)
                + (n[d, r] - s[d, r]) * np.log(1 - hit - miss)
            )
    return total
