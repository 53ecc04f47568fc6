"""The linter finds what misleads, in both languages, and is quiet about the project's own bank."""

from __future__ import annotations

import pytest

from comity.site.surveys.questionnaire import Choice, Group, Question, Questionnaire, Scale
from comity.site.surveys.questionnaire.bank import contact_questionnaire, standard_questionnaire
from comity.site.surveys.questionnaire.lint import errors, lint
from comity.site.surveys.questionnaire.reading_level import count_syllables, reading_grade


def made(*questions, languages=("en",)):
    title = dict.fromkeys(languages, "A survey")
    scale = Scale(name="score", label=title, low=1, high=5)
    page = Group(name="page", label={}, questions=questions)
    return Questionnaire(name="x", title=title, version="1", languages=languages, groups=(page,), scales=(scale,))


def ask(text, kind="text", language="en", name="q", **more):
    return Question(name=name, kind=kind, label={language: text}, **more)


def choices(*labels, language="en"):
    return tuple(Choice(name=str(at), label={language: label}) for at, label in enumerate(labels, 1))


def rules(questionnaire):
    return [remark.rule for remark in lint(questionnaire)]


@pytest.mark.parametrize(
    ("language", "text", "rule"),
    [
        ("en", "Don't you think the police do a good job?", "leading"),
        ("en", "Do you agree that our brave officers are paid too little?", "leading"),
        ("es", "¿No cree usted que la policía trabaja bien?", "leading"),
        ("en", "Are the police polite and quick when you call?", "double_barrelled"),
        ("en", "How often do officers listen to and respect people?", "double_barrelled"),
        ("es", "¿La policía es amable y rápida cuando usted llama?", "double_barrelled"),
        ("en", "Should the police not be stopped from never calling back?", "double_negative"),
        ("en", "What is your full name?", "traceable"),
        ("es", "¿Cuál es su fecha de nacimiento?", "traceable"),
        ("en", "To what extent does organizational accountability infrastructure facilitate deliberative participation?", "reading_level"),
        ("es", "¿En qué medida la institucionalización de mecanismos deliberativos facilita la responsabilización organizacional?", "reading_level"),
        ("en", " ".join(["word"] * 40) + "?", "long"),
    ],
)  # fmt: skip
def test_a_question_that_misleads_is_found(language, text, rule):
    question = ask(text, "integer", language)

    assert rule in rules(made(question, languages=(language,)))


@pytest.mark.parametrize(
    "text",
    [
        "How often do the police listen to people?",
        "How safe or unsafe do you feel at home and at work?",
        "How likely or unlikely would you be to call the police?",
        "Have you and your family lived here for a year?",
    ],
)
def test_a_plain_question_is_left_alone(text):
    assert rules(made(ask(text, "integer"))) == []


def test_unequal_numbers_of_good_and_bad_answers_are_found():
    tilted = choices("Excellent", "Very good", "Good", "Poor")
    level = choices("Very good", "Good", "Bad", "Very bad")

    assert "unbalanced" in rules(made(ask("How do the police do?", "select_one", choices=tilted)))
    assert rules(made(ask("How do the police do?", "select_one", choices=level))) == []


def test_agreeing_with_statements_and_forced_answers_are_found():
    found = rules(made(ask("Police are fair.", "select_one", choices=choices("Agree", "Disagree"), required=True)))

    assert found == ["agree_scale", "no_way_out"]


def test_a_loaded_or_personal_question_before_an_opinion_is_priming():
    opinion = ask(
        "How much do you trust the police?", "select_one", name="trust", choices=choices("Low", "High"), scale="score"
    )
    loaded = ask("Did you hear of the recent scandal?", name="news")
    about = ask("Which group are you in?", name="race")

    assert rules(made(loaded, opinion)) == ["priming"]
    assert rules(made(about, opinion)) == ["priming"]
    assert rules(made(opinion, loaded, about)) == []


def test_a_missing_translation_is_an_error_and_the_rest_is_not():
    remarks = lint(made(ask("Surely you trust us?"), languages=("en", "es")))

    assert [(each.rule, each.language) for each in errors(remarks)] == [("missing_translation", "es")]
    assert remarks[-1].rule == "leading"
    assert "falta" in remarks[0].message.in_language("es")


@pytest.mark.parametrize("make", [standard_questionnaire, contact_questionnaire])
def test_our_own_bank_passes(make):
    assert [str(remark) for remark in lint(make())] == []


@pytest.mark.parametrize(
    ("language", "word", "syllables"),
    [
        ("en", "police", 2), ("en", "neighborhood", 3), ("en", "people", 2), ("en", "decided", 3), ("en", "asked", 1),
        ("en", "language", 2), ("en", "idea", 3), ("en", "the", 1), ("es", "policía", 4), ("es", "vecindario", 4),
        ("es", "guerra", 2), ("es", "aéreo", 4), ("es", "ciudad", 2), ("es", "qué", 1), ("es", "hoy", 1),
    ],
)  # fmt: skip
def test_syllables(language, word, syllables):
    assert count_syllables(word, language) == syllables


def test_reading_grades_of_worked_examples():
    """By hand: 6 words, 1 sentence, 6 syllables: 0.39 x 6 + 11.8 - 15.59 = -1.45, so 0; 10 words with 21 syllables: 13.09."""
    assert reading_grade("The cat sat on the mat.", "en") == 0
    assert reading_grade(
        "Seven happy robins silently, very kindly follow little yellow pigeons.", "en"
    ) == pytest.approx(13.09)
    assert reading_grade("Hola.", "es") is None
    assert reading_grade("El gato se sentó en la mesa de la casa.", "es") < 4
    assert reading_grade("Five words of some tongue", "so") is None
