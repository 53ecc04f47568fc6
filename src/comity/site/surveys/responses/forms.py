"""What an answering page sends: this page's fields, and in hidden ones everything answered before.

The server keeps nothing between two pages. `data` is the earlier answers as JSON; `seed` decides orders and split ballots.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.http import QueryDict

from comity.site.surveys.questionnaire import (
    Choice,
    Group,
    Question,
    Questionnaire,
    arms,
    arrange_group,
    choices_for,
    first_answers,
    form_values_to_answers,
    relevant_groups,
    relevant_questions,
    text_with_answers,
)
from comity.site.surveys.responses.actions import MODES
from comity.site.surveys.responses.queries import Fielded

SEED_BYTES = 16
MOST_DATA = 200_000


@dataclass(frozen=True)
class Sheet:
    """Where somebody is in a questionnaire. page: a group's name, or "" before the first and after the last."""

    answers: Mapping[str, Any]
    page: str = ""
    shown: tuple[str, ...] = ()
    go: str = "start"
    seed: str = ""
    token: str = ""
    stratum: str = ""
    mode: str = "web"

    @property
    def data(self) -> str:
        return json.dumps(dict(self.answers), ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Asked:
    """One question as the page shows it."""

    question: Question
    label: str
    hint: str
    choices: tuple[tuple[Choice, str, bool, str], ...]  # choice, label, is chosen, place in a ranking
    value: Any
    problem: str

    @property
    def id(self) -> str:
        return f"q-{self.question.name}"

    @property
    def described_by(self) -> str:
        """The ids of hint and problem, for screen readers."""
        return " ".join(f"{self.id}-{part}" for part, text in (("hint", self.hint), ("problem", self.problem)) if text)


def first_sheet(questionnaire: Questionnaire) -> Sheet:
    """Nothing answered yet, with a seed of the respondent's own."""
    seed = secrets.token_hex(SEED_BYTES)
    return Sheet({**first_answers(questionnaire), **arms(questionnaire, seed.encode())}, seed=seed)


def read_sheet(questionnaire: Questionnaire, posted: QueryDict) -> Sheet:
    """The sheet that was sent, this page's fields put in; what is damaged or unknown counts as not answered."""
    seed = posted.get("_seed", "")
    if len(seed) != 2 * SEED_BYTES or not seed.isalnum():
        return replace(first_sheet(questionnaire), token=posted.get("_token", ""), stratum=posted.get("_stratum", ""))
    answers = _read_data(questionnaire, posted.get("_data", ""))
    page = posted.get("_page", "")
    if any(group.name == page for group in questionnaire.groups):
        group = questionnaire.group(page)
        for question in group.questions:
            answers.pop(question.name, None)
        answers |= form_values_to_answers(group, dict(posted.lists()))
    else:
        page = ""
    mode = posted.get("_mode", "web")
    return Sheet(
        {**answers, **arms(questionnaire, seed.encode())},
        page,
        tuple(posted.get("_shown", "").split()),
        posted.get("_go", "next"),
        seed,
        posted.get("_token", ""),
        posted.get("_stratum", ""),
        mode if mode in MODES else "web",
    )


def token_of(survey: Fielded, sheet: Sheet) -> str:
    """What a response is bought with: the token, or for an open link what its page alone has."""
    return sheet.seed * 2 if survey.is_opt_in else sheet.token


def _read_data(questionnaire: Questionnaire, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if len(text) <= MOST_DATA else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if name in questionnaire.questions}


def ask_group(
    questionnaire: Questionnaire, group: Group, sheet: Sheet, language: str, problems: Mapping[str, str], today: date
) -> list[Asked]:
    """The questions of `group` that apply, in this respondent's order."""
    answers = sheet.answers
    applies = {each.name for each in relevant_questions(questionnaire, answers, today=today)}
    arranged = arrange_group(group, sheet.seed.encode())
    return [
        ask_question(questionnaire, question, sheet, language, problems.get(question.name, ""), today)
        for question in arranged.questions
        if question.name in applies and question.kind != "calculate"
    ]


def ask_question(
    questionnaire: Questionnaire,
    question: Question,
    sheet: Sheet,
    language: str,
    problem: str,
    today: date,
    *,
    is_on_paper: bool = False,
) -> Asked:
    """One question as the page shows it. is_on_paper: with every choice, as printed, whatever was answered before."""
    value = sheet.answers.get(question.name)
    found = question.choices if is_on_paper else choices_for(questionnaire, question, sheet.answers, today=today)
    allowed = {each.name for each in found}
    chosen = value if isinstance(value, list) else [value]
    places = (
        {str(name): str(at) for at, name in enumerate(value, 1)}
        if isinstance(value, list)
        else {str(name): str(at) for name, at in value.items()}
        if isinstance(value, Mapping)
        else {}
    )

    def said(texts: Mapping[str, str]) -> str:
        return text_with_answers(questionnaire, texts, language, sheet.answers, today=today)

    return Asked(
        question,
        said(question.label),
        said(question.hint),
        tuple(
            (each, said(each.label), each.name in chosen, places.get(each.name, ""))
            for each in question.choices
            if each.name in allowed
        ),
        "" if value is None else value,
        problem,
    )


def neighbour(questionnaire: Questionnaire, sheet: Sheet, step: int, today: date) -> Group | None:
    """The page that follows (`step` 1) or precedes (-1) the sheet's; None beyond the last and before the first."""
    order = {group.name: at for at, group in enumerate(questionnaire.groups)}
    pages = relevant_groups(questionnaire, sheet.answers, today=today)
    if not sheet.page:
        return (pages[0] if step > 0 else pages[-1]) if pages else None
    here = order[sheet.page]
    beyond = [group for group in pages if (order[group.name] - here) * step > 0]
    return (beyond[0] if step > 0 else beyond[-1]) if beyond else None
