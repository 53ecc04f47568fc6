"""Addresses of commitments that other programs read: feeds, calendars, files."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from comity.site.commitments.views import files

app_name = "commitments-files"

urlpatterns: list[URLPattern | URLResolver] = [
    path("commitments/commitments.csv", files.every_row, name="csv"),
    path("commitments/<int:number>/evidence/<int:step>/", files.evidence_file, name="evidence_file"),
]
