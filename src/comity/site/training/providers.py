"""Credentials of activity providers: made once, shown once, closed for good."""

from __future__ import annotations

import secrets

from django.db import transaction
from django.utils.translation import gettext as _

from comity.site.community.log import record
from comity.site.community.models import Account
from comity.site.training.models import Course, Provider
from comity.site.training.receiving import digest_of
from comity.site.training.refusals import TrainingRefused


@transaction.atomic
def add_provider(course: Course, *, name: str, activity: str, by: Account) -> tuple[Provider, str]:
    """The provider and its secret, which is kept nowhere."""
    _own(course, by)
    secret = secrets.token_urlsafe(32)
    made = course.provider_set.create(name=name, key=secrets.token_hex(8), digest=digest_of(secret), activity=activity)
    record("training.provider", f"provider {made.pk}", by=by, details={"course": course.slug, "name": name})
    return made, secret


@transaction.atomic
def close_provider(provider: Provider, *, by: Account) -> None:
    """Its credentials stop working; what it said stays."""
    _own(provider.course, by)
    provider.is_open = False
    provider.save(update_fields=["is_open"])
    record("training.provider-closed", f"provider {provider.pk}", by=by)


def _own(course: Course, by: Account) -> None:
    if course.agency != by.agency:
        raise TrainingRefused(_("This belongs to another agency."), _("Use an account of that agency."))
