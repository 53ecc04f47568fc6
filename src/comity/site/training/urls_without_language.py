"""Addresses of training that other programs read: feeds, calendars, files."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "training-files"

urlpatterns: list[URLPattern | URLResolver] = []
