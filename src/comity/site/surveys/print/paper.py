"""The paper form of a questionnaire: the same questions in the same words, with conditions said in words.

A split ballot is printed once for each arm, and the form says which it is. Forms carry no number of their own: whoever hands
them out keeps no list of who got which.
"""

from __future__ import annotations

import json
import math
import re
import tempfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from comity.site.surveys.print.letters import BANNER, Paper, PrintError
from comity.site.surveys.questionnaire import Group, Question, Questionnaire
from comity.site.surveys.questionnaire.expressions import Call, Context, Literal, Name, Node, Operation, is_true, parse
from comity.wording import Message, message

_SHORT = 22  # characters of a choice that still fits in a column
_LINES = 4
_MARKS_OF_A_RANGE = 21


def paper_form(
    questionnaire: Questionnaire,
    *,
    language: str,
    arms: Mapping[str, str] | None = None,
    paper: Paper = "us-letter",
    is_sample_data: bool = False,
) -> bytes:
    """The form as a PDF. arms: the arm of each split ballot; needed where the questionnaire has any.

    Raises PrintError for a language or an arm that the questionnaire does not have, or without typst.
    """
    _check(questionnaire, language, arms or {})
    try:
        import typst
    except ImportError:
        raise PrintError("Forms need the package typst.", "Install it with: pip install 'comity[reports]'.") from None
    data = _data(questionnaire, language, arms or {}, paper, is_sample_data)
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "form.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        template = (files(__package__) / "form.typ").read_text(encoding="utf-8")
        (Path(place) / "form.typ").write_text(template, encoding="utf-8")
        return bytes(typst.compile(str(Path(place) / "form.typ"), ignore_system_fonts=True))


def printed_questions(questionnaire: Questionnaire, arms: Mapping[str, str]) -> Iterator[tuple[Group, Question]]:
    """What the form of these arms asks, in order: everything but calculates and questions of other arms."""
    for group in questionnaire.groups:
        for question in group.questions:
            if question.kind != "calculate" and _is_printed(question, questionnaire, arms):
                yield group, question


def _check(questionnaire: Questionnaire, language: str, arms: Mapping[str, str]) -> None:
    if language not in questionnaire.languages:
        raise PrintError(
            f"The questionnaire has no texts in '{language}'.",
            f"Its languages are: {', '.join(questionnaire.languages)}.",
        )
    for split in questionnaire.splits:
        if arms.get(split.name) not in split.arms:
            raise PrintError(
                f"The split ballot '{split.name}' needs one arm for a printed form.",
                f"Choose one of: {', '.join(split.arms)}.",
            )


def _is_printed(question: Question, questionnaire: Questionnaire, arms: Mapping[str, str]) -> bool:
    """Whether the arms leave the question in: a condition on splits alone is decided at printing."""
    if not question.relevant:
        return True
    expression = parse(question.relevant)
    if not expression.names or not expression.names <= {split.name for split in questionnaire.splits}:
        return True
    return is_true(expression, Context(arms.get))


def _data(
    questionnaire: Questionnaire, language: str, arms: Mapping[str, str], paper: Paper, is_sample_data: bool
) -> dict[str, Any]:
    printed = list(printed_questions(questionnaire, arms))
    asked = [question.name for _, question in printed if question.has_answer]
    numbers = {name: str(at) for at, name in enumerate(asked, 1)}
    words = _Words(questionnaire, language, numbers)
    pages = []
    for group in questionnaire.groups:
        items = [words.item(question) for home, question in printed if home.name == group.name]
        if items:
            condition = words.condition(group.relevant)
            pages.append({"heading": words.text(group.label), "condition": condition, "items": items})
    form = ", ".join(f"{name} {arm}" for name, arm in sorted(arms.items()))
    return {
        "title": words.text(questionnaire.title),
        "lang": language,
        "paper": paper,
        "number_label": words.say(message("Number, written at entry")),
        "banner": BANNER.in_language(language) if is_sample_data else None,
        "introduction": words.text(questionnaire.introduction),
        "how": words.say(
            message("Mark round boxes once, square boxes as often as you like. Leave empty what you do not want to answer. Do not write your name.")
        ),
        "thanks": words.text(questionnaire.thanks),
        "footer": f"{questionnaire.name} {questionnaire.version}{f' · {form}' if form else ''} · {questionnaire.digest[:12]}",
        "pages": pages,
    }  # fmt: skip


