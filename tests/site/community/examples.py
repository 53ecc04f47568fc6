"""A link for a new password, a passkey's number, and the only sign-on there can be."""

from __future__ import annotations


def examples(town) -> dict[str, dict]:
    return {
        "account_reset_password_from_key": {"uidb36": "1", "key": "set-password"},
        "mfa_remove_webauthn": {"pk": 1},
        "openid_connect_login": {"provider_id": "oidc"},
        "openid_connect_callback": {"provider_id": "oidc"},
    }
