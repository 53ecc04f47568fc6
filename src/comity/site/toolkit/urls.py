"""Addresses of the toolkit, in each language."""

from __future__ import annotations

from django.urls import path

from comity.site.toolkit import views

urlpatterns = [
    path("toolkit/", views.every_template, name="toolkit"),
    path("toolkit/<slug:name>/", views.template, name="toolkit-template"),
    path("toolkit/<slug:name>/blank.<slug:kind>", views.blank, name="toolkit-blank"),
]
