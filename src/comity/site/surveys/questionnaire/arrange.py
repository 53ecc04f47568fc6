"""Chance in a questionnaire: the order of questions and choices, and the arm of each split ballot.

Everything follows from one random value of the respondent's own, which is never stored; the arms are, because estimates need
them. A hash of that value and of the name decides, so that the order of one page tells nothing of another.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from comity.site.surveys.questionnaire.model import Choice, Group, Question, Questionnaire


def arms(questionnaire: Questionnaire, seed: bytes) -> dict[str, str]:
    """{split: arm} of the respondent with the random value `seed` (at least 16 bytes from a secure source)."""
    return {split.name: split.arms[_draw(seed, split.name) % len(split.arms)] for split in questionnaire.splits}


def arrange_group(group: Group, seed: bytes) -> Group:
    """The page with its questions and their choices in this respondent's order."""
    questions = [_arrange_choices(question, seed) for question in group.questions]
    if group.randomise_order:
        moving = [at for at, question in enumerate(questions) if question.kind != "note"]
        shuffled = sorted((questions[at] for at in moving), key=lambda each: _draw(seed, group.name, each.name))
        for at, question in zip(moving, shuffled, strict=True):
            questions[at] = question
    return replace(group, questions=tuple(questions))


def arrange(questionnaire: Questionnaire, seed: bytes) -> Questionnaire:
    """The whole questionnaire in this respondent's order; answers mean the same in every order."""
    return replace(questionnaire, groups=tuple(arrange_group(group, seed) for group in questionnaire.groups))


def _arrange_choices(question: Question, seed: bytes) -> Question:
    if not question.randomise_choices:
        return question

    def place(choice: Choice) -> tuple[bool, int]:
        is_last = choice.is_missing or choice.is_exclusive
        return is_last, 0 if is_last else _draw(seed, question.name, choice.name)

    return replace(question, choices=tuple(sorted(question.choices, key=place)))


def _draw(seed: bytes, *names: str) -> int:
    return int.from_bytes(hashlib.blake2b("\x00".join(names).encode(), key=_key(seed), digest_size=8).digest())


def _key(seed: bytes) -> bytes:
    return hashlib.sha256(seed).digest()
