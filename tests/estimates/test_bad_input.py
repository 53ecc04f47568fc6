"""Bad input gets one clear sentence that names the value, and no number."""

from __future__ import annotations

import pytest

from comity.errors import ComityError
from comity.estimates import (
    Design,
    Survey,
    estimate_mean,
    estimate_proportion,
    parse_specification,
    read_columns,
    weigh,
)

ROWS = 40
GOOD = {
    "w": [1.5] * ROWS,
    "h": ["north"] * 20 + ["south"] * 20,
    "psu": [f"b{at // 5}" for at in range(ROWS)],
    "big": [100.0] * ROWS,
    "y": [float(at % 7) for at in range(ROWS)],
    "text": ["a", "b"] * 20,
}


def changed(**columns: object) -> dict[str, object]:
    return GOOD | columns


@pytest.mark.parametrize(
    ("data", "design", "words"),
    [
        (changed(w=[0.0] + [1.0] * 39), {"weights": "w"}, ["zero, negative", "1 rows"]),
        (changed(w=[-2.0] + [1.0] * 39), {"weights": "w"}, ["negative", "-2"]),
        (changed(w=[None] + [1.0] * 39), {"weights": "w"}, ["missing in 1 rows"]),
        (changed(w=["heavy"] * 40), {"weights": "w"}, ["'w' holds text"]),
        (GOOD, {"weights": "ww"}, ["no column 'ww'"]),
        (
            changed(psu=["b0"] * 21 + ["b1"] * 10 + ["b2"] * 9),
            {"strata": "h", "clusters": "psu"},
            ["PSU 'b0'", "'north' and 'south'"],
        ),
        (
            changed(psu=["b0"] * 20 + ["b1"] * 10 + ["b2"] * 10),
            {"strata": "h", "clusters": "psu"},
            ["only one PSU", "'north'"],
        ),
        (changed(h=[None] + ["north"] * 39), {"strata": "h"}, ["'h' is missing in 1 rows"]),
        (changed(big=[3.0] * 40), {"clusters": "psu", "fpc": "big"}, ["3 units exist where 8 were sampled"]),
        (
            changed(big=[90.0] + [100.0] * 39),
            {"clusters": "psu", "fpc": "big"},
            ["changes within a stratum", "90", "100"],
        ),
        (GOOD, {"fpc": ("big", "big")}, ["2 fpc columns"]),
        (GOOD, {"lonely": "ignore"}, ["'ignore'", "certainty"]),
        (GOOD, {"kind": "panel"}, ["'panel'", "opt-in"]),
        ({"y": []}, {}, ["no rows"]),
    ],
)
def test_a_design_that_does_not_fit_the_data_is_refused(data, design, words):
    with pytest.raises(ComityError) as error:
        Survey.read(data, Design(**design))

    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([None] * ROWS, ["all are missing"]),
        ([1.0] * 9 + [None] * 31, ["9 rows", "below the floor of 10"]),
        (["yes"] * ROWS, ["holds text"]),
    ],
)
def test_an_answer_that_cannot_carry_a_number_gives_none(y, words):
    survey = Survey.read(changed(y=y), Design(weights="w"))

    with pytest.raises(ComityError) as error:
        estimate_mean(survey, "y")

    for word in words:
        assert word in str(error.value)


def test_a_domain_below_the_floor_has_its_n_and_no_number():
    survey = Survey.read(changed(text=["rare"] * 4 + ["common"] * 36), Design(weights="w"))

    found = {each.domain_name: each for each in estimate_mean(survey, "y", by="text")}

    assert (found["rare"].estimate, found["rare"].se, found["rare"].n) == (None, None, 4)
    assert "below the floor" in str(found["rare"].note)
    assert found["common"].estimate is not None


def test_an_opt_in_sample_has_no_margin_of_error():
    found = estimate_mean(Survey.read(GOOD, Design(weights="w", kind="opt-in")), "y")[0]

    assert found.estimate is not None
    assert (found.se, found.low, found.high, found.df, found.deff) == (None, None, None, None, None)
    assert "no margin of error" in str(found.note)


def test_quasi_randomisation_prints_its_assumptions():
    found = estimate_mean(Survey.read(GOOD, Design(weights="w", kind="opt-in", quasi_randomisation=True)), "y")[0]

    assert found.se > 0
    assert "this interval assumes" in str(found.note)


def test_a_category_that_is_not_there_is_refused_with_the_nearest():
    survey = Survey.read(changed(text=["agree", "disagree"] * 20), Design())

    with pytest.raises(ComityError, match="Did you mean 'agree'"):
        estimate_proportion(survey, "text", categories=["agre"])


