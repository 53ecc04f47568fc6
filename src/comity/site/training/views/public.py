"""What everybody sees: the share of officers who are trained, what evaluations said, and a test for oneself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from comity.site.community.models import Agency
from comity.site.training import aggregates, association
from comity.site.training.models import EffectStatement


@require_safe
def training(request: HttpRequest) -> HttpResponse:
    agencies = [
        {"agency": agency, "shares": aggregates.public_shares(agency)} for agency in Agency.objects.order_by("name")
    ]
    effects = [
        {
            "title": each.course.title,
            "outcome": each.outcome,
            "verdict": each.finding["verdict"],
            "made_at": each.made_at,
            "reason": each.finding["reason"],
        }
        for each in EffectStatement.objects.select_related("course").order_by("-made_at")[:20]
    ]
    return render(
        request,
        "training/training.html",
        {
            "agencies": [each for each in agencies if each["shares"]],
            "effects": effects,
            "as_of": aggregates.as_of(),
            "minimum": aggregates.release_minimum(),
        },
    )


@require_safe
def association_test(request: HttpRequest) -> HttpResponse:
    return render(request, "training/association.html", {"words": association.words(), "texts": association.texts()})
