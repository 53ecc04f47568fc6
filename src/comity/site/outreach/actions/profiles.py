"""Profiles of officers: prepared by the office, public only while the officer's own consent holds.

The officer consents, and withdraws, by links that nobody else has; the log says that it happened, never of whom or where.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.community.log import record
from comity.site.community.models import Account, Place
from comity.site.community.private_words import refuse_private_words
from comity.site.outreach.models import Profile

MONTHS = (6, 12)  # how long consent may hold
INVITATION_DAYS = 30


class ProfileRefused(ComityError):
    """A profile cannot be prepared, or a link does not serve any more."""


@transaction.atomic
def prepare_profile(
    *, name: str, rank: str, words: str, languages: str = "", place: Place | None = None, by: Account
) -> tuple[Profile, str]:
    """(profile, token of the officer's one-time link). Nobody but the office and the officer sees it yet.

    Raises PrivateWords for text that looks like an address, a telephone number or an e-mail address; ProfileRefused.
    """
    refuse_private_words(name, rank, words, languages)
    if place is not None and place.agency_id != by.agency_id:
        raise ProfileRefused(_("This place belongs to another agency."), _("Choose one of your own places."))
    token = secrets.token_urlsafe(32)
    profile = Profile.objects.create(
        agency=by.agency,
        place=place,
        name=name,
        rank=rank,
        words=words,
        languages=languages,
        invited=settings.CLOCK(),
        invitation=token_digest(token),
    )
    record("outreach.profile-prepared", f"profile {profile.pk}", by=by)
    return profile, token


@transaction.atomic
def consent(token: str, *, months: int) -> tuple[Profile, str]:
    """(profile, token of the link that withdraws it). The consent holds for `months`, and the first link is spent.

    Raises ProfileRefused for a link that is spent, too old or unknown: one answer for all three.
    """
    now = settings.CLOCK()
    profile = Profile.objects.select_for_update().filter(invitation=token_digest(token)).first()
    if profile is None or not awaits_consent(profile, now):
        raise ProfileRefused(_("This link does not serve any more."), _("Ask the office for a new one."))
    if months not in MONTHS:
        raise ProfileRefused(_("Consent can hold for 6 or 12 months."), _("Choose one of them."))
    withdrawing = secrets.token_urlsafe(32)
    profile.consented, profile.expires = now, months_later(now, months)
    profile.withdrawal = token_digest(withdrawing)
    profile.save()
    record(
        "outreach.profile-consented",
        f"profile {profile.pk}",
        by=None,
        agency=profile.agency,
        public={"profile": profile.pk, "until": profile.expires.date().isoformat()},
    )
    return profile, withdrawing


@transaction.atomic
def withdraw(token: str) -> bool:
    """Erases the profile whose withdrawing link this is, at once; False where there is none (any more)."""
    profile = Profile.objects.filter(withdrawal=token_digest(token)).first()
    if profile is None:
        return False
    _erase(profile, "outreach.profile-withdrawn", by=None)
    return True


@transaction.atomic
def take_down(profile: Profile, *, by: Account) -> None:
    """Erases a profile because the officer asked, left, or never answered."""
    _erase(profile, "outreach.profile-taken-down", by=by)


@transaction.atomic
def erase_expired(now: datetime) -> int:
    """Erases profiles whose consent, or whose invitation, has run out. They were off the pages already."""
    gone = [
        each
        for each in Profile.objects.select_related("agency")
        if not is_shown(each, now) and not awaits_consent(each, now)
    ]
    for profile in gone:
        _erase(profile, "outreach.profile-expired", by=None)
    return len(gone)


def is_shown(profile: Profile, now: datetime) -> bool:
    """Whether the officer's consent holds at `now`."""
    return profile.expires is not None and now < profile.expires


def awaits_consent(profile: Profile, now: datetime) -> bool:
    return profile.consented is None and (now - profile.invited).days < INVITATION_DAYS


def token_digest(token: str) -> str:
    return sha256(f"profile\n{token}".encode()).hexdigest()


def months_later(moment: datetime, months: int) -> datetime:
    """The same day of a later month, or the month's last."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    for day in range(moment.day, 0, -1):
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise AssertionError("every month has a first day")


def _erase(profile: Profile, action: str, *, by: Account | None) -> None:
    number, agency, was_public = profile.pk, profile.agency, profile.consented is not None
    profile.delete()
    record(action, f"profile {number}", by=by, agency=agency, public={"profile": number} if was_public else None)
