"""Two people key in each paper form, and only what both typed alike is kept."""

from __future__ import annotations

import pytest

from comity.site.surveys.keying import KeyingError, compare_keyings
from comity.site.surveys.questionnaire.bank import standard_questionnaire

GOOD = {
    "form": "1", "fear_list": "control", "trust_police": "4", "contact_kind": "called event", "contact_times": "3",
    "priorities_rank": "theft traffic violence youth crisis", "fear_list_control": "2", "open_keep": "Walk more",
}  # fmt: skip


def test_forms_that_agree_are_kept_as_answers():
    keyed = compare_keyings(standard_questionnaire(), [GOOD], [GOOD])

    assert keyed.forms == {
        "1": {
            "fear_list": "control", "trust_police": "4", "contact_kind": ["called", "event"], "contact_times": 3,
            "priorities_rank": ["theft", "traffic", "violence", "youth", "crisis"], "fear_list_control": "2",
            "open_keep": "Walk more",
        }
    }  # fmt: skip
    assert keyed.error_rate == 0


def test_a_slip_is_found_and_the_form_waits_for_the_paper():
    slip = {**GOOD, "trust_police": "5"}

    keyed = compare_keyings(standard_questionnaire(), [GOOD], [slip])

    assert [(each.form, each.question, each.first, each.second) for each in keyed.differences] == [
        ("1", "trust_police", "4", "5")
    ]
    assert keyed.forms == {}
    assert keyed.error_rate == 1 / keyed.compared


def test_forms_typed_once_or_not_valid_are_not_kept():
    wild = {**GOOD, "form": "2", "contact_times": "999"}

    keyed = compare_keyings(standard_questionnaire(), [GOOD, wild], [wild])

    assert keyed.forms == {}
    assert list(keyed.only_once) == ["1"]
    assert [each.question for each in keyed.problems["2"]] == ["contact_times"]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([{"form": "1", "trust_polcie": "4"}], "Did you mean 'trust_police'"),
        ([{"form": ""}], "Row 2 has no form number"),
        ([GOOD, GOOD], "typed twice"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(rows, sentence):
    with pytest.raises(KeyingError, match=sentence):
        compare_keyings(standard_questionnaire(), rows, [GOOD])
