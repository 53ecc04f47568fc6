"""Results are a release like any other: right, with their intervals, protected, and public for everybody on the promised day."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from comity.errors import ComityError
from comity.estimates import Design, read_columns
from comity.estimates.specification import Specification
from comity.ledger import verify
from comity.releases.build import build_release
from comity.site.surveys.questionnaire.bank import standard_questionnaire
from comity.site.surveys.results import ResultsError, microdata, publish_results, response_columns, results_draft
from comity.site.surveys.results.columns import shown_answers
from comity.site.surveys.results.findings import topline

sys.path.insert(0, str(Path(__file__).parent))

from town import DESIGN, SIZES, promise, results, town


@pytest.fixture(scope="module")
def responses():
    return town()


@pytest.fixture(scope="module")
def built(responses):
    draft = results_draft(results(), responses)
    return build_release(replace(draft, pictures=draft.pictures[:2]))


def finding(built, name):
    return next(each for each in built.findings if each["id"] == name)


def test_a_topline_is_the_weighted_share_with_its_interval_beside_the_unweighted_one(built, responses):
    found = finding(built, "topline:trust_police")

    weight = {name: listed / drawn for name, (listed, drawn) in SIZES.items()}
    said = [(r["stratum"], r["answers"]["trust_police"]) for r in responses]
    total = sum(weight[stratum] for stratum, _ in said)
    share = sum(weight[stratum] for stratum, answer in said if answer == "5") / total
    row = next(row for row in found["figures"] if row["label"]["en"] == "Completely")
    assert row["estimate"] == pytest.approx(share, rel=0.005)
    assert row["unweighted"] == pytest.approx(sum(answer == "5" for _, answer in said) / len(said), rel=0.005)
    assert row["low"] < row["estimate"] < row["high"]
    assert (row["k"], row["n"]) == (sum(answer == "5" for _, answer in said), len(said))
    assert abs(row["estimate"] - row["unweighted"]) > 0.08
    assert found["question"]["es"] == "¿Cuánto confía usted en la policía de su ciudad, si es que confía?"
    assert found["verdict"] == "shows"
    assert "Sin ponderar" in found["sentence"]["es"]
    assert "effective n" in found["sentence"]["en"]


@pytest.mark.slow
def test_no_difference_is_not_shown_when_there_is_none():
    """False alarms: of opinions without a side, about one in twenty shows one (36 tries: more than 6 would be 1 in 300)."""
    questionnaire = standard_questionnaire()
    shows = 0
    for seed in range(12):
        responses = town(seed, trust=False, each=(110, 100, 20))
        survey = DESIGN.apply(read_columns(response_columns(questionnaire, responses, sizes=SIZES)))
        for name in ("trust_police", "safe_day", "safe_home"):
            question = questionnaire.questions[name]
            shown = shown_answers(question, [each["answers"].get(name) for each in responses], 10)
            shows += topline(questionnaire, question, shown, survey, ("en",)).verdict == "shows"

    assert shows <= 6


def test_small_answers_are_joined_before_they_are_counted(built, responses):
    rare = Counter(r["answers"].get("safe_change") for r in responses)["1"]
    found = finding(built, "topline:safe_change")

    assert 0 < rare < 10
    assert [row["label"]["en"] for row in found["figures"]] == [
        "Much worse / Somewhat worse",
        "About the same",
        "Somewhat better",
    ]


def test_no_published_count_is_small(built):
    counts = [
        row["count"]
        for table in built.protected.published
        for row in table.rows.to_pylist()
        if row["count"] is not None
    ]

    assert len(counts) > 60
    assert all(count == 0 or count >= 10 for count in counts)
    for each in built.findings:
        assert all(figure["k"] is None or figure["k"] == 0 or figure["k"] >= 10 for figure in each["figures"])


def test_what_people_wrote_and_when_they_answered_is_nowhere(built):
    everything = b"".join(built.files.values())

    assert b"Elm Street" not in everything
    assert b"2026-03" not in everything


def test_response_by_stratum_and_ways_of_answering_are_shown(built, responses):
    rates = {row["label"]["en"]: row for row in finding(built, "response")["figures"]}
    ways = {row["label"]["en"]: row["k"] for row in finding(built, "modes")["figures"]}

    assert rates["north"]["estimate"] == 300 / 600
    assert rates["north"]["k"] == 300
    assert ways == {
        "On paper": sum(r["mode"] == "paper" for r in responses),
        "On the web": sum(r["mode"] == "web" for r in responses),
    }
    assert finding(built, "response")["verdict"] == "cannot tell"


def test_a_place_with_too_few_answers_has_no_score(built):
    rows = {row["label"]["en"]: row for row in finding(built, "places:legitimacy")["figures"]}

    assert rows["hills"]["status"] == "suppressed"
    assert rows["hills"]["estimate"] is None
    assert rows["north"]["estimate"] > rows["south"]["estimate"]
    assert finding(built, "places:legitimacy")["verdict"] == "shows"
    assert finding(built, "places:safety")["verdict"] == "does not show"


def test_the_hidden_share_of_a_list_experiment_is_estimated(built):
    found = finding(built, "sensitive:fear_of_calling")

    assert found["low"] < 0.3 < found["high"]
    assert found["low"] > 0
    assert not any("fear_list" in table.name for table in built.protected.published)


def test_the_statement_says_all_eleven_items_in_both_languages(built):
    methods = json.loads(built.files["methods.json"])["methods"]

    said = methods["survey_statement"]["how"]
    assert said["en"].count("Not disclosed.") == 2
    assert "No se ha informado." in said["es"]
    assert "RR1 48.4%" in said["en"]
    assert standard_questionnaire().digest[:16] in said["en"]
    assert "Sponsor: The city. " in said["en"]


def test_an_opt_in_survey_never_shows_anything():
    opt_in = replace(results(), specification=Specification(Design(kind="opt-in")), sizes=None, cases=None)

    draft = results_draft(opt_in, town())

    assert {each["verdict"] for each in draft.findings} == {"cannot tell"}
    assert {each["low"] for each in draft.findings} == {None}
    assert "Opt-in" in draft.description["en"]


def test_answers_by_an_open_link_cannot_pass_for_a_sample():
    open_link = [{**each, "stratum": ""} for each in town()]

    with pytest.raises(ResultsError, match="came by an open link"):
        results_draft(replace(results(), sizes=None), open_link)


def test_too_few_responses_are_refused():
    with pytest.raises(ResultsError, match="There are 12 responses"):
        results_draft(results(), town(each=(6, 6, 0)))


def test_results_are_public_on_the_promised_day_and_not_before(tmp_path, responses):
    draft = results_draft(results(), responses)
    draft = replace(draft, pictures=[each for each in draft.pictures if each.name == "topline_trust_police"])
    signer = promise(tmp_path)
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))

    with pytest.raises(ResultsError, match="nobody has them"):
        publish_results(tmp_path, draft, signer=signer, today=date(2026, 5, 31))
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before
    sealed = publish_results(tmp_path, draft, signer=signer, today=date(2026, 6, 1))

    assert sealed.release == "survey-town/2026/v1"
    assert list(verify(tmp_path / "public", vkey=signer.verifier.vkey).problems) == []
    charts = [each.name for each in (tmp_path / "public/releases/survey-town/2026/v1/charts").iterdir()]
    assert "topline_trust_police.es.narrow.svg" in charts


def test_results_without_a_sealed_day_are_never_public(tmp_path, responses):
    draft = replace(results_draft(results(), responses), pictures=[], findings=[], headline=None)
    signer = promise(tmp_path, period="2027")

    with pytest.raises(ResultsError, match="No day is promised for the results of survey-town 2026"):
        publish_results(tmp_path, draft, signer=signer, today=date(2026, 6, 1))


def test_the_same_responses_in_another_order_give_the_same_release(responses):
    shuffled = [responses[at] for at in np.random.default_rng(4).permutation(len(responses))]

    one, other = results_draft(results(), responses), results_draft(results(), shuffled)
    assert one.findings == other.findings
    assert [each.counts.counts for each in one.tables] == [each.counts.counts for each in other.tables]
    assert [each.specifications for each in one.pictures] == [each.specifications for each in other.pictures]


def test_every_finding_with_a_picture_has_one_in_each_language_and_size(responses):
    draft = results_draft(results(), responses)

    assert [each["chart"] for each in draft.findings if each["chart"]] == [each.name for each in draft.pictures]
    assert {key for each in draft.pictures for key in each.specifications} == {
        (language, size) for language in ("en", "es") for size in ("wide", "narrow")
    }


def test_neighbours_are_joined_and_silence_stays_apart():
    question = standard_questionnaire().questions["trust_police"]
    given = ["1"] * 3 + ["2"] * 20 + ["3"] * 40 + ["4"] * 12 + ["5"] * 4 + ["dont_know"] * 6 + ["prefer_not"] * 5

    shown = shown_answers(question, given, 10)

    assert [each.names for each in shown] == [("1", "2"), ("3",), ("4", "5"), ("dont_know", "prefer_not")]
    assert shown_answers(question, given[:3], 10) == []


def test_microdata_hold_only_coarse_facts_and_only_in_a_crowd(responses):
    rows = microdata(standard_questionnaire(), responses, identifying=["age_group", "gender"])

    groups = Counter(zip(*(rows.rows[name].to_pylist() for name in ("age_group", "gender", "stratum")), strict=True))
    assert min(groups.values()) >= 10
    assert rows.published + rows.withheld == len(responses)
    assert not {"open_change", "mode", "day", "base_weight", "contact_times"} & set(rows.rows.column_names)
    with pytest.raises(ComityError, match="not a question with one answer"):
        microdata(standard_questionnaire(), responses, identifying=["open_change"])
