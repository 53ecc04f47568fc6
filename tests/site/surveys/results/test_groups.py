"""Neighbours are alike, and intervals know it; yet no answer names its block, and no group is small."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from comity.errors import ComityError
from comity.estimates import Design, Survey, estimate_mean
from comity.site.surveys.results import ResultsError, StatedClusters, results_draft, weighted_survey
from comity.site.surveys.results.about import read_about
from comity.site.surveys.sampling import Plan, draw_sample, read_token_group, token_group
from comity.site.surveys.sampling.frame import Frame
from comity.site.surveys.sampling.groups import assign_groups

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[3] / "reference"))

from clustered_town import coverage
from town import DESIGN, SIZES, results, town


def two_stages(seed=1, **more):
    rows = [
        {"home": str(at), "area": "north" if at % 3 else "south", "block": f"{at % 3 > 0}-{at // 45}"}
        for at in range(9000)
    ]
    plan = Plan(n=1000, strata=("area",), psu="block", per_psu=10, **more)
    return draw_sample(Frame(("home", "area", "block"), rows), plan, seed=seed)


def test_every_group_holds_whole_blocks_and_at_least_a_hundred_people():
    drawn = two_stages()

    people = Counter((row["stratum"], row["group"]) for row in drawn.rows)
    groups_of = defaultdict(set)
    for row in drawn.rows:
        groups_of[row["stratum"], row["psu"]].add(row["group"])
    assert min(people.values()) >= 100
    assert len(people) > 6
    assert {len(each) for each in groups_of.values()} == {1}
    assert Counter(stratum for stratum, _ in people)["south"] >= 2


def test_groups_of_a_stratum_have_the_same_number_of_blocks_where_they_can():
    chance = np.random.default_rng(3)

    for psus in range(11, 80):
        group_of = assign_groups({f"b{at}": 10 for at in range(psus)}, fewest=100, chance=chance)
        sizes = Counter(group_of.values())
        assert max(sizes.values()) - min(sizes.values()) <= 1
        assert min(sizes.values()) * 10 >= 100
    assert (
        len(
            set(Counter(assign_groups({f"b{at}": 10 for at in range(60)}, fewest=100, chance=chance).values()).values())
        )
        == 1
    )


def test_a_stratum_too_small_for_two_groups_has_one_and_small_groups_are_refused():
    assert set(
        assign_groups({f"b{at}": 10 for at in range(15)}, fewest=100, chance=np.random.default_rng(1)).values()
    ) == {1}
    with pytest.raises(ComityError, match="Groups of 20 people were asked for"):
        two_stages(group_of=20)
    assert {row["group"] for row in two_stages(group_of=0).rows} == {""}


def test_what_a_token_says_is_the_stratum_and_the_group_and_reads_back():
    assert token_group("north, renter", "7") == "north, renter [g07]"
    assert read_token_group("north, renter [g07]") == ("north, renter", "07")
    assert read_token_group("north") == ("north", None)
    with pytest.raises(ComityError, match="ends as groups of PSUs do"):
        rows = [{"area": "old [g01]"}] * 20
        draw_sample(Frame(("area",), rows), Plan(n=4, strata=("area",)), seed=1)


def test_certain_blocks_are_drawn_at_the_rate_of_the_others():
    rows = [{"home": str(at), "block": "tower" if at < 900 else f"b{at // 20}"} for at in range(3000)]
    drawn = draw_sample(Frame(("home", "block"), rows), Plan(n=300, psu="block", per_psu=10), seed=4)

    weights = [float(row["weight"]) for row in drawn.rows]
    assert Counter(row["psu"] for row in drawn.rows)["tower"] == pytest.approx(90, abs=6)
    assert max(weights) / min(weights) < 1.05


def test_answers_that_carry_groups_have_intervals_between_groups():
    responses = [{**each, "stratum": token_group(each["stratum"], str(at % 6 + 1))} for at, each in enumerate(town())]
    chance = np.random.default_rng(5)
    moved = {f"{s} [g{g:02}]": chance.integers(1, 6) for s in SIZES for g in range(1, 7)}
    for each in responses:  # neighbours answer alike
        each["answers"] = {**each["answers"], "trust_police": str(moved[each["stratum"]])}

    carried = weighted_survey(results().questionnaire, responses, DESIGN, wave="2026", sizes=SIZES)
    ignored = weighted_survey(results().questionnaire, town(), DESIGN, wave="2026", sizes=SIZES)

    assert carried.design.clusters == ("group",)
    assert carried.degrees_of_freedom == 15
    assert ignored.design.clusters == ()
    wide, narrow = (
        estimate_mean(each, "trust_police.number")[0] for each in (carried, replace_columns(ignored, carried))
    )
    assert wide.se > 3 * narrow.se


def replace_columns(survey, other):
    """The design of `survey` on the answers of `other`."""
    return replace(survey, columns=other.columns)


def test_groups_are_nowhere_in_what_is_published():
    responses = [{**each, "stratum": token_group(each["stratum"], str(at % 5 + 1))} for at, each in enumerate(town())]

    draft = results_draft(replace(results(), is_clustered=True), responses)

    assert "[g0" not in repr(draft)
    assert "put together at random" in draft.methods["survey_statement"]["how"]["en"]
    assert "al azar" in draft.methods["survey_statement"]["how"]["es"]


def test_a_clustered_sample_without_groups_is_refused_or_has_a_stated_effect():
    with pytest.raises(ResultsError, match="do not say their group of PSUs"):
        results_draft(replace(results(), is_clustered=True), town())

    stated = StatedClusters(
        per_psu=6.0,
        rho=0.08,
        source={"en": "Rho of 0.08: a survey of 2024.", "es": "Rho de 0.08: una encuesta de 2024."},
    )
    wide = results_draft(replace(results(), is_clustered=True, clusters=stated), town())
    narrow = results_draft(results(), town())

    one, other = (next(each for each in draft.findings if each["id"] == "scale:legitimacy") for draft in (wide, narrow))
    assert (one["high"] - one["low"]) / (other["high"] - other["low"]) == pytest.approx(1.4**0.5, rel=0.02)
    assert "a survey of 2024" in wide.methods["survey_statement"]["how"]["en"]
    assert "multiplied by 1.40" in wide.methods["survey_statement"]["how"]["en"]


@pytest.mark.parametrize(
    ("clusters", "sentence"),
    [
        ({"per_psu": 4}, "does not say how alike"),
        ({"per_psu": 0.5, "rho": 0.1, "source": {"en": "x"}}, "per_psu 0.5 and rho 0.1"),
    ],
)
def test_a_stated_effect_needs_numbers_and_a_source(clusters, sentence):
    content = {"period": "2026", "promised": __import__("datetime").date(2026, 6, 1), "clusters": clusters}

    with pytest.raises(ResultsError, match=sentence):
        read_about(content, survey="town", agency={}, questionnaire=None, specification=DESIGN)


def test_some_with_a_group_and_some_without_is_refused():
    responses = town()
    responses[0] = {**responses[0], "stratum": "north [g01]"}

    with pytest.raises(ResultsError, match="609 of 610 responses do not say their group"):
        results_draft(results(), responses)


def test_a_design_effect_stands_for_clusters_only_where_no_column_names_them():
    table = {"y": [float(at % 7) for at in range(70)], "block": [str(at // 7) for at in range(70)]}

    plain, doubled = (estimate_mean(Survey.read(table, Design(design_effect=effect)), "y")[0] for effect in (1.0, 2.0))

    assert doubled.se == pytest.approx(plain.se * 2**0.5)
    assert doubled.deff == pytest.approx(2 * plain.deff)
    with pytest.raises(ComityError, match="stands for clusters that no column names"):
        Design(clusters=("block",), design_effect=2.0)


@pytest.mark.slow
def test_intervals_hold_the_truth_with_groups_and_too_seldom_when_neighbours_are_ignored():
    found = coverage(400)

    assert 0.93 <= found["groups"][0] <= 0.995
    assert 0.92 <= found["stated"][0] <= 0.99
    assert found["ignored"][0] < 0.93
    assert found["ignored"][1] < 0.8 * found["groups"][1]


def test_the_sample_file_gives_each_case_the_label_of_its_group(django, tmp_path):
    from comity.cli.survey import _cases
    from comity.site.surveys.sampling import write_private_csv

    drawn = two_stages()
    write_private_csv(tmp_path / "sample.csv", drawn.columns, drawn.rows)

    labels = Counter(each.stratum for each in _cases(tmp_path / "sample.csv"))

    assert min(labels.values()) >= 100
    assert {read_token_group(label)[0] for label in labels} == {"north", "south"}
    assert all(read_token_group(label)[1] for label in labels)
