"""Counts of contacts for the office; outside they are seen only in a protected release."""

from __future__ import annotations

from django.db.models import QuerySet

from comity.site.community.models import Agency
from comity.site.outreach.models import ContactCount


def counts_of(agency: Agency) -> QuerySet[ContactCount]:
    """Everything that was counted."""
    return ContactCount.objects.filter(agency=agency).select_related("place")


def latest_counts(agency: Agency, most: int = 60) -> list[ContactCount]:
    """The newest months first."""
    return list(counts_of(agency).order_by("-month", "place__name", "kind")[:most])
