"""Paper forms on their way in: received for a token, keyed by two people, looked up by a third where they differ, accepted once.

The code that came with a form is exchanged for a blind token before anything is keyed, as a browser would exchange it, so one
case is one response whether it came on paper or not. From then on the form has a number drawn by chance. With acceptance the
row of the form goes, and nothing says which paper became which response.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.surveys.keying import differing_fields, paper_problems
from comity.site.surveys.questionnaire import Problem, complete_answers
from comity.site.surveys.responses import actions
from comity.site.surveys.responses.models import PaperForm, SpentToken
from comity.site.surveys.responses.queries import Fielded
from comity.site.surveys.stores import RESPONSES

LANGUAGE = "_language"  # of the printed form; keyed like an answer, and no question can be called so in a form
NUMBERS = 10**6


class PaperRefused(ComityError):
    """A paper form cannot be received or keyed as asked."""


@dataclass(frozen=True)
class WaitingForm:
    """A form that is not accepted yet. step: "key" or "look up". is_begun: by this person; may: whether they may do the step."""

    number: str
    keyed: int
    step: str
    is_begun: bool
    may: bool


def receive_form(survey: Fielded, token: str, stratum: str, *, keys: Path) -> str:
    """Keeps the token that a form's code was exchanged for; returns the number to write on the form.

    The same token again gives the same number. Raises TokenRefused for what is no token of this survey, PaperRefused for a spent
    one or an open link.
    """
    if survey.is_opt_in:
        raise PaperRefused(
            _("A survey with an open link takes no paper forms: nothing would show whether one was sent twice."),
            _("Invite a sample to use paper."),
        )
    receipt = actions.receipt_of(survey, token, stratum, keys)
    with transaction.atomic(using=RESPONSES):
        if SpentToken.objects.filter(receipt=receipt).exists():
            raise PaperRefused(_("Answers for this code have arrived already."), _("Set the form aside."))
        found = PaperForm.objects.filter(survey=survey.name, token=token).first()
        if found is None:
            taken = set(PaperForm.objects.values_list("number", flat=True))
            number = next(each for each in iter(_number, "") if each not in taken)
            found = PaperForm.objects.create(number=number, survey=survey.name, token=token, stratum=stratum)
    return found.number


def waiting_forms(survey: str, person: str) -> list[WaitingForm]:
    """The forms that are not accepted yet, in the order of their numbers, as `person` may work on them."""
    return [_waiting(each, person) for each in PaperForm.objects.filter(survey=survey).order_by("number")]


def waiting_form(survey: str, number: str, person: str) -> WaitingForm:
    """One of them. Raises PaperRefused when it is not there (any more)."""
    return _waiting(_form(survey, number), person)


def own_keying(survey: str, number: str, person: str) -> Mapping[str, Any]:
    """What `person` typed of the form so far; never what the other one did."""
    form = _form(survey, number)
    side = _side(form, person)
    return dict(getattr(form, side)) if side else {}


def save_keying(
    survey: Fielded, number: str, keyed: Mapping[str, Any], *, by: str, is_done: bool, keys: Path, day: date
) -> bool:
    """Keeps what `by` typed of a form; the second finished keying is compared with the first. Returns whether it was accepted.

    keyed: answers, arms and LANGUAGE. Raises PaperRefused when two people keyed the form already.
    """
    with transaction.atomic(using=RESPONSES):
        form = PaperForm.objects.select_for_update().filter(survey=survey.name, number=number).first()
        if form is None:
            raise _gone(number)
        side = _side(form, by)
        if not side:
            raise PaperRefused(
                _("You keyed this form, or two others did."),
                _("Another person does the next step; choose another form."),
            )
        setattr(form, side, dict(keyed))
        setattr(form, f"{side}_by", by)
        setattr(form, f"is_{side}_done", is_done)
        form.save()
    if form.is_first_done and form.is_second_done and not fields_to_look_up(survey, number):
        accept_form(survey, number, form.first, keys=keys, day=day)
        return True
    return False


def fields_to_look_up(survey: Fielded, number: str) -> dict[str, tuple[Any, Any]]:
    """Field -> what the first and the second person typed: where they differ, or where both typed what cannot be."""
    form = _form(survey.name, number)
    questionnaire = survey.questionnaire
    fields = differing_fields(questionnaire, form.first, form.second)
    agreed = {name: value for name, value in form.first.items() if name not in fields}
    if form.first.get(LANGUAGE) != form.second.get(LANGUAGE):
        fields.insert(0, LANGUAGE)
    fields += [each.question for each in paper_problems(questionnaire, agreed) if each.question not in fields]
    return {name: (form.first.get(name), form.second.get(name)) for name in fields}


def look_up(
    survey: Fielded, number: str, looked_up: Mapping[str, Any], *, by: str, keys: Path, day: date
) -> list[Problem]:
    """Accepts the form with what `by` read on the paper instead of what differed; [] when it was accepted.

    looked_up: every field that was to be looked up and is not empty on the paper. Raises PaperRefused for one of the two who
    keyed it.
    """
    form = _form(survey.name, number)
    if not _waiting(form, by).may:
        raise PaperRefused(
            _("A third person looks at the paper, and only once two have keyed it."), _("Choose another form.")
        )
    open_fields = fields_to_look_up(survey, number)
    agreed = {name: value for name, value in form.first.items() if name not in open_fields}
    final = {**agreed, **looked_up}
    problems = paper_problems(survey.questionnaire, final)
    if not problems:
        accept_form(survey, number, final, keys=keys, day=day)
    return problems


def accept_form(survey: Fielded, number: str, keyed: Mapping[str, Any], *, keys: Path, day: date) -> None:
    """Spends the form's token on `keyed`, then forgets the form. Stopped between the two, it is repeated without effect."""
    form = _form(survey.name, number)
    actions.submit(
        survey,
        complete_answers(survey.questionnaire, keyed, today=day),
        token=form.token,
        stratum=form.stratum,
        keys=keys,
        day=day,
        mode="paper",
        language=str(keyed.get(LANGUAGE) or survey.questionnaire.languages[0]),
    )
    set_aside(survey.name, number)


def set_aside(survey: str, number: str) -> None:
    """Forgets a form, so that its code counts as used without an answer (a break-off): it came back empty, or twice."""
    PaperForm.objects.filter(survey=survey, number=number).delete()


def _waiting(form: PaperForm, person: str) -> WaitingForm:
    keyed = form.is_first_done + form.is_second_done
    is_third = person not in (form.first_by, form.second_by)
    step = "look up" if keyed == 2 else "key"
    return WaitingForm(
        form.number, keyed, step, not is_third, is_third if step == "look up" else bool(_side(form, person))
    )


def _side(form: PaperForm, person: str) -> str:
    """Which keying is this person's: theirs as long as it is not finished, or the first that nobody has begun; "" for none."""
    for side in ("first", "second"):
        if getattr(form, f"{side}_by") == person:
            return "" if getattr(form, f"is_{side}_done") else side
    return next((side for side in ("first", "second") if not getattr(form, f"{side}_by")), "")


def _form(survey: str, number: str) -> PaperForm:
    found = PaperForm.objects.filter(survey=survey, number=number).first()
    if found is None:
        raise _gone(number)
    return found


def _gone(number: str) -> PaperRefused:
    return PaperRefused(
        _("No form with the number %(number)s is waiting.") % {"number": number},
        _("It was accepted or set aside, or the number is mistyped."),
    )


def _number() -> str:
    return f"{secrets.randbelow(NUMBERS):06}"
