"""Refusals in plain words where survey pages are served without the portal."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.translation import gettext as _


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(loader.get_template("500.html").render({"is_request": True}), status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    problem = {"what": _("There is no such page."), "next_step": _("Compare the address with your letter.")}
    return HttpResponse(loader.render_to_string("surveys/refusal.html", {"problem": problem}, request), status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return HttpResponse(loader.get_template("500.html").render({}), status=500)
