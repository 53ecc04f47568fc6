"""The stop-and-frisk regressions of Gelman and Hill 2007, section 6.2, with the data as they were published (with noise).

Stops by precinct and ethnicity (1 black, 2 Hispanic, 3 white), Poisson with past arrests as exposure.
"""

from __future__ import annotations

import gzip

import numpy as np
import pyarrow as pa
import pytest
from tests.disparity.conftest import data_file
from tests.reference.poisson_exposure import deviance, fit

from comity.disparity.counts import read_counts
from comity.disparity.rates import Benchmark, stop_rate_findings

ETHNICITIES = ("black", "hispanic", "white")


@pytest.fixture(scope="module")
def frisk():
    """(stops, past arrests), 75 precincts x 3 ethnicities, four types of crime added together."""
    with gzip.open(data_file("stops/nyc_frisk_1998_noised.dat.gz"), "rt") as file:
        rows = np.loadtxt(file, skiprows=7)
    counts = np.zeros((2, 75, 3))
    for stops, _, arrests, precinct, ethnicity, _ in rows:
        counts[:, int(precinct) - 1, int(ethnicity) - 1] += stops, arrests
    return counts


def test_published_deviances_and_coefficients_are_reproduced(frisk):
    stops, arrests = (each.reshape(-1) for each in frisk)
    ethnicity = np.tile(np.arange(3), 75)
    design = np.column_stack([np.ones(225), ethnicity == 1, ethnicity == 2])
    precinct = np.column_stack([np.kron(np.eye(75), np.ones((3, 1))), design[:, 1:]])

    constant, _ = fit(stops, arrests, design[:, :1])
    by_ethnicity, _ = fit(stops, arrests, design)
    within_precincts, expected = fit(stops, arrests, precinct)

    assert deviance(stops, arrests * np.exp(constant[0])) == pytest.approx(46120.3, abs=0.05)
    assert deviance(stops, arrests * np.exp(design @ by_ethnicity)) == pytest.approx(45437.4, abs=0.05)
    assert by_ethnicity[1:] == pytest.approx([0.07, -0.16], abs=0.005)
    assert within_precincts[-2:] == pytest.approx([0.01, -0.42], abs=0.005)
    assert deviance(stops, expected) == pytest.approx(3427.1, abs=0.05)
    assert ((stops - expected) ** 2 / expected).sum() / (225 - 77) == pytest.approx(21.9, abs=0.05)


def test_stop_rates_against_past_arrests_are_the_regressions(frisk):
    stops, arrests = frisk
    places, groups = np.indices(stops.shape)
    names = {"place": [f"p{at}" for at in places.reshape(-1)], "group": [ETHNICITIES[at] for at in groups.reshape(-1)]}
    counts = read_counts(pa.table({**names, "stops": stops.reshape(-1)}))
    # Past arrests stand where residents would.
    benchmark = Benchmark("residents", pa.table({**names, "people": arrests.reshape(-1)}), "past arrests", 1997)

    findings = stop_rate_findings(counts, benchmark, reference="black")

    ratios = [finding.estimate for finding in findings]
    assert np.log(ratios) == pytest.approx([0.0702, -0.1616], abs=5e-5)
