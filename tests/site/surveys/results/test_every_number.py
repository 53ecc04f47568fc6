"""Every number of a survey release has its n, effective n, interval and method, and is what a slow reference says it is."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from math import floor, log10
from pathlib import Path

import pytest

from comity.releases.build import build_release
from comity.site.surveys.questionnaire.bank import standard_questionnaire
from comity.site.surveys.results import results_draft
from comity.site.surveys.results.columns import shown_answers

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[3] / "reference"))

import survey_release as reference
from town import SIZES, results, town


@pytest.fixture(scope="module")
def responses():
    return town(6)


@pytest.fixture(scope="module")
def built(responses):
    return build_release(replace(results_draft(results(), responses), pictures=[]))


def three(value):
    return 0.0 if value == 0 else round(value, 2 - floor(log10(abs(value))))


def close(value):
    """As published: three significant digits, or the neighbouring one where the last digit is a matter of rounding."""
    return pytest.approx(three(value), rel=0.011)


def test_every_topline_is_that_of_the_reference(built, responses):
    asked = standard_questionnaire()
    checked = 0
    for finding in built.findings:
        question = asked.questions.get(finding["id"].removeprefix("topline:"))
        if finding["method"] != "survey_topline" or question.kind != "select_one":
            continue
        shown = shown_answers(question, [each["answers"].get(question.name) for each in responses], 10)
        joined = {name: each.code for each in shown for name in each.names}
        expected = reference.shares(responses, SIZES, question.name, [each.code for each in shown], joined=joined)
        rows = [row for row in finding["figures"] if row["part"] == "group"]
        for row, each in zip(rows, shown, strict=True):
            k, n, share, unweighted, low, high, effective = expected[each.code]
            assert (row["k"], row["n"]) == (k, n)
            assert row["estimate"] == close(share)
            assert row["unweighted"] == close(unweighted)
            assert (row["low"], row["high"]) == (close(low), close(high))
            assert row["effective_n"] == close(effective)
            checked += 1
    assert checked > 30


def test_every_score_is_that_of_the_reference(built, responses):
    asked = standard_questionnaire()
    checked = 0
    for scale in asked.scales:
        finding = next((each for each in built.findings if each["id"] == f"scale:{scale.name}"), None)
        if finding is None:
            continue
        items = [each for each in asked.questions.values() if each.scale == scale.name]

        def score(answers, items=items, scale=scale):
            given = []
            for item in items:
                choice = item.choice(answers.get(item.name) or "")
                if choice is not None and not choice.is_missing:
                    value = float(choice.name)
                    given.append(scale.low + scale.high - value if item.reverse else value)
            if 3 * len(given) < 2 * len(items):
                return None
            return 100 * (sum(given) / len(given) - scale.low) / (scale.high - scale.low)

        _, n, centre, unweighted, low, high, effective = reference.mean(responses, SIZES, score)
        (row,) = finding["figures"]
        assert (finding["n"], row["n"]) == (n, n)
        assert row["estimate"] == close(centre)
        assert (row["low"], row["high"]) == (close(low), close(high))
        assert row["unweighted"] == close(unweighted)
        assert row["effective_n"] == close(effective)
        checked += 1
    assert checked >= 2


def test_every_published_estimate_has_n_effective_n_interval_and_a_described_method(built):
    methods = json.loads(built.files["methods.json"])["methods"]
    described = [each for each in methods.values() if each["how"]["en"] and each["how"]["es"]]
    assert len(described) == len(methods)
    for finding in built.findings:
        assert finding["method"] in methods
        assert finding["n"] is not None
        assert finding["limits"]
        if finding["method"] == "survey_response":
            continue  # counts of people and shares of margins: they are no estimates from the sample
        for row in finding["figures"]:
            if row["estimate"] is None:
                continue
            assert row["low"] is not None
            assert row["high"] is not None
            assert row["low"] <= row["estimate"] <= row["high"]
            assert row["n"] is not None or row["part"] == "comparison", (finding["id"], row)
            if row["part"] == "group" and finding["method"] != "survey_sensitive":
                assert row["effective_n"] is not None, (finding["id"], row)
                assert row["unweighted"] is not None, (finding["id"], row)
