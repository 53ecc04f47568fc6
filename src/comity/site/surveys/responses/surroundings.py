"""What the answer pages need to know of their surroundings: the day, and where the code page is."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import NoReverseMatch, reverse


def agency_today() -> date:
    """The day it is where the agency is: all that is kept of the time of an answer."""
    return settings.CLOCK().astimezone(ZoneInfo(settings.TIME_ZONE_OF_AGENCY)).date()


def code_page() -> str:
    """The address of the code page, which may be another organisation's."""
    try:
        return settings.CODES_URL + reverse("surveys:code")
    except NoReverseMatch:
        return f"{settings.CODES_URL}/code/"
