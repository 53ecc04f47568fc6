"""Looks each address up in the one table of who may do what, before its view runs; what is not in it is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.functional import SimpleLazyObject

from comity.site.community.access import EVERYONE, Access
from comity.site.community.models import Account
from comity.site.community.second_factors import SETTING_UP, has_shown_all

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
        signed_in = request.user
        if match.view_name not in SETTING_UP:
            request.user = SimpleLazyObject(lambda: _if_all_is_shown(request, signed_in))
        if roles == EVERYONE or (request.user.is_authenticated and request.user.role in roles):
            return None
        if request.user.is_authenticated:
            return HttpResponseForbidden(render_to_string("community/forbidden.html", request=request))
        if method != "GET":
            return HttpResponseForbidden()
        return redirect("mfa_index") if signed_in.is_authenticated else redirect_to_login(request.get_full_path())

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def _if_all_is_shown(request: HttpRequest, account: Account | AnonymousUser) -> Account | AnonymousUser:
    """`account`; or nobody, while its session lacks the second factor that its role needs."""
    return account if account.is_authenticated and has_shown_all(request, account) else AnonymousUser()
