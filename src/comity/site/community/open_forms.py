"""Forms that people without an account send: nobody is signed in, no cookie is set, and too much is refused unread."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

View = Callable[..., HttpResponse]
TYPED = "application/x-www-form-urlencoded"
WITH_FILES = "multipart/form-data"


def open_form(*, largest: int = 40_000, kind: str | None = TYPED) -> Callable[[View], View]:
    """A view that acts in nobody's name: there is no session that a foreign page could ride on, so no token is checked.

    largest: bytes of a form. kind: the one type of body that is read, because any other could be written
    to the disk; None where the view reads no body at all.
    """

    def wrap(view: View) -> View:
        @csrf_exempt
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                if kind is not None and request.content_type != kind and int(request.META.get("CONTENT_LENGTH") or 0):
                    return _refused(_("Send the form of the page, without files."), 415)
                if int(request.META.get("CONTENT_LENGTH") or 0) > largest:
                    return _refused(_("This is too much for one form."), 413)
            return view(request, *args, **kwargs)

        return guarded

    return wrap


def _refused(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
