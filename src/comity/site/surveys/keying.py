"""Paper forms keyed in twice: two people type each form, and what they typed differently is looked up on the paper.

The files are CSV with a column `form` and one a question; several choices are separated by spaces, ranks stand first to last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from comity.errors import ComityError, nearest
from comity.site.surveys.questionnaire import (
    Problem,
    Question,
    Questionnaire,
    complete_answers,
    form_values_to_answers,
    is_blank,
    validate,
)

FORM = "form"


class KeyingError(ComityError):
    """A file of keyed forms does not fit the questionnaire."""


class Difference(NamedTuple):
    """One field that two people typed differently. Look at the paper; `first` and `second` are answers, so not for a log."""

    form: str
    question: str
    first: Any
    second: Any


@dataclass(frozen=True)
class Keyed:
    """forms: answers that both agree on and that are valid, by form. compared: how many fields two people typed."""

    forms: Mapping[str, Mapping[str, Any]]
    differences: Sequence[Difference]
    only_once: Sequence[str]
    problems: Mapping[str, Sequence[Problem]]
    compared: int

    @property
    def is_settled(self) -> bool:
        """Whether no form is left to look up or to key again."""
        return not (self.differences or self.only_once or self.problems)

    @property
    def error_rate(self) -> float:
        """Share of fields that differ: about twice the rate of one person's slips."""
        return len(self.differences) / self.compared if self.compared else 0.0


def compare_keyings(
    questionnaire: Questionnaire, first: Sequence[Mapping[str, str]], second: Sequence[Mapping[str, str]]
) -> Keyed:
    """Compare what two people typed. Forms that differ, that only one typed or that are not valid are not in `forms`.

    Raises KeyingError for a column that is no question or a form number that is missing or typed twice by one person.
    """
    ones, others = _typed(questionnaire, first), _typed(questionnaire, second)
    both = [form for form in ones if form in others]
    differences = [
        Difference(form, name, ones[form].get(name), others[form].get(name))
        for form in both
        for name in differing_fields(questionnaire, ones[form], others[form])
    ]
    wrong = {each.form for each in differences}
    problems = {
        form: found for form in both if form not in wrong and (found := paper_problems(questionnaire, ones[form]))
    }
    return Keyed(
        forms={
            form: complete_answers(questionnaire, ones[form])
            for form in both
            if form not in wrong and form not in problems
        },
        differences=differences,
        only_once=sorted(set(ones) ^ set(others)),
        problems=problems,
        compared=len(both) * len(keyed_fields(questionnaire)),
    )


def differing_fields(questionnaire: Questionnaire, one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The fields that two people typed differently, in the order of the form."""
    return [name for name in keyed_fields(questionnaire) if one.get(name) != other.get(name)]


def paper_problems(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> list[Problem]:
    """What is not valid among the answers of a paper form. A needed answer that was left out stays out: paper cannot insist."""
    return [each for each in validate(questionnaire, answers) if not is_blank(answers.get(each.question))]


def keyed_fields(questionnaire: Questionnaire) -> list[str]:
    """What is typed of a form: the arm of each split ballot, and every question that is answered."""
    return [
        *(split.name for split in questionnaire.splits),
        *(question.name for question in questionnaire.questions.values() if question.has_answer),
    ]


def _typed(questionnaire: Questionnaire, rows: Sequence[Mapping[str, str]]) -> dict[str, dict[str, Any]]:
    known = keyed_fields(questionnaire)
    found: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows, 2):
        stray = [name for name in row if name != FORM and name not in known]
        if stray:
            near = nearest(stray[0], known)
            raise KeyingError(
                f"The file has a column '{stray[0]}', and the questionnaire has no such question.",
                f"Did you mean '{near}'?" if near else "Take the column out.",
            )
        form = row.get(FORM, "").strip()
        if not form or form in found:
            raise KeyingError(
                f"Row {number} has no form number."
                if not form
                else f"Form {form} was typed twice in one file (row {number}).",
                "Give each form its number once.",
            )
        found[form] = {
            **{split.name: row[split.name] for split in questionnaire.splits if row.get(split.name)},
            **_answers(questionnaire, row),
        }
    return found


def _answers(questionnaire: Questionnaire, row: Mapping[str, str]) -> dict[str, Any]:
    """Each cell as a form would send it."""
    posted: dict[str, list[str]] = {}
    for question in questionnaire.questions.values():
        cell = row.get(question.name, "").strip()
        if cell:
            posted |= _as_fields(question, cell)
    return {
        name: value for group in questionnaire.groups for name, value in form_values_to_answers(group, posted).items()
    }


def _as_fields(question: Question, cell: str) -> dict[str, list[str]]:
    if question.kind == "rank":
        return {f"{question.name}.{choice}": [str(place)] for place, choice in enumerate(cell.split(), 1)}
    return {question.name: cell.split() if question.kind == "select_multiple" else [cell]}
