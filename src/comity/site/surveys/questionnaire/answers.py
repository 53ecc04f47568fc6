"""What people answered: from the fields of a form to values, which questions apply, and what is wrong with an answer.

A blank answer is no key (or None). Values: select_one the choice's name; select_multiple a list of names; rank a list of names,
first to last; integer int; decimal and range float or int; text str; date "YYYY-MM-DD"; acknowledge True; calculate as worked
out. They are plain JSON values.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol

from comity.site.surveys.questionnaire.expressions import (
    Context,
    Value,
    as_boolean,
    as_text,
    as_value,
    evaluate,
    is_true,
    parse,
)
from comity.site.surveys.questionnaire.model import Choice, Group, Question, Questionnaire, Texts
from comity.wording import message

MOST_CHARACTERS = 5_000
MOST_NUMBER = 10**15


class Sentence(Protocol):
    """A sentence that can be said in every language: a `Message`, or the questionnaire's own `Written`."""

    def in_language(self, language: str) -> str: ...


class Written(NamedTuple):
    """A sentence that the questionnaire itself gives, {language: text}."""

    texts: Texts

    def in_language(self, language: str) -> str:
        return self.texts.get(language) or next(iter(self.texts.values()), "")


class Problem(NamedTuple):
    """What is wrong with the answer to one question, in a sentence for the person who answered."""

    question: str
    message: Sentence


def relevant_groups(
    questionnaire: Questionnaire, answers: Mapping[str, Any], *, today: date | None = None
) -> tuple[Group, ...]:
    """The pages to show: those whose condition holds and that have at least one question or note to show."""
    state = _State(questionnaire, answers, today)
    return tuple(
        group
        for group in questionnaire.groups
        if any(each.kind != "calculate" and state.is_relevant(each.name) for each in group.questions)
    )


def relevant_questions(
    questionnaire: Questionnaire, answers: Mapping[str, Any], *, today: date | None = None
) -> tuple[Question, ...]:
    """The questions (notes and calculates included) that apply, in order."""
    state = _State(questionnaire, answers, today)
    return tuple(each for each in questionnaire.questions.values() if state.is_relevant(each.name))


def choices_for(
    questionnaire: Questionnaire, question: Question, answers: Mapping[str, Any], *, today: date | None = None
) -> tuple[Choice, ...]:
    """The choices of `question` that its `choice_filter` lets through."""
    return _State(questionnaire, answers, today).choices(question)


def complete_answers(
    questionnaire: Questionnaire, answers: Mapping[str, Any], *, today: date | None = None
) -> dict[str, Any]:
    """What is kept: answers to questions that apply, arms of splits, calculates worked out; everything else dropped.

    Call it on valid answers; in the questionnaire's order, so that nothing of the order of answering is kept.
    """
    state = _State(questionnaire, answers, today)
    kept = {split.name: answers[split.name] for split in questionnaire.splits if answers.get(split.name) in split.arms}
    for question in questionnaire.questions.values():
        if question.kind == "note" or not state.is_relevant(question.name):
            continue
        value = state.answer(question.name)
        if isinstance(value, date):
            value = value.isoformat()
        if isinstance(value, float) and not math.isfinite(value):
            value = None
        if not is_blank(value):
            kept[question.name] = value
    return kept


def first_answers(questionnaire: Questionnaire) -> dict[str, Any]:
    """The defaults, as the form first shows them."""
    given = {each.name: each.default for each in questionnaire.questions.values() if each.default and each.has_answer}
    return {
        name: _read(questionnaire.questions[name], text.split() if _is_list(questionnaire.questions[name]) else [text])
        for name, text in given.items()
    }


def text_with_answers(
    questionnaire: Questionnaire,
    texts: Texts,
    language: str,
    answers: Mapping[str, Any],
    *,
    today: date | None = None,
) -> str:
    """`texts` in `language`, with each `${name}` replaced by the label of the chosen choices or by the answer."""
    state = _State(questionnaire, answers, today)

    def shown(match: re.Match[str]) -> str:
        question = questionnaire.questions.get(match[1].strip())
        if question is None or not state.is_relevant(question.name):
            return ""
        value = state.answer(question.name)
        names = value if isinstance(value, list) else [value]
        labels = [
            questionnaire.text(found.label, language)
            for name in names
            if isinstance(name, str) and (found := question.choice(name))
        ]
        return ", ".join(labels) if labels else as_text(as_value(state.value(question.name)))

    return re.sub(r"\$\{([^}]*)\}", shown, questionnaire.text(texts, language))


