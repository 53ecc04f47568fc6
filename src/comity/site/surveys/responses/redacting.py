"""Redacting without a web page: every mark that waits for a decision as rows of a file, and the decisions back, all or none.

One row a text, then one for each mark in it. A person fills in the column `decision`: "hide" or "keep" for each mark, and "approve" for the
text when all of its marks are decided; `also` holds further words to hide, with | between. A text without any decision goes on waiting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction

from comity.site.community.models import Account
from comity.site.surveys.free_text import RedactionError
from comity.site.surveys.free_text.redaction import REDACTORS
from comity.site.surveys.responses.free_texts import FreeText, approve_text, waiting_texts
from comity.site.surveys.stores import RESPONSES

COLUMNS = ("text", "question", "mark", "words", "kind", "decision", "also")
Row = Mapping[str, str]


def refuse_who_may_not(by: Account) -> None:
    """Raises RedactionError for anybody but a redactor or the custodian, and for anybody of the police."""
    if by.role not in REDACTORS or by.works_for_police or not by.is_active:
        raise RedactionError(
            f"Somebody in the role '{by.role}' may not read or decide on what people wrote.",
            "Only a redactor or the survey custodian does, and neither belongs to the police.",
        )


def proposals(survey: str, *, by: Account) -> list[dict[str, str]]:
    """The rows of every text that waits. Raises RedactionError, and StillOpen while the survey is open."""
    refuse_who_may_not(by)
    rows = []
    for text in waiting_texts(survey):
        empty = dict.fromkeys(COLUMNS, "")
        rows.append(empty | {"text": text.digest.hex(), "question": text.question, "words": text.text, "kind": "text"})
        rows += [
            empty
            | {"text": text.digest.hex(), "question": text.question, "mark": str(at), "words": words, "kind": kind}
            for at, words, kind in text.proposals
        ]
    return rows


@transaction.atomic(using=RESPONSES)
def decide(survey: str, rows: Sequence[Row], *, by: Account) -> int:
    """Keeps every text that `rows` decide on, as it may leave; how many. All or none of them.

    Raises RedactionError naming the row (from 2, below the header) whose decision is missing or none, and for a text decided before.
    """
    refuse_who_may_not(by)
    waiting = {each.digest.hex(): each for each in waiting_texts(survey)}
    of_text: dict[str, dict[str, tuple[int, Row]]] = {}
    for number, row in enumerate(rows, 2):
        of_text.setdefault(row["text"], {})[row["mark"]] = (number, row)
    done = 0
    for digest, found in of_text.items():
        if not any(row["decision"].strip() or row["also"].strip() for _, row in found.values()):
            continue
        first = min(number for number, _ in found.values())
        if digest not in waiting:
            raise RedactionError(
                f"Row {first} is about a text that does not wait for a decision.",
                "Make the file again, and decide in it.",
            )
        accepted, also = _decision(waiting[digest], found, first)
        approve_text(survey, bytes.fromhex(digest), accepted=accepted, also=also, by=by)
        done += 1
    return done


def _decision(text: FreeText, found: Mapping[str, tuple[int, Row]], first: int) -> tuple[list[int], str]:
    """(numbers of the marks to hide, further words to hide, one a line)."""
    accepted = []
    for at in range(len(text.marks)):
        number, row = found.get(str(at), (first, {"decision": ""}))
        decision = row["decision"].strip().casefold()
        if decision not in ("hide", "keep"):
            raise RedactionError(
                f"Row {number}: mark {at + 1} of its text is neither hidden nor kept.",
                "Write hide or keep for every mark.",
            )
        accepted += [at] if decision == "hide" else []
    number, row = found.get("", (first, {"decision": "", "also": ""}))
    if row["decision"].strip().casefold() != "approve":
        raise RedactionError(
            f"Row {number}: the text is not approved.", "Write approve beside it, or leave its marks undecided as well."
        )
    return accepted, "\n".join(part.strip() for part in row["also"].split("|"))