def test_a_share_of_nobody_has_an_upper_limit_and_no_false_zero_width():
    survey = Survey.read(changed(text=["never"] * 40), Design())

    found = estimate_proportion(survey, "text")[0]

    assert (found.estimate, found.high) == (1.0, 1.0)
    assert 0.9 < found.low < 0.95


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], ["not a list of keys"]),
        ({"wieghts": "w"}, ["Did you mean 'weights'?"]),
        ({"weights": 3}, ["'weights'", "3"]),
        ({"clusters": [1, 2]}, ["'clusters'"]),
        ({"minimum_n": "ten"}, ["'ten'"]),
        ({"nested": "yes please"}, ["true or false"]),
        ({"weighting": "rake"}, ["not a list"]),
        ({"weighting": [{"margins": {}}]}, ["no 'step'"]),
        ({"weighting": [{"step": "rakee"}]}, ["Did you mean 'rake'?"]),
        ({"weighting": [{"step": "rake", "margin": {}}]}, ["Did you mean 'margins'?"]),
        ({"weighting": [{"step": "rake"}]}, ["lacks"]),
        ({"weighting": [{"step": "rake", "margins": {"h": {"north": "many"}}}]}, ["'many'"]),
        ({"replicates": {"method": "JK9"}}, ["JK9"]),
    ],
)
def test_a_design_file_that_is_wrong_names_the_key(content, words):
    with pytest.raises(ComityError) as error:
        parse_specification(content, "d.yaml")

    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("replicates", "words"),
    [
        ({"method": "bootstrap"}, ["no seed"]),
        ({"method": "BRR"}, ["two PSUs"]),
        ({"method": "JK1"}, ["one stratum"]),
        ({"method": "bootstrap", "columns": ["w", "big"]}, []),
        ({"method": "JKn", "columns": ["w", "big"]}, ["rscales"]),
        ({"method": "JK1", "columns": "rep*"}, ["No column starts with 'rep'"]),
    ],
)
def test_replicates_that_do_not_fit_are_refused(replicates, words):
    specification = parse_specification({"weights": "w", "strata": "h", "clusters": "psu", "replicates": replicates})
    survey_of = lambda: specification.apply(Survey.read(GOOD).columns)  # noqa: E731

    if not words:
        assert survey_of().replicates.count == 2
        return
    with pytest.raises(ComityError) as error:
        survey_of()
    for word in words:
        assert word in str(error.value)


def test_bootstrap_weights_without_a_design_need_their_degrees_of_freedom():
    specification = parse_specification(
        {"weights": "w", "replicates": {"method": "bootstrap", "columns": ["w", "big"]}}
    )

    with pytest.raises(ComityError, match="degrees of freedom"):
        specification.apply(Survey.read(GOOD).columns)


def test_weights_are_unchanged_when_no_step_is_given():
    survey = Survey.read(GOOD, Design(weights="w"))

    assert weigh(survey) is survey


def test_weights_scaled_to_the_sample_do_not_make_a_false_population():
    weights = [0.5 + 0.026 * at for at in range(ROWS)]  # add up to a little more than n
    found = estimate_mean(Survey.read(changed(w=weights), Design(weights="w")), "y")[0]

    assert 0.5 < found.deff < 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (["weights"], ["not a list of keys"]),
        ({"wieghts": "w"}, ["Did you mean 'weights'?"]),
        ({"weights": 3}, ["'weights'", "name of one column"]),
        ({"clusters": [1]}, ["'clusters'", "list of them"]),
        ({"nested": "maybe"}, ["'nested'", "true or false"]),
        ({"minimum_n": -1}, ["'minimum_n'", "at least 1"]),
        ({"second_phase": {"strata": "h"}}, ["second_phase", "lacks 'selected'"]),
        ({"replicates": {"method": "bootstrap", "count": "many"}}, ["'count'", "at least 2"]),
        ({"replicates": {"method": "bootstrap", "seed": -1}}, ["'seed'", "at least 0"]),
        ({"replicates": {"method": "Fay", "rho": 1}}, ["'rho'", "below 1"]),
        ({"replicates": {"method": "JK1", "columns": 5}}, ["'columns'", "list of them"]),
        ({"replicates": {"method": "JK2"}}, ["'JK2'", "JKn"]),
        ({"weighting": {"step": "rake"}}, ["not a list"]),
        ({"weighting": [{"step": "rak"}]}, ["Did you mean 'rake'?"]),
        ({"weighting": [{"step": "rake"}]}, ["lacks 'margins'"]),
        ({"weighting": [{"step": "rake", "margins": {}}]}, ["no margins"]),
        ({"weighting": [{"step": "rake", "margins": {"h": 5}}]}, ["no targets"]),
        ({"weighting": [{"step": "rake", "margins": {"h": {"north": "x"}}}]}, ["'north'", "It is a number"]),
        ({"weighting": [{"step": "rake", "margins": {"h": {"north": 1}}, "tolerance": "low"}]}, ["'tolerance'"]),
        ({"weighting": [{"step": "calibrate"}]}, ["nothing to meet"]),
        ({"weighting": [{"step": "calibrate", "totals": 5}]}, ["'totals'", "{income: 125000}"]),
        ({"weighting": [{"step": "calibrate", "totals": {"y": 5}, "bounds": [1]}]}, ["'bounds'", "two numbers"]),
        ({"weighting": [{"step": "trim", "cap": 0}]}, ["'cap'", "above 0"]),
        ({"weighting": [{"step": "eligibility", "status": "h", "unknown": True}]}, ["'unknown'", "list of categories"]),
        ({"weighting": [{"step": "nonresponse", "responded": "h", "within": 5}]}, ["'within'", "list of them"]),
        ({"about": "us"}, ["'about'"]),
    ],
)
def test_a_design_file_that_is_wrong_gets_one_sentence(content, words):
    with pytest.raises(ComityError) as error:
        parse_specification(content).apply(read_columns(GOOD))

    for word in words:
        assert word in str(error.value)
