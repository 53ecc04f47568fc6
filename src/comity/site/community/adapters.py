"""Where django-allauth asks us: nobody signs up, mail goes through the outbox, secrets are encrypted, roles are never given."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from comity.site.community.mail import queue_mail
from comity.site.community.models import Account
from comity.site.community.second_factors import STRONG, is_last_needed
from comity.site.community.secrets_at_rest import box


class AccountAdapter(DefaultAccountAdapter):
    error_messages: ClassVar = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("Name and password do not go together."),
        "too_many_login_attempts": _("Too many attempts. Wait five minutes and try again."),
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("This is not your password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only pages of this site, by the host of the request; a proxy's further names are no reason to leave it."""
        request = current.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def send_password_reset_mail(self, user: Account, email: str, context: dict[str, Any]) -> None:
        text = gettext(
            "Somebody asked for a new password for the account '%(name)s'. If it was you, set it here, once and within "
            "three days:"
        ) % {"name": user.username}
        otherwise = gettext("If it was not you, do nothing: your password stays as it is.")
        link = context["password_reset_url"]
        queue_mail(
            user.email,
            gettext("A new password for your account"),
            f"{text}\n\n{link}\n\n{otherwise}\n",
            once=f"password {link}",
        )

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not for the first second factor: whoever sets it up has just signed in, and reaches nothing else yet."""
        user = current.request.user
        if app == "allauth.mfa" and not Authenticator.objects.filter(user=user, type__in=STRONG).exists():
            return False
        return super().is_reauthentication_required(app=app, **kwargs)


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages: ClassVar = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This is not the code of now. Wait for the next one and type that."),
        "cannot_delete_authenticator": _("This is your only second factor. Set up another one first."),
    }

    def encrypt(self, text: str) -> str:
        return box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return box().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not is_last_needed(authenticator)

    def _get_user_identifier(self, user: Account) -> str:
        return user.username


class SignOnAdapter(DefaultSocialAccountAdapter):
    """Sign-on by another organisation: it opens an account that was made here, and never makes or changes one."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """The first time, binds the sign-on to the account whose e-mail address it confirms; without one it is refused."""
        if sociallogin.state.get("process") != AuthProcess.LOGIN:
            raise ImmediateHttpResponse(_no_account(request))
        if sociallogin.is_existing:
            return
        confirmed = {each.email.lower() for each in sociallogin.email_addresses if each.verified}
        account = Account.objects.filter(email__in=confirmed, is_active=True).first()
        if account is None or account.socialaccount_set.exists():
            raise ImmediateHttpResponse(_no_account(request))
        sociallogin.connect(request, account)


def _no_account(request: HttpRequest) -> Any:
    return render(request, "community/signing_in/sign_on_refused.html", status=403)
