"""Serving the files of packages, on their own origin and nowhere else; and nothing else on that origin.

A package's scripts are its maker's. Their origin has no session, no form and no page of ours, and the policy lets them
connect only to it and to the xAPI addresses.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override

from comity.site.training.packages import content_folder

VIEW = "training-files:content"
_own = [CSP.SELF, "data:", "blob:"]
POLICY = {
    "default-src": [*_own, CSP.UNSAFE_INLINE, CSP.UNSAFE_EVAL],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.NONE],
    "base-uri": [CSP.SELF],
    "frame-ancestors": [CSP.SELF],
    "object-src": [CSP.NONE],
}


def only_content_there(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: the content's host answers with files of packages only, and no other host does."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.CONTENT_URL and settings.CONTENT_URL != settings.SITE_URL:
            is_there = request.get_host() == urlsplit(settings.CONTENT_URL).netloc
            if is_there != request.path_info.startswith("/content/"):
                return HttpResponseNotFound()
        return get_response(request)

    return middleware


def file(request: HttpRequest, digest: str, path: str) -> HttpResponse:
    """A file of a package. The guard lets everyone ask: the folder's name is a SHA-256 that only a launch tells."""
    if not settings.CONTENT_URL:
        raise Http404
    folder = content_folder() / digest
    found = (folder / path).resolve()
    if not found.is_relative_to(folder.resolve()) or not found.is_file():
        raise Http404
    kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
    response = FileResponse(found.open("rb"), content_type=kind)
    policy = {**POLICY, "connect-src": [CSP.SELF, _site()]}
    response.headers["Referrer-Policy"] = "no-referrer"
    return csp_override(policy)(lambda _request: response)(request)


def _site() -> str:
    """The origin of the xAPI addresses; on one machine without a name of its own, any port of it."""
    return str(settings.SITE_URL) or f"http://{urlsplit(settings.CONTENT_URL).hostname}:*"
