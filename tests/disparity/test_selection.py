"""Selection bounds are those of brute force over principal strata, and a sweep decides nothing alone."""

from __future__ import annotations

import numpy as np
import pytest
from tests.disparity.test_rates import as_counts, drawn
from tests.reference.selection_strata import effects_among_everybody

from comity.disparity.finding import Verdict
from comity.disparity.pictures import picture
from comity.disparity.selection import selection_bounds, selection_findings

COUNTS = tuple(np.array(x, float) for x in ([100, 120], [1000, 1000], [60, 60], [1500, 1500]))


def test_the_effect_among_the_groups_own_stops_is_the_plain_difference_plus_what_is_hidden():
    bounds = selection_bounds(COUNTS[0], COUNTS[1], COUNTS[2], COUNTS[3], shares=(0.0, 0.5))

    assert [bound.effect for bound in bounds] == pytest.approx([0.07, 0.09])
    assert (bounds[0].least, bounds[0].most, bounds[0].loosest) == pytest.approx((0.07, 0.07, 0.07))


@pytest.mark.parametrize("searched", [0.11, 0.55, 0.9])
@pytest.mark.parametrize("rho", [0.1, 0.3, 0.5])
def test_bounds_for_everybody_are_the_extremes_over_principal_strata(searched, rho):
    n = np.array([1000.0, 1000.0])
    bound = selection_bounds(searched * n, n, 0.04 * 1.5 * n, 1.5 * n, shares=(rho,))[0]

    least, most = effects_among_everybody(searched, 0.04, 0.4, rho)
    loosest, _ = effects_among_everybody(searched, 0.04, 0.4, rho, less_serious=False)

    assert (bound.least, bound.most, bound.loosest) == pytest.approx((least, most, loosest), abs=2e-4)
    assert bound.lowest <= bound.least <= bound.most <= bound.highest


@pytest.mark.parametrize("share", [-0.1, 1.0, 1.5])
def test_a_share_that_leaves_no_stops_is_refused(share):
    with pytest.raises(ValueError, match="from 0 up to 1"):
        selection_bounds(*COUNTS, shares=(share,))


def test_findings_carry_the_sweep_and_its_picture():
    finding = selection_findings(as_counts(*drawn(np.random.default_rng(10), ratio=2.0)), reference="white")[0]

    swept = [figure.more["rho"] for figure in finding.figures if figure.part != "detail"]
    assert swept == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert finding.verdict is Verdict.SHOWS
    assert len(picture(finding, "es", "narrow").to_dict()["vconcat"][0]["layer"]) == 4


def test_intervals_of_the_bounds_cover():
    """Places differ; the bounds' outer limits hold the true bounds 95% of the time from outside."""
    inside = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        base = np.clip(0.08 * np.exp(0.5 * rng.standard_normal(30)), 0, 0.4)
        n = np.full((30, 2), 800)
        s = rng.binomial(n, np.column_stack([1.5 * base, base])).astype(float)
        bound = selection_bounds(s[:, 0], n[:, 0].astype(float), s[:, 1], n[:, 1].astype(float), shares=(0.3,))[0]
        mean = 0.08 * np.exp(0.125)
        truth = 1.5 * mean - 0.7 * mean
        inside += bound.low <= truth <= bound.high
    assert 0.90 <= inside / 300 <= 0.98
