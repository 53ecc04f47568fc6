"""Intervals of a change agree with published values and with a slow reference, and keep what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference import commitment_change as reference

from comity.site.commitments import change

PUBLISHED = [  # Newcombe 1998, Statistics in Medicine 17:873, table II, method 10
    ((56, 70), (48, 80), (0.0524, 0.3339)),
    ((9, 10), (3, 10), (0.1705, 0.8090)),
    ((10, 10), (0, 10), (0.6075, 1.0000)),
]


def plain(number):
    return number.estimate, number.low, number.high


@pytest.mark.parametrize(("after", "before", "interval"), PUBLISHED)
def test_newcombe_s_published_intervals_are_reproduced(after, before, interval):
    found = change.difference(change.share(*before), change.share(*after))

    assert (round(found.low, 4), round(found.high, 4)) == interval


@pytest.mark.parametrize(
    ("k0", "n0", "k1", "n1"), [(48, 80, 56, 70), (1, 10, 9, 10), (1344, 9762, 900, 9000), (5, 9, 1, 400)]
)
def test_shares_agree_with_root_finding(k0, n0, k1, n1):
    before, after = change.share(k0, n0), change.share(k1, n1)
    slow = reference.share(k0, n0), reference.share(k1, n1)

    assert plain(before) == pytest.approx(slow[0])
    assert plain(after) == pytest.approx(slow[1])
    assert plain(change.difference(before, after)) == pytest.approx(reference.difference(*slow))
    assert plain(change.relative_change(before, after)) == pytest.approx(reference.relative_change(*slow))


@pytest.mark.parametrize(("k0", "k1"), [(100, 70), (3, 9), (1, 1), (4000, 3900)])
def test_counts_agree_with_root_finding(k0, k1):
    before, after = change.count(k0, 1), change.count(k1, 1)
    slow = reference.count(k0), reference.count(k1)

    assert plain(before) == pytest.approx(slow[0])
    assert plain(change.difference(before, after)) == pytest.approx(reference.difference(*slow))
    assert plain(change.relative_change(before, after)) == pytest.approx(reference.relative_change(*slow))


def test_nothing_is_said_relative_to_what_may_be_nothing():
    assert change.relative_change(change.share(0, 10), change.share(5, 10)) is None
    assert change.relative_change(change.Number(0.1, -0.2, 0.4), change.Number(0.1, 0.05, 0.2)) is None


def test_the_rule_at_its_edges():
    def verdict(low, high, wants="up"):
        return change.verdict(change.Number((low + high) / 2, low, high), wants=wants, size=0.1)

    assert [verdict(0.1, 0.2), verdict(0.09, 0.2), verdict(-0.3, 0.1), verdict(-0.3, 0.099)] == [
        "moved", "cannot tell", "cannot tell", "did not move",
    ]  # fmt: skip
    assert [verdict(-0.2, -0.1, "down"), verdict(-0.2, -0.05, "down"), verdict(0.0, 0.2, "down")] == [
        "moved", "cannot tell", "did not move",
    ]  # fmt: skip


def test_protection_and_rounding_make_intervals_wider_and_never_narrower():
    exact, off = change.share(50, 200), change.share(50, 200, off=5)
    assert off.estimate == exact.estimate
    assert off.low == pytest.approx(change.share(45, 205).low)
    assert off.high == pytest.approx(change.share(55, 195).high)
    assert change.count(3, 1, off=5).low == 0
    rounded = change.estimate(3.48, 3.09, 3.92)
    assert (rounded.low, rounded.high) == (pytest.approx(3.085), pytest.approx(3.925))


def test_scatter_is_seen_from_four_periods_on():
    quiet, wild = [100, 104, 97, 99, 101], [60, 150, 90, 30, 170]
    assert change.scatter(quiet, [1] * 5, is_share=False) == 1.0
    assert change.scatter(wild, [1] * 5, is_share=False) > 4
    assert change.scatter(wild[:3], [1] * 3, is_share=False) == 1.0
    assert change.scatter([0] * 5, [10] * 5, is_share=True) == 1.0


SCENARIOS = {
    # name: (share or None for counts, n or mean before, true change as a share of the baseline)
    "large shares": (0.14, 9000, -0.15),
    "small shares": (0.05, 400, -0.30),
    "common shares": (0.5, 150, -0.20),
    "large counts": (None, 1300, -0.15),
    "small counts": (None, 30, -0.30),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("scale", ["absolute", "relative"])
def test_intervals_cover_and_false_alarms_are_rare(name, scale):
    """docs/methods/commitments.md has these numbers. True change just at the size: *moved* is a false alarm."""
    share, size, true = SCENARIOS[name]
    rng, draws = np.random.default_rng(20261122), 4000
    if share is None:
        pairs = zip(rng.poisson(size, draws), rng.poisson(size * (1 + true), draws), strict=True)
        numbers = [(change.count(int(k0), 1), change.count(int(k1), 1)) for k0, k1 in pairs]
        base = size
    else:
        pairs = zip(rng.binomial(size, share, draws), rng.binomial(size, share * (1 + true), draws), strict=True)
        numbers = [(change.share(int(k0), size), change.share(int(k1), size)) for k0, k1 in pairs]
        base = share
    truth = true if scale == "relative" else true * base
    changes = [change.relative_change(*each) if scale == "relative" else change.difference(*each) for each in numbers]
    covered = np.mean([each.low <= truth <= each.high for each in changes])
    at_size = np.mean([change.verdict(each, wants="down", size=abs(truth)) == "moved" for each in changes])
    without = [change.verdict(each, wants="down", size=abs(truth)) for each in _without_change(rng, share, size, scale)]

    assert 0.940 <= covered <= 0.965
    assert at_size <= 0.033  # 2.5% and three standard errors
    assert without.count("moved") / len(without) <= 0.005
    print(
        f"{name}, {scale}: covers {covered:.1%}, false alarms at the size {at_size:.1%}, without change {without.count('moved') / len(without):.2%}"
    )


def _without_change(rng, share, size, scale):
    for _ in range(2000):
        k0, k1 = (rng.poisson(size), rng.poisson(size)) if share is None else rng.binomial(size, share, 2)
        both = [change.count(int(k), 1) if share is None else change.share(int(k), size) for k in (k0, k1)]
        yield change.relative_change(*both) if scale == "relative" else change.difference(*both)


@pytest.mark.slow
def test_periods_that_vary_by_more_than_chance_raise_few_false_alarms_once_there_are_four():
    """Rates that vary by a tenth from year to year, no change: by chance alone every sixth moves; with the scatter few do."""
    rng = np.random.default_rng(7)
    alarms = {"chance alone": 0, "with the scatter": 0}
    for _ in range(1500):
        counts = rng.poisson(2000 * rng.lognormal(0, 0.1, 7))
        spread = change.scatter([int(k) for k in counts[:6]], [1.0] * 6, is_share=False)
        for name, wide in (("chance alone", 1.0), ("with the scatter", spread)):
            both = [change.count(int(k), 1, spread=wide) for k in counts[5:]]
            moved = change.difference(*both)
            alarms[name] += change.verdict(moved, wants="down", size=50) == "moved"

    print(alarms)
    assert alarms["chance alone"] / 1500 > 0.15
    assert alarms["with the scatter"] / 1500 <= 0.04
