"""Addresses of the office."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from comity.site.surveys.office import views

urlpatterns = [
    path("office/", views.office, name="office"),
    path("office/sign-in/", LoginView.as_view(template_name="surveys/sign_in.html"), name="sign_in"),
    path("office/sign-out/", LogoutView.as_view(), name="sign_out"),
]
