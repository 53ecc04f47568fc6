"""Addresses of the site: pages in each language, and beside them what has no language; of the parts that are served."""

from __future__ import annotations

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from comity.site.parts import APPS, COMMUNITY, PORTAL

_parts = settings.PARTS
urlpatterns: list[object] = []
if set(_parts) - {PORTAL}:
    urlpatterns += i18n_patterns(
        path("", include("comity.site.community.signing_in_urls")),
        path("", include("comity.site.community.urls")),
        path("", include("comity.site.surveys.urls")),
        prefix_default_language=False,
    )
if COMMUNITY in _parts:
    for _room in APPS[COMMUNITY]:
        urlpatterns += i18n_patterns(path("", include(f"{_room}.urls")), prefix_default_language=False)
        urlpatterns.append(path("", include(f"{_room}.urls_without_language")))
urlpatterns.append(path("", include("comity.site.operations.urls_without_language")))
if PORTAL in _parts:
    urlpatterns += [
        *i18n_patterns(path("", include("comity.site.portal.urls")), prefix_default_language=False),
        *i18n_patterns(path("", include("comity.site.toolkit.urls")), prefix_default_language=False),
        path("", include("comity.site.portal.urls_without_language")),
    ]

_refusals = "comity.site.portal.views.errors" if PORTAL in _parts else "comity.site.surveys.refusals"
handler400 = f"{_refusals}.bad_request"
handler404 = f"{_refusals}.not_found"
handler500 = f"{_refusals}.server_error"
