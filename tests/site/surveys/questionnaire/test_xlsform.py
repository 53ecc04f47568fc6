"""Forms of other tools come in as they were meant, go out as other tools read them, and come back the same."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from comity.site.surveys.questionnaire import QuestionnaireError, complete_answers
from comity.site.surveys.questionnaire.bank import contact_questionnaire, standard_questionnaire
from comity.site.surveys.questionnaire.model import KINDS
from comity.site.surveys.questionnaire.xlsform import (
    XLSFormError,
    read_xlsform,
    write_xlsform,
    write_xlsform_text,
)

TODAY = date(2026, 11, 22)
FORMS = Path(__file__).parent / "forms"


def survey(*rows, settings=""):
    """A form in markdown from rows of type, name, label, and further `column=value`."""
    head = ["type", "name", "label", "relevant", "calculation", "parameters"]
    lines = ["| survey |", f"| | {' | '.join(head)} |"]
    for row in rows:
        cells = [*row[:3], *("" for _ in range(3 - len(row[:3])))]
        more = dict(each.split("=", 1) for each in row[3:])
        lines.append(f"| | {' | '.join([*cells, *(more.get(column, '') for column in head[3:])])} |")
    return "\n".join(lines) + "\n" + settings


@pytest.mark.parametrize("name", ["household", "one_language", "every_kind"])
@pytest.mark.parametrize("write", [write_xlsform, write_xlsform_text])
def test_a_form_from_elsewhere_comes_back_the_same(name, write):
    first = read_xlsform(FORMS / f"{name}.md").questionnaire

    again = read_xlsform(write(first))

    assert again.questionnaire == first
    assert again.notes == ()


@pytest.mark.parametrize("make", [standard_questionnaire, contact_questionnaire])
@pytest.mark.parametrize("write", [write_xlsform, write_xlsform_text])
def test_our_own_questionnaires_come_back_the_same(make, write):
    assert read_xlsform(write(make())).questionnaire == make()


def test_other_tools_read_what_we_write():
    """pyxform turns the file into the XForm that phones run: every expression, choice list and language is accepted."""
    from pyxform import xls2xform

    found = xls2xform.convert(write_xlsform_text(standard_questionnaire()), validate=False)

    assert "fear_list_treated" in found.xform
    assert "Español (es)" in found.xform


def test_a_real_form_is_asked_as_it_was_meant():
    imported = read_xlsform(FORMS / "household.md")
    form = imported.questionnaire
    answers = {
        "consent": True, "persons": 5, "rooms": 2.0, "born": "1940-05-01", "pets": "yes", "which": ["cat", "dog"],
        "liking": ["dog", "cat", "fish", "other"], "noise": 2.5, "state": "ohio", "city": "akron", "plate": "abc",
    }  # fmt: skip

    wrong = form.validate({**answers, "plate": "ab1", "persons": 31}, today=TODAY)

    assert form.languages == ("en", "es")
    assert [group.name for group in form.groups] == ["page_1", "people", "choices_page", "page_2"]
    assert complete_answers(form, answers)["crowding"] == 2.5
    assert form.validate(answers, today=TODAY) == []
    assert [each.question for each in wrong] == ["persons", "plate"]
    assert wrong[0].message.in_language("es") == "Entre 1 y 30"
    assert "crowded" in [each.name for each in form.relevant_questions(answers)]
    assert "born" not in [each.name for each in form.relevant_questions({**answers, "persons": 1})]
    assert form.questions["which_other"].relevant.endswith("selected(${which}, 'other')")
    assert [each.question for each in form.validate({})] == ["consent"]


def test_every_kind_of_question_and_every_column_of_the_standard_we_take_is_in_one_form():
    form = read_xlsform(FORMS / "every_kind.md").questionnaire
    asked = form.questions.values()

    assert {each.kind for each in asked} == set(KINDS)
    for column in (
        "hint",
        "required",
        "relevant",
        "constraint",
        "constraint_message",
        "default",
        "calculate",
        "choice_filter",
    ):
        assert any(getattr(each, column) for each in asked), column
    assert form.languages == ("en", "ar")
    assert [group.name for group in form.groups] == ["you", "place"]


def test_what_would_trace_people_is_left_out_and_said():
    imported = read_xlsform(FORMS / "household.md")

    assert "device" not in imported.questionnaire.questions
    assert [note for note in imported.notes if "'device'" in note and "trace" in note]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (survey(("geopoint", "where", "Where?")), "of the type 'geopoint'"),
        (survey(("image", "face", "Face?")), "of the type '(photo|image)'"),
        (survey(("begin repeat", "r", "R"), ("text", "a", "A"), ("end repeat",)), "of the type 'repeat'"),
        (survey(("text", "a", "A", "relevant=${b} = 1")), "b"),
        (survey(("select_one nothing", "a", "A")), "choices sheet"),
        (survey(("calculate", "a", "A", "calculation=random()")), "random\\(\\)"),
        ("no table at all", "cannot be read|not a valid"),
        (b"PK\x03\x04 broken", "cannot be read|not a valid"),
        (Path("absent.xlsx"), "There is no file"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_sentence(form, sentence):
    with pytest.raises((XLSFormError, QuestionnaireError), match=sentence):
        read_xlsform(form)


def test_a_split_of_chance_becomes_a_split_ballot():
    form = survey(
        ("calculate", "arm", "", "calculation=once(if(random() < 0.5, 'a', 'b'))"),
        ("text", "why", "Why?", "relevant=${arm} = 'a'"),
    )

    imported = read_xlsform(form).questionnaire

    assert [(each.name, each.arms) for each in imported.splits] == [("arm", ("a", "b"))]
    assert [each.name for each in imported.relevant_questions({"arm": "b"})] == []


def test_a_text_that_begins_like_a_formula_stays_a_text():
    from dataclasses import replace

    form = read_xlsform(survey(("text", "sum", "What is it?"))).questionnaire
    page = form.groups[0]
    odd = replace(form, groups=(replace(page, questions=(replace(page.questions[0], label={"en": "=1+1"}),)),))

    assert read_xlsform(write_xlsform(odd)).questionnaire.questions["sum"].label == {"en": "=1+1"}
