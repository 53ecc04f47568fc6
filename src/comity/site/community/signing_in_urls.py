"""Addresses of signing in and out, under the names that django-allauth knows."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

urlpatterns = [
    path("office/sign-in/", LoginView.as_view(template_name="community/sign_in.html"), name="account_login"),
    path("office/sign-out/", LogoutView.as_view(), name="account_logout"),
]
