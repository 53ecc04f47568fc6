"""Fast paths give the numbers of the slow ones, with Numba and without it."""

from __future__ import annotations

import numpy as np
import pytest

from comity.estimates import Design, Rake, Survey, estimate_mean, estimators, kernels, weigh


def survey(n: int = 30_000) -> Survey:
    rng = np.random.default_rng(5)
    psu = rng.integers(0, 300, n)
    data = {"w": rng.uniform(1, 3, n), "psu": psu, "h": psu % 10, "area": rng.integers(0, 12, n)}
    data |= {f"y{at}": np.where(rng.random(n) < 0.03, np.nan, rng.normal(50, 9, n)) for at in range(3)}
    return Survey.read(data, Design(weights="w", strata="h", clusters="psu"))


@pytest.mark.parametrize("numba", ["0", "1"])
def test_many_domains_at_once_equal_one_by_one(monkeypatch, numba):
    monkeypatch.setenv("COMITY_NUMBA", numba)
    sample, items = survey(), ["y0", "y1", "y2"]
    monkeypatch.setattr(estimators, "MANY_ROWS", 0)
    quick = estimate_mean(sample, items, by="area")
    monkeypatch.setattr(estimators, "MANY_ROWS", 10**9)
    slow = estimate_mean(sample, items, by="area")

    assert quick.covariance is None  # it did take the quick way
    for one, two in zip(quick, slow, strict=True):
        assert (one.variable, one.domain, one.n, one.df) == (two.variable, two.domain, two.n, two.df)
        numbers = ("estimate", "se", "low", "high", "deff")
        assert [getattr(one, name) for name in numbers] == pytest.approx(
            [getattr(two, name) for name in numbers], rel=1e-9
        )


@pytest.mark.parametrize("sizes", [[2, 3, 4], [40, 50, 60, 70], [300, 400, 500]])
def test_raking_on_dense_and_sparse_tables_agrees_with_plain_fitting(sizes):
    rng = np.random.default_rng(6)
    n = 5000
    codes = [rng.integers(0, size, n) for size in sizes]
    weights = rng.uniform(1, 2, n)
    goals = []
    for code, size in zip(codes, sizes, strict=True):
        mass = np.bincount(code, weights=weights, minlength=size) * rng.uniform(0.9, 1.1, size)
        goals.append(mass * n / mass.sum())
    margins = {f"m{at}": {str(k): v for k, v in enumerate(goal) if v > 0} for at, goal in enumerate(goals)}
    data = {"w": weights} | {f"m{at}": code for at, code in enumerate(codes)}

    found = weigh(Survey.read(data, Design(weights="w")), Rake(margins, tolerance=1e-11)).weights

    plain = weights.copy()
    for _ in range(400):
        for code, goal in zip(codes, goals, strict=True):
            mass = np.bincount(code, weights=plain, minlength=len(goal))
            plain *= np.divide(goal, mass, out=np.ones_like(goal), where=mass > 0)[code]
    np.testing.assert_allclose(found, plain, rtol=1e-7)


def test_keys_agree_with_numpy():
    rng = np.random.default_rng(7)
    codes, sizes = [rng.integers(0, size, 200_000) for size in (3, 5, 7)], [3, 5, 7]

    np.testing.assert_array_equal(kernels.pack(codes, sizes), np.ravel_multi_index(codes, sizes))
