"""Where a form of signing in does more than django-allauth's."""

from __future__ import annotations

from allauth.core import context
from allauth.mfa import signals
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm
from cryptography.exceptions import InvalidSignature
from django.core.exceptions import ValidationError


class PasskeyForm(AuthenticateWebAuthnForm):
    """Reports a passkey that does not fit as a code that does not fit is reported."""

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except (ValidationError, InvalidSignature, ValueError, KeyError, TypeError, AttributeError):
            signals.authentication_failed.send(
                sender=Authenticator,
                request=context.request,
                user=self.user,
                authenticator=Authenticator(user=self.user, type=Authenticator.Type.WEBAUTHN),
                reauthentication=False,
            )
            raise get_adapter().validation_error("incorrect_code") from None
