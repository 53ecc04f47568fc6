"""The invented town of the demonstration: addresses, and answers drawn by chance from a seed. They mean nothing, and say so.

The answers follow no real survey. The north of the town trusts less than the south, so that a result has something to show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import numpy as np

from comity.site.surveys.questionnaire import Question, Questionnaire, choices_for, complete_answers

LISTED: Mapping[str, int] = {"north": 9_000, "south": 15_000}
DRAWN: Mapping[str, int] = {"north": 900, "south": 900}
_WORDS = ("Slower cars near the school.", "More people on foot.", "Call back when you say you will.", "Nothing.")
_MISSING = 0.03


def generated_answers(questionnaire: Questionnaire, stratum: str, chance: np.random.Generator) -> dict[str, Any]:
    """Valid answers of one invented person, with about three in a hundred questions left out."""
    answers: dict[str, Any] = {split.name: str(chance.choice(split.arms)) for split in questionnaire.splits}
    for question in questionnaire.questions.values():
        if question.has_answer and (question.required or chance.random() > _MISSING):
            answers[question.name] = _answer(questionnaire, question, answers, stratum, chance)
    for problem in questionnaire.validate(answers):
        answers.pop(problem.question, None)
    return complete_answers(questionnaire, answers)


def generated_responses(
    questionnaire: Questionnaire, each: Mapping[str, int], *, day: date, seed: int
) -> Iterator[dict[str, Any]]:
    """`each` stratum's number of responses, as the answer page stores them."""
    chance = np.random.default_rng(seed)
    for stratum, number in each.items():
        for _ in range(number):
            yield {
                "day": day.isoformat(),
                "mode": str(chance.choice(["web", "phone", "paper"], p=[0.75, 0.1, 0.15])),
                "language": str(chance.choice(questionnaire.languages)),
                "stratum": stratum,
                "answers": generated_answers(questionnaire, stratum, chance),
            }


def _answer(
    questionnaire: Questionnaire,
    question: Question,
    answers: Mapping[str, Any],
    stratum: str,
    chance: np.random.Generator,
) -> Any:
    names = [each.name for each in choices_for(questionnaire, question, answers)]
    given = [each for each in names if not (choice := question.choice(each)) or not choice.is_missing]
    match question.kind:
        case "select_one":
            return _one(given or names, question, stratum, chance)
        case "select_multiple":
            open_ones = [each for each in given if not question.choice(each).is_exclusive]  # type: ignore[union-attr]
            return [str(each) for each in open_ones if chance.random() < 0.3] or given[-1:]
        case "rank":
            return [str(each) for each in chance.permutation(names)]
        case "integer":
            return int(chance.integers(1, 9))
        case "decimal":
            return float(chance.integers(1, 9))
        case "range":
            low, high, step = question.low or 0, question.high or 0, question.step or 1
            return low + step * int(chance.integers(0, int((high - low) / step) + 1))
        case "date":
            return f"2026-{chance.integers(1, 13):02}-{chance.integers(1, 29):02}"
        case "acknowledge":
            return True
    return str(chance.choice(_WORDS))


def _one(names: list[str], question: Question, stratum: str, chance: np.random.Generator) -> str:
    """Any choice; of a scale the upper half more often in the south."""
    if question.scale:
        tilt = np.linspace(1, 3, len(names))
        weights = tilt if (stratum == "south") != question.reverse else tilt[::-1] ** 0.5
        return str(chance.choice(names, p=weights / weights.sum()))
    return str(chance.choice(names))