class _Words:
    def __init__(self, questionnaire: Questionnaire, language: str, numbers: Mapping[str, str]) -> None:
        self.questionnaire, self.language, self.numbers = questionnaire, language, numbers

    def text(self, texts: Mapping[str, str]) -> str:
        """In the language of the form; what a screen puts in from an earlier answer points to that question."""
        said = self.questionnaire.text(texts, self.language)
        return re.sub(r"\$\{([^}]*)\}", lambda found: self.pointer(found[1].strip()), said)

    def pointer(self, name: str) -> str:
        return self.say(message("[answer {number}]", number=self.numbers[name])) if name in self.numbers else "…"

    def say(self, sentence: Message) -> str:
        return sentence.in_language(self.language)

    def item(self, question: Question) -> dict[str, Any]:
        choices = [self.text(choice.label) for choice in question.choices]
        if question.kind == "range":
            choices = _marks(question)
        if question.kind == "acknowledge":
            choices = [self.say(message("Yes"))]
        longest = max(map(len, choices), default=0)
        return {
            "kind": question.kind,
            "number": self.numbers.get(question.name, ""),
            "label": self.text(question.label),
            "hint": self.text(question.hint),
            "condition": self.condition(question.relevant),
            "choices": choices,
            "columns": 2 if longest <= 2 * _SHORT and len(choices) > 3 else 1,
            "lines": _LINES,
            "parts": [self.say(each) for each in (message("Year"), message("Month"), message("Day"))],
        }

    def condition(self, text: str) -> str:
        """The condition in words: "Only if you answered “Yes” to question 3."; a general sentence where it is too involved."""
        if not text:
            return ""
        found = self.clause(parse(text).tree)
        if found == "":
            return ""
        if found is None:
            return self.say(message("Answer this only if it applies to you."))
        return self.say(message("Only if {condition}.", condition=found))

    def clause(self, node: Node) -> str | None:
        """The clause of a condition; '' where the form itself decides it; None where there are no words for it."""
        match node:
            case Operation("and", operands):
                parts = [self.clause(each) for each in operands]
                if any(part is None for part in parts):
                    return None
                return self.say(message(" and ")).join(dict.fromkeys(part for part in parts if part))
            case Operation("or", operands):
                parts = [self.clause(each) for each in operands]
                return None if not all(parts) else self.say(message(" or ")).join(part for part in parts if part)
            case Operation("=", (Name(name), Literal(str(choice)))) | Call(
                "selected", (Name(name), Literal(str(choice)))
            ):
                return self.chose(name, choice, message("you answered “{answer}” to question {number}"))
            case Call("not", (Call("selected", (Name(name), Literal(str(choice)))),)) | Operation(
                "!=", (Name(name), Literal(str(choice)))
            ):
                return self.chose(name, choice, message("you did not answer “{answer}” to question {number}"))
            case Operation(">", (Call("count-selected", (Name(name),)), Literal(0.0))):
                if name in self.numbers:
                    return self.say(message("you answered question {number}", number=self.numbers[name]))
        return None

    def chose(self, name: str, choice: str, sentence: Message) -> str | None:
        question = self.questionnaire.questions.get(name)
        if question is None:
            return ""  # an arm of a split ballot
        label = question.choice(choice)
        if label is None or name not in self.numbers:
            return None
        values = {"answer": self.text(label.label), "number": self.numbers[name]}
        return Message(sentence.text, values).in_language(self.language)


def _marks(question: Question) -> list[str]:
    assert question.low is not None and question.high is not None and question.step is not None
    steps = math.floor((question.high - question.low) / question.step + 1e-9)
    if steps >= _MARKS_OF_A_RANGE:
        raise PrintError(
            f"The range '{question.name}' has {steps + 1} steps, too many to mark on paper.",
            f"Use at most {_MARKS_OF_A_RANGE} steps, or ask for a number.",
        )
    return [f"{question.low + at * question.step:g}" for at in range(steps + 1)]
