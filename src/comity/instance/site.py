"""Reads [site] of `comity.toml`: where the site's databases are, and where the other organisation's page is."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from comity.instance.settings import SETTINGS_FILE, SettingsError, read_instance


@dataclass(frozen=True)
class Site:
    """URLs of the three databases ("" for a SQLite file in the instance), and of the two pages ("" for this site)."""

    database: str = ""
    invitation_database: str = ""
    response_database: str = ""
    codes_url: str = ""
    answers_url: str = ""

    @property
    def databases(self) -> Mapping[str, str]:
        """Django's name of each store -> URL."""
        return {
            "default": self.database,
            "invitations": self.invitation_database,
            "responses": self.response_database,
        }


def read_site(folder: Path) -> tuple[Site, str]:
    """[site] of the instance in `folder`, and the agency's time zone. Raises SettingsError."""
    instance = read_instance(folder)
    raw = tomllib.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8")).get("site", {})
    known = [each.name for each in fields(Site)]
    for key, value in raw.items():
        if key not in known or not isinstance(value, str):
            raise SettingsError(
                f"[site] of {SETTINGS_FILE} has '{key}', which is not a setting or not a text.",
                f"It may have: {', '.join(known)}.",
            )
    return Site(**raw), instance.agency.time_zone
