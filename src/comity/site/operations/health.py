"""Whether this process can do its work now: what it serves can be read, and its databases answer."""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError, connections

from comity.errors import ComityError
from comity.site.parts import PORTAL
from comity.site.portal import queries


def broken() -> tuple[str, ...]:
    """What does not work, in words for a monitor; nothing of what went wrong, which may hold data."""
    found = []
    if PORTAL in settings.PARTS:
        try:
            queries.catalogue()
        except (ComityError, OSError):
            found.append("public folder")
    for store in settings.DATABASES:
        try:
            with connections[store].cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError:
            found.append(f"database {store}")
    return tuple(found)
