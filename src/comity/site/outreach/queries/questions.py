"""Public questions as they stand now: how long each has waited is worked out when it is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from comity.site.community.models import Agency
from comity.site.community.receipts import receipt_digest
from comity.site.outreach.models import Answer, Question


@dataclass(frozen=True)
class Standing:
    """A question on a given moment.

    state: "unread", "left out", "open" (no answer, or the asker says that the last is none), "answered" or "accepted".
    days: whole days from asking until now, or until the answer that stands.
    """

    question: Question
    answers: tuple[Answer, ...]
    state: str
    days: int

    @property
    def is_waiting(self) -> bool:
        return self.state in ("unread", "open")

    @property
    def last(self) -> Answer | None:
        return self.answers[-1] if self.answers else None

    @property
    def may_be_judged(self) -> bool:
        """Whether the asker has not said yet what the last answer is worth."""
        return self.last is not None and not hasattr(self.last, "judgement")


def public_questions(agency: Agency, now: datetime) -> tuple[list[Standing], list[Standing]]:
    """(those that wait, the oldest first; those that are answered, the latest answer first); published ones only."""
    found = [
        standing(each, now)
        for each in _with_answers(Question.objects.filter(agency=agency, decision__is_published=True))
    ]
    waiting = sorted(
        (each for each in found if each.is_waiting), key=lambda each: (each.question.asked, each.question.pk)
    )
    answered = [each for each in found if not each.is_waiting]
    return waiting, sorted(answered, key=lambda each: each.last.at, reverse=True)  # type: ignore[union-attr]


def unread_questions(agency: Agency, now: datetime) -> list[Standing]:
    """Those that no moderator has decided on, the oldest first."""
    return [
        standing(each, now)
        for each in _with_answers(Question.objects.filter(agency=agency, decision=None)).order_by("asked", "pk")
    ]


def public_question(agency: Agency, number: int, now: datetime) -> Standing | None:
    found = _with_answers(Question.objects.filter(agency=agency, decision__is_published=True, pk=number)).first()
    return standing(found, now) if found else None


def question_of_receipt(typed: str, now: datetime) -> Standing | None:
    """The question whose receipt code this is, public or not."""
    found = _with_answers(Question.objects.filter(receipt=receipt_digest(typed))).first()
    return standing(found, now) if found else None


def standing(question: Question, now: datetime) -> Standing:
    answers = tuple(question.answers.all())
    decision = getattr(question, "decision", None)
    if decision is None:
        state = "unread"
    elif not decision.is_published:
        state = "left out"
    elif not answers or (hasattr(answers[-1], "judgement") and not answers[-1].judgement.is_answer):
        state = "open"
    else:
        state = "accepted" if hasattr(answers[-1], "judgement") else "answered"
    until = answers[-1].at if state in ("answered", "accepted") else now
    return Standing(question, answers, state, max(0, (until - question.asked).days))


def _with_answers(found: QuerySet[Question]) -> QuerySet[Question]:
    answers = Answer.objects.select_related("judgement", "by").order_by("pk")
    return found.select_related("agency", "place", "decision").prefetch_related(Prefetch("answers", answers))
