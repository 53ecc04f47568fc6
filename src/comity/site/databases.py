"""Which database holds what: accounts, invitations and responses each in their own, under roles of their own.

A SQLite store keeps no history: it runs with a rollback journal that is deleted at each commit (a write-ahead log would
keep the last pages in the order of their arrival), erased bytes are overwritten, and temporary tables stay in memory.
`synchronous=EXTRA` makes a commit durable against power loss with such a journal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from comity.errors import ComityError
from comity.site.surveys.stores import INVITATIONS, RESPONSES

SITE = "default"

DATABASE_SETTINGS = {
    SITE: "COMITY_SITE_DATABASE",
    INVITATIONS: "COMITY_INVITATION_DATABASE",
    RESPONSES: "COMITY_RESPONSE_DATABASE",
}

SQLITE_START = "PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY"


class DatabaseUrlError(ComityError):
    """A database URL in comity.toml is not one that Comity can use."""


def database_from_url(url: str, folder: Path) -> dict[str, Any]:
    """Django's settings for `url`: "sqlite:FILE" (relative to `folder`) or "postgresql://user:password@host/name".

    Raises DatabaseUrlError, without the password, for anything else.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": folder / (parts.path or parts.netloc),
            "CONN_MAX_AGE": None,
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": SQLITE_START},
        }
    if parts.scheme in ("postgresql", "postgres") and parts.path.strip("/"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.strip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": None,
            # Values travel apart from the statement, so that a server that logs statements logs no answers.
            "OPTIONS": {"server_side_binding": True},
        }
    raise DatabaseUrlError(
        f"A database URL of scheme '{parts.scheme}' cannot be used.",
        'Write "sqlite:site.sqlite3" or "postgresql://user:password@host/name" in [site] of comity.toml.',
    )


_STORES = {"survey_invitations": INVITATIONS, "survey_responses": RESPONSES}


class StoreRouter:
    """Three stores that no relation crosses: accounts and the rest of the site, invitations, responses."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return _STORES.get(model._meta.app_label, SITE)

    db_for_write = db_for_read

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        return self.db_for_read(first) == self.db_for_read(second)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return _STORES.get(app_label, SITE) == db
