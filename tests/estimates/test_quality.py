"""Doubtful answers are shown, never removed in silence."""

from __future__ import annotations

import numpy as np
import pytest

from comity.errors import ComityError
from comity.estimates import Design, Survey
from comity.estimates.quality import (
    compare_without,
    estimate_mode_effect,
    find_speeders,
    find_straight_lining,
    item_nonresponse,
)


def interviews() -> Survey:
    rng = np.random.default_rng(1)
    n = 200
    fast = np.arange(n) < 20
    items = {f"q{at}": np.where(fast, 3.0, rng.integers(1, 6, n).astype(float)) for at in range(5)}
    items["q4"][150:] = np.nan
    seconds = np.where(fast, 30.0, rng.uniform(200, 400, n))
    return Survey.read(
        {"seconds": seconds, "mode": ["web", "phone"] * 100, "trust": items["q0"] * 2, **items}, Design()
    )


def test_speeders_are_marked_and_kept():
    survey = interviews()

    found = find_speeders(survey, "seconds")

    assert (found.n, found.share) == (20, 0.1)
    assert found.rows[:20].all()
    assert survey.rows == 200


def test_straight_lining_is_marked():
    found = find_straight_lining(interviews(), [f"q{at}" for at in range(5)])

    assert found.rows[:20].all()
    assert found.n < 26


def test_estimates_are_shown_with_and_without_the_doubtful():
    survey = interviews()

    both = compare_without(survey, "trust", find_speeders(survey, "seconds"))

    assert [each.domain_name for each in both] == ["everyone", "without doubtful"]
    assert [each.n for each in both] == [200, 180]


def test_a_mode_effect_says_what_it_mixes():
    found = estimate_mode_effect(interviews(), "trust", mode="mode", between=("web", "phone"))

    assert found.se > 0
    assert "mixes" in str(found.note)


def test_item_nonresponse_is_a_share_of_everyone():
    found = item_nonresponse(interviews(), ["q0", "q4"])

    assert [each.estimate for each in found] == [0.0, 0.25]


def test_missing_times_are_refused():
    with pytest.raises(ComityError, match="no times"):
        find_speeders(Survey.read({"seconds": [None] * 5, "x": [1.0] * 5}), "seconds")
