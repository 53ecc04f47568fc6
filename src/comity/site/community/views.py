"""The office, where people with an account begin, and the log of what was done, for the auditor."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from comity.site.community import queries
from comity.site.community.duties import duties_of
from comity.site.community.forms import LogForm

ENTRIES_A_PAGE = 50


@never_cache
def office(request: HttpRequest) -> HttpResponse:
    """What awaits this person in every room."""
    return render(request, "community/office.html", {"duties": duties_of(request.user)})  # type: ignore[arg-type]


@never_cache
def log(request: HttpRequest) -> HttpResponse:
    """What was done, newest first, and whether it holds together."""
    form = LogForm(request.GET)
    found = queries.entries(request.user, **form.wanted())  # type: ignore[arg-type]
    page = Paginator(found, ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    return render(
        request,
        "community/log.html",
        {
            "form": form,
            "actions": queries.actions(request.user),  # type: ignore[arg-type]
            "page": page,
            "entries": shown,
            "broken": queries.broken_among(shown),
            "sealing": queries.sealing(),
            "filter": form.as_query(),
        },
    )
