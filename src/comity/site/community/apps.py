"""The Django app of accounts."""

from __future__ import annotations

from django.apps import AppConfig


class Community(AppConfig):
    name = "comity.site.community"
    label = "community"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from comity.site.community.watching import watch

        watch()
