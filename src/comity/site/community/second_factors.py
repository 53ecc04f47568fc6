"""Who needs a second factor, and whether a session has shown one. Every role but resident needs one."""

from __future__ import annotations

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from comity.site.community.access import STAFF
from comity.site.community.models import Account

STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

# What a session may reach that has not shown a second factor yet.
SETTING_UP = frozenset(
    {
        "account_login",
        "account_logout",
        "account_inactive",
        "account_reauthenticate",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "mfa_index",
        "mfa_authenticate",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "openid_connect_login",
        "openid_connect_callback",
        "socialaccount_login_cancelled",
    }
)


def needs_second_factor(account: Account) -> bool:
    return account.role in STAFF


def has_shown_all(request: HttpRequest, account: Account) -> bool:
    """Whether the session of `request` has shown what `account` must show: a second factor, where it needs one."""
    if not needs_second_factor(account):
        return True
    return any(each["method"] == "mfa" for each in get_authentication_records(request, account))


def note_shown(request: HttpRequest, account: Account, authenticator: Authenticator) -> None:
    """A factor that was just set up in this session was thereby shown in it."""
    record_authentication(request, account, "mfa", id=authenticator.pk, type=authenticator.type, reauthenticated=True)


def is_last_needed(authenticator: Authenticator) -> bool:
    """Whether `authenticator` is the only second factor of somebody who needs one."""
    if authenticator.type not in STRONG or not needs_second_factor(authenticator.user):
        return False
    others = Authenticator.objects.filter(user=authenticator.user, type__in=STRONG).exclude(pk=authenticator.pk)
    return not others.exists()
