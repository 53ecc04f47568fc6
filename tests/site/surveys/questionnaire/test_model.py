"""A questionnaire reads back as it was written, and says in a sentence what is wrong with one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from comity.site.surveys.questionnaire import (
    Choice,
    Group,
    Question,
    Questionnaire,
    QuestionnaireError,
    Scale,
    Split,
    arms,
    arrange,
    choices_for,
    complete_answers,
    first_answers,
    form_values_to_answers,
    read_questionnaire,
    text_with_answers,
)


def texts(english, spanish=None):
    return {"en": english, "es": spanish or f"{english} (es)"}


YES_NO = (
    Choice(name="yes", label=texts("Yes", "Sí")),
    Choice(name="no", label=texts("No")),
    Choice(name="unsure", label=texts("Don't know", "No sé"), is_missing=True),
)
FIVE = tuple(Choice(name=str(each), label=texts(f"{each}")) for each in range(1, 6))


def ask(name, kind="text", **more):
    return Question(name=name, kind=kind, label=texts(f"{name}?"), **more)


@pytest.fixture
def town():
    """Two pages: a contact and what followed from it."""
    return Questionnaire(
        name="town",
        title=texts("Our town", "Nuestro pueblo"),
        version="1",
        languages=("en", "es"),
        splits=(Split(name="wording", arms=("a", "b")),),
        scales=(Scale(name="justice", label=texts("Procedural justice"), low=1, high=5),),
        groups=(
            Group(
                name="contact",
                label=texts("Contact"),
                questions=(
                    ask("had_contact", "select_one", choices=YES_NO, required=True),
                    ask("how_often", "integer", relevant="${had_contact} = 'yes'", constraint=". > 0 and . < 100"),
                    ask("thank_you", "note"),
                    ask("many", "calculate", calculate="if(${how_often} > 5, 'many', 'few')"),
                ),
            ),
            Group(
                name="views",
                label=texts("Views"),
                relevant="${had_contact} = 'yes'",
                randomise_order=True,
                questions=(
                    ask("intro", "note"),
                    ask("fair", "select_one", choices=FIVE, scale="justice", randomise_choices=True),
                    ask("harsh", "select_one", choices=FIVE, scale="justice", reverse=True),
                    ask("topics", "select_multiple", choices=(*YES_NO, Choice(name="none", label=texts("None"), is_exclusive=True))),
                    ask("order", "rank", choices=YES_NO[:2]),
                    ask("speed", "range", low=0, high=10, step=2.5),
                    ask("day", "date", constraint=". <= today()", constraint_message=texts("In the past.", "En el pasado.")),
                    ask("agree", "acknowledge"),
                    ask("more", relevant="${many} = 'many'", most_characters=10),
                    ask("share", "decimal", default="0.5"),
                ),
            ),
        ),
    )  # fmt: skip


def test_it_reads_back_as_it_was_written_byte_for_byte(town):
    data = town.as_json()

    again = read_questionnaire(data)

    assert again == town
    assert again.as_json() == data
    assert again.digest == town.digest != replace(town, version="2").digest


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (b"", "it is not JSON"),
        (b"[]", "does not say that it is a questionnaire"),
        (b'{"format": "comity-questionnaire/1"}', "has no 'name'"),
        (b'{"format": "comity-questionnaire/1", "nmae": "x"}', "'nmae' is not known"),
        (b'{"format": "comity-questionnaire/1", "groups": 3}', "not a list"),
        (b'{"format": "comity-questionnaire/1", "groups": [{"questions": [5]}]}', "not an object"),
        (b'{"format": "comity-questionnaire/1", "title": {"en": 3}}', "not an object of texts"),
        (
            b'{"format": "comity-questionnaire/1", "groups": [{"questions": [{"required": "yes"}]}]}',
            "not true or false",
        ),
        (b"[" * 100_000, "it is not JSON"),
        (b'{"format": "comity-questionnaire/1", "version": NaN, "name": 1}', "is not a text"),
    ],
)
def test_another_file_is_refused_with_a_sentence(change, sentence):
    with pytest.raises(QuestionnaireError, match=sentence):
        read_questionnaire(change)


@pytest.mark.parametrize(
    ("questions", "sentence"),
    [
        ([ask("a"), ask("a")], "'a' occurs twice"),
        ([ask("a b")], "cannot be the name"),
        ([ask("a", "matrix")], "of the kind 'matrix'"),
        ([ask("a", "select_one")], "0 choices"),
        ([ask("a", "select_one", choices=(*FIVE, FIVE[0]))], "choice '1' twice"),
        ([ask("a", "range", low=3, high=1, step=1)], "range from 3 to 1"),
        ([ask("a", relevant="${b} = 1")], "refers to '\\${b}'"),
        ([ask("a", relevant="${b} = 1"), ask("b", relevant="${a} = 1")], "depends on itself"),
        ([ask("a", relevant="system('x')")], "system\\(\\) is not known"),
        ([ask("a", "calculate", calculate=". + 1")], "only a constraint can"),
        ([ask("a", scale="trust")], "scale 'trust', which is not there"),
    ],
)
def test_an_impossible_questionnaire_is_refused_with_a_sentence(questions, sentence):
    with pytest.raises(QuestionnaireError, match=sentence):
        Questionnaire(
            name="x", title={}, version="1", languages=("en",),
            groups=(Group(name="g", label={}, questions=tuple(questions)),),
        )  # fmt: skip


def test_only_what_applies_is_asked_and_kept(town):
    answers = {"had_contact": "no", "how_often": 3, "fair": "4", "more": "secret", "wording": "a"}

    assert [each.name for each in town.relevant_questions(answers)] == ["had_contact", "thank_you", "many"]
    assert [each.name for each in town.relevant_groups(answers)] == ["contact"]
    assert town.validate(answers) == []
    assert complete_answers(town, answers) == {"wording": "a", "had_contact": "no", "many": "few"}


def test_a_value_that_is_worked_out_decides_what_is_asked(town):
    few, many = {"had_contact": "yes", "how_often": 2}, {"had_contact": "yes", "how_often": 20}

    assert "more" not in [each.name for each in town.relevant_questions(few)]
    assert "more" in [each.name for each in town.relevant_questions(many)]


def test_a_form_becomes_answers(town):
    posted = {
        "fair": ["4"], "topics": ["yes", "no"], "order.yes": ["2"], "order.no": ["1"], "speed": ["2.5"],
        "day": ["2026-03-01"], "agree": ["OK"], "share": ["0,5"], "had_contact": ["yes"], "stray": ["x"], "more": [" "],
    }  # fmt: skip

    assert form_values_to_answers(town.group("views"), posted) == {
        "fair": "4", "topics": ["yes", "no"], "order": ["no", "yes"], "speed": 2.5, "day": "2026-03-01", "agree": True,
        "share": 0.5,
    }  # fmt: skip
    assert first_answers(town) == {"share": 0.5}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"had_contact": ""}, "Please answer"),
        ({"had_contact": "maybe"}, "Choose one"),
        ({"how_often": "three"}, "whole number"),
        ({"how_often": 0}, "not possible"),
        ({"how_often": True}, "whole number"),
        ({"topics": ["yes", "none"]}, "cannot go together"),
        ({"topics": ["yes", "yes"]}, "Choose among"),
        ({"topics": [["yes"]]}, "Choose among"),
        ({"order": ["yes"]}, "Give every one"),
        ({"order": {"yes": "1", "no": "1"}}, "different place"),
        ({"speed": 3}, "from 0 to 10 in steps of 2.5"),
        ({"speed": float("nan")}, "number"),
        ({"day": "2026-02-30"}, "year-month-day"),
        ({"day": "2026-12-24"}, "In the past"),
        ({"agree": "OK"}, "Tick"),
        ({"how_often": 9, "more": "x" * 11}, "At most 10"),
        ({"share": "a lot"}, "Write a number"),
        ({"wording": "c"}, "version"),
    ],
)
def test_a_wrong_answer_has_one_sentence_in_both_languages(town, answer, sentence):
    from datetime import date

    answers = {"had_contact": "yes", **answer}

    problems = town.validate(answers, today=date(2026, 11, 22))

    assert len(problems) == 1
    assert problems[0].question == list(answer)[-1]
    assert sentence in problems[0].message.in_language("en")
    assert problems[0].message.in_language("es") != problems[0].message.in_language("en")


def test_one_page_is_validated_alone(town):
    assert town.validate({}, "views") == []
    assert [each.question for each in town.validate({}, "contact")] == ["had_contact"]


def test_chance_decides_order_and_arms_and_follows_from_the_seed(town):
    seeds = [bytes([each]) * 16 for each in range(200)]

    orders = {tuple(question.name for question in arrange(town, seed).group("views").questions) for seed in seeds}

    assert len(orders) > 190
    assert {order[0] for order in orders} == {"intro"}
    assert arrange(town, seeds[3]) == arrange(town, seeds[3])
    assert {arms(town, seed)["wording"] for seed in seeds} == {"a", "b"}
    assert 70 < sum(arms(town, seed)["wording"] == "a" for seed in seeds) < 130


def test_dont_know_stays_last_when_choices_are_shuffled(town):
    question = replace(town.questions["had_contact"], randomise_choices=True)
    page = replace(town.group("contact"), questions=(question, *town.group("contact").questions[1:]))
    shuffled = replace(town, groups=(page, town.groups[1]))

    lasts = {arrange(shuffled, bytes([each]) * 16).questions["had_contact"].choices[-1].name for each in range(50)}

    assert lasts == {"unsure"}


def test_a_choice_filter_follows_an_earlier_answer():
    state = tuple(Choice(name=each, label=texts(each)) for each in ("texas", "ohio"))
    city = (
        Choice(name="austin", label=texts("Austin"), attributes={"state": "texas"}),
        Choice(name="akron", label=texts("Akron"), attributes={"state": "ohio"}),
    )
    where = Questionnaire(
        name="where", title={}, version="1", languages=("en", "es"),
        groups=(
            Group(name="g", label={}, questions=(
                ask("state", "select_one", choices=state),
                ask("city", "select_one", choices=city, choice_filter="state = ${state}"),
            )),
        ),
    )  # fmt: skip

    assert [each.name for each in choices_for(where, where.questions["city"], {"state": "ohio"})] == ["akron"]
    assert [each.question for each in where.validate({"state": "ohio", "city": "austin"})] == ["city"]
    assert where.validate({"state": "ohio", "city": "akron"}) == []


def test_texts_say_earlier_answers_by_their_labels(town):
    label = {"en": "You said ${had_contact}, ${how_often} times.", "es": "Dijo ${had_contact}, ${how_often} veces."}

    assert text_with_answers(town, label, "es", {"had_contact": "yes", "how_often": 3}) == "Dijo Sí, 3 veces."


def test_a_long_chain_of_conditions_needs_no_deep_stack():
    first = ask("q0", "select_one", choices=YES_NO)
    rest = [ask(f"q{at}", "select_one", choices=YES_NO, relevant=f"${{q{at - 1}}} = 'yes'") for at in range(1, 1200)]
    chain = Questionnaire(
        name="chain", title={}, version="1", languages=("en",),
        groups=(Group(name="g", label={}, questions=(first, *rest)),),
    )  # fmt: skip
    answers = dict.fromkeys(chain.questions, "yes")

    assert len(chain.relevant_questions(answers)) == 1200
    assert len(chain.relevant_questions({**answers, "q10": "no"})) == 11


def test_the_stored_file_has_no_empty_fields(town):
    record = json.loads(town.as_json())

    assert record["groups"][0]["questions"][2] == {"kind": "note", "label": texts("thank_you?"), "name": "thank_you"}
