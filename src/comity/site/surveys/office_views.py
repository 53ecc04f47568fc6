"""The surveys and samples of the stores that this process may open, for those who work in the field."""

from __future__ import annotations

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache

from comity.site.community.roles import Role


@never_cache
def office(request: HttpRequest) -> HttpResponse:
    """The surveys and samples, as far as they are this person's business; for a redactor no samples."""
    role = request.user.role  # type: ignore[union-attr]
    samples: list[dict[str, object]] = []
    surveys: list[dict[str, object]] = []
    if role != Role.REDACTOR and apps.is_installed("comity.site.surveys.invitations"):
        from comity.site.surveys.invitations import queries as invitations

        samples = invitations.samples()
    if apps.is_installed("comity.site.surveys.responses"):
        from comity.site.surveys.responses import queries as responses

        counts = responses.counts() if role == Role.CUSTODIAN else {}
        surveys = [
            {"name": each.name, "is_open": each.state == "open", "responses": counts.get(each.name)}
            for each in responses.surveys()
        ]
    return render(
        request,
        "surveys/office.html",
        {
            "role": role,
            "samples": samples,
            "surveys": surveys,
            "codes_url": settings.CODES_URL,
            "code_page": _code_page(),
        },
    )


def _code_page() -> str:
    try:
        return reverse("surveys:code")
    except NoReverseMatch:  # another organisation's
        return "/code/"
