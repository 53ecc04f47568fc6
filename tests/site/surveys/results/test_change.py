"""Change between waves: right, only between the same words, and said when it cannot be told."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from comity.estimates import Design
from comity.estimates.specification import Specification
from comity.releases.build import build_release
from comity.site.surveys.questionnaire import read_questionnaire
from comity.site.surveys.questionnaire.bank import standard_questionnaire
from comity.site.surveys.results import Wave, results_draft, weighted_survey

sys.path.insert(0, str(Path(__file__).parent))

from town import DESIGN, SIZES, results, town


def wave(period, seed, *, trust=False, questionnaire=None):
    asked = questionnaire or standard_questionnaire()
    return Wave(period, asked, weighted_survey(asked, town(seed, trust=trust), DESIGN, wave=period, sizes=SIZES))


def finding(draft, name):
    return next(each for each in draft.findings if each["id"] == name)


def reworded(question, text):
    record = json.loads(standard_questionnaire().as_json())

    def change(node):
        if isinstance(node, dict):
            if node.get("name") == question and "label" in node:
                node["label"] = {**node["label"], "en": text}
            for value in node.values():
                change(value)
        elif isinstance(node, list):
            for value in node:
                change(value)

    change(record)
    return read_questionnaire(json.dumps(record).encode())


@pytest.fixture(scope="module")
def changed():
    return results_draft(results(earlier=(wave("2025", 7),)), town(1))


def test_a_change_is_shown_with_the_error_of_both_waves(changed):
    found = finding(changed, "change:legitimacy")
    now, before = (
        finding(changed, "scale:legitimacy"),
        finding(results_draft(results(), town(7, trust=False)), "scale:legitimacy"),
    )

    assert found["verdict"] == "shows"
    assert found["estimate"] == pytest.approx(now["estimate"] - before["estimate"], abs=0.11)
    half = (found["high"] - found["low"]) / 2
    apart = [((each["high"] - each["low"]) / 2) ** 2 for each in (now, before)]
    assert half == pytest.approx(sum(apart) ** 0.5, rel=0.03)
    assert [row["label"]["en"] for row in found["figures"]] == ["2025", "2026", "Change since the wave before"]
    assert "The whole questionnaire was the same" in found["limits"][1]["en"]
    assert "un cambio de" in found["sentence"]["es"]


def test_no_change_is_not_shown(changed):
    assert finding(changed, "change:safety")["verdict"] == "does not show"
    assert finding(changed, "change:safe_day")["verdict"] == "does not show"


def test_an_opinion_changes_in_percentage_points(changed):
    found = finding(changed, "change:trust_police")

    assert found["unit"] == "difference"
    assert {row.get("unit") for row in found["figures"][:2]} == {"share"}
    assert found["verdict"] == "shows"
    assert found["figures"][-1]["estimate"] == found["estimate"]


def test_a_question_with_other_words_is_never_compared():
    asked = reworded("trust_police", "How very much do you trust the police in your city?")

    draft = results_draft(results(earlier=(wave("2025", 7, questionnaire=asked),)), town(1))

    for name in ("change:trust_police", "change:legitimacy"):
        found = finding(draft, name)
        assert (found["verdict"], found["estimate"], found["figures"]) == ("cannot tell", None, [])
        assert "words or the answers" in found["reason"]["en"]
    assert finding(draft, "change:safety")["verdict"] == "does not show"
    assert "what is asked before can move an answer" in finding(draft, "change:safety")["limits"][1]["en"]


def test_three_waves_have_a_line_through_them():
    draft = results_draft(results(earlier=(wave("2024", 7), wave("2025", 8))), town(9, trust=False))

    found = finding(draft, "change:safety")
    assert [row["label"]["en"] for row in found["figures"]] == [
        "2024", "2025", "2026", "Change since the wave before", "Change a wave, over all waves",
    ]  # fmt: skip
    slope = found["figures"][-1]
    x = np.arange(3.0)
    y = np.array([row["estimate"] for row in found["figures"][:3]])
    w = np.array([1 / (row["high"] - row["low"]) ** 2 for row in found["figures"][:3]])
    centre = np.average(x, weights=w)
    expected = np.sum(w * (x - centre) * y) / np.sum(w * (x - centre) ** 2)
    assert slope["estimate"] == pytest.approx(expected, abs=0.05)
    assert slope["low"] < slope["estimate"] < slope["high"]


def test_a_wave_of_people_who_chose_to_take_part_is_not_compared():
    opt_in = Specification(Design(kind="opt-in"))
    asked = standard_questionnaire()
    before = Wave("2025", asked, weighted_survey(asked, town(7), opt_in, wave="2025"))

    found = finding(results_draft(results(earlier=(before,)), town(1)), "change:legitimacy")

    assert found["verdict"] == "cannot tell"
    assert "chose to take part" in found["reason"]["en"]


def test_groups_of_two_waves_are_never_taken_for_the_same():
    named = [{**each, "stratum": f"{each['stratum']} [g{at % 5 + 1:02}]"} for at, each in enumerate(town(7))]
    asked = standard_questionnaire()
    before = Wave("2025", asked, weighted_survey(asked, named, DESIGN, wave="2025", sizes=SIZES))
    now = [{**each, "stratum": f"{each['stratum']} [g{at % 5 + 1:02}]"} for at, each in enumerate(town(8))]

    found = finding(results_draft(results(earlier=(before,)), now), "change:safety")

    half = (found["high"] - found["low"]) / 2
    parts = [(row["high"] - row["low"]) / 2 for row in found["figures"][:2]]
    assert half == pytest.approx(sum(each**2 for each in parts) ** 0.5, rel=0.1)


def test_a_release_with_changes_is_built_and_every_number_may_stand(changed):
    built = build_release(replace(changed, pictures=[]))

    assert next(each for each in built.findings if each["id"] == "change:legitimacy")["estimate"] is not None
