"""Free texts on their way out: a person who is not police decides what is hidden, one text at a time, without other answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from comity.site.community.models import Account
from comity.site.surveys.free_text import Mark, RedactionError, propose_marks, redact, text_digest
from comity.site.surveys.responses.models import RedactedText
from comity.site.surveys.responses.queries import fielded, responses
from comity.site.surveys.stores import RESPONSES


@dataclass(frozen=True)
class FreeText:
    """What somebody wrote in answer to one question, and what the program would hide in it."""

    question: str
    digest: bytes
    text: str
    marks: Sequence[Mark]

    @property
    def proposals(self) -> list[tuple[int, str, str]]:
        """(number, words, kind) of each mark."""
        return [(at, self.text[mark.start : mark.end], mark.kind) for at, mark in enumerate(self.marks)]


def waiting_texts(survey: str) -> list[FreeText]:
    """The texts nobody has decided on, in the order of their digests. Raises StillOpen while the survey is open."""
    decided = {bytes(each) for each in RedactedText.objects.filter(survey=survey).values_list("digest", flat=True)}
    return [each for each in _texts(survey) if each.digest not in decided]


@transaction.atomic(using=RESPONSES)
def approve_text(survey: str, digest: bytes, *, accepted: Sequence[int], also: str, by: Account) -> RedactedText:
    """Keeps the text as it may leave. accepted: numbers of the proposals to hide; also: further words to hide, one a line.

    Raises RedactionError when there is no such text, it was decided already, or `by` may not decide.
    """
    found = next((each for each in waiting_texts(survey) if each.digest == digest), None)
    if found is None:
        raise RedactionError(_("This text was decided on already."), _("Go on with the next one."))
    kept = [mark for at, mark in enumerate(found.marks) if at in accepted]
    left = [mark for at, mark in enumerate(found.marks) if at not in accepted]
    done = redact(
        found.text, found.marks, accepted=kept, rejected=left, added=_occurrences(found.text, also), role=by.role
    )
    return RedactedText.objects.create(
        digest=digest, survey=survey, question=found.question, text=done.text, hidden=done.hidden
    )


def redacted_texts(survey: str) -> dict[str, list[str]]:
    """Question -> the approved texts, in the order of the alphabet."""
    found: dict[str, list[str]] = {}
    for question, text in RedactedText.objects.filter(survey=survey).values_list("question", "text"):
        found.setdefault(question, []).append(text)
    return {question: sorted(texts) for question, texts in sorted(found.items())}


def approved_by_digest(survey: str) -> dict[bytes, str]:
    """Digest of what was written -> the text as it may leave."""
    found = RedactedText.objects.filter(survey=survey).values_list("digest", "text")
    return {bytes(digest): text for digest, text in found}


def _texts(survey: str) -> list[FreeText]:
    questions = [each.name for each in fielded(survey).questionnaire.questions.values() if each.kind == "text"]
    found = {}
    for response in responses(survey):
        for question in questions:
            text = response["answers"].get(question, "").strip()
            if text:
                digest = text_digest(survey, question, text)
                found[digest] = FreeText(question, digest, text, propose_marks(text))
    return [found[digest] for digest in sorted(found)]


def _occurrences(text: str, words: str) -> Iterator[Mark]:
    for phrase in filter(None, (line.strip() for line in words.splitlines())):
        at = text.find(phrase)
        while at >= 0:
            yield Mark(at, at + len(phrase), "name")
            at = text.find(phrase, at + len(phrase))
