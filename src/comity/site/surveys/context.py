"""What the survey pages need that are not about one survey: whether this is the office, and whether all that is here is an example."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.http import HttpRequest


def survey_pages(request: HttpRequest) -> dict[str, Any]:
    """Adds `is_office`, and `is_all_sample_data`, which asks the stores only where a template uses it."""
    match = request.resolver_match
    found: dict[str, Any] = {"is_office": "office" in request.path_info.split("/")}
    return {**found, "is_all_sample_data": is_all_sample_data} if match and "surveys" in match.app_names else found


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
