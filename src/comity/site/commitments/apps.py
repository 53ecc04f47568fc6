"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class Commitments(AppConfig):
    name = "comity.site.commitments"
    label = "commitments"
    default_auto_field = "django.db.models.BigAutoField"
