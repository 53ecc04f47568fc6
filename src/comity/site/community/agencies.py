"""Whose instance this is: things that name no agency, such as surveys, belong to the instance's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from comity.site.community.models import Agency

View = Callable[..., HttpResponse]


def own_agency_only(view: View) -> View:
    """The view, which is not there (404) for people of another agency than the instance's own."""

    @wraps(view)
    def only(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        agency = request.user.agency_id  # type: ignore[union-attr]
        if agency is not None and agency != Agency.objects.order_by("pk").values_list("pk", flat=True).first():
            raise Http404
        return view(request, *args, **kwargs)

    return only
