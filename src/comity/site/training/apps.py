"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class Training(AppConfig):
    name = "comity.site.training"
    label = "training"
    default_auto_field = "django.db.models.BigAutoField"
