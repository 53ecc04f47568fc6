"""The veil of darkness on rows: logistic regression by Newton's method, and clustered errors by hand: plain, and with
the CR2 correction written out with each day's hat matrix (Bell and McCaffrey 2002).
"""

from __future__ import annotations

import numpy as np


def row_level_fit(y, x, cluster):
    """(coefficients, plain clustered errors, CR2 errors, CR2 degrees of freedom of the first) of a logistic regression.

    y (rows,), x (rows, columns), cluster (rows,).
    """
    beta = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ beta))
        information = (x * (p * (1 - p))[:, None]).T @ x
        beta = beta + np.linalg.solve(information, x.T @ (y - p))
    p = 1 / (1 + np.exp(-x @ beta))
    w = p * (1 - p)
    bread = np.linalg.inv((x * w[:, None]).T @ x)
    names = np.unique(cluster)
    meat, meat_cr2 = np.zeros_like(bread), np.zeros_like(bread)
    # In units of equal variance: rows times root w, residuals over root w.
    u, e = x * np.sqrt(w)[:, None], (y - p) / np.sqrt(w)
    pulls = np.zeros((len(names), len(y)))
    for at, name in enumerate(names):
        mine = cluster == name
        score = x[mine].T @ (y - p)[mine]
        meat += np.outer(score, score)
        hat = u[mine] @ bread @ u[mine].T
        values, vectors = np.linalg.eigh(np.eye(mine.sum()) - hat)
        root = vectors @ np.diag(np.where(values > 1e-10, 1 / np.sqrt(np.maximum(values, 1e-10)), 0)) @ vectors.T
        corrected = u[mine].T @ root @ e[mine]
        meat_cr2 += np.outer(corrected, corrected)
        pulls[at, mine] = (bread @ u[mine].T @ root)[0]
    # Each day's pull on the first coefficient is `pulls` times the residuals, whose covariance is I - H.
    covariance = pulls @ (np.eye(len(y)) - u @ bread @ u.T) @ pulls.T
    freedom = np.trace(covariance) ** 2 / (covariance**2).sum()
    plain = len(names) / (len(names) - 1) * bread @ meat @ bread
    return beta, np.sqrt(np.diag(plain)), np.sqrt(np.diag(bread @ meat_cr2 @ bread)), freedom
