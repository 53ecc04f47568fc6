"""What pages for people with an account need: the frame they stand in."""

from __future__ import annotations

from django.apps import apps
from django.http import HttpRequest


def office_pages(request: HttpRequest) -> dict[str, str]:
    """Adds `office_frame`: the portal's page where this process serves the portal, and else the surveys'."""
    return {"office_frame": "base.html" if apps.is_installed("comity.site.portal") else "surveys/base.html"}
