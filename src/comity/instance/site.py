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
class SignOn:
    """An OpenID Connect provider whose sign-on opens accounts made here. Its secret for us is in keys/oidc.secret."""

    server: str = ""
    client: str = ""
    title: str = ""


@dataclass(frozen=True)
class Site:
    """The address people use, URLs of the three databases ("" for a SQLite file in the instance), and of the survey pages.

    mail, oidc: the mail server, and the organisation whose sign-on is taken.
    """

    url: str = ""
    database: str = ""
    invitation_database: str = ""
    response_database: str = ""
    codes_url: str = ""
    answers_url: str = ""
    mail: Mail = field(default_factory=Mail)
    oidc: SignOn = field(default_factory=SignOn)

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
    oidc = _checked(SignOn, raw.pop("oidc", {}), "[site.oidc]")
    site = _checked(Site, raw, "[site]")
    if oidc.server and not (oidc.server.startswith("https://") and oidc.client and oidc.title):
        raise SettingsError(
            f"[site.oidc] of {SETTINGS_FILE} needs server (an https address), client and title.",
            'Such as server = "https://id.town.example", client = "comity", title = "Town account".',
        )
    if bool(mail.host) != bool(mail.sender):
        raise SettingsError(
            f"[site.mail] of {SETTINGS_FILE} needs both host and sender.",
            'Name the server and the address that mail comes from, such as sender = "record@town.example".',
        )
    if mail.security not in SECURITY:
        raise SettingsError(
            f"security in [site.mail] of {SETTINGS_FILE} is '{mail.security}'.", f"Use one of: {', '.join(SECURITY)}."
        )
    return replace(site, mail=mail, oidc=oidc), instance.agency.time_zone


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
