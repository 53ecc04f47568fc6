"""Addresses of signing in, under the names that django-allauth knows. Of its pages only these are there."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as sign_on
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from django.urls import include, path, re_path, reverse_lazy

from comity.site.community import signing_in_views as ours

PAGES = "community/signing_in"

_password = [
    path("change/", ours.ChangePassword.as_view(), name="account_change_password"),
    path(
        "forgotten/",
        account.PasswordResetView.as_view(template_name=f"{PAGES}/password_forgotten.html"),
        name="account_reset_password",
    ),
    path(
        "forgotten/sent/",
        account.PasswordResetDoneView.as_view(template_name=f"{PAGES}/password_mail_sent.html"),
        name="account_reset_password_done",
    ),
    re_path(
        r"^new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        account.PasswordResetFromKeyView.as_view(template_name=f"{PAGES}/password_new.html"),
        name="account_reset_password_from_key",
    ),
]

_second_factor = [
    path("", factors.IndexView.as_view(template_name=f"{PAGES}/second_factors.html"), name="mfa_index"),
    path(
        "sign-in/",
        factors.AuthenticateView.as_view(template_name=f"{PAGES}/second_factor.html"),
        name="mfa_authenticate",
    ),
    path(
        "again/",
        factors.ReauthenticateView.as_view(template_name=f"{PAGES}/again_code.html"),
        name="mfa_reauthenticate",
    ),
    path("app/", totp.ActivateTOTPView.as_view(template_name=f"{PAGES}/app_add.html"), name="mfa_activate_totp"),
    path(
        "app/remove/",
        totp.DeactivateTOTPView.as_view(template_name=f"{PAGES}/app_remove.html"),
        name="mfa_deactivate_totp",
    ),
    path(
        "codes/",
        recovery_codes.ViewRecoveryCodesView.as_view(template_name=f"{PAGES}/recovery_codes.html"),
        name="mfa_view_recovery_codes",
    ),
    path(
        "codes/new/",
        recovery_codes.GenerateRecoveryCodesView.as_view(template_name=f"{PAGES}/recovery_codes_new.html"),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "passkeys/add/",
        passkeys.AddWebAuthnView.as_view(template_name=f"{PAGES}/passkey_add.html"),
        name="mfa_add_webauthn",
    ),
    path(
        "passkeys/again/",
        passkeys.ReauthenticateWebAuthnView.as_view(template_name=f"{PAGES}/again_passkey.html"),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "passkeys/<int:pk>/remove/",
        ours.RemovePasskey.as_view(template_name=f"{PAGES}/passkey_remove.html", success_url=reverse_lazy("mfa_index")),
        name="mfa_remove_webauthn",
    ),
]

_sign_on = [
    path(
        "cancelled/",
        sign_on.LoginCancelledView.as_view(template_name=f"{PAGES}/sign_on_cancelled.html"),
        name="socialaccount_login_cancelled",
    ),
    path("<slug:provider_id>/", openid_connect.login, name="openid_connect_login"),
    path("<slug:provider_id>/callback/", openid_connect.callback, name="openid_connect_callback"),
]

urlpatterns = [
    path("office/sign-in/", account.LoginView.as_view(template_name=f"{PAGES}/sign_in.html"), name="account_login"),
    path("office/sign-out/", account.LogoutView.as_view(), name="account_logout"),
    path(
        "office/closed/",
        account.AccountInactiveView.as_view(template_name=f"{PAGES}/closed.html"),
        name="account_inactive",
    ),
    path(
        "office/again/",
        account.ReauthenticateView.as_view(template_name=f"{PAGES}/again_password.html"),
        name="account_reauthenticate",
    ),
    path("office/password/", include(_password)),
    path("office/second-factor/", include(_second_factor)),
    path("office/sign-on/", include(_sign_on)),
]
