"""Writes into the log what django-allauth reports: sign-ins, second factors that came, went or failed, new passwords."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as factors
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.http import HttpRequest

from comity.site.community.log import record
from comity.site.community.models import Account
from comity.site.community.second_factors import STRONG, note_shown


def watch() -> None:
    """Begins to watch; called once, when the app is ready."""
    user_logged_in.connect(_signed_in)
    factors.authentication_failed.connect(_factor_failed)
    factors.authenticator_added.connect(_factor_added)
    factors.authenticator_removed.connect(_factor_removed)
    factors.authenticator_reset.connect(_codes_made)
    account.password_reset.connect(_new_password)
    account.password_changed.connect(_new_password)


def _note(action: str, user: Account, **details: Any) -> None:
    with transaction.atomic():
        record(f"accounts.{action}", f"account {user.pk}", by=user, details=details)


def _signed_in(request: HttpRequest, user: Account, **more: Any) -> None:
    if hasattr(request, "allauth"):  # a session that a program began is none that a person did
        _note(
            "signed-in", user, methods=", ".join(each["method"] for each in get_authentication_records(request, user))
        )


def _factor_failed(user: Account, authenticator: Any, **more: Any) -> None:
    _note("second-factor-failed", user, kind=authenticator.type)


def _factor_added(request: HttpRequest, user: Account, authenticator: Any, **more: Any) -> None:
    if authenticator.type in STRONG:
        note_shown(request, user, authenticator)
    _note("second-factor-added", user, kind=authenticator.type)


def _factor_removed(user: Account, authenticator: Any, **more: Any) -> None:
    _note("second-factor-removed", user, kind=authenticator.type)


def _codes_made(user: Account, **more: Any) -> None:
    _note("recovery-codes-made", user)


def _new_password(user: Account, **more: Any) -> None:
    _note("password-set", user)
