"""Makes the databases of the served parts ready, and forbids the portal's pages to read any of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse

from comity.site.databases import SITE
from comity.site.portal import rules as portal
from comity.site.toolkit import rules as toolkit

View = Callable[..., HttpResponse]

PAGES_WITHOUT_DATABASE = frozenset({*portal.ACCESS, *toolkit.ACCESS})


class PortalReadsNothing(Exception):
    """A page of the portal asked a database; it is a bug, and nothing was read."""


def prepare_stores() -> None:
    """Brings every database of the served parts to the tables of this version; SQLite files get mode 0600."""
    from django.core.management import call_command

    for store in settings.DATABASES:
        name = settings.DATABASES[store]["NAME"]
        if isinstance(name, Path) and not name.exists():
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT, 0o600))
        call_command("migrate", database=store, verbosity=0, interactive=False)
    if SITE in settings.DATABASES:
        call_command("createcachetable", database=SITE, verbosity=0)
    connections.close_all()


def portal_without_databases(get_response: View) -> View:
    """Middleware: while an address of the portal or the toolkit is answered, every query raises."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with ExitStack() as request.forbidden_queries:
            return get_response(request)

    def process_view(request: HttpRequest, view: View, args: Any, kwargs: Any) -> None:
        match = request.resolver_match
        if match is None or match.view_name in PAGES_WITHOUT_DATABASE:
            for store in settings.DATABASES:
                request.forbidden_queries.enter_context(connections[store].execute_wrapper(_refuse))

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def _refuse(*args: Any) -> None:
    raise PortalReadsNothing
