"""Profiles of officers whose consent holds at the moment of reading."""

from __future__ import annotations

from datetime import datetime

from comity.site.community.models import Agency
from comity.site.outreach.actions.profiles import awaits_consent, token_digest
from comity.site.outreach.models import Profile


def public_profiles(agency: Agency, now: datetime) -> list[Profile]:
    """Those that their officers agree to now, by name."""
    return list(Profile.objects.filter(agency=agency, expires__gt=now).select_related("place").order_by("name", "pk"))


def invited_profile(token: str, now: datetime) -> Profile | None:
    """The profile that the officer with this one-time link may still agree to."""
    found = Profile.objects.select_related("place", "agency").filter(invitation=token_digest(token)).first()
    return found if found is not None and awaits_consent(found, now) else None
