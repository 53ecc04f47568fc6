"""Public questions: asked without an account, moderated by a published policy, answered by the agency, judged by the asker."""

from __future__ import annotations

from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.community.log import record
from comity.site.community.models import Account, Agency, Place
from comity.site.community.receipts import Receipt
from comity.site.outreach.models import Answer, Decision, Judgement, Question, Rule

MOST_UNREAD = 500  # questions of one agency that no moderator has read yet; a flood stops there


class QuestionRefused(ComityError):
    """A question, answer or judgement cannot be taken as given."""


@transaction.atomic
def ask(text: str, *, agency: Agency, receipt: Receipt, language: str, place: Place | None = None) -> Question:
    """A question that waits for a moderator. The same form sent twice is one question. Raises QuestionRefused."""
    again = Question.objects.filter(once=receipt.once).first()
    if again is not None:
        return again
    if Question.objects.filter(agency=agency, decision=None).count() >= MOST_UNREAD:
        raise QuestionRefused(
            _("More questions are waiting to be read than people can read."), _("Try again in a few days.")
        )
    question = Question.objects.create(
        agency=agency,
        place=place,
        text=text,
        language=language,
        asked=settings.CLOCK(),
        receipt=receipt.digest,
        once=receipt.once,
    )
    record(
        "outreach.question-asked",
        f"question {question.pk}",
        by=None,
        agency=agency,
        public={"question": question.pk, "sha256": _digest(text)},
    )
    return question


@transaction.atomic
def decide(question: Question, *, publish: bool, rule: str = "", by: Account) -> Decision:
    """Publishes the question, or leaves it out by a rule of the policy and erases its text. Raises QuestionRefused."""
    question = Question.objects.select_for_update().get(pk=question.pk)
    if Decision.objects.filter(question=question).exists():
        raise QuestionRefused(_("This question has been decided on."), _("Nothing is left to do."))
    if publish == bool(rule) or (rule and rule not in Rule.values):
        raise QuestionRefused(
            _("A question is published, or left out by a rule."), _("Choose a rule only where you leave it out.")
        )
    decision = Decision.objects.create(question=question, is_published=publish, rule=rule, by=by, at=settings.CLOCK())
    if not publish:
        question.text = ""
        question.save(update_fields=["text"])
    record(
        "outreach.question-published" if publish else "outreach.question-left-out",
        f"question {question.pk}",
        by=by,
        agency=question.agency,
        public={"question": question.pk, **({"rule": rule} if rule else {})},
    )
    return decision


@transaction.atomic
def answer(question: Question, text: str, *, by: Account) -> Answer:
    """The agency's answer, public at once. Raises QuestionRefused for a question that is not public."""
    if not Decision.objects.filter(question=question, is_published=True).exists():
        raise QuestionRefused(_("This question is not public."), _("Wait until a moderator has read it."))
    made = Answer.objects.create(question=question, text=text, by=by, at=settings.CLOCK())
    record(
        "outreach.question-answered",
        f"question {question.pk}",
        by=by,
        agency=question.agency,
        public={"question": question.pk, "answer": made.pk, "sha256": _digest(text)},
    )
    return made


@transaction.atomic
def judge(question: Question, *, is_answer: bool) -> Judgement:
    """What the asker, known by the receipt, says of the last answer; once for each. Raises QuestionRefused."""
    last = Answer.objects.select_for_update().filter(question=question).order_by("-pk").first()
    if last is None or Judgement.objects.filter(answer=last).exists():
        raise QuestionRefused(_("There is no answer to judge."), _("Come back when there is a new one."))
    made = Judgement.objects.create(answer=last, is_answer=is_answer, at=settings.CLOCK())
    record(
        "outreach.answer-judged",
        f"question {question.pk}",
        by=None,
        agency=question.agency,
        public={"question": question.pk, "answer": last.pk, "is_answer": is_answer},
    )
    return made


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
