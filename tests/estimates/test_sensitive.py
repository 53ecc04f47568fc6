"""Hidden answers are estimated without bias, with intervals that cover; a broken list experiment is noticed."""

from __future__ import annotations

import numpy as np
import pytest

from comity.errors import ComityError
from comity.estimates import Design, Survey
from comity.estimates.sensitive import (
    RandomisedResponse,
    check_list_experiment,
    estimate_list_experiment,
    estimate_randomised_response,
)

DEVICES = [
    RandomisedResponse.warner(0.75),
    RandomisedResponse.forced_response(0.7, 0.2),
    RandomisedResponse.unrelated_question(0.7, 0.4),
]


def hidden(device: RandomisedResponse, share: float, n: int, rng: np.random.Generator) -> Survey:
    said_yes = rng.random(n) < device.slope * share + device.floor
    return Survey.read({"answer": np.where(said_yes, "yes", "no")}, Design())


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_hidden_answers_are_unbiased_and_their_intervals_cover(device):
    rng = np.random.default_rng(1)
    found = [
        estimate_randomised_response(hidden(device, 0.2, 800, rng), "answer", device, yes="yes")[0] for _ in range(200)
    ]

    assert np.mean([each.estimate for each in found]) == pytest.approx(0.2, abs=0.01)
    assert np.mean([each.low <= 0.2 <= each.high for each in found]) >= 0.91


def test_the_textbook_variance_of_warners_design():
    survey = Survey.read({"answer": ["yes"] * 400 + ["no"] * 600})
    found = estimate_randomised_response(survey, "answer", RandomisedResponse.warner(0.7), yes="yes")[0]

    assert found.estimate == pytest.approx((0.4 - 0.3) / 0.4)
    assert found.se == pytest.approx((0.4 * 0.6 / 999) ** 0.5 / 0.4)


def test_an_estimate_below_zero_is_shown_with_a_note():
    survey = Survey.read({"answer": ["yes"] * 20 + ["no"] * 180})

    found = estimate_randomised_response(survey, "answer", RandomisedResponse.warner(0.75), yes="yes")[0]

    assert found.estimate < 0
    assert "outside 0-1" in str(found.note)


@pytest.mark.parametrize(
    "make",
    [
        lambda: RandomisedResponse.warner(0.5),
        lambda: RandomisedResponse.warner(0),
        lambda: RandomisedResponse.forced_response(0.8, 0.3),
        lambda: RandomisedResponse.unrelated_question(0.7, 1.2),
    ],
)
def test_a_device_that_cannot_work_is_refused(make):
    with pytest.raises(ComityError):
        make()


def listed(seed: int, *, n: int = 2000, share: float = 0.25, lowered: float = 0.0) -> Survey:
    """Four harmless items; `lowered`: part of the treated who say one less because the sensitive item is there."""
    rng = np.random.default_rng(seed)
    treated = rng.random(n) < 0.5
    count = rng.binomial(4, 0.35, n) + (treated & (rng.random(n) < share))
    count = np.where(treated & (rng.random(n) < lowered), np.maximum(count - 2, 0), count)
    return Survey.read({"count": count.astype(float), "treated": treated.astype(int), "sex": rng.choice(["f", "m"], n)})


def test_a_list_experiment_recovers_the_share():
    found = [estimate_list_experiment(listed(seed), "count", treated="treated")[0] for seed in range(40)]

    assert np.mean([each.estimate for each in found]) == pytest.approx(0.25, abs=0.02)
    assert sum(each.low <= 0.25 <= each.high for each in found) >= 35


def test_a_list_experiment_has_domains():
    found = estimate_list_experiment(listed(3), "count", treated="treated", by="sex")

    assert [each.domain_name for each in found] == ["f", "m"]


def test_the_assumption_test_passes_sound_lists_and_catches_broken_ones():
    sound = [check_list_experiment(listed(seed), "count", treated="treated", items=4).passes for seed in range(40)]
    broken = check_list_experiment(listed(1, lowered=0.6), "count", treated="treated", items=4)

    assert np.mean(sound) >= 0.95
    assert not broken.passes
    assert broken.smallest < 0


def test_counts_beyond_the_list_are_refused():
    with pytest.raises(ComityError, match="outside 0 to 3"):
        check_list_experiment(listed(1), "count", treated="treated", items=2)
