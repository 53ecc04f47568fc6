"""What surrounds every answer: the language of its address, plain words for refusals, and one header Django lacks."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from comity.errors import ComityError
from comity.site.portal.queries import Withdrawn
from comity.site.portal.views.changes import tombstone_page
from comity.site.stores import PAGES_WITHOUT_DATABASE

GetResponse = Callable[[HttpRequest], HttpResponse]


def language_from_path(get_response: GetResponse) -> GetResponse:
    """The address alone decides the language (/es/... is Spanish), so a shared link shows what its sender saw."""
    prefixed = {code for code, _ in settings.LANGUAGES} - {settings.LANGUAGE_CODE}

    def middleware(request: HttpRequest) -> HttpResponse:
        first = request.path_info.split("/", 2)[1]
        language = first if first in prefixed else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Language", language)
        return response

    return middleware


def plain_refusals(get_response: GetResponse) -> GetResponse:
    """A `ComityError` becomes a page with its two sentences; what was withdrawn, the page of its tombstone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, problem: Exception) -> HttpResponse | None:
        if isinstance(problem, Withdrawn):
            return tombstone_page(request, problem.tombstone)
        if isinstance(problem, ComityError):
            name = request.resolver_match.view_name if request.resolver_match else ""
            if name in PAGES_WITHOUT_DATABASE:
                return render(request, "refusal.html", {"problem": problem}, status=503)
            template = "surveys/refusal.html" if name.startswith("surveys:") else "community/refusal.html"
            return render(request, template, {"problem": problem}, status=422)
        return None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def permissions_policy(get_response: GetResponse) -> GetResponse:
    """No page asks for the visitor's camera, microphone or whereabouts, and none may."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response

    return middleware


def referrer_within_the_site(get_response: GetResponse) -> GetResponse:
    """A page with a form of the office says where a request came from, to this site alone.

    Browsers send `Origin: null` from a page of the policy `no-referrer`, and Django's check against forged requests refuses that.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if "CSRF_COOKIE" in request.META:  # the page holds a token against forged requests
            response.headers["Referrer-Policy"] = "same-origin"
        return response

    return middleware
