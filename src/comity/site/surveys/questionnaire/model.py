"""What a questionnaire is: pages of questions in every language, and the sealed file that says exactly what was asked.

Names and kinds are those of XLSForm, so that a questionnaire comes from other tools and goes back to them. The stored form is
docs/reference/questionnaire.md.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, get_args

from comity.errors import ComityError
from comity.site.surveys.questionnaire.expressions import ExpressionError, parse

FORMAT = "comity-questionnaire/1"
MOST_BYTES = 2_000_000

Texts = Mapping[str, str]
Kind = Literal[
    "select_one", "select_multiple", "integer", "decimal", "text", "date", "note", "range", "rank", "acknowledge",
    "calculate",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
CHOICE_KINDS = ("select_one", "select_multiple", "rank")
SILENT_KINDS = ("note", "calculate")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")

_NO_TEXT: Texts = MappingProxyType({})


class QuestionnaireError(ComityError):
    """A questionnaire is not of the documented form, or says something impossible."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One answer people can pick. is_missing: "don't know", "prefer not to say": never a value, never neutral.

    is_exclusive: in select_multiple, it goes with no other. attributes: further columns, for `choice_filter`.
    """

    name: str
    label: Texts
    is_missing: bool = False
    is_exclusive: bool = False
    attributes: Mapping[str, str] = _NO_TEXT


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question, or a note, or a value that is worked out (calculate).

    relevant, constraint, calculate, choice_filter: expressions, '' for none. default: the answer that stands there first.
    scale: the scale it belongs to; reverse: a high answer means little of it. low, high, step: of a range. most_characters: of
    a text. randomise_choices: each respondent sees them in another order (missing and exclusive ones stay last).
    construct: what it measures, for the linter and the report.
    """

    name: str
    kind: Kind
    label: Texts = _NO_TEXT
    hint: Texts = _NO_TEXT
    choices: tuple[Choice, ...] = ()
    required: bool = False
    relevant: str = ""
    constraint: str = ""
    constraint_message: Texts = _NO_TEXT
    default: str = ""
    calculate: str = ""
    choice_filter: str = ""
    scale: str = ""
    reverse: bool = False
    randomise_choices: bool = False
    low: float | None = None
    high: float | None = None
    step: float | None = None
    most_characters: int | None = None
    appearance: str = ""
    construct: str = ""

    @property
    def has_answer(self) -> bool:
        """Whether a person answers it (a note and a calculate are not answered)."""
        return self.kind not in SILENT_KINDS

    def choice(self, name: str) -> Choice | None:
        return next((each for each in self.choices if each.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Group:
    """One page. randomise_order: each respondent sees its questions in another order (notes stay where they are)."""

    name: str
    label: Texts
    questions: tuple[Question, ...]
    relevant: str = ""
    randomise_order: bool = False


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A score from the questions that name it. Their choices that are not missing are numbers from low to high."""

    name: str
    label: Texts
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Split:
    """A split ballot: chance gives each respondent one arm; expressions read it as ${name}, and answers hold it."""

    name: str
    arms: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SensitiveItem:
    """A question asked so that no single answer gives anybody away, with what its estimator needs.

    method: list_experiment (split has the arms "control" and "treated"; questions: by arm; items: harmless items), or warner,
    forced_response, unrelated_question (questions: {"all": name}; probabilities as in `estimates.sensitive`; yes: the choice).
    """

    name: str
    method: Literal["list_experiment", "warner", "forced_response", "unrelated_question"]
    questions: Mapping[str, str]
    label: Texts = _NO_TEXT
    split: str = ""
    items: int = 0
    probabilities: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    yes: str = "yes"


@dataclass(frozen=True, kw_only=True)
class Questionnaire:
    """Everything that is asked, in order. languages: the first is the one that others fall back to.

    Raises QuestionnaireError when made with names that occur twice, unknown kinds, expressions that cannot be read or refer to
    nothing, or values that depend on themselves.
    """

    name: str
    title: Texts
    version: str
    languages: tuple[str, ...]
    groups: tuple[Group, ...]
    introduction: Texts = _NO_TEXT
    thanks: Texts = _NO_TEXT
    scales: tuple[Scale, ...] = ()
    splits: tuple[Split, ...] = ()
    sensitive: tuple[SensitiveItem, ...] = ()

    def __post_init__(self) -> None:
        _check(self)

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        """Every question by its name, in order."""
        return {question.name: question for group in self.groups for question in group.questions}

    @cached_property
    def group_of(self) -> Mapping[str, Group]:
        """The page of each question, by the question's name."""
        return {question.name: group for group in self.groups for question in group.questions}

    @cached_property
    def working_order(self) -> tuple[str, ...]:
        """The questions' names so that each stands after those that its relevance or value depends on."""
        return _working_order(self)

    @cached_property
    def conditions(self) -> Mapping[str, tuple[str, ...]]:
        """The expressions that must hold for a question to apply, by its name; those that always apply are not there."""
        both = {name: (self.group_of[name].relevant, each.relevant) for name, each in self.questions.items()}
        return {name: tuple(filter(None, texts)) for name, texts in both.items() if any(texts)}

    @cached_property
    def worked_out(self) -> tuple[str, ...]:
        """The part of `working_order` that needs working out: questions with a condition, and calculates."""
        return tuple(
            name for name in self.working_order if name in self.conditions or self.questions[name].kind == "calculate"
        )

    def group(self, name: str) -> Group:
        """The page called `name`; QuestionnaireError when there is none."""
        for group in self.groups:
            if group.name == name:
                return group
        raise QuestionnaireError(
            f"The questionnaire '{self.name}' has no page '{name}'.",
            f"Its pages are: {', '.join(group.name for group in self.groups)}.",
        )

    def text(self, texts: Texts, language: str) -> str:
        """`texts` in `language`, or in the first language where that is missing, or ''."""
        return texts.get(language) or texts.get(self.languages[0]) or ""

    def as_json(self) -> bytes:
        """The canonical file: UTF-8 JSON, keys sorted, what is empty left out. Equal questionnaires give equal bytes."""
        record = {"format": FORMAT, **_plain(self)}
        return json.dumps(record, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"

    @property
    def digest(self) -> str:
        """SHA-256 of `as_json()`, in hex: what the ledger seals, and what stands with every response."""
        return hashlib.sha256(self.as_json()).hexdigest()

    # What people answered: see answers.py and arrange.py.

    def relevant_groups(self, answers: Mapping[str, Any], **options: Any) -> tuple[Group, ...]:
        """The pages to show, given `answers`: those whose condition holds and that have something to show."""
        from comity.site.surveys.questionnaire.answers import relevant_groups

        return relevant_groups(self, answers, **options)

    def relevant_questions(self, answers: Mapping[str, Any], **options: Any) -> tuple[Question, ...]:
        """The questions to ask, given `answers`, in order; those of pages that are not shown left out."""
        from comity.site.surveys.questionnaire.answers import relevant_questions

        return relevant_questions(self, answers, **options)

    def validate(self, answers: Mapping[str, Any], page: str | None = None, **options: Any) -> list[Any]:
        """What is wrong with `answers`, as a list of `Problem`; see `answers.validate`."""
        from comity.site.surveys.questionnaire.answers import validate

        return validate(self, answers, page, **options)


def read_questionnaire(data: bytes) -> Questionnaire:
    """The questionnaire in a file written by `as_json`; QuestionnaireError says where another file is wrong."""
    if len(data) > MOST_BYTES:
        raise QuestionnaireError(
            f"The questionnaire file has {len(data):,} bytes; at most {MOST_BYTES:,} are read.", "Shorten it."
        )
    try:
        record = json.loads(data)
    except (ValueError, RecursionError):
        raise QuestionnaireError(
            "The file is not a questionnaire: it is not JSON in UTF-8.",
            "Use a file that comity survey wrote, or import an XLSForm with comity survey import.",
        ) from None
    if not isinstance(record, dict) or record.pop("format", None) != FORMAT:
        raise QuestionnaireError(
            f"The file does not say that it is a questionnaire of the form '{FORMAT}'.",
            "Use a file that comity survey wrote, or import an XLSForm with comity survey import.",
        )
    made: Questionnaire = _made(Questionnaire, record, "the questionnaire")
    return made


def parts_as_json(questionnaire: Questionnaire) -> dict[str, Any]:
    """What a questionnaire has beside its pages, as plain JSON values; what is empty left out."""
    return {name: _plain(value) for name in _BESIDE_PAGES if (value := getattr(questionnaire, name))}


def parts_from_json(record: object, *, where: str) -> dict[str, Any]:
    """The same again as `Questionnaire` takes it; QuestionnaireError when it is not of the documented form."""
    return {name: value for name, value in _values(Questionnaire, record, where).items() if name in _BESIDE_PAGES}


_BESIDE_PAGES = ("title", "introduction", "thanks", "scales", "splits", "sensitive")
_PARTS: Mapping[str, type] = {
    "groups": Group, "questions": Question, "choices": Choice, "scales": Scale, "splits": Split, "sensitive": SensitiveItem,
}  # fmt: skip
_TEXTS = ("label", "hint", "title", "introduction", "thanks", "constraint_message", "attributes")


def _plain(value: Any) -> Any:
    """A dataclass as plain JSON values; fields that equal their defaults are left out."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, float) and value == int(value):
        return int(value)
    if not hasattr(value, "__dataclass_fields__"):
        return value
    record = {}
    for each in fields(value):
        mine = getattr(value, each.name)
        default = each.default if each.default is not MISSING else _default(each.default_factory)
        if mine != default:
            record[each.name] = _plain(mine)
    return record


def _default(factory: Any) -> Any:
    return factory() if factory is not MISSING else MISSING


def _made(kind: type, record: object, where: str) -> Any:
    """A dataclass from plain JSON values, each of the declared type."""
    values = _values(kind, record, where)
    missing = [each.name for each in fields(kind) if _is_needed(each) and each.name not in values]
    if missing:
        raise QuestionnaireError(f"{where[0].upper()}{where[1:]} has no '{missing[0]}'.", "Add it.")
    return kind(**values)


def _values(kind: type, record: object, where: str) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise QuestionnaireError(f"{where[0].upper()}{where[1:]} is not an object.", "Mend the file.")
    known = {each.name: each for each in fields(kind)}
    stray = sorted(set(record) - set(known))
    if stray:
        raise QuestionnaireError(f"In {where}, '{stray[0]}' is not known.", f"Known are: {', '.join(sorted(known))}.")
    values: dict[str, Any] = {}
    for name, value in record.items():
        here = f"{name} of {where}"
        if name in _PARTS and not (kind is SensitiveItem and name == "questions"):
            _demand(isinstance(value, list), here, "a list")
            values[name] = tuple(
                _made(_PARTS[name], each, f"{name} {at} ({_name(each)}) of {where}") for at, each in enumerate(value, 1)
            )
        elif name in ("languages", "arms"):
            _demand(isinstance(value, list) and all(isinstance(each, str) for each in value), here, "a list of texts")
            values[name] = tuple(value)
        elif name in _TEXTS or (kind is SensitiveItem and name == "questions"):
            is_texts = isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
            _demand(is_texts, here, "an object of texts")
            values[name] = value
        elif name == "probabilities":
            _demand(isinstance(value, dict) and all(map(_is_number, value.values())), here, "an object of numbers")
            values[name] = {key: float(each) for key, each in value.items()}
        elif name in ("required", "reverse", "randomise_choices", "randomise_order", "is_missing", "is_exclusive"):
            _demand(isinstance(value, bool), here, "true or false")
            values[name] = value
        elif name in ("low", "high", "step"):
            _demand(_is_number(value), here, "a number")
            values[name] = float(value)
        elif name in ("items", "most_characters"):
            _demand(type(value) is int and value >= 0, here, "a whole number")
            values[name] = value
        else:
            _demand(isinstance(value, str), here, "a text")
            values[name] = value
    return values


def _name(record: object) -> str:
    return str(record.get("name", "without a name"))[:40] if isinstance(record, dict) else "not an object"


def _is_needed(each: Any) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _demand(holds: bool, where: str, what: str) -> None:
    if not holds:
        raise QuestionnaireError(f"The {where} is not {what}.", "Mend the file.")


def expressions_of(questionnaire: Questionnaire) -> Iterator[tuple[str, str, str]]:
    """(where, which column, expression) of everything that is not empty."""
    for group in questionnaire.groups:
        if group.relevant:
            yield group.name, "relevant", group.relevant
        for question in group.questions:
            for column in ("relevant", "constraint", "calculate", "choice_filter"):
                if text := getattr(question, column):
                    yield question.name, column, text


def _check(questionnaire: Questionnaire) -> None:
    if not questionnaire.languages or len(set(questionnaire.languages)) < len(questionnaire.languages):
        raise QuestionnaireError("The questionnaire names no language, or one twice.", "Name each language once.")
    if not questionnaire.groups:
        raise QuestionnaireError("The questionnaire has no questions.", "Add a page with at least one question.")
    _check_name("questionnaire", questionnaire.name)
    names = [each.name for each in questionnaire.splits]
    for group in questionnaire.groups:
        _check_name("page", group.name)
        names += [group.name, *(question.name for question in group.questions)]
    names += [each.name for each in questionnaire.scales]
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise QuestionnaireError(
                f"The name '{name}' occurs twice among questions, pages, splits and scales.", "Give each its own name."
            )
        seen.add(name)
    scales = {each.name: each for each in questionnaire.scales}
    for question in questionnaire.questions.values():
        _check_question(question, scales)
    for split in questionnaire.splits:
        _check_name("split", split.name)
        if len(split.arms) < 2 or len(set(split.arms)) < len(split.arms):
            raise QuestionnaireError(f"The split '{split.name}' needs two or more different arms.", "Name its arms.")
    for item in questionnaire.sensitive:
        _check_sensitive(item, questionnaire)
    _check_expressions(questionnaire)


def _check_name(what: str, name: str) -> None:
    if not NAME.fullmatch(name):
        raise QuestionnaireError(
            f"'{name}' cannot be the name of a {what}.",
            "Use letters, digits, _ and -, at most 63, beginning with a letter or _.",
        )


def _check_question(question: Question, scales: Mapping[str, Scale]) -> None:
    _check_name("question", question.name)
    where = f"Question '{question.name}'"
    if question.kind not in KINDS:
        raise QuestionnaireError(f"{where} is of the kind '{question.kind}'.", f"Kinds are: {', '.join(KINDS)}.")
    if (question.kind in CHOICE_KINDS) != bool(question.choices):
        raise QuestionnaireError(
            f"{where} is of the kind {question.kind} and has {len(question.choices)} choices.",
            "Give choices to select_one, select_multiple and rank, and to nothing else.",
        )
    names = [each.name for each in question.choices]
    for name in names:
        if not name or re.search(r"\s", name) or names.count(name) > 1:
            raise QuestionnaireError(
                f"{where} has the choice '{name}' twice, or its name is empty or has a space.",
                "Give each choice its own short name without spaces.",
            )
    if (question.kind == "calculate") != bool(question.calculate):
        raise QuestionnaireError(
            f"{where} is of the kind {question.kind}; its calculation is '{question.calculate}'.",
            "Only calculate questions have a calculation, and they must have one.",
        )
    if question.kind == "range":
        low, high, step = question.low, question.high, question.step
        if low is None or high is None or step is None or not low < high or not step > 0:
            raise QuestionnaireError(
                f"{where} is a range from {low} to {high} in steps of {step}.", "Give low < high and a step above 0."
            )
    if question.scale:
        if question.scale not in scales:
            raise QuestionnaireError(
                f"{where} belongs to the scale '{question.scale}', which is not there.",
                f"Scales are: {', '.join(scales) or 'none'}.",
            )
        scale = scales[question.scale]
        for choice in question.choices:
            if not choice.is_missing and not _is_between(choice.name, scale):
                raise QuestionnaireError(
                    f"{where} belongs to the scale '{scale.name}', and its choice '{choice.name}' is no number from "
                    f"{scale.low:g} to {scale.high:g}.",
                    "Name the choices of a scale by their numbers; mark don't know as missing.",
                )


def _is_between(name: str, scale: Scale) -> bool:
    return re.fullmatch(r"-?[0-9]+", name) is not None and scale.low <= int(name) <= scale.high


def _check_sensitive(item: SensitiveItem, questionnaire: Questionnaire) -> None:
    arms = ("control", "treated") if item.method == "list_experiment" else ("all",)
    stray = [name for name in item.questions.values() if name not in questionnaire.questions]
    if tuple(sorted(item.questions)) != arms or stray:
        raise QuestionnaireError(
            f"The sensitive item '{item.name}' names the questions {dict(item.questions)}.",
            f"Name one question of the questionnaire for each of: {', '.join(arms)}.",
        )
    split = next((each for each in questionnaire.splits if each.name == item.split), None)
    if item.method == "list_experiment" and (split is None or set(split.arms) != set(arms) or item.items < 2):
        raise QuestionnaireError(
            f"The list experiment '{item.name}' has no split with the arms control and treated, or under two items.",
            "Name its split and the number of its harmless items.",
        )


def _check_expressions(questionnaire: Questionnaire) -> None:
    known = {*questionnaire.questions, *(split.name for split in questionnaire.splits)}
    for where, column, text in expressions_of(questionnaire):
        try:
            expression = parse(text, in_choice_filter=column == "choice_filter")
        except ExpressionError as error:
            raise QuestionnaireError(f"{column} of '{where}': {error.what}", error.next_step) from None
        stray = sorted(expression.names - known)
        if stray:
            raise QuestionnaireError(
                f"{column} of '{where}' refers to '${{{stray[0]}}}', and there is no such question.", "Mend the name."
            )
        if column != "constraint" and expression.uses_this:
            raise QuestionnaireError(f"{column} of '{where}' uses '.', which only a constraint can.", "Use ${name}.")
    _ = questionnaire.working_order


def _working_order(questionnaire: Questionnaire) -> tuple[str, ...]:
    """Taken off from the ends, without recursion; QuestionnaireError when something depends on itself."""
    left = {name: _needs(questionnaire, question) for name, question in questionnaire.questions.items()}
    order: list[str] = []
    while left:
        free = [name for name, needs in left.items() if not needs & left.keys()]
        if not free:
            raise QuestionnaireError(
                f"Whether or what '{sorted(left)[0]}' is depends on itself, by way of its relevant or calculate column.",
                "Break the circle.",
            )
        order += free
        for name in free:
            del left[name]
    return tuple(order)


def _needs(questionnaire: Questionnaire, question: Question) -> frozenset[str]:
    texts = (questionnaire.group_of[question.name].relevant, question.relevant, question.calculate)
    return frozenset(name for text in texts if text for name in parse(text).names)
