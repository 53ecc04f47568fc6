"""Addresses of the code page."""

from __future__ import annotations

from django.urls import path

from comity.site.surveys.invitations import views

urlpatterns = [
    path("code/", views.code, name="code"),
    path("code/token/", views.code_token, name="code_token"),
    path("office/samples/<slug:name>/", views.office_sample, name="office_sample"),
    path("office/samples/<slug:name>/disposition/", views.office_disposition, name="office_disposition"),
    path("office/samples/<slug:name>/close/", views.office_close_codes, name="office_close_codes"),
]
