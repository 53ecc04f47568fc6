"""What the survey pages need that are not about one survey: whether all that is here is an example."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.http import HttpRequest


def survey_pages(request: HttpRequest) -> dict[str, Any]:
    """Adds `is_all_sample_data`, asked for only where a template uses it."""
    match = request.resolver_match
    return {"is_all_sample_data": is_all_sample_data} if match and "surveys" in match.app_names else {}


def is_all_sample_data() -> bool:
    """Whether the stores that this process may open hold examples and nothing else."""
    kinds: set[bool] = set()
    if apps.is_installed("comity.site.surveys.invitations"):
        from comity.site.surveys.invitations import queries as invitations

        kinds |= invitations.sample_data()
    if apps.is_installed("comity.site.surveys.responses"):
        from comity.site.surveys.responses import queries as responses

        kinds |= responses.sample_data()
    return kinds == {True}
