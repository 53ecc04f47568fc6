"""Where a page of signing in does more than django-allauth's."""

from __future__ import annotations

from typing import Any

from allauth.account.views import PasswordChangeView
from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


class ChangePassword(PasswordChangeView):
    """A new password for whoever knows the old one; whoever never had one gets a link by mail instead."""

    template_name = "community/signing_in/password_change.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_usable_password():
            return redirect("account_reset_password")
        return super().dispatch(request, *args, **kwargs)


class RemovePasskey(RemoveWebAuthnView):
    """Takes a passkey away, but not the last second factor of somebody who needs one."""

    def form_valid(self, form: Any) -> HttpResponse:
        if not get_adapter().can_delete_authenticator(self.get_object()):
            form.add_error(None, get_adapter().validation_error("cannot_delete_authenticator"))
            return self.form_invalid(form)
        return super().form_valid(form)
