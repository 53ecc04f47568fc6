"""Who may do what with accounts and the log."""

from __future__ import annotations

from comity.site.community.access import EVERYONE, READ, SIGNED_IN, Access, only
from comity.site.community.roles import Role

_FORM = {"GET": EVERYONE, "POST": EVERYONE}
_OWN = {"GET": SIGNED_IN, "POST": SIGNED_IN}  # shows and changes only what belongs to whoever asks

ACCESS: Access = {
    "account_login": _FORM,
    "account_logout": {"POST": EVERYONE},  # also for whoever stops half-way, before the second factor
    "account_inactive": READ,
    "account_reauthenticate": _OWN,
    "account_change_password": _OWN,
    "account_reset_password": _FORM,
    "account_reset_password_done": READ,
    "account_reset_password_from_key": _FORM,
    "mfa_index": {"GET": SIGNED_IN},
    "mfa_authenticate": _FORM,
    "mfa_reauthenticate": _OWN,
    "mfa_activate_totp": _OWN,
    "mfa_deactivate_totp": _OWN,
    "mfa_view_recovery_codes": {"GET": SIGNED_IN},
    "mfa_generate_recovery_codes": _OWN,
    "mfa_add_webauthn": _OWN,
    "mfa_reauthenticate_webauthn": _OWN,
    "mfa_remove_webauthn": _OWN,
    "socialaccount_login_cancelled": READ,
    "openid_connect_login": {"POST": EVERYONE},
    "openid_connect_callback": READ,
    "community:office": {"GET": SIGNED_IN},
    "community:log": {"GET": only(Role.AUDITOR)},
}
