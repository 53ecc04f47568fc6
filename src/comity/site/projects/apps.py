"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class Projects(AppConfig):
    name = "comity.site.projects"
    label = "projects"
    default_auto_field = "django.db.models.BigAutoField"