def validate(
    questionnaire: Questionnaire,
    answers: Mapping[str, Any],
    page: str | None = None,
    *,
    today: date | None = None,
) -> list[Problem]:
    """What is wrong with `answers` to the questions that apply (of `page` only, or of all), in order; [] when all is well.

    Answers to questions that do not apply are not looked at: `complete_answers` drops them.
    """
    state = _State(questionnaire, answers, today)
    questions = questionnaire.questions.values() if page is None else questionnaire.group(page).questions
    found = []
    for question in questions:
        if question.has_answer and state.is_relevant(question.name):
            problem = _problem_with(question, answers.get(question.name), state)
            if problem is not None:
                found.append(Problem(question.name, problem))
    if page is None:
        found += [
            Problem(split.name, message("This version of the question does not exist."))
            for split in questionnaire.splits
            if split.name in answers and answers[split.name] not in split.arms
        ]
    return found


def form_values_to_answers(group: Group, posted: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Answers from the fields of a form: {field: list of values} as browsers send them; fields of other pages are not read.

    A field has the question's name; a rank question has one field `NAME.CHOICE` a choice, with its place from 1. What cannot be
    read stays the text (or, for rank, the mapping) that was sent, so that it can be shown again, and `validate` refuses it.
    """
    answers: dict[str, Any] = {}
    for question in group.questions:
        if not question.has_answer:
            continue
        if question.kind == "rank":
            places = {
                choice.name: sent[-1].strip()
                for choice in question.choices
                if (sent := posted.get(f"{question.name}.{choice.name}")) and sent[-1].strip()
            }
            value: Any = _ranked(places)
        else:
            value = _read(question, [each.strip() for each in posted.get(question.name, ())])
        if not is_blank(value):
            answers[question.name] = value
    return answers


def is_blank(value: object) -> bool:
    return value is None or value == "" or value == [] or value == {} or value is False


class _State:
    """The answers, with relevance and calculations worked out once, as they are needed."""

    def __init__(self, questionnaire: Questionnaire, answers: Mapping[str, Any], today: date | None) -> None:
        self.questionnaire, self.answers, self.today = questionnaire, answers, today
        self._splits = {split.name for split in questionnaire.splits}
        self._relevant: dict[str, bool] = {}
        self._values: dict[str, object] = {}
        for name in questionnaire.worked_out:
            self.is_relevant(name)
            self.answer(name)

    def is_relevant(self, name: str) -> bool:
        conditions = self.questionnaire.conditions.get(name)
        if conditions is None:
            return True
        if name not in self._relevant:
            self._relevant[name] = all(self.holds(each) for each in conditions)
        return self._relevant[name]

    def holds(self, text: str) -> bool:
        return is_true(parse(text), Context(self.value, today=self.today))

    def answer(self, name: str) -> Any:
        """The answer as it is kept; a calculate is worked out."""
        if name in self._splits or self.questionnaire.questions[name].kind != "calculate":
            return self.answers.get(name)
        if name not in self._values:
            text = self.questionnaire.questions[name].calculate
            value: Value = evaluate(parse(text), Context(self.value, today=self.today))
            if isinstance(value, bool):
                value = as_text(value)
            self._values[name] = value
        return self._values[name]

    def value(self, name: str) -> object:
        """The answer as expressions see it: blank where the question does not apply."""
        if name in self._splits:
            return self.answers.get(name)
        if not self.is_relevant(name):
            return None
        value = self.answer(name)
        if self.questionnaire.questions[name].kind == "date" and isinstance(value, str):
            return _as_date(value) or value
        return " ".join(value) if isinstance(value, dict) else value

    def choices(self, question: Question) -> tuple[Choice, ...]:
        if not question.choice_filter:
            return question.choices
        expression = parse(question.choice_filter, in_choice_filter=True)
        return tuple(
            choice
            for choice in question.choices
            if as_boolean(
                evaluate(
                    expression,
                    Context(self.value, attributes={**choice.attributes, "name": choice.name}, today=self.today),
                )
            )
        )


def _is_list(question: Question) -> bool:
    return question.kind in ("select_multiple", "rank")


def _read(question: Question, sent: list[str]) -> Any:
    if question.kind in ("select_multiple", "rank"):
        return list(dict.fromkeys(each for each in sent if each))
    text = sent[-1] if sent else ""
    if not text:
        return None
    if question.kind == "integer":
        return int(text) if re.fullmatch(r"[-+]?[0-9]{1,16}", text) else text
    if question.kind in ("decimal", "range"):
        plain = re.sub(r",(?=[0-9]{1,2}$)", ".", text) if "." not in text else text
        if not re.fullmatch(r"[-+]?(?:[0-9]{1,16}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})", plain):
            return text
        number = float(plain)
        return int(number) if number == int(number) and question.kind == "range" else number
    if question.kind == "acknowledge":
        return True
    return text.replace("\r\n", "\n") if question.kind == "text" else text


def _ranked(places: Mapping[str, str]) -> Any:
    if len(set(places.values())) < len(places) or not all(
        re.fullmatch(r"[0-9]{1,4}", each) for each in places.values()
    ):
        return dict(places)
    return sorted(places, key=lambda name: int(places[name]))


def _problem_with(question: Question, value: Any, state: _State) -> Sentence | None:
    """The first thing that is wrong, or None. A question whose every choice is filtered away cannot be required."""
    choices = state.choices(question)
    if is_blank(value):
        if question.required and (choices or not question.choices):
            return message("Please answer this question.")
        return None
    problem = _wrong_kind(question, value, choices)
    if problem is None and question.constraint:
        this = _as_date(value) if question.kind == "date" else value
        if not is_true(parse(question.constraint), Context(state.value, this, today=state.today)):
            if question.constraint_message:
                return Written(question.constraint_message)
            return message("This answer is not possible here.")
    return problem


def _wrong_kind(question: Question, value: Any, choices: tuple[Choice, ...]) -> Sentence | None:
    match question.kind:
        case "select_one":
            is_one = any(value == each.name for each in choices)
            return None if is_one else message("Choose one of the answers.")
        case "select_multiple":
            return _wrong_selection(value, choices)
        case "rank":
            return _wrong_ranking(value, choices)
        case "integer":
            if type(value) is not int or abs(value) > MOST_NUMBER:
                return message("Write a whole number, such as 3.")
        case "decimal" | "range":
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= MOST_NUMBER:
                return message("Write a number, such as 2.5.")
            if question.kind == "range":
                return _outside(question, value)
        case "date":
            if not isinstance(value, str) or _as_date(value) is None:
                return message("Write a date as year-month-day, such as 2026-03-01.")
        case "text":
            most = question.most_characters or MOST_CHARACTERS
            if not isinstance(value, str) or len(value) > most:
                return message("This text is too long. At most {most} characters fit.", most=f"{most:,}")
        case "acknowledge":
            return None if value is True else message("Tick the box to go on.")
    return None


def _wrong_selection(value: Any, choices: tuple[Choice, ...]) -> Sentence | None:
    if not _are_different(value) or not set(value) <= {each.name for each in choices}:
        return message("Choose among the answers.")
    alone = any(each.name in value and (each.is_exclusive or each.is_missing) for each in choices)
    if alone and len(value) > 1:
        return message("One of your answers cannot go together with others. Keep that one, or the others.")
    return None


def _wrong_ranking(value: Any, choices: tuple[Choice, ...]) -> Sentence | None:
    if not _are_different(value):
        return message("Give each a different place: 1, 2, 3 and so on.")
    if not set(value) <= {choice.name for choice in choices}:
        return message("Choose among the answers.")
    if len(value) < len(choices):
        return message("Give every one a place, or leave all of them empty.")
    return None


def _are_different(value: Any) -> bool:
    is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return is_list and len(set(value)) == len(value)


def _outside(question: Question, value: float) -> Sentence | None:
    assert question.low is not None and question.high is not None and question.step is not None
    steps = (value - question.low) / question.step
    if not question.low <= value <= question.high or abs(steps - round(steps)) > 1e-9:
        return message(
            "Choose a number from {low} to {high} in steps of {step}.",
            low=f"{question.low:g}", high=f"{question.high:g}", step=f"{question.step:g}",
        )  # fmt: skip
    return None


def _as_date(value: object) -> date | None:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
