"""The page about the API, written from its own OpenAPI document, so that the two cannot differ."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from comity.releases.catalogue import Release
from comity.site.portal import queries
from comity.site.portal.api import api as public_api


def api(request: HttpRequest) -> HttpResponse:
    document = public_api.get_openapi_schema()
    newest = queries.catalogue().newest
    example = newest[0] if newest else None
    operations = [
        {
            "path": path,
            "summary": _said(operation.get("summary")),
            "description": _said(operation.get("description")),
            "parameters": [
                (each["name"], _said(each.get("description") or each["schema"].get("description")))
                for each in operation.get("parameters", [])
            ],
            "example": _example(path, example),
        }
        for path, methods in document["paths"].items()
        for operation in methods.values()
    ]
    return render(request, "api.html", {"operations": operations, "site": request.build_absolute_uri("/").rstrip("/")})


def _said(text: str | None) -> str:
    """A text of the document in the page's language; the document itself is in English."""
    return gettext(text) if text else ""


def _example(path: str, release: Release | None) -> str | None:
    """The path with the newest release's own names in it, where it has them all."""
    if release is None:
        return None
    names = {"dataset": release.dataset, "period": release.period, "version": release.version}
    if release.tables:
        names["table"] = release.tables[0].name
    if release.findings:
        names["finding"] = release.findings[0]["id"]
    try:
        return path.format(**names)
    except KeyError:
        return None
