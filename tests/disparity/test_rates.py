"""Rates and ratios: intervals keep their promise when places differ, and Simpson's paradox is not called a
difference.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from tests.reference.pooled_rates import left_out_logit_interval, mantel_haenszel

from comity.disparity.counts import read_counts
from comity.disparity.finding import Verdict
from comity.disparity.intervals import clustered_rate, clustered_ratio, mantel_haenszel_ratio, poisson_rate, wilson
from comity.disparity.outcome import outcome_findings
from comity.disparity.rates import search_rate_findings


def as_counts(n, s, h=None):
    places, groups = n.shape
    columns = {
        "place": [f"p{i}" for i in range(places) for _ in range(groups)],
        "group": ["black", "white"] * places,
        "stops": n.reshape(-1),
        "searches": s.reshape(-1),
    }
    return read_counts(pa.table(columns if h is None else {**columns, "hits": h.reshape(-1)}))


def drawn(rng, places=30, ratio=1.0, spread=0.6):
    base = 0.08 * np.exp(spread * rng.standard_normal(places))
    n = rng.integers(50, 1500, (places, 2))
    return n, rng.binomial(n, np.clip(np.column_stack([base * ratio, base]), 0, 0.9))


def test_wilson_and_exact_intervals_are_the_textbook_ones():
    assert (wilson(10, 100).low, wilson(10, 100).high) == pytest.approx((0.05523, 0.17437), abs=1e-5)
    assert (poisson_rate(0, 1.0).low, poisson_rate(0, 1.0).high) == pytest.approx((0, 3.68888), abs=1e-5)
    assert (poisson_rate(10, 1.0).low, poisson_rate(10, 1.0).high) == pytest.approx((4.79539, 18.39036), abs=1e-5)


def test_rates_and_ratios_within_places_are_those_of_loops_over_places():
    rng = np.random.default_rng(2)
    n = rng.integers(5, 60, (8, 2)).astype(float)
    k = rng.binomial(n.astype(int), 0.3).astype(float)

    rate = clustered_rate(k[:, 0], n[:, 0])
    within = mantel_haenszel_ratio(k[:, 0], n[:, 0], k[:, 1], n[:, 1])

    assert (rate.low, rate.high) == pytest.approx(left_out_logit_interval(k[:, 0], n[:, 0]))
    assert within.estimate == pytest.approx(mantel_haenszel(k[:, 0], n[:, 0], k[:, 1], n[:, 1]))


def test_mantel_haenszel_is_the_greenland_robins_formula():
    k1, n1, k0, n0 = (np.array(x, float) for x in ([8, 22], [106, 98], [16, 16], [120, 85]))

    got = mantel_haenszel_ratio(k1, n1, k0, n0)

    total = n1 + n0
    top, bottom = (k1 * n0 / total).sum(), (k0 * n1 / total).sum()
    variance = ((n1 * n0 * (k1 + k0) - k1 * k0 * total) / total**2).sum() / (top * bottom)
    assert got.estimate == pytest.approx(top / bottom)
    assert got.high == pytest.approx(top / bottom * np.exp(1.959964 * np.sqrt(variance)), rel=1e-6)


def test_clustered_intervals_cover_where_wilson_does_not():
    rng = np.random.default_rng(7)
    truth = 0.08 * np.exp(0.6**2 / 2)
    rate = ratio = narrow = within = 0
    for _ in range(400):
        n, s = drawn(rng)
        interval = clustered_rate(s[:, 1], n[:, 1])
        rate += interval.low <= truth <= interval.high
        plain = wilson(int(s[:, 1].sum()), int(n[:, 1].sum()))
        narrow += plain.low <= truth <= plain.high
        columns = s[:, 0].astype(float), n[:, 0].astype(float), s[:, 1].astype(float), n[:, 1].astype(float)
        pooled, strata = clustered_ratio(*columns), mantel_haenszel_ratio(*columns)
        ratio += pooled.low <= 1 <= pooled.high
        within += strata.low <= 1 <= strata.high
    assert rate / 400 >= 0.91
    assert narrow / 400 < 0.6
    assert 0.92 <= ratio / 400 <= 0.98
    assert 0.92 <= within / 400 <= 0.98


def test_no_difference_within_places_is_seldom_shown():
    rng = np.random.default_rng(8)
    shown = 0
    for _ in range(200):
        finding = search_rate_findings(as_counts(*drawn(rng)), reference="white")[0]
        shown += finding.verdict is Verdict.SHOWS
    assert shown / 200 <= 0.06


def test_simpsons_paradox_is_not_called_a_difference():
    # Within each place both groups are searched alike; the group is stopped where everybody is searched more.
    n = np.array([[900, 100]] * 10 + [[100, 900]] * 10)
    s = np.array([[270, 30]] * 10 + [[5, 45]] * 10)

    finding = search_rate_findings(as_counts(n, s), reference="white")[0]

    assert finding.estimate > 2
    assert finding.verdict is Verdict.CANNOT_TELL
    assert "within the same place" in str(finding.reason)


def test_the_outcome_test_warns_of_infra_marginality():
    rng = np.random.default_rng(9)
    n, s = drawn(rng)

    finding = outcome_findings(as_counts(n, s, rng.binomial(s, 0.3)), reference="white")[0]

    assert any("infra-marginality" in str(limit) for limit in finding.limits)
