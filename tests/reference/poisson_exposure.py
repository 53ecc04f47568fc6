"""Poisson regression with exposure by plain Newton steps, one row a cell."""

from __future__ import annotations

import numpy as np


def fit(y, exposure, design):
    """(coefficients, expected counts) of log E[y] = log exposure + design @ coefficients."""
    log_exposure = np.log(exposure)
    coefficients = np.linalg.lstsq(design, np.log((y + 0.5) / exposure), rcond=None)[0]
    for _ in range(50):
        expected = np.exp(log_exposure + design @ coefficients)
        coefficients = coefficients + np.linalg.solve(
            design.T @ (expected[:, None] * design), design.T @ (y - expected)
        )
    return coefficients, np.exp(log_exposure + design @ coefficients)


def deviance(y, expected):
    """Twice the log-likelihood that the expected counts fall short of a perfect fit."""
    own = np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / expected), 0)
    return 2 * (own - (y - expected)).sum()
