"""Addresses of the survey pages that this process serves."""

from __future__ import annotations

from django.apps import apps
from django.urls import include, path

from comity.site.surveys import office_views

app_name = "surveys"

urlpatterns = [path("office/surveys/", office_views.office, name="office")]
if apps.is_installed("comity.site.surveys.invitations"):
    urlpatterns.append(path("", include("comity.site.surveys.invitations.urls")))
if apps.is_installed("comity.site.surveys.responses"):
    urlpatterns.append(path("", include("comity.site.surveys.responses.urls")))
