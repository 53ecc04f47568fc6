"""Addresses of training that other programs speak to: xAPI, cmi5, and the files of packages on their own origin."""

from __future__ import annotations

from django.urls import path

from comity.site.training import content, xapi_views

app_name = "training-files"

urlpatterns = [
    path("xapi/about", xapi_views.about, name="about"),
    path("xapi/statements", xapi_views.statements, name="statements"),
    path("xapi/activities/state", xapi_views.state, name="state"),
    path("xapi/agents/profile", xapi_views.agent_profile, name="agent_profile"),
    path("xapi/fetch/<str:token>/", xapi_views.fetch, name="fetch"),
    path("content/<slug:digest>/<path:path>", content.file, name="content"),
]
