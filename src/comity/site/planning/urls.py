"""Addresses of planning, in each language."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "planning"

urlpatterns: list[URLPattern | URLResolver] = []
