"""The Django app of the invitation store."""

from __future__ import annotations

from django.apps import AppConfig


class Invitations(AppConfig):
    name = "comity.site.surveys.invitations"
    label = "survey_invitations"
    default_auto_field = "django.db.models.BigAutoField"
