"""Regression and the Rao-Scott test through svy give R's numbers, and refuse to ignore a weighting chain."""

from __future__ import annotations

from pathlib import Path

import pytest

from comity.errors import ComityError
from comity.estimates import Design, Rake, Survey, read_survey_file, weigh, with_replicates

pytest.importorskip("svy")

from comity.estimates.regression import check_independence, estimate_regression

TOWN = Path(__file__).parent / "fixtures" / "town.csv"
RAKE = Rake({"sex": {"female": 10000, "male": 9000}})


@pytest.fixture(scope="module")
def survey():
    return Survey.read(read_survey_file(TOWN), Design(weights="weight", strata="district", clusters="block"))


def test_coefficients_are_those_of_svyglm(survey):
    found = estimate_regression(survey, "visits", ["years", "sex"])

    # R survey 4.1.1: svyglm(visits ~ years + sex)
    assert [each.estimate for each in found] == pytest.approx([1.90393509054, 0.01933187375, 0.64832020413], rel=1e-8)
    assert [each.se for each in found] == pytest.approx([0.238443868717, 0.007971360872, 0.249521153786], rel=1e-6)


def test_the_test_of_independence_is_that_of_svychisq(survey):
    found = check_independence(survey, "age", "sex")

    assert (found.f, found.p) == pytest.approx((0.19971605, 0.8111269), rel=1e-5)


def test_a_weighting_chain_needs_replicates(survey):
    with pytest.raises(ComityError, match="ignore how the weights were made"):
        estimate_regression(weigh(survey, RAKE), "visits", ["years"])

    replicated = weigh(with_replicates(survey, "bootstrap", count=60, seed=1), RAKE)
    assert estimate_regression(replicated, "visits", ["years"])[1].se == pytest.approx(0.008, rel=0.5)
