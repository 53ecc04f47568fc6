"""Inviting a sample, and exchanging a code for a blind token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connections, transaction
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.surveys.codes import CodeKey, CodeRefused
from comity.site.surveys.invitations.models import NO_ELEMENT, Invitation, Sample
from comity.site.surveys.mixing import mix, mix_later
from comity.site.surveys.stores import INVITATIONS
from comity.site.surveys.tokens import ELEMENT_BYTES, Token, TokenKey, TokenRefused

SMALLEST_STRATUM = 50


class SampleRefused(ComityError):
    """A sample cannot be invited as it is."""


@dataclass(frozen=True)
class Case:
    """One row of the sample: its number in the frame and its stratum."""

    case: str
    stratum: str


@dataclass(frozen=True)
class Issued:
    """What a code bought. evaluation: for the browser to unblind."""

    survey: str
    stratum: str
    evaluation: bytes
    public_key: bytes
    answers_url: str


@transaction.atomic(using=INVITATIONS)
def invite(
    survey: str,
    cases: Iterable[Case],
    *,
    codes: CodeKey,
    answers_url: str,
    smallest_stratum: int = SMALLEST_STRATUM,
    is_sample_data: bool = False,
) -> dict[str, str]:
    """Stores the sample of `survey` and returns the code of each case, for the letters; codes are stored nowhere.

    Raises SampleRefused for an empty sample, a case twice, a second sample, or a stratum in which fewer than
    `smallest_stratum` people would hide each other.
    """
    found = sorted(cases, key=lambda each: each.case)
    if not found:
        raise SampleRefused("The sample has no cases.", "Give a file with one row for each invited case.")
    if Sample.objects.filter(survey=survey).exists():
        raise SampleRefused(f"The survey '{survey}' has its sample already.", "Make a new survey for a new sample.")
    sizes: dict[str, int] = {}
    for each in found:
        sizes[each.stratum] = sizes.get(each.stratum, 0) + 1
    small = [name for name, size in sorted(sizes.items()) if size < smallest_stratum]
    if small:
        raise SampleRefused(
            f"Stratum '{small[0]}' has {sizes[small[0]]} cases, and an answer says of which stratum it is.",
            f"Join it with another, so that at least {smallest_stratum} cases hide each other.",
        )
    if len({each.case for each in found}) < len(found):
        raise SampleRefused("The sample has a case twice.", "Give each case a number of its own.")
    sample = Sample.objects.create(survey=survey, answers_url=answers_url, is_open=True, is_sample_data=is_sample_data)
    printed = {each.case: codes.code(survey, each.case) for each in found}
    rows = [
        Invitation(code_digest=codes.digest(printed[each.case]), sample=sample, case=each.case, stratum=each.stratum)
        for each in found
    ]
    Invitation.objects.bulk_create(sorted(rows, key=lambda row: row.code_digest), batch_size=500)
    return printed


def issue_token(survey: str, code: str, blinded: bytes, *, codes: CodeKey, key: TokenKey) -> Issued:
    """Exchanges `code` for the evaluation of `blinded`: once, and again only for the very same element.

    Raises CodeRefused for an unknown or used code and a closed survey, TokenRefused for what is not an element.
    """
    digest = codes.digest(code)
    if len(blinded) != ELEMENT_BYTES or blinded == NO_ELEMENT:
        raise TokenRefused(
            _("The browser sent something that is not a blinded token."), _("Load the page again and try once more.")
        )
    found = _open_invitation(survey, digest)
    # Evaluated first: what is not an element of the group must not use up a code.
    evaluation = key.evaluate(found.stratum, blinded)
    if not _use(digest, blinded):
        raise _used()
    mix_later(INVITATIONS)
    return Issued(survey, found.stratum, evaluation, key.public_key(found.stratum), found.sample.answers_url)


def issue_without_browser(survey: str, code: str, *, codes: CodeKey, key: TokenKey) -> tuple[Token, str, str]:
    """For browsers without JavaScript: the token is made here, and the promise is only that it is not kept.

    Returns (token, stratum, answers_url). Raises CodeRefused; a second call with the same code is refused.
    """
    digest = codes.digest(code)
    found = _open_invitation(survey, digest)
    if not _use(digest, b"\xff" * ELEMENT_BYTES, again=False):
        raise _used()
    mix_later(INVITATIONS)
    return key.issue_here(found.stratum), found.stratum, found.sample.answers_url


def survey_of_code(code: str, *, codes: CodeKey) -> str:
    """Which survey `code` invites to. Raises CodeRefused."""
    found = Invitation.objects.filter(code_digest=codes.digest(code)).values_list("sample_id", flat=True).first()
    if found is None:
        raise _unknown()
    return str(found)


@transaction.atomic(using=INVITATIONS)
def set_disposition(survey: str, case: str, disposition: str) -> None:
    """Notes what became of a case without an answer: two letters of AAPOR's, such as "NC"."""
    if len(disposition) != 2:
        raise SampleRefused(f"'{disposition}' is not a disposition.", "Give two letters, such as NC or RF.")
    if not Invitation.objects.filter(sample_id=survey, case=case).update(disposition=disposition):
        raise SampleRefused(f"There is no case '{case}' in this sample.", "Check the number on the letter.")


def close_sample(survey: str) -> None:
    """No code of `survey` buys a token any more."""
    Sample.objects.filter(survey=survey).update(is_open=False)
    mix(INVITATIONS)


def _open_invitation(survey: str, digest: bytes) -> Invitation:
    found = Invitation.objects.select_related("sample").filter(code_digest=digest, sample_id=survey).first()
    if found is None:
        raise _unknown()
    if not found.sample.is_open:
        raise CodeRefused(_("This survey has ended."), _("Its results will be on the public record."))
    return found


def _use(digest: bytes, blinded: bytes, *, again: bool = True) -> bool:
    """Marks the code as used with `blinded`; False when it was used with another element.

    One statement that overwrites values in place: the row keeps its size and its page.
    """
    same = " OR blinded = %s" if again else ""
    with connections[INVITATIONS].cursor() as cursor:
        cursor.execute(
            "UPDATE survey_invitations_invitation SET is_used = %s, blinded = %s"
            f" WHERE code_digest = %s AND (is_used = %s{same})",
            [True, blinded, digest, False, *([blinded] if again else [])],
        )
        return bool(cursor.rowcount)


def _unknown() -> CodeRefused:
    return CodeRefused(_("We do not know this code."), _("Compare it with your letter; it has ten letters and digits."))


def _used() -> CodeRefused:
    return CodeRefused(
        _("This code was used already, on this device or another."),
        _("Go on where you began: on that device your answers are still there."),
    )
