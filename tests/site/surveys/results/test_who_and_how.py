"""Who is missing, and what the way of answering does: shown, adjusted, and never taken for proof."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from comity.errors import ComityError
from comity.estimates import Design, Rake, Survey, estimate_adjusted_difference, estimate_difference, weigh
from comity.estimates.specification import Specification
from comity.releases.build import build_release
from comity.site.surveys.questionnaire.bank import standard_questionnaire
from comity.site.surveys.results import response_columns, results_draft

sys.path.insert(0, str(Path(__file__).parent))

from town import DESIGN, SIZES, results, town

TARGETS = {"1829": 0.4, "3044": 0.2, "4564": 0.2, "65_up": 0.2}


def finding(draft, name):
    return next((each for each in draft.findings if each["id"] == name), None)


@pytest.fixture(scope="module")
def draft():
    raked = Specification(DESIGN.design, (Rake({"age_group.filled": TARGETS}),))
    return results_draft(replace(results(), specification=raked), town())


def test_who_is_missing_stands_beside_everybody(draft):
    found = finding(draft, "nonresponse")
    table = response_columns(standard_questionnaire(), town(), sizes=SIZES)
    weight = np.array(table["base_weight"].to_pylist())
    young = np.array([each == "1829" for each in table["age_group.filled"].to_pylist()])

    assert [row["population"] for row in found["figures"]] == [0.4, 0.2, 0.2, 0.2]
    assert found["figures"][0]["estimate"] == pytest.approx(weight[young].sum() / weight.sum(), abs=0.02)
    assert "Furthest below its share: “18" in found["sentence"]["en"]
    assert found["verdict"] == "cannot tell"
    picture = next(each for each in draft.pictures if each.finding == "nonresponse")
    assert "de toda la población" in repr(picture.specifications["es", "wide"])


def test_no_margin_with_a_small_group_is_shown():
    few = {"woman": 0.5, "man": 0.49, "another": 0.01}
    responses = town()
    for each in responses[:4]:
        each["answers"] = {**each["answers"], "gender": "another"}
    raked = Specification(DESIGN.design, (Rake({"gender.filled": few}),))

    assert finding(results_draft(replace(results(), specification=raked), responses), "nonresponse") is None


def moved(responses, by):
    """Those who answered on paper say what they would anyway, and `by` categories more."""
    made = []
    for each in responses:
        answers = dict(each["answers"])
        if each["mode"] == "paper":
            for name in ("trust_police", "trust_right", "trust_values", "trust_obey"):
                if answers.get(name, "").isdigit():
                    answers[name] = str(min(5, int(answers[name]) + by))
        made.append({**each, "answers": answers})
    return made


def test_a_difference_by_way_of_answering_is_shown_and_stays_cannot_tell():
    found = finding(results_draft(results(), moved(town(), 1)), "modes:legitimacy")

    raw, adjusted = found["figures"]
    assert adjusted["low"] > 5
    assert abs(raw["estimate"] - adjusted["estimate"]) < 5
    assert found["verdict"] == "cannot tell"
    assert "chose how to answer" in found["reason"]["en"]
    assert "“On paper” less “On the web”" in found["sentence"]["en"]
    assert "«En papel» menos" in found["sentence"]["es"]


def test_a_release_with_who_and_how_is_built(draft):
    built = build_release(replace(draft, pictures=[each for each in draft.pictures if each.finding == "nonresponse"]))

    assert "charts/nonresponse.en.wide.svg" in built.files
    assert any(each["id"].startswith("modes:") and each["estimate"] is not None for each in built.findings)


def confounded(seed, n=900, effect=0.0):
    """The old answer on paper and are happier; the way itself adds `effect`."""
    chance = np.random.default_rng(seed)
    old = chance.random(n) < 0.5
    paper = chance.random(n) < np.where(old, 0.8, 0.2)
    block = np.repeat(np.arange(n // 9), 9)
    y = 50 + 20 * old + effect * paper + chance.normal(0, 10, n) + chance.normal(0, 4, n // 9)[block]
    return {
        "y": y.tolist(), "age": np.where(old, "old", "young").tolist(), "mode": np.where(paper, "paper", "web").tolist(),
        "block": [str(each) for each in block], "w": np.where(old, 2.0, 1.0).tolist(),
    }  # fmt: skip


def test_among_people_alike_what_comes_from_who_they_are_goes_away():
    survey = Survey.read(confounded(1), Design(weights="w", clusters=("block",)))

    raw = estimate_adjusted_difference(survey, "y", by="mode", between=("web", "paper"))
    plain = estimate_difference(survey, "y", by="mode", between=("web", "paper"))[0]
    adjusted = estimate_adjusted_difference(survey, "y", by="mode", between=("web", "paper"), controls=["age"])

    assert raw.estimate == pytest.approx(plain.estimate)
    assert raw.se == pytest.approx(plain.se, rel=1e-6)
    assert raw.low > 5
    assert adjusted.low < 0 < adjusted.high


def test_the_adjusted_difference_is_that_of_a_regression_and_its_error_that_of_the_jackknife():
    table = confounded(2, effect=3.0)
    survey = weigh(
        Survey.read(table, Design(weights="w", clusters=("block",))), Rake({"age": {"old": 900.0, "young": 600.0}})
    )
    found = estimate_adjusted_difference(survey, "y", by="mode", between=("web", "paper"), controls=["age"])

    def coefficient(weights):
        x = np.column_stack([np.array(table["mode"]) == "paper", np.ones(900), np.array(table["age"]) == "old"]).astype(
            float
        )
        return np.linalg.solve((x * weights[:, None]).T @ x, (x * weights[:, None]).T @ np.array(table["y"]))[0]

    assert found.estimate == pytest.approx(coefficient(survey.weights))
    blocks = np.array(table["block"])
    left_out = []
    for block in np.unique(blocks):
        part = {name: [v for v, b in zip(values, blocks, strict=True) if b != block] for name, values in table.items()}
        again = weigh(
            Survey.read(part, Design(weights="w", clusters=("block",))), Rake({"age": {"old": 900.0, "young": 600.0}})
        )
        weights = np.zeros(900)
        weights[blocks != block] = again.weights
        left_out.append(coefficient(weights))
    left_out = np.array(left_out)
    jackknife = np.sqrt((len(left_out) - 1) / len(left_out) * ((left_out - left_out.mean()) ** 2).sum())
    assert found.se == pytest.approx(jackknife, rel=0.03)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"between": ("web", "papr")}, "Did you mean 'paper'"),
        ({"controls": ["mode"]}, "apart entirely"),
    ],
)
def test_a_comparison_that_cannot_be_made_is_one_sentence(more, sentence):
    survey = Survey.read(confounded(3), Design())

    with pytest.raises(ComityError, match=sentence):
        estimate_adjusted_difference(survey, "y", **({"by": "mode", "between": ("web", "paper")} | more))
