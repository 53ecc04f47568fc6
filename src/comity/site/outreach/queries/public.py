"""The public folder, as far as outreach shows it: read again only when its state has changed."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.utils import timezone

from comity.errors import ComityError
from comity.releases.catalogue import Catalogue, read_catalogue, state_of


def catalogue() -> Catalogue | None:
    """What is published; None where nothing is, or cannot be read."""
    try:
        return _catalogue_at(settings.PUBLIC, state_of(settings.PUBLIC))
    except ComityError:
        return None


def zone() -> ZoneInfo:
    """The time zone of the agency, as its public folder says, else as the instance does."""
    found = catalogue()
    name = (found.agency.get("time_zone") if found else None) or settings.TIME_ZONE_OF_AGENCY
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def today() -> date:
    """The day it is where the agency is."""
    return settings.CLOCK().astimezone(zone()).date()


def here(moment: datetime) -> datetime:
    """`moment` on the clocks of the agency."""
    return timezone.localtime(moment, zone())


@lru_cache(maxsize=2)
def _catalogue_at(public: Path, state: str) -> Catalogue:
    return read_catalogue(public)
