"""Pages that explain: dictionary, methods, data quality, and how to verify."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from comity.site.portal import queries


def every_dictionary(request: HttpRequest) -> HttpResponse:
    return render(request, "dictionary.html", {"releases": queries.catalogue().newest})


def dictionary(request: HttpRequest, dataset: str, period: str, version: int) -> HttpResponse:
    return render(request, "dictionary.html", _one(dataset, period, version))


def every_method(request: HttpRequest) -> HttpResponse:
    return render(request, "methods.html", {"releases": queries.catalogue().newest})


def methods(request: HttpRequest, dataset: str, period: str, version: int) -> HttpResponse:
    return render(request, "methods.html", _one(dataset, period, version))


def every_quality(request: HttpRequest) -> HttpResponse:
    return render(request, "quality.html", {"releases": queries.catalogue().newest})


def quality(request: HttpRequest, dataset: str, period: str, version: int) -> HttpResponse:
    return render(request, "quality.html", _one(dataset, period, version))


def verify(request: HttpRequest) -> HttpResponse:
    found = queries.catalogue()
    lines = (found.checkpoint or "").split("\n")
    return render(
        request,
        "verify.html",
        {
            "checkpoint": found.checkpoint,
            "entries": lines[1] if len(lines) > 2 else None,
            "key": found.verifier_key,
            "site": request.build_absolute_uri("/").rstrip("/"),
        },
    )


def _one(dataset: str, period: str, version: int) -> dict[str, Any]:
    """What a page about one version needs; `successor` where it was replaced."""
    found, release = queries.release_or_404(dataset, period, version)
    return {"releases": [release], "release": release, "successor": found.successor(release)}
