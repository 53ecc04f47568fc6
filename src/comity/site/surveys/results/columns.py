"""Responses as columns that `estimates` reads, and answers that few gave joined with their neighbours before anything is counted.

A response is what the response store exports: {"stratum", "mode", "language", "day", "answers": {question: answer}}. It carries no
PSU and no case, so that nobody can be traced; its stratum may name a random group of PSUs (docs/methods/random-groups.md).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from comity.disclosure.tables import ALL
from comity.errors import ComityError
from comity.estimates import Scale
from comity.site.surveys.questionnaire import Choice, Question, Questionnaire, QuestionnaireError, Texts
from comity.site.surveys.sampling import read_token_group

Response = Mapping[str, Any]
SHOWN = "{question}.shown"
NUMBER = "{question}.number"
FILLED = "{question}.filled"
PICKED = "{question}.{choice}"
BASE_WEIGHT, STRATUM, GROUP, MODE = "base_weight", "stratum", "group", "mode"
WHOLE = "whole sample"


class ResultsError(ComityError):
    """Responses cannot become results as they are."""


@dataclass(frozen=True)
class Shown:
    """One answer as it is published: several choices joined where too few picked one of them. code: of the first."""

    code: str
    label: Texts
    names: tuple[str, ...]
    is_missing: bool


def response_columns(
    questionnaire: Questionnaire,
    responses: Sequence[Response],
    *,
    sizes: Mapping[str, tuple[int, int]] | None = None,
    minimum: int = 10,
    wave: str = "",
    seed: int = 0,
) -> pa.Table:
    """One row a response. Columns: stratum, group (of PSUs, where responses say one), mode, language, base_weight; QUESTION (the choice, or the number), QUESTION.shown
    (joined choices), QUESTION.number (of numbered choices, missing where people did not say), QUESTION.filled (about oneself, for weighting
    alone: where people did not say, what somebody else of the stratum said), QUESTION.CHOICE (yes or no), splits.

    sizes: {stratum: (addresses in the list, drawn)}, for base weights; without it each is 1. wave: goes before names of
    groups. seed: of what is filled in. Raises ResultsError for a stratum
    that is not there.
    """
    if not responses:
        raise ResultsError("There are no responses.", "Close the survey and export its responses first.")
    answers = [each["answers"] for each in responses]
    labels = [str(each.get("stratum") or ALL) for each in responses]
    columns: dict[str, list[Any]] = {
        STRATUM: [stratum_code(read_token_group(label)[0]) for label in labels],
        MODE: [str(each.get("mode") or "web") for each in responses],
        "language": [str(each.get("language") or "") for each in responses],
    }
    grouped = sum(read_token_group(label)[1] is not None for label in labels)
    if grouped:
        _refuse_some_without_group(grouped, len(labels))
        columns[GROUP] = [f"{wave} {label}".strip() for label in labels]
    sizes = {stratum_code(name): size for name, size in sizes.items()} if sizes else None
    columns[BASE_WEIGHT] = [_base_weight(stratum, sizes) for stratum in columns[STRATUM]]
    for split in questionnaire.splits:
        columns[split.name] = [each.get(split.name) for each in answers]
    for question in questionnaire.questions.values():
        given = [each.get(question.name) for each in answers]
        if question.kind == "select_one":
            columns[question.name] = given
            where = {name: shown.code for shown in shown_answers(question, given, minimum) for name in shown.names}
            columns[SHOWN.format(question=question.name)] = [where.get(each) for each in given]
            if question.construct == "about_you":
                columns[FILLED.format(question=question.name)] = _filled(question, given, columns[STRATUM], seed)
            if _is_numbered(question):
                columns[NUMBER.format(question=question.name)] = [_number(question, each) for each in given]
        elif question.kind == "select_multiple":
            for choice in question.choices:
                name = PICKED.format(question=question.name, choice=choice.name)
                columns[name] = [_picked(choice, question, each) for each in given]
        elif question.kind == "rank":
            for choice in question.choices:
                name = PICKED.format(question=question.name, choice=choice.name)
                columns[name] = [
                    each.index(choice.name) + 1.0 if each and choice.name in each else None for each in given
                ]
        elif question.kind in ("integer", "decimal", "range"):
            columns[question.name] = [None if each is None else float(each) for each in given]
    return pa.table({name: pa.array(values, _kind(values)) for name, values in columns.items()})


def in_order(responses: Sequence[Response]) -> list[Response]:
    """Sorted by what they say, so that neither the order of the store nor that of a sum shows in a number."""
    return sorted(responses, key=lambda each: json.dumps(each, sort_keys=True, ensure_ascii=False))


def shown_answers(question: Question, given: Sequence[Any], minimum: int) -> list[Shown]:
    """The answers to publish, in order: those under `minimum` joined with the neighbour that has fewer, "did not say" with its like.

    Nothing is joined across the line between saying something and not saying; [] when even joined there are too few.
    """
    counts = Counter(each for each in given if isinstance(each, str))
    shown: list[Shown] = []
    for is_missing in (False, True):
        part = [[choice] for choice in question.choices if choice.is_missing == is_missing and counts[choice.name]]
        while len(part) > 1 and any(_size(each, counts) < minimum for each in part):
            small = min(range(len(part)), key=lambda at: (_size(part[at], counts), at))
            sides = [at for at in (small - 1, small + 1) if 0 <= at < len(part)]
            other = min(sides, key=lambda at: (_size(part[at], counts), at))
            first, second = sorted((small, other))
            part[first : second + 1] = [part[first] + part[second]]
        shown += [_shown(each, is_missing) for each in part]
    sizes = [sum(counts[name] for name in each.names) for each in shown]
    if any(size < minimum for size in sizes):  # so few did not say that only the others can be shown
        shown = [each for each, size in zip(shown, sizes, strict=True) if size >= minimum]
    return shown


def survey_scale(questionnaire: Questionnaire, name: str) -> Scale:
    """The scale called `name` as `estimates` scores it, over the columns QUESTION.number."""
    scale = next((each for each in questionnaire.scales if each.name == name), None)
    if scale is None:
        raise QuestionnaireError(
            f"The questionnaire has no scale '{name}'.",
            f"It has: {', '.join(each.name for each in questionnaire.scales)}.",
        )
    items = [question for question in questionnaire.questions.values() if question.scale == name]
    return Scale(
        items=tuple(NUMBER.format(question=item.name) for item in items),
        low=scale.low,
        high=scale.high,
        reverse=tuple(NUMBER.format(question=item.name) for item in items if item.reverse),
    )


def stratum_code(stratum: str) -> str:
    """The stratum as a column has it; "all" stands for totals in tables, so a sample without strata is called otherwise."""
    return WHOLE if stratum == ALL else stratum


def _refuse_some_without_group(grouped: int, rows: int) -> None:
    if grouped < rows:
        raise ResultsError(
            f"{rows - grouped:,} of {rows:,} responses do not say their group of PSUs.",
            "Responses of one survey all say it or none does: export them again.",
        )


def _base_weight(stratum: str, sizes: Mapping[str, tuple[int, int]] | None) -> float:
    if sizes is None:
        return 1.0
    if stratum not in sizes:
        raise ResultsError(
            f"A response is of the stratum '{stratum}', which the sample does not have.",
            f"The sample has: {', '.join(sorted(sizes)[:8])}.",
        )
    listed, drawn = sizes[stratum]
    return listed / drawn


def _filled(question: Question, given: Sequence[Any], strata: Sequence[str], seed: int) -> list[str | None]:
    """Hot deck: whoever did not say gets the answer of somebody of the same stratum who did, or of anybody, drawn by chance."""
    said = [each if (choice := question.choice(each or "")) and not choice.is_missing else None for each in given]
    donors: dict[str, list[str]] = {}
    for stratum, each in zip(strata, said, strict=True):
        if each is not None:
            donors.setdefault(stratum, []).append(each)
    everybody = [each for each in said if each is not None]
    chance = np.random.default_rng([seed, *question.name.encode()])
    return [
        each if each is not None or not everybody else str(chance.choice(donors.get(stratum, everybody)))
        for stratum, each in zip(strata, said, strict=True)
    ]


def _kind(values: Sequence[Any]) -> pa.DataType:
    is_number = any(isinstance(each, (int, float)) for each in values)
    return pa.float64() if is_number else pa.string()


def _is_numbered(question: Question) -> bool:
    return bool(question.scale) or all(
        each.is_missing or each.name.lstrip("-").isdecimal() for each in question.choices
    )


def _number(question: Question, given: Any) -> float | None:
    choice = question.choice(given) if isinstance(given, str) else None
    return None if choice is None or choice.is_missing else float(choice.name)


def _picked(choice: Choice, question: Question, given: Any) -> str | None:
    """yes or no; None for people who did not answer or preferred not to say."""
    if not given or (
        not choice.is_missing and any((each := question.choice(name)) and each.is_missing for name in given)
    ):
        return None
    return "yes" if choice.name in given else "no"


def _size(part: Sequence[Choice], counts: Mapping[str, int]) -> int:
    return sum(counts[choice.name] for choice in part)


def _shown(part: Sequence[Choice], is_missing: bool) -> Shown:
    languages = part[0].label.keys()
    label = {language: " / ".join(choice.label.get(language, choice.name) for choice in part) for language in languages}
    return Shown(part[0].name, label, tuple(choice.name for choice in part), is_missing)
