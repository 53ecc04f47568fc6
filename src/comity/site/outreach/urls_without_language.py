"""Addresses of outreach that other programs read: feeds, calendars, files."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "outreach-files"

urlpatterns: list[URLPattern | URLResolver] = []
