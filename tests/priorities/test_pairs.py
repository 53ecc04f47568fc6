"""Rankings from pairs: the likelihood's own optimum, intervals that cover, and refusal where nothing can be told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.priorities import PrioritiesError, rank_pairs


def test_two_items_have_the_log_odds_of_their_share():
    first, second = rank_pairs([("a", "b")] * 30 + [("b", "a")] * 10)

    assert first.strength - second.strength == pytest.approx(np.log(3))
    assert (first.id, first.won, first.n) == ("a", 30, 40)
    half = 1.959964 * np.sqrt(1 / 30 + 1 / 10) / 2
    assert first.high - first.strength == pytest.approx(half, rel=1e-6)


def test_strengths_are_those_of_the_slow_fixed_point():
    """Zermelo's iteration of 1929, ten thousand times."""
    pairs = simulated(np.array([0.8, 0.1, -0.2, -0.7]), 300, seed=2)
    wins = np.zeros((4, 4))
    for better, worse in pairs:
        wins[int(better), int(worse)] += 1
    weights = np.ones(4)
    for _ in range(10_000):
        games = wins + wins.T
        weights = wins.sum(axis=1) / (games / (weights[:, None] + weights[None, :])).sum(axis=1)
        weights /= np.exp(np.log(weights).mean())

    found = {each.id: each.strength for each in rank_pairs(pairs)}

    assert [found[str(at)] for at in range(4)] == pytest.approx(np.log(weights), abs=1e-8)


def simulated(strengths, count, *, seed):
    generator = np.random.default_rng(seed)
    pairs = []
    while len(pairs) < count:
        one, other = generator.choice(len(strengths), 2, replace=False)
        wins = generator.random() < 1 / (1 + np.exp(strengths[other] - strengths[one]))
        pairs.append((str(one), str(other)) if wins else (str(other), str(one)))
    return pairs


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    truth = np.array([1.0, 0.4, 0.0, -0.4, -1.0])
    covered = 0
    for seed in range(200):
        for each in rank_pairs(simulated(truth, 400, seed=seed)):
            covered += each.low <= truth[int(each.id)] <= each.high

    assert 0.93 <= covered / 1000 <= 0.97


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_order_of_comparisons_changes_nothing(data):
    pairs = simulated(np.array([0.3, 0.0, -0.3]), 60, seed=1)

    shuffled = data.draw(st.permutations(pairs))

    assert [each.id for each in rank_pairs(shuffled)] == [each.id for each in rank_pairs(pairs)]


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([], "no comparisons"),
        ([("a", "a"), ("a", "b")], "compared with itself"),
        ([("a", "b")], "Nothing else was ever preferred to 'a'"),
        ([("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")], "Nothing else was ever preferred"),
    ],
)
def test_what_cannot_be_ranked_is_refused(pairs, says):
    with pytest.raises(PrioritiesError, match=says):
        rank_pairs(pairs)
