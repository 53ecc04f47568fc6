"""What every page of the office has: nobody keeps it, and its forms say from which site they come."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

View = Callable[..., HttpResponse]


def staff_page(view: View) -> View:
    """Never kept. A page that sends no referrer at all sends its forms from the origin "null", and the check against forgery
    refuses these: within this site the referrer is sent, to others it is not."""

    @wraps(view)
    def framed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        add_never_cache_headers(response)
        response["Referrer-Policy"] = "same-origin"
        return response

    return framed
