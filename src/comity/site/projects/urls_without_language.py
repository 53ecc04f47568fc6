"""Addresses of projects that other programs read: feeds, calendars, files."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "projects-files"

urlpatterns: list[URLPattern | URLResolver] = []
