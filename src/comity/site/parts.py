"""What one process serves: the public portal, the code page, the answer page, the community's pages; any of them or all.

Each part brings its own databases and addresses, so that the code page and the answer page can be run by different
organisations, and a portal that is served alone has no database at all.
"""

from __future__ import annotations

from comity.errors import UsageError
from comity.site.databases import SITE
from comity.site.surveys.stores import INVITATIONS, RESPONSES

PORTAL, CODES, ANSWERS, COMMUNITY = "portal", "codes", "answers", "community"
PARTS = (PORTAL, CODES, ANSWERS, COMMUNITY)

APPS = {
    PORTAL: ("comity.site.portal",),
    CODES: ("comity.site.surveys.invitations",),
    ANSWERS: ("comity.site.surveys.responses",),
    COMMUNITY: (
        "comity.site.commitments",
        "comity.site.planning",
        "comity.site.training",
        "comity.site.outreach",
        "comity.site.projects",
    ),
}
ROOMS = {
    PORTAL: ("comity.site.portal", "comity.site.toolkit"),
    CODES: ("comity.site.surveys",),
    ANSWERS: ("comity.site.surveys",),
    COMMUNITY: APPS[COMMUNITY],
}
STORES = {PORTAL: (), CODES: (SITE, INVITATIONS), ANSWERS: (SITE, RESPONSES), COMMUNITY: (SITE,)}
ACCOUNT_APPS = (
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "comity.site.community",
)


def read_parts(text: str) -> tuple[str, ...]:
    """The parts that `text` names, with commas between. Raises UsageError for an unknown one."""
    wanted = tuple(filter(None, text.split(",")))
    for each in wanted:
        if each not in PARTS:
            raise UsageError(f"There is no part '{each}' to serve.", f"Use some of: {', '.join(PARTS)}.")
    if COMMUNITY in wanted:
        wanted += (PORTAL,)  # its pages stand among those of the portal
    return tuple(each for each in PARTS if each in wanted)


def apps_of(parts: tuple[str, ...]) -> list[str]:
    """Django's INSTALLED_APPS for these parts."""
    accounts = ACCOUNT_APPS if set(parts) - {PORTAL} else ()
    return [*accounts, *(app for part in parts for app in APPS[part])]


def rooms_of(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The packages of the rooms that these parts serve; the community's people come last, after all that others do."""
    people = ("comity.site.community",) if set(parts) - {PORTAL} else ()
    return tuple(dict.fromkeys((*(room for part in parts for room in ROOMS[part]), *people)))


def stores_of(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The databases that these parts may open."""
    return tuple(dict.fromkeys(store for part in parts for store in STORES[part]))
