"""The Django app of the response store."""

from __future__ import annotations

from django.apps import AppConfig


class Responses(AppConfig):
    name = "comity.site.surveys.responses"
    label = "survey_responses"
    default_auto_field = "django.db.models.BigAutoField"
