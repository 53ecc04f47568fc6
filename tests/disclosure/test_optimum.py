"""The optimum is what trying every choice of cells finds, and the heuristic is near it."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from comity.disclosure.optimum import least_loss
from comity.disclosure.suppression import Problem, choose_hidden
from comity.errors import ComityError


def grid_problem(counts, *, width=10, minimum=10):
    """Rows x columns of counts with margins, as a problem: cells in reading order, margins included."""
    counts = np.array(counts)
    full = np.zeros(np.array(counts.shape) + 1, dtype=np.int64)
    full[:-1, :-1], full[-1, :-1], full[:-1, -1], full[-1, -1] = counts, counts.sum(0), counts.sum(1), counts.sum()
    place = np.arange(full.size).reshape(full.shape)
    equations = [(int(row[-1]), tuple(row[:-1].tolist())) for row in place]
    equations += [(int(column[-1]), tuple(column[:-1].tolist())) for column in place.T]
    flat = full.ravel()
    may_hide = flat > 0
    may_hide[-1] = False
    return Problem(
        counts=flat, floors=np.ones(flat.size, dtype=np.int64), equations=equations,
        primary=(flat > 0) & (flat < minimum) & may_hide, unseen=np.zeros(flat.size, dtype=bool), may_hide=may_hide,
        costs=np.log1p(np.maximum(flat, 1)).astype(float), width=width,
    )  # fmt: skip


def is_protected(problem, hidden):
    """By SciPy, cell by cell."""
    from scipy.optimize import linprog

    matrix = np.zeros((len(problem.equations), len(problem.counts)))
    for number, (total, parts) in enumerate(problem.equations):
        matrix[number, total] = 1
        matrix[number, list(parts)] = -1
    limits = [(1, None) if hide else (count, count) for hide, count in zip(hidden, problem.counts, strict=True)]
    for cell in np.flatnonzero(hidden):
        ends = []
        for sign in (1, -1):
            objective = np.zeros(len(problem.counts))
            objective[cell] = sign
            result = linprog(objective, A_eq=matrix, b_eq=np.zeros(len(matrix)), bounds=limits)
            ends.append(np.inf if result.status == 3 else sign * result.fun)
        if ends[1] - ends[0] < problem.width - 1e-6:
            return False
    return True


def by_trying_all(problem):
    free = np.flatnonzero(problem.may_hide & ~problem.primary)
    best = np.inf
    for size in range(len(free) + 1):
        for chosen in combinations(free.tolist(), size):
            cost = problem.costs[list(chosen)].sum()
            hidden = problem.primary.copy()
            hidden[list(chosen)] = True
            if cost < best and is_protected(problem, hidden):
                best = cost
    return best


@pytest.mark.parametrize(
    "counts",
    [
        [[3, 40, 50], [60, 70, 80]],
        [[4, 12, 30], [25, 6, 18]],
        [[9, 9, 30], [30, 20, 15]],
    ],
)
def test_the_optimum_is_what_trying_everything_finds(counts):
    problem = grid_problem(counts)

    best = least_loss(problem)

    assert best.is_proven
    assert best.loss == pytest.approx(by_trying_all(problem))
    assert is_protected(problem, best.hidden)


def test_the_heuristic_is_near_the_optimum():
    ratios = []
    for seed in range(6):
        problem = grid_problem(np.random.default_rng(seed).integers(0, 60, size=(6, 5)))
        hidden = choose_hidden(problem)
        best = least_loss(problem)
        ratios.append(problem.costs[hidden & ~problem.primary].sum() / best.bound)

    assert max(ratios) <= 1.25
    assert np.mean(ratios) <= 1.10


def test_too_large_a_system_is_refused():
    with pytest.raises(ComityError, match="computed up to 500"):
        least_loss(grid_problem(np.full((25, 25), 20)))
