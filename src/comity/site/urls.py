"""Addresses of the site: pages in each language, and beside them what has no language."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

urlpatterns = [
    *i18n_patterns(path("", include("comity.site.portal.urls")), prefix_default_language=False),
    path("", include("comity.site.portal.urls_without_language")),
]

handler400 = "comity.site.portal.views.errors.bad_request"
handler404 = "comity.site.portal.views.errors.not_found"
handler500 = "comity.site.portal.views.errors.server_error"
