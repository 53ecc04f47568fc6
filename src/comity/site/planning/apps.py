"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class Planning(AppConfig):
    name = "comity.site.planning"
    label = "planning"
    default_auto_field = "django.db.models.BigAutoField"
