"""The question bank: items by construct, written for this project in English and Spanish, and ready questionnaires of them.

The items are in `bank.yaml`; docs/reference/question-bank.md says what each construct is and how its score is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from comity.errors import nearest
from comity.site.surveys.questionnaire.model import (
    Choice,
    Group,
    Question,
    Questionnaire,
    QuestionnaireError,
    Scale,
    SensitiveItem,
    Split,
    Texts,
)

LANGUAGES = ("en", "es")


@dataclass(frozen=True, kw_only=True)
class Construct:
    """What a set of items measures, and for whom they are written (residents, contact: people with a recent contact)."""

    name: str
    label: Texts
    definition: Texts
    audiences: tuple[str, ...]
    group: Group
    scales: tuple[Scale, ...] = ()
    splits: tuple[Split, ...] = ()
    sensitive: tuple[SensitiveItem, ...] = ()


@cache
def constructs() -> Mapping[str, Construct]:
    """Every construct of the bank by name, in the order in which they are best asked."""
    record = yaml.safe_load((files(__package__) / "bank.yaml").read_text(encoding="utf-8"))
    answers = {name: _choices(each) for name, each in record["answers"].items()}
    return {name: _construct(name, each, answers) for name, each in record["constructs"].items()}


def make_questionnaire(
    name: str, title: Texts, chosen: Sequence[str], *, version: str = "1", introduction: Texts | None = None
) -> Questionnaire:
    """A questionnaire of the constructs `chosen`, one page each; QuestionnaireError where one is not in the bank."""
    known = constructs()
    for each in chosen:
        if each not in known:
            near = nearest(each, list(known))
            raise QuestionnaireError(
                f"The question bank has no construct '{each}'.",
                f"Did you mean '{near}'?" if near else f"It has: {', '.join(known)}.",
            )
    parts = [known[each] for each in dict.fromkeys(chosen)]
    texts = _texts_of_forms()
    return Questionnaire(
        name=name,
        title=title,
        version=version,
        languages=LANGUAGES,
        groups=tuple(part.group for part in parts),
        introduction=introduction or texts["introduction"],
        thanks=texts["thanks"],
        scales=tuple(scale for part in parts for scale in part.scales),
        splits=tuple(split for part in parts for split in part.splits),
        sensitive=tuple(item for part in parts for item in part.sensitive),
    )


def standard_questionnaire() -> Questionnaire:
    """The resident survey, ready to field: every construct written for residents, and a few facts for weighting."""
    return _ready("residents")


def contact_questionnaire() -> Questionnaire:
    """The survey of people who had a recent contact with the police, ready to field."""
    return _ready("contact")


def _ready(audience: str) -> Questionnaire:
    form = _forms()[audience]
    return make_questionnaire(form["name"], form["title"], form["constructs"], introduction=form["introduction"])


@cache
def _forms() -> Mapping[str, Any]:
    record: Mapping[str, Any] = yaml.safe_load((files(__package__) / "bank.yaml").read_text(encoding="utf-8"))
    return record["forms"]  # type: ignore[no-any-return]


def _texts_of_forms() -> Mapping[str, Texts]:
    return {"introduction": _forms()["residents"]["introduction"], "thanks": _forms()["thanks"]}


def _choices(record: Sequence[Mapping[str, Any]]) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            name=str(each["name"]),
            label={language: each[language] for language in LANGUAGES},
            is_missing=each.get("missing", False),
            is_exclusive=each.get("exclusive", False),
        )
        for each in record
    )


def _construct(name: str, record: Mapping[str, Any], answers: Mapping[str, tuple[Choice, ...]]) -> Construct:
    scale = record.get("scale")
    scales = (Scale(name=scale["name"], label=record["label"], low=scale["low"], high=scale["high"]),) if scale else ()
    group = Group(
        name=f"{name}_page",
        label=record.get("heading", record["label"]),
        relevant=record.get("relevant", ""),
        randomise_order=record.get("randomise_order", False),
        questions=tuple(_question(name, each, record, answers) for each in record["items"]),
    )
    return Construct(
        name=name,
        label=record["label"],
        definition=record["definition"],
        audiences=tuple(record["audiences"]),
        group=group,
        scales=scales,
        splits=tuple(Split(name=each["name"], arms=tuple(each["arms"])) for each in record.get("splits", ())),
        sensitive=tuple(SensitiveItem(**each) for each in record.get("sensitive", ())),
    )


def _question(
    construct: str, item: Mapping[str, Any], record: Mapping[str, Any], answers: Mapping[str, tuple[Choice, ...]]
) -> Question:
    kind = item.get("kind", "select_one")
    set_of_answers = item.get("answers", record.get("answers") if kind == "select_one" else None)
    in_scale = "scale" in record and kind == "select_one" and item.get("in_scale", True)
    more = {key: item[key] for key in _COPIED if key in item}
    return Question(
        name=item["name"],
        kind=kind,
        label={language: item[language] for language in LANGUAGES},
        hint=item.get("hint", {}),
        choices=answers[set_of_answers] if set_of_answers else (),
        scale=record["scale"]["name"] if in_scale else "",
        construct=construct,
        **more,
    )


_COPIED = (
    "required", "relevant", "constraint", "constraint_message", "reverse", "randomise_choices", "low", "high", "step",
    "most_characters", "calculate", "appearance",
)  # fmt: skip
