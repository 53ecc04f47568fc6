"""The office: where people with an account begin."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from comity.site.community.duties import duties_of


@never_cache
def office(request: HttpRequest) -> HttpResponse:
    """What awaits this person in every room."""
    return render(request, "community/office.html", {"duties": duties_of(request.user)})  # type: ignore[arg-type]
