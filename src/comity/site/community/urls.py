"""Addresses of the office, in each language."""

from __future__ import annotations

from django.urls import path

from comity.site.community import views

app_name = "community"

urlpatterns = [path("office/", views.office, name="office")]
