"""Forbids the portal's pages to read any database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse

from comity.site.portal import rules as portal
from comity.site.toolkit import rules as toolkit

View = Callable[..., HttpResponse]

PAGES_WITHOUT_DATABASE = frozenset({*portal.ACCESS, *toolkit.ACCESS})


class PortalReadsNothing(Exception):
    """A page of the portal asked a database; it is a bug, and nothing was read."""


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
