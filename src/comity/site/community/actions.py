"""Making, changing and closing accounts. Each step is an entry of the log, by whoever has the instance's command line."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse

from comity.errors import ComityError
from comity.site.community.log import record
from comity.site.community.models import Account, Agency
from comity.site.community.roles import OF_THE_POLICE, Role


class AccountRefused(ComityError):
    """An account cannot be made or changed as asked."""


@transaction.atomic
def name_agency(slug: str, name: str) -> Agency:
    """The instance's own agency, made when there is none; its name is kept in step with comity.toml."""
    own = Agency.objects.order_by("pk").first() or Agency(slug=slug)
    if own.name != name:
        own.name = name
        own.save()
    return own


@transaction.atomic
def add_account(
    name: str,
    *,
    role: str,
    email: str = "",
    password: str | None = None,
    works_for_police: bool = False,
    agency: Agency | None = None,
) -> Account:
    """A new account; without a password nobody can sign in before `password_link` was followed.

    Raises AccountRefused for a name or address that is taken or is none, an unknown role, a weak password, or a police
    custodian.
    """
    _check_role(role, works_for_police)
    if Account.objects.filter(username=name).exists():
        raise AccountRefused(f"There is already an account '{name}'.", "Choose another name.")
    if email and Account.objects.filter(email__iexact=email).exists():
        raise AccountRefused("There is already an account with this e-mail address.", "Give each account its own.")
    try:
        Account.username_validator(name)
        if email:
            validate_email(email)
        if password is not None:
            validate_password(password)
    except ValidationError as problem:
        raise AccountRefused(" ".join(problem.messages), "Mend that and make the account again.") from None
    account = Account.objects.create_user(
        name, email.lower(), password=password, role=role, works_for_police=works_for_police, agency=agency
    )
    _note("added", account, name=name, role=role)
    return account


@transaction.atomic
def change_role(name: str, role: str, *, works_for_police: bool = False) -> None:
    """Another role for the account, from the next page that it opens. Raises what `add_account` raises."""
    _check_role(role, works_for_police)
    account = _account(name)
    was = account.role
    account.role, account.works_for_police = role, works_for_police
    account.save()
    _note("role-changed", account, was=was, role=role)


@transaction.atomic
def close_account(name: str) -> None:
    """The account can no longer sign in; its sessions end. Raises AccountRefused when there is none."""
    account = _account(name)
    account.is_active = False
    account.save()
    _note("closed", account)


@transaction.atomic
def reset_account(name: str) -> Account:
    """Takes password, second factors and sign-ons away, for somebody who lost them; a `password_link` begins anew."""
    account = _account(name)
    Authenticator.objects.filter(user=account).delete()
    account.socialaccount_set.all().delete()
    account.set_unusable_password()
    account.save()
    _note("reset", account)
    return account


def password_link(account: Account) -> str:
    """The path at which a password is set, once and within three days."""
    key = default_token_generator.make_token(account)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(account), "key": key})


def _check_role(role: str, works_for_police: bool) -> None:
    if role not in Role.values:
        raise AccountRefused(f"There is no role '{role}'.", f"Use one of: {', '.join(Role.values)}.")
    if works_for_police and role not in OF_THE_POLICE:
        raise AccountRefused(
            f"Someone who works for the police cannot be {role}.",
            f"Give them one of these roles: {', '.join(OF_THE_POLICE)}; or name someone else.",
        )
    if role == Role.CHIEF and not works_for_police:
        raise AccountRefused("A chief works for the police.", "Say so, or choose another role.")


def _account(name: str) -> Account:
    account = Account.objects.filter(username=name).first()
    if account is None:
        raise AccountRefused(f"There is no account '{name}'.", "Check the spelling: comity account list shows all.")
    return account


def _note(action: str, account: Account, **details: str) -> None:
    record(f"accounts.{action}", f"account {account.pk}", by=None, agency=account.agency, details=details)
