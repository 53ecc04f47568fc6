"""Fast paths give the numbers of the slow ones, with Numba and without it."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference.weighting import dummies, rake_rows, regression_weights

from comity.estimates import Calibrate, Design, Rake, Survey, estimate_mean, estimators, kernels, weigh
from comity.estimates.auxiliary import Auxiliary, Margin, Total


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


def categories(sizes: list[int], n: int) -> tuple[list[np.ndarray], np.ndarray, list[np.ndarray]]:
    """Codes of each margin, base weights, and goals near the sample."""
    rng = np.random.default_rng(6)
    codes = [rng.integers(0, size, n) for size in sizes]
    weights = rng.uniform(1, 2, n)
    goals = []
    for code, size in zip(codes, sizes, strict=True):
        mass = np.bincount(code, weights=weights, minlength=size) * rng.uniform(0.9, 1.1, size)
        goals.append(mass * n / mass.sum())
    return codes, weights, goals


ONE, TWO, THREE = [3, 4, 5], [40, 50, 60, 70], [300, 400, 500]  # how many tables the margins need
ROWS = [(5_000, "0"), (25_000, "0"), (25_000, "1")]


@pytest.mark.parametrize(("sizes", "tables"), [(ONE, 1), (TWO, 2), (THREE, 3)])
@pytest.mark.parametrize(("n", "numba"), ROWS)
def test_raking_on_tables_agrees_with_raking_row_by_row(monkeypatch, sizes, tables, n, numba):
    monkeypatch.setenv("COMITY_NUMBA", numba)
    codes, weights, goals = categories(sizes, n)
    margins = {f"m{at}": {str(k): v for k, v in enumerate(goal) if v > 0} for at, goal in enumerate(goals)}
    data = {"w": weights} | {f"m{at}": code for at, code in enumerate(codes)}

    found = weigh(Survey.read(data, Design(weights="w")), Rake(margins, tolerance=1e-11))

    assert len(found.steps[0].auxiliary.blocks) == tables
    np.testing.assert_allclose(found.weights, rake_rows(codes, weights, goals, 60), rtol=1e-7)


@pytest.mark.parametrize(("sizes", "n", "numba"), [(ONE, *rows) for rows in ROWS] + [([41, 41, 40], 800, "1")])
@pytest.mark.parametrize("numeric", [1, 2, 3])
def test_regression_weights_without_dummies_agree_with_the_whole_matrix(monkeypatch, sizes, n, numba, numeric):
    monkeypatch.setenv("COMITY_NUMBA", numba)
    codes, weights, goals = categories(sizes, n)
    rng = np.random.default_rng(8)
    columns = [rng.normal(50, 10, n), rng.gamma(2, 3, n), rng.normal(5, 1, n)][:numeric]
    totals = {f"x{at}": total * n for at, total in enumerate([51.0, 6.2, 4.9][:numeric])}
    margins = {f"m{at}": {str(k): v for k, v in enumerate(goal) if v > 0} for at, goal in enumerate(goals)}
    data = {"w": weights} | {f"m{at}": code for at, code in enumerate(codes)}
    data |= dict(zip(totals, columns, strict=True))

    found = weigh(Survey.read(data, Design(weights="w")), Calibrate(totals, margins))

    matrix = dummies(codes, sizes, columns)
    slow = regression_weights(matrix, weights, np.concatenate([*goals, list(totals.values())]))
    np.testing.assert_allclose(found.weights, slow, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("sizes", [ONE, TWO])
def test_auxiliary_variables_are_the_whole_matrix(sizes):
    codes, weights, _ = categories(sizes, 2_000)
    rng = np.random.default_rng(9)
    column, slopes, values = rng.normal(size=2_000), rng.normal(size=(sum(sizes) + 1, 2)), rng.normal(size=(2_000, 3))
    margins = [
        Margin(f"m{at}", code, tuple(map(str, range(size))), None)
        for at, (code, size) in enumerate(zip(codes, sizes, strict=True))
    ]
    auxiliary = Auxiliary(tuple(margins), (Total("x", column, None),))

    matrix = dummies(codes, sizes, [column])

    np.testing.assert_allclose(auxiliary.sums(weights), weights @ matrix, rtol=1e-10, atol=1e-9)
    np.testing.assert_allclose(auxiliary.cross(weights), matrix.T @ (matrix * weights[:, None]), rtol=1e-9, atol=1e-8)
    np.testing.assert_allclose(auxiliary.project(values), matrix.T @ values, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(auxiliary.predict(slopes), matrix @ slopes, rtol=1e-9, atol=1e-9)


def test_replicates_raked_together_equal_replicates_raked_one_by_one():
    codes, weights, goals = categories(ONE, 3_000)
    margins = {f"m{at}": {str(k): v for k, v in enumerate(goal)} for at, goal in enumerate(goals)}
    data = {"w": weights} | {f"m{at}": code for at, code in enumerate(codes)}
    step = weigh(Survey.read(data, Design(weights="w")), Rake(margins, tolerance=1e-12)).steps[0]
    times = np.random.default_rng(10).poisson(1.0, (3_000, 40)).astype(float)
    base = np.repeat(weights[:, None], 40, axis=1)

    together = step.replay_together(times, base)

    for at in range(40):
        np.testing.assert_allclose(together[:, at], step.replay(times[:, at], weights), rtol=1e-9)


def test_keys_agree_with_numpy():
    rng = np.random.default_rng(7)
    codes, sizes = [rng.integers(0, size, 200_000) for size in (3, 5, 7)], [3, 5, 7]

    np.testing.assert_array_equal(kernels.pack(codes, sizes), np.ravel_multi_index(codes, sizes))
