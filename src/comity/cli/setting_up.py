"""Opens the site of one instance for the verbs that work on its accounts, surveys and rooms."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from comity.instance.site import Site
    from comity.site.server import SiteSetup


def read_setup(folder: Path) -> tuple[SiteSetup, Site]:
    """What [site] of comity.toml in `folder` says, for the site. Raises SettingsError."""
    from comity.instance.site import read_site
    from comity.site.server import SiteSetup

    site, time_zone = read_site(folder)
    mail = {name: str(value or "") for name, value in vars(site.mail).items()}
    return SiteSetup(folder, site.databases, site.codes_url, site.answers_url, time_zone, mail), site


def open_site(folder: Path, parts: str) -> Site:
    """Prepares the stores of `parts` of the instance in `folder` for this process; returns its [site] settings."""
    site = configure_site(folder, parts)
    from comity.site.upgrading import upgrade_stores

    upgrade_stores()
    return site


def configure_site(folder: Path, parts: str) -> Site:
    """As `open_site`, and leaves the stores as they are."""
    from comity.site import server

    setup, site = read_setup(folder)
    os.environ["COMITY_PARTS"] = parts
    os.environ["COMITY_PUBLIC"] = str((folder / "public").absolute())
    os.environ["DJANGO_SETTINGS_MODULE"] = "comity.site.settings"
    server.configure_site(setup)
    return site


def parts_with_accounts(folder: Path) -> tuple[str, ...]:
    """The parts that the instance in `folder` has beside the portal: the community's, and the surveys' where it has any."""
    has_surveys = any((folder / "keys").glob("tokens-*.key"))
    return ("codes", "answers", "community") if has_surveys else ("community",)
