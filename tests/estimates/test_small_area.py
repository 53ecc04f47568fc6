"""Small-area estimates agree with slow references, cover the truth, and never pass off a model's guess as an answer."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize

from comity.errors import ComityError
from comity.estimates import Survey
from comity.estimates.mrp import estimate_mrp
from comity.estimates.multilevel import MultilevelModel
from comity.estimates.results import Estimate
from comity.estimates.small_area import MODEL_ALONE, fay_herriot, fit_fay_herriot

FIXTURES = Path(__file__).parent / "fixtures"


def areas(m: int = 60, seed: int = 1, between: float = 0.6):
    rng = np.random.default_rng(seed)
    x, sampling = rng.normal(size=m), rng.uniform(0.1, 1.0, m)
    truth = 5 + x + rng.normal(0, between**0.5, m)
    return truth + rng.normal(size=m) * sampling**0.5, sampling, np.column_stack([np.ones(m), x]), truth


def slow_fay_herriot(y, sampling, x):
    """Dense matrices and a general optimiser: best linear unbiased prediction as in the textbook."""

    def loss(log_between):
        v = np.diag(np.exp(log_between[0]) + sampling)
        inverse = np.linalg.inv(v)
        information = x.T @ inverse @ x
        beta = np.linalg.solve(information, x.T @ inverse @ y)
        gap = y - x @ beta
        return np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1] + gap @ inverse @ gap

    found = optimize.minimize(loss, [-1.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12})
    between = float(np.exp(found.x[0]))
    v = between * np.eye(len(y)) + np.diag(sampling)
    inverse = np.linalg.inv(v)
    beta = np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ y)
    return x @ beta + between * inverse @ (y - x @ beta), between


def test_fay_herriot_equals_the_dense_textbook_formula():
    y, sampling, x, _ = areas()

    found = fit_fay_herriot(y, sampling, x)
    estimates, between = slow_fay_herriot(y, sampling, x)

    assert found.between_variance == pytest.approx(between, rel=1e-5)
    np.testing.assert_allclose(found.estimates, estimates, rtol=1e-6)


def test_the_mean_squared_error_is_the_one_that_is_made():
    """Over many worlds, the stated MSE matches the error made."""
    made, stated = [], []
    for seed in range(300):
        y, sampling, x, truth = areas(m=30, seed=seed)
        found = fit_fay_herriot(y, sampling, x)
        made.append(np.mean((found.estimates - truth) ** 2))
        stated.append(np.mean(found.mse))

    assert np.mean(stated) == pytest.approx(np.mean(made), rel=0.08)


def test_areas_that_do_not_differ_are_pooled_completely():
    rng = np.random.default_rng(3)
    y = 5 + rng.normal(0, 0.3, 30)

    found = fit_fay_herriot(y, np.full(30, 0.5), np.ones((30, 1)))

    assert found.between_variance == 0.0
    np.testing.assert_allclose(found.estimates, y.mean())


def direct(label: str, value: float, se: float, n: int = 50) -> Estimate:
    return Estimate("trust", "mean", {"area": label}, value, se, 40, value - 2 * se, value + 2 * se, n, 1.5)


def test_an_area_nobody_was_asked_in_is_refused_or_labelled():
    rng = np.random.default_rng(4)
    known = [direct(f"a{at}", 5 + rng.normal(), 0.5) for at in range(12)]
    covariates = {f"a{at}": {"poverty": float(at)} for at in range(13)}

    with pytest.raises(ComityError, match="'a12'"):
        fay_herriot(known, covariates)

    labelled = fay_herriot(known, covariates, model_alone="label").areas[-1]
    assert (labelled.area, labelled.n, labelled.data_weight, labelled.label) == ("a12", 0, 0.0, MODEL_ALONE)


def test_small_areas_say_that_they_are_pooled():
    rng = np.random.default_rng(5)
    known = [direct(f"a{at}", 5 + 2 * rng.normal(), 0.5, n=50 if at else 400) for at in range(12)]

    found = fay_herriot(known).areas

    assert found[0].label is None
    assert all(each.label for each in found[1:])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: fay_herriot([direct("a", 1, 0.1)] * 3), "3 areas"),
        (lambda: fay_herriot([direct(f"a{at}", at, 0.0) for at in range(9)]), "standard error of zero"),
        (lambda: fay_herriot([direct(f"a{at}", at, 1.0) for at in range(9)], {"a0": {"x": 1.0}}), "no value of 'x'"),
    ],
)
def test_models_that_cannot_be_fitted_are_refused(make, words):
    with pytest.raises(ComityError, match=words):
        make()


MODEL = MultilevelModel(varying=["age", "race", "educ", "area", ("age", "race")], fixed=["sex", "poverty"])
SIZES = {"age": 4, "race": 4, "educ": 4, "area": 48, "sex": 2}


def people(n: int = 5000, seed: int = 1):
    """A sample, a population by cell, and the true share of every area."""
    rng = np.random.default_rng(seed)
    spreads = [0.4, 0.5, 0.3, 0.3, 0.0]
    effects = {k: rng.normal(0, s, m) for (k, m), s in zip(SIZES.items(), spreads, strict=True)}
    both = rng.normal(0, 0.25, (4, 4))
    sample = {k: rng.integers(0, m, n) for k, m in SIZES.items()}
    poverty = rng.normal(0, 1, 48)

    def share(cells):
        odds = -0.3 + sum(effects[k][cells[k]] for k in ("age", "race", "educ", "area")) + 0.3 * cells["sex"]
        return 1 / (1 + np.exp(-(odds + both[cells["age"], cells["race"]] + 0.3 * poverty[cells["area"]])))

    yes = rng.random(n) < share(sample)
    grid = np.stack(np.meshgrid(*[np.arange(m) for m in SIZES.values()], indexing="ij"), -1).reshape(-1, 5)
    cells = {k: grid[:, at] for at, k in enumerate(SIZES)}
    count = rng.poisson(50, len(grid)).astype(float)
    truth = np.bincount(cells["area"], count * share(cells)) / np.bincount(cells["area"], count)
    data = {**sample, "poverty": poverty[sample["area"]], "y": np.where(yes, "yes", "no")}
    return data, {**cells, "poverty": poverty[cells["area"]], "count": count}, truth


def mrp(data, population, **options):
    options = {
        "category": "yes",
        "model": MODEL,
        "population": population,
        "count": "count",
        "by": "area",
        "seed": 1,
    } | options
    return estimate_mrp(Survey.read(data), "y", **options)


def test_fast_mrp_agrees_with_the_full_posterior_of_bambi():
    """fixtures/mrp_bambi.csv: means and sds of 2 x 1,000 NUTS draws of Bambi 0.21 on the same data, model and
    priors."""
    data, population, _ = people()
    with (FIXTURES / "mrp_bambi.csv").open() as file:
        full = {row["area"]: (float(row["mean"]), float(row["sd"])) for row in csv.DictReader(file)}

    found = mrp(data, population)

    gaps = [(each.estimate - full[each.area][0]) / full[each.area][1] for each in found.areas[1:]]
    widths = [each.rmse / full[each.area][1] for each in found.areas[1:]]
    assert np.abs(gaps).max() < 0.2
    assert 0.85 < min(widths) < max(widths) < 1.2
    assert found.effective_points > 20


@pytest.mark.slow
def test_intervals_of_areas_cover_the_truth():
    covered = []
    for seed in range(20, 32):
        data, population, truth = people(n=3000, seed=seed)
        covered += [
            each.low <= truth[int(each.area)] <= each.high for each in mrp(data, population, draws=500).areas[1:]
        ]

    assert 0.91 <= np.mean(covered) <= 0.98


def test_results_are_the_same_from_run_to_run():
    data, population, _ = people(n=800)

    assert mrp(data, population, draws=200) == mrp(data, population, draws=200)


def test_an_area_without_respondents_is_refused_or_labelled():
    data, population, _ = people(n=1500)
    keep = data["area"] != 7
    data = {name: values[keep] for name, values in data.items()}

    with pytest.raises(ComityError, match="such as '7'"):
        mrp(data, population)
    found = {each.area: each for each in mrp(data, population, model_alone="label", draws=200).areas}
    assert (found["7"].n, found["7"].label) == (0, MODEL_ALONE)


def test_populations_coded_differently_are_refused():
    data, population, _ = people(n=500)
    data["age"] = np.where(data["age"] == 0, 99, data["age"])

    with pytest.raises(ComityError, match="'99' in 'age'"):
        mrp(data, population)


def test_the_full_model_agrees_with_the_fast_one_where_bambi_is_installed():
    pytest.importorskip("bambi")
    data, population, _ = people(n=1500)

    fast, full = mrp(data, population), mrp(data, population, engine="full", draws=2000)

    gaps = [(one.estimate - two.estimate) / two.rmse for one, two in zip(fast.areas, full.areas, strict=True)]
    assert np.abs(gaps).max() < 0.25
    assert full.effective_points > 200


def test_without_bambi_the_full_model_says_what_to_install():
    if importlib.util.find_spec("bambi"):
        pytest.skip("bambi is installed here")
    data, population, _ = people(n=500)

    with pytest.raises(ComityError, match=r"comity\[bayes\]"):
        mrp(data, population, engine="full")
