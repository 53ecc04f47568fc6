"""Pages that explain: dictionary, methods, data quality, corrections, and how to verify."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from comity.site.portal import queries


def every_dictionary(request: HttpRequest) -> HttpResponse:
    return render(request, "dictionary.html", {"releases": queries.catalogue().newest})


def dictionary(request: HttpRequest, dataset: str, period: str, version: int) -> HttpResponse:
    _, release = queries.release_or_404(dataset, period, version)
    return render(request, "dictionary.html", {"releases": [release], "release": release})


def every_method(request: HttpRequest) -> HttpResponse:
    return render(request, "methods.html", {"releases": queries.catalogue().newest})


def methods(request: HttpRequest, dataset: str, period: str, version: int) -> HttpResponse:
    _, release = queries.release_or_404(dataset, period, version)
    return render(request, "methods.html", {"releases": [release], "release": release})


def every_quality(request: HttpRequest) -> HttpResponse:
    return render(request, "quality.html", {"releases": queries.catalogue().newest})


def quality(request: HttpRequest, dataset: str, period: str, version: int) -> HttpResponse:
    _, release = queries.release_or_404(dataset, period, version)
    return render(request, "quality.html", {"releases": [release], "release": release})


def corrections(request: HttpRequest) -> HttpResponse:
    found = queries.catalogue()
    lines = [
        {"release": each, "replaced": found.release(each.dataset, each.period, each.version - 1)}
        for each in found.corrections
    ]
    return render(request, "corrections.html", {"lines": lines})


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
