"""What every page needs: who publishes, in which languages, and what a word that stands for a missing number means."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from comity.errors import ComityError
from comity.site.portal import queries

NAVIGATION = (
    ("releases", _("Releases")),
    ("promises", _("Promises")),
    ("places", _("Places")),
    ("tables", _("Explore")),
    ("methods", _("Methods")),
    ("quality", _("Data quality")),
    ("verify", _("Verify")),
    ("toolkit", _("Toolkit")),
)
OF_OTHER_ROOMS = (
    ("surveys:surveys", _("Surveys")),
    ("commitments:commitments", _("Commitments")),
    ("planning:plans", _("Plans")),
    ("training:training", _("Training")),
    ("outreach:events", _("Events")),
    ("outreach:questions", _("Questions")),
    ("projects:projects", _("Small projects")),
)
ALSO_OF_THE_COMMUNITY = (
    ("outreach:officers", _("Officers")),
    ("outreach:press", _("Press")),
    ("outreach:subscribe", _("Be told what is new")),
)


def every_page(request: HttpRequest) -> dict[str, Any]:
    """Adds `agency`, `languages`, `navigation`, `in_the_foot`, `here` and `next_due`; empty where nothing is published yet."""
    language = translation.get_language() or "en"
    try:
        found = queries.catalogue()
    except ComityError:
        return {"agency": {"name": ""}, "language": language, "languages": (), "navigation": (), "next_due": None}
    waiting = [each for each in found.promises(queries.today(found)) if each.state in ("due", "overdue")]
    names = dict(settings.LANGUAGES)
    bare = request.get_full_path()
    if language != settings.LANGUAGE_CODE:
        bare = bare.removeprefix(f"/{language}") or "/"
    return {
        "agency": found.agency,
        "language": language,
        "languages": [
            {"code": code, "name": names[code], "address": bare if code == "en" else f"/{code}{bare}"}
            for code in found.languages
            if code in names
        ],
        "navigation": (*NAVIGATION, *_served(OF_OTHER_ROOMS)),
        "in_the_foot": _served(ALSO_OF_THE_COMMUNITY),
        "here": request.resolver_match.view_name if request.resolver_match else None,
        "next_due": waiting[0] if waiting else None,
    }


def _served(pages: tuple[tuple[str, Any], ...]) -> list[tuple[str, Any]]:
    """Those of `pages` that this process has."""
    found = []
    for name, label in pages:
        try:
            reverse(name)
        except NoReverseMatch:
            continue
        found.append((name, label))
    return found
