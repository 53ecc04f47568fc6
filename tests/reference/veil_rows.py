"""The veil of darkness on rows: statsmodels-free logistic regression by Newton's method, and clustered errors by
hand.
"""

from __future__ import annotations

import numpy as np


def row_level_fit(y, x, cluster):
    """(coefficients, clustered standard errors) of a logistic regression, one row per stop."""
    beta = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ beta))
        information = (x * (p * (1 - p))[:, None]).T @ x
        beta = beta + np.linalg.solve(information, x.T @ (y - p))
    p = 1 / (1 + np.exp(-x @ beta))
    names = np.unique(cluster)
    meat = np.zeros_like(information)
    for name in names:
        score = x[cluster == name].T @ (y - p)[cluster == name]
        meat += np.outer(score, score)
    bread = np.linalg.inv((x * (p * (1 - p))[:, None]).T @ x)
    variance = len(names) / (len(names) - 1) * bread @ meat @ bread
    return beta, np.sqrt(np.diag(variance))
