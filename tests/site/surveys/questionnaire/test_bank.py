"""The question bank makes questionnaires that can be fielded as they are."""

from __future__ import annotations

import pytest

from comity.site.surveys.questionnaire import QuestionnaireError, read_questionnaire
from comity.site.surveys.questionnaire.bank import (
    constructs,
    contact_questionnaire,
    make_questionnaire,
    standard_questionnaire,
)

ASKED_FOR = {
    "procedural_justice", "legitimacy", "bias", "effectiveness", "accountability", "engagement", "safety", "cooperation",
    "contact_facts", "open_questions",
}  # fmt: skip


@pytest.mark.parametrize("make", [standard_questionnaire, contact_questionnaire])
def test_a_ready_questionnaire_reads_back_and_can_be_left_empty(make):
    questionnaire = make()

    assert read_questionnaire(questionnaire.as_json()) == questionnaire
    assert questionnaire.validate({}) == []


def test_the_bank_has_every_construct_in_both_languages():
    bank = constructs()

    assert set(bank) >= ASKED_FOR
    for construct in bank.values():
        for question in construct.group.questions:
            for text in (question.label, *(choice.label for choice in question.choices)):
                assert set(text) == {"en", "es"}, question.name
                assert all(text.values()), question.name


def test_every_choice_question_can_be_left_unsaid():
    for construct in constructs().values():
        for question in construct.group.questions:
            if question.kind in ("select_one", "select_multiple"):
                assert question.choice("prefer_not") is not None, question.name
                assert question.choice("prefer_not").is_missing


def test_a_construct_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(QuestionnaireError, match="Did you mean 'legitimacy'"):
        make_questionnaire("x", {"en": "x"}, ["legitimcy"])


def test_how_often_is_only_asked_of_people_with_a_contact():
    asked = standard_questionnaire().relevant_questions

    assert "contact_times" in [each.name for each in asked({"contact_kind": ["called"]})]
    assert "contact_times" not in [each.name for each in asked({"contact_kind": ["none"]})]
    assert "contact_times" not in [each.name for each in asked({})]
