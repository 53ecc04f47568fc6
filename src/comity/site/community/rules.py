"""Who may do what with accounts and the log."""

from __future__ import annotations

from comity.site.community.access import EVERYONE, SIGNED_IN, Access

ACCESS: Access = {
    "account_login": {"GET": EVERYONE, "POST": EVERYONE},
    "account_logout": {"POST": SIGNED_IN},
    "community:office": {"GET": SIGNED_IN},
}
