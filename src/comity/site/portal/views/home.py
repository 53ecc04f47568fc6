"""The front page: what is new, and what is due."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from comity.site.portal import queries
from comity.site.portal.awaited_surveys import awaited_surveys, code_page

NEWEST = 5


def home(request: HttpRequest) -> HttpResponse:
    found = queries.catalogue()
    promises = found.promises(queries.today(found))
    return render(
        request,
        "home.html",
        {
            "new": found.newest[:NEWEST],
            "more": len(found.newest) > NEWEST,
            "open_promises": [each for each in promises if each.state in ("due", "overdue", "broken")],
            "kept_promises": [each for each in promises if each.state in ("kept", "kept late")][-3:],
            "corrections": found.corrections[:3],
            "withdrawals": found.withdrawals[:3],
            "has_places": bool(found.places),
            "surveys": awaited_surveys(found),
            "code_page": code_page(),
        },
    )
