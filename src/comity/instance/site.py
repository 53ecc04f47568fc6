"""Reads [site] of `comity.toml`: where the site's databases are, how its mail leaves, where the other organisation's page is."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from comity.instance.settings import SETTINGS_FILE, SettingsError, read_instance

SECURITY = ("starttls", "tls", "none")


@dataclass(frozen=True)
class Mail:
    """The mail server that takes the site's mail, and the address it comes from. The password is in keys/mail.password."""

    host: str = ""
    sender: str = ""
    port: int = 0
    user: str = ""
    security: str = "starttls"


@dataclass(frozen=True)
class Site:
    """URLs of the three databases ("" for a SQLite file in the instance), and of the two pages ("" for this site)."""

    database: str = ""
    invitation_database: str = ""
    response_database: str = ""
    codes_url: str = ""
    answers_url: str = ""
    mail: Mail = field(default_factory=Mail)

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
    mail = _checked(Mail, raw.pop("mail", {}), "[site.mail]")
    site = _checked(Site, raw, "[site]")
    if bool(mail.host) != bool(mail.sender):
        raise SettingsError(
            f"[site.mail] of {SETTINGS_FILE} needs both host and sender.",
            'Name the server and the address that mail comes from, such as sender = "record@town.example".',
        )
    if mail.security not in SECURITY:
        raise SettingsError(
            f"security in [site.mail] of {SETTINGS_FILE} is '{mail.security}'.", f"Use one of: {', '.join(SECURITY)}."
        )
    return replace(site, mail=mail), instance.agency.time_zone


def _checked(kind: Any, raw: Mapping[str, Any], where: str) -> Any:
    """`raw` as a `kind`; each value is of the type that the setting's default has."""
    known = {each.name: type(each.default) for each in fields(kind) if isinstance(each.default, (str, int))}
    for key, value in raw.items():
        if key not in known or type(value) is not known[key]:
            raise SettingsError(
                f"{where} of {SETTINGS_FILE} has '{key}', which is not a setting or not of its kind.",
                f"It may have: {', '.join(known)}.",
            )
    return kind(**raw)
