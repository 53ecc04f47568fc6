"""Fielding a survey, taking its responses, closing it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.surveys.mixing import mix
from comity.site.surveys.questionnaire import read_questionnaire
from comity.site.surveys.responses import slots
from comity.site.surveys.responses.models import PaperForm, Survey
from comity.site.surveys.responses.queries import Fielded
from comity.site.surveys.responses.writer import Arrival, write
from comity.site.surveys.stores import RESPONSES
from comity.site.surveys.tokens import NONCE_BYTES, Token, TokenKey, TokenRefused

FEWEST_SLOTS = 400
SLOTS_A_CASE = 3

MODES = ("web", "phone", "in person", "paper")


class CannotField(ComityError):
    """A survey cannot go into the field, or come out of it, as asked."""


@transaction.atomic(using=RESPONSES)
def field_survey(
    name: str,
    questionnaire: bytes,
    *,
    strata: Mapping[str, bytes] | None,
    expected: int = 0,
    is_sample_data: bool = False,
) -> Survey:
    """Freezes `questionnaire` (JSON) and opens the survey `name`.

    strata: public key of each stratum; None for an open link, which is labelled opt-in for ever. expected: how many
    people are invited; room is made for them, and grows by itself. Raises CannotField for a name that is taken.
    """
    read_questionnaire(questionnaire)
    if Survey.objects.filter(name=name).exists():
        raise CannotField(f"There is a survey '{name}' already.", "Give this one another name.")
    survey = Survey(
        name=name,
        questionnaire=questionnaire,
        fingerprint=hashlib.sha256(questionnaire).hexdigest(),
        access=Survey.Access.OPT_IN if strata is None else Survey.Access.INVITED,
        strata={stratum: key.hex() for stratum, key in (strata or {}).items()},
        is_sample_data=is_sample_data,
        first_slot=slots.next_free_number(),
        slots=max(FEWEST_SLOTS, SLOTS_A_CASE * expected),
    )
    slots.make_slots(survey.first_slot, survey.slots)
    survey.save(force_insert=True)
    return survey


def submit(survey: Fielded, answers: Mapping[str, Any], **sent: Any) -> bytes:
    """Stores complete `answers` once and returns the receipt; again for the same token changes nothing.

    sent: as of `arrival`. Raises what that raises, SurveyClosed, and NotStored.
    """
    new = arrival(survey, answers, **sent)
    write(new)
    return new.receipt


def arrival(
    survey: Fielded,
    answers: Mapping[str, Any],
    *,
    token: str,
    stratum: str,
    keys: Path,
    day: date,
    mode: str,
    language: str,
) -> Arrival:
    """Complete `answers` as they are stored, with the receipt of `token`; nothing is stored yet.

    day: all that is kept of the time. Raises TokenRefused for a token that this survey's key did not make, ResponseTooLong.
    """
    content = json.dumps(
        {"day": day.isoformat(), "mode": mode, "language": language, "stratum": stratum, "answers": dict(answers)},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    slots.check_length(content)
    if survey.is_opt_in:
        receipt = _opt_in_receipt(survey, token, content)
    else:
        receipt = receipt_of(survey, token, stratum, keys)
    return Arrival(survey.name, receipt, content)


def close_survey(name: str) -> None:
    """No response is taken any more; the answers can be read from then on. Raises CannotField while paper forms wait."""
    waiting = PaperForm.objects.filter(survey=name).count()
    if waiting:
        raise CannotField(
            _("Paper forms that wait to be keyed or looked up: %(waiting)s.") % {"waiting": waiting},
            _("Finish them in the office, or set them aside there, and then end the survey."),
        )
    if not Survey.objects.filter(name=name).update(state=Survey.State.CLOSED):
        raise CannotField(f"There is no survey '{name}'.", "Check the spelling.")
    mix(RESPONSES)


def receipt_of(survey: Fielded, token: str, stratum: str, keys: Path) -> bytes:
    """What a genuine token of `survey` leaves on the list of spent ones. Raises TokenRefused for any other."""
    key = TokenKey.read(keys, survey.name)
    read = Token.from_text(token)
    if stratum not in survey.strata or not key.is_genuine(stratum, read):
        raise TokenRefused(
            _("This token was not made for this survey."), _("Begin again on the page where the code is typed.")
        )
    return key.receipt(read)


def _opt_in_receipt(survey: Fielded, nonce: str, content: bytes) -> bytes:
    """Of an open link: the same answers from the same page are one response, however often they are sent.

    The content is part of it, so that two people who were given one copy of a page by a cache are still two.
    """
    if len(nonce) != 2 * NONCE_BYTES:
        raise TokenRefused(_("This page is incomplete."), _("Load the survey again."))
    return hashlib.sha256(b"\n".join((b"comity opt-in", survey.name.encode(), nonce.encode(), content))).digest()
