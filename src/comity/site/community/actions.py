"""Making and closing accounts."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from comity.errors import ComityError
from comity.site.community.models import Account, Agency
from comity.site.community.roles import OF_THE_POLICE, Role


class AccountRefused(ComityError):
    """An account cannot be made as asked."""


@transaction.atomic
def add_account(
    name: str, *, role: str, password: str, works_for_police: bool = False, agency: Agency | None = None
) -> Account:
    """A new account. Raises AccountRefused for a taken name, an unknown role, a weak password, or a police custodian."""
    if role not in Role.values:
        raise AccountRefused(f"There is no role '{role}'.", f"Use one of: {', '.join(Role.values)}.")
    if works_for_police and role not in OF_THE_POLICE:
        raise AccountRefused(
            f"Someone who works for the police cannot be {role}.",
            f"Give them one of these roles: {', '.join(OF_THE_POLICE)}; or name someone else.",
        )
    if role == Role.CHIEF and not works_for_police:
        raise AccountRefused("A chief works for the police.", "Say so, or choose another role.")
    if Account.objects.filter(username=name).exists():
        raise AccountRefused(f"There is already an account '{name}'.", "Choose another name.")
    try:
        validate_password(password)
    except ValidationError as problem:
        raise AccountRefused(" ".join(problem.messages), "Choose a longer password of several words.") from None
    return Account.objects.create_user(
        name, password=password, role=role, works_for_police=works_for_police, agency=agency
    )


@transaction.atomic
def close_account(name: str) -> None:
    """The account can no longer sign in; its sessions end. Raises AccountRefused when there is none."""
    if not Account.objects.filter(username=name).update(is_active=False):
        raise AccountRefused(f"There is no account '{name}'.", "Check the spelling.")
