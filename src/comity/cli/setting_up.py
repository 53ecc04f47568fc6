"""Opens the site of one instance for the verbs that work on its accounts, surveys and rooms."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from comity.instance.settings import Instance
    from comity.instance.site import Site
    from comity.site.server import SiteSetup


def read_setup(folder: Path) -> tuple[SiteSetup, Site]:
    """What comity.toml in `folder` says, for the site. Raises SettingsError."""
    from comity.instance.settings import read_instance
    from comity.instance.site import read_site
    from comity.site.server import SiteSetup

    site, time_zone = read_site(folder)
    instance = read_instance(folder)
    name = next(iter(instance.agency.name.values()))
    setup = SiteSetup(
        folder,
        site.databases,
        site.codes_url,
        site.answers_url,
        time_zone,
        mail=_texts(site.mail),
        oidc=_texts(site.oidc),
        agency=(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50] or "agency", name),
        population=_residents(instance),
        url=site.url,
    )
    return setup, site


def open_site(folder: Path, parts: str) -> Site:
    """Prepares the stores of `parts` of the instance in `folder` for this process; returns its [site] settings."""
    from comity.site import server

    setup, site = read_setup(folder)
    choose_parts(folder, parts)
    server.prepare_site(setup)
    return site


def configure_site(folder: Path, parts: str) -> Site:
    """As `open_site`, and leaves the stores as they are."""
    from comity.site import server

    setup, site = read_setup(folder)
    choose_parts(folder, parts)
    server.configure_site(setup)
    return site


def choose_parts(folder: Path, parts: str) -> None:
    """Says for this process which parts of the instance in `folder` Django knows."""
    os.environ["COMITY_PARTS"] = parts
    os.environ["COMITY_PUBLIC"] = str((folder / "public").absolute())
    os.environ["DJANGO_SETTINGS_MODULE"] = "comity.site.settings"


def has_accounts(folder: Path) -> bool:
    """Whether the instance is more than a portal: it has a [site] in comity.toml, a survey, or a database of accounts."""
    import tomllib

    from comity.instance.settings import SETTINGS_FILE

    settings = folder / SETTINGS_FILE
    return settings.is_file() and (
        has_surveys(folder)
        or (folder / "site.sqlite3").exists()
        or "site" in tomllib.loads(settings.read_text(encoding="utf-8"))
    )


def has_surveys(folder: Path) -> bool:
    """Whether a survey was fielded in the instance."""
    return any((folder / "keys").glob("tokens-*.key"))


def parts_with_accounts(folder: Path) -> tuple[str, ...]:
    """The parts that the instance has beside the portal: the community's, and the surveys' where it has any."""
    return ("codes", "answers", "community") if has_surveys(folder) else ("community",)


def _texts(settings: object) -> dict[str, str]:
    return {name: str(value or "") for name, value in vars(settings).items()}


def _residents(instance: Instance) -> Path | None:
    """The description of who lives here, of the first dataset that is compared with it."""
    named = [each.benchmarks["residents"] for each in instance.datasets.values() if "residents" in each.benchmarks]
    return instance.folder / named[0] if named else None
