"""The WSGI application: built files by WhiteNoise, kept pages of the portal, Django. Any WSGI server can run `application`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from whitenoise import WhiteNoise

from comity.errors import ComityError
from comity.site.kept_pages import KeptPages
from comity.site.parts import PORTAL

PORTAL_PATHS = (
    "/api/",
    "/corrections/",
    "/data.json",
    "/dictionary/",
    "/explore/",
    "/favicon.ico",
    "/feed.xml",
    "/methods/",
    "/places/",
    "/promises/",
    "/public/",
    "/quality/",
    "/releases/",
    "/robots.txt",
    "/toolkit/",
    "/verify/",
)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "comity.site.settings")


def build_application() -> Callable[..., Any]:
    """The application for the settings in force."""
    django = get_wsgi_application()
    pages = _PortalKept(django, KeptPages(django, stamp=_stamp)) if PORTAL in settings.PARTS else django
    files = WhiteNoise(
        pages,
        max_age=31536000,
        immutable_file_test=lambda path, url: True,  # every built file has the hash of its content in its name
        add_headers_function=lambda headers, path, url: headers.__setitem__("X-Content-Type-Options", "nosniff"),
    )
    if settings.BUILT.is_dir():
        files.add_files(str(settings.BUILT), prefix="static/")
    return files  # type: ignore[no-any-return]


class _PortalKept:
    """Keeps the portal's answers, and never one of another part: a kept form would give two people the same page."""

    def __init__(self, django: Callable[..., Any], kept: Callable[..., Any]) -> None:
        self._django, self._kept = django, kept

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ.get("PATH_INFO", "")
        bare = path.removeprefix("/es") or "/"
        answers = self._kept if bare == "/" or bare.startswith(PORTAL_PATHS) else self._django
        return answers(environ, start_response)


def _stamp() -> object:
    from comity.site.portal import queries

    try:
        return queries.state(), queries.today(queries.catalogue())
    except ComityError:
        return None  # the refusal page is made anew until there is something to show


application = build_application()
