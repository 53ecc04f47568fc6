"""Looks each address up in the one table of who may do what, before its view runs; what is not in it is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotAllowed
from django.template.loader import render_to_string

from comity.site.community.access import EVERYONE, Access

ROOMS = (
    "portal",
    "toolkit",
    "community",
    "surveys",
    "commitments",
    "planning",
    "training",
    "outreach",
    "projects",
    "operations",
)

View = Callable[..., HttpResponse]


@cache
def table() -> Access:
    """View name -> method -> roles, of every room."""
    found: dict[str, object] = {}
    for room in ROOMS:
        rules = import_module(f"comity.site.{room}.rules").ACCESS
        if again := found.keys() & rules.keys():
            raise ValueError(f"{sorted(again)} stand in two tables")
        found |= rules
    return found  # type: ignore[return-value]


def guard(get_response: View) -> View:
    """Middleware: lets a request through to its view only where the table has its address, method and role."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(request: HttpRequest, view: View, args: object, kwargs: object) -> HttpResponse | None:
        match = request.resolver_match
        methods = table().get(match.view_name, {}) if match else {}
        method = "GET" if request.method in ("HEAD", "OPTIONS") else request.method or ""
        if not methods:
            return HttpResponseForbidden()
        if method not in methods:
            return HttpResponseNotAllowed(list(methods))
        roles = methods[method]
        if roles == EVERYONE:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.path) if method == "GET" else HttpResponseForbidden()
        if request.user.role not in roles:
            return HttpResponseForbidden(render_to_string("community/forbidden.html", request=request))
        return None

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware
