"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class Outreach(AppConfig):
    name = "comity.site.outreach"
    label = "outreach"
    default_auto_field = "django.db.models.BigAutoField"
