"""The threshold test reproduces published numbers and a stock sampler's, and refuses what it cannot answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner
from tests.disparity.conftest import data_file
from tests.reference.threshold_density import log_posterior

from comity.cli.disparity import command
from comity.disparity.counts import read_counts
from comity.disparity.diagnostics import convergence
from comity.disparity.finding import Verdict
from comity.disparity.threshold import threshold_findings, threshold_test
from comity.disparity.threshold_kernels import HAS_NUMBA, density, density_numpy, unwhiten
from comity.disparity.threshold_model import ModelOptions, SamplerOptions, recentred, sample_posterior, whitened
from comity.errors import ComityError

REFERENCE = json.loads((Path(__file__).parent / "threshold_reference.json").read_text())
PUBLISHED = {  # pinned at the largest place: white, black, hispanic; black less white
    "CO": ((0.517, 0.340, 0.332), -0.177),
    "IL": ((0.237, 0.194, 0.143), -0.043),
    "NC": ((0.113, 0.105, 0.075), -0.008),
    "TX": ((0.278, 0.277, 0.187), -0.002),
    "WA": ((0.087, 0.071, 0.058), -0.015),
}
GROUPS = ("white", "black", "hispanic")


def county_counts(state):
    import pandas as pd

    rows = pd.read_csv(data_file("threshold/counties_opp2017.csv"))
    rows = rows[rows.state == state]
    return read_counts(
        pa.table(
            {
                "place": rows.location_variable.tolist(),
                "group": [name.split()[0].lower() for name in rows.driver_race],
                "stops": rows.num_stops.to_numpy(),
                "searches": rows.num_searches.to_numpy(),
                "hits": rows.num_hits.to_numpy(),
            }
        )
    )


def small_counts(seed=1, places=6):
    rng = np.random.default_rng(seed)
    n = rng.integers(200, 2000, (places, 2)).astype(float)
    s = rng.binomial(n.astype(int), 0.1).astype(float)
    return n, s, rng.binomial(s.astype(int), 0.3).astype(float)


def test_the_density_is_the_papers_in_other_coordinates():
    n, s, h = small_counts()
    data = whitened(n, s, h, ModelOptions())
    z = np.random.default_rng(2).standard_normal((2, data.size))
    gradient = np.empty(data.size)

    def natural(point):
        log_sigma, g, blocks = unwhiten(point, data)
        return np.concatenate([[log_sigma], g, blocks.reshape(-1)])

    def plain(point):
        log_sigma, g, blocks = unwhiten(point, data)
        density_there = log_posterior(
            n, s, h, np.exp(log_sigma), g[0], g[1], g[2:4], g[4:6], g[6:8], blocks[:, :2], blocks[:, 2], blocks[:, 3]
        )
        steps = 1e-5 * np.eye(data.size)
        volume = np.array([natural(point + step) - natural(point - step) for step in steps]) / 2e-5
        return density_there + np.linalg.slogdet(volume)[1]

    ours = [density(point, data, gradient) for point in z]

    assert ours[0] - ours[1] == pytest.approx(plain(z[0]) - plain(z[1]), abs=1e-6)


@pytest.mark.parametrize("family", ["discriminant", "beta"])
def test_the_gradient_is_the_densitys_slope(family):
    n, s, h = small_counts()
    n[2, 1] = s[2, 1] = h[2, 1] = 0  # a group that was never stopped in a place
    data = whitened(n, s, h, ModelOptions(family=family, pin=3))
    z = np.random.default_rng(3).standard_normal(data.size)
    gradient, scratch = np.empty(len(z)), np.empty(len(z))
    density(z, data, gradient)

    for at in range(len(z)):
        up, down = z.copy(), z.copy()
        up[at] += 1e-4
        down[at] -= 1e-4
        slope = (density(up, data, scratch) - density(down, data, scratch)) / 2e-4
        assert gradient[at] == pytest.approx(slope, rel=1e-3, abs=2e-3)


@pytest.mark.parametrize("family", ["discriminant", "beta"])
def test_recentring_moves_coordinates_and_nothing_else(family):
    data = whitened(*small_counts(), ModelOptions(family=family))
    draws = np.random.default_rng(6).normal(0.3, 0.5, (2, 40, data.size))
    scratch = np.empty(data.size)

    new, starts = recentred(data, draws)

    for before, after in zip(unwhiten(draws[:, -1], data), unwhiten(starts, new), strict=True):
        assert after == pytest.approx(before, abs=1e-9)
    first, second = (
        density(start, new, scratch) - density(z, data, scratch) for start, z in zip(starts, draws[:, -1], strict=True)
    )
    assert first == pytest.approx(second, abs=1e-6)


@pytest.mark.skipif(not HAS_NUMBA, reason="numba (extra `fast`) is not installed")
@pytest.mark.parametrize("family", ["discriminant", "beta"])
def test_compiled_and_plain_densities_agree(family):
    n, s, h = small_counts()
    data = whitened(n, s, h, ModelOptions(family=family))
    z = np.random.default_rng(4).standard_normal(data.size)
    fast, slow = np.empty(len(z)), np.empty(len(z))

    values = density(z, data, fast), density_numpy(z, data, slow)

    assert values[0] == pytest.approx(values[1], rel=1e-10)
    assert fast == pytest.approx(slow, rel=1e-3, abs=1e-3 if family == "beta" else 1e-7)


def test_diagnostics_see_chains_that_disagree_and_chains_that_crawl():
    rng = np.random.default_rng(5)
    good = rng.standard_normal((4, 500, 1))
    crawling = np.cumsum(rng.standard_normal((4, 500, 1)), axis=1)
    apart = good + np.arange(4)[:, None, None]

    assert convergence(good).r_hat[0] < 1.01 < convergence(apart).r_hat[0]
    assert convergence(good).ess_bulk[0] > 1500
    assert convergence(crawling).ess_bulk[0] < 30


def first_is_quick(states):
    return [states[0], *(pytest.param(state, marks=pytest.mark.slow) for state in states[1:])]


@pytest.mark.parametrize("state", first_is_quick(["WA", "CO", "IL", "NC", "TX"]))
def test_pinned_fits_reproduce_the_published_thresholds(state):
    result = threshold_test(county_counts(state), reference="white", pin="largest", sensitivity=False)

    published, gap = PUBLISHED[state]
    fitted = {each.group: each.threshold for each in result.groups}
    assert result.passed
    assert [fitted[name] for name in GROUPS] == pytest.approx(published, abs=0.005)
    assert dict(result.gaps)["black"].estimate == pytest.approx(gap, abs=0.004)


@pytest.mark.parametrize("state", first_is_quick(sorted(REFERENCE)))
def test_thresholds_are_within_a_fraction_of_a_posterior_sd_of_a_stock_sampler(state):
    long = REFERENCE[state]

    result = threshold_test(county_counts(state), reference="white", sensitivity=False)

    assert (result.passed, long["min_ess"] > 1000) == (True, True)
    fitted = {each.group: each.threshold for each in result.groups}
    off = [(fitted[name] - mean) / sd for name, mean, sd in zip(GROUPS, long["mean"], long["sd"], strict=True)]
    assert off == pytest.approx([0, 0, 0], abs=0.15)


def test_the_same_seed_gives_the_same_draws():
    n, s, h = small_counts()
    quick = SamplerOptions(warmup=50, draws=50)

    first, second = (sample_posterior(n, s, h, model=ModelOptions(), sampler=quick) for _ in range(2))

    assert (first.thresholds == second.thresholds).all()


def test_hartfords_searches_are_refused_with_the_reason():
    import pandas as pd

    rows = pd.read_csv(data_file("stops/hartford_opp.csv.gz"), low_memory=False)
    rows = rows[rows.subject_race.isin(GROUPS) & rows.district.notna()]
    rows["found"] = rows.contraband_found.astype(str).str.upper().eq("TRUE")
    grouped = rows.groupby(["district", "subject_race"]).agg(
        stops=("date", "size"), searches=("search_conducted", "sum"), hits=("found", "sum")
    )
    table = pa.Table.from_pandas(grouped.reset_index(), preserve_index=False)
    counts = read_counts(table, place="district", group="subject_race")

    result = threshold_test(counts, reference="white")
    finding = threshold_findings(result)[0]

    assert (result.passed, result.groups) == (False, ())
    assert finding.verdict is Verdict.CANNOT_TELL
    assert "not plausible" in str(finding.reason)
    assert result.as_record()["groups"] == []


def test_a_fit_that_does_not_converge_gives_no_number():
    counts = read_counts(
        pa.table(
            {
                "place": ["a", "a", "b", "b"],
                "group": ["white", "black"] * 2,
                "stops": [900, 800, 700, 600],
                "searches": [90, 80, 70, 60],
                "hits": [30, 20, 20, 15],
            }
        )
    )

    result = threshold_test(counts, reference="white", levels=(SamplerOptions(warmup=5, draws=10),))

    assert not result.passed
    record = result.as_record()
    assert (record["groups"], record["gaps"]) == ([], [])
    assert "did not converge" in record["refused"]


def test_a_pin_that_is_no_place_names_the_nearest():
    table = pa.table({"place": ["North", "South"] * 2, "group": ["white", "white", "black", "black"],
                      "stops": [9] * 4, "searches": [3] * 4, "hits": [1] * 4})  # fmt: skip
    with pytest.raises(ComityError, match="Did you mean 'North'"):
        threshold_test(read_counts(table), reference="white", pin="Nort")


ROWS = "p1,black,900,90,30 p1,white,800,80,20 p2,black,700,70,20 p2,white,600,60,15"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (ROWS.replace("900,90", "900,-90"), "'searches' is -90 for place 'p1', group 'black'"),
        (ROWS.replace("90,30", "90,91"), "has 91 hits but only 90 searches"),
        (ROWS.replace("black", "white").replace("p1,white,900", "p3,white,900"), "appear 2 times"),
        ("p1,black,900,90,30 p2,black,700,70,20", "one group only ('black')"),
        ("p1,black,900,90,30 p1,white,800,80,20", "one place only ('p1')"),
        ("p1,black,0,0,0 p1,white,0,0,0 p2,black,0,0,0 p2,white,0,0,0", "Every count is zero"),
        (ROWS.replace("90,30", "90.5,30"), "'searches' is 90.5"),
        (ROWS.replace("90,30", "0,0").replace("70,20", "0,0"), "No search of people recorded as Black"),
        (ROWS.replace(",30", ",0").replace(",20", ",0").replace(",15", ",0"), "finding something"),
    ],
)
def test_bad_counts_are_one_sentence_and_no_number(tmp_path, rows, said):
    file = tmp_path / "counts.csv"
    file.write_text("place,group,stops,searches,hits\n" + rows.replace(" ", "\n") + "\n")

    result = CliRunner().invoke(command, ["threshold", str(file)])

    assert isinstance(result.exception, ComityError)
    assert said in str(result.exception)
    assert result.output == ""
