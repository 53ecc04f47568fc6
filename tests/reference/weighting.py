"""Raking and the regression estimator row by row, with every dummy column written out: slow and obvious."""

from __future__ import annotations

import numpy as np


def rake_rows(codes: list, weights, goals: list, sweeps: int = 400):
    """Deming and Stephan's fitting on the rows themselves. codes: (n,) for each margin; goals: (levels,) for each."""
    weights = np.array(weights, float)
    for _ in range(sweeps):
        for code, goal in zip(codes, goals, strict=True):
            mass = np.bincount(code, weights=weights, minlength=len(goal))
            weights = weights * np.divide(goal, mass, out=np.ones_like(goal), where=mass > 0)[code]
    return weights


def dummies(codes: list, sizes: list, columns: list = ()):
    """The whole matrix of auxiliary variables (n, p): a 0/1 column for each level, then the numeric columns."""
    levels = [(code == level).astype(float) for code, size in zip(codes, sizes, strict=True) for level in range(size)]
    return np.column_stack([*levels, *columns])


def regression_weights(matrix, weights, totals):
    """Weights of the generalised regression estimator (Deville and Särndal 1992, 2.3)."""
    cross = matrix.T @ (matrix * np.asarray(weights)[:, None])
    return weights * (1 + matrix @ (np.linalg.pinv(cross, rcond=1e-12) @ (totals - weights @ matrix)))
