"""Officers: who agreed to be shown, who works here beside who lives here, contacts; and the officer's own two links."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from comity.site.community.here import this_agency
from comity.site.community.open_forms import open_form
from comity.site.outreach.actions import profiles as actions
from comity.site.outreach.actions.subscriptions import link
from comity.site.outreach.forms import ConsentForm
from comity.site.outreach.pictures import shares_picture
from comity.site.outreach.queries.profiles import invited_profile, public_profiles
from comity.site.outreach.queries.public import catalogue
from comity.site.outreach.queries.workforce import contacts, workforce


def officers(request: HttpRequest) -> HttpResponse:
    found = catalogue()
    beside = workforce(found) if found else None
    return render(
        request,
        "outreach/officers.html",
        {
            "profiles": public_profiles(this_agency(), settings.CLOCK()),
            "workforce": beside,
            "picture": shares_picture(beside.lines) if beside else None,
            "contacts": contacts(found) if found else None,
        },
    )


@open_form()
def consent(request: HttpRequest, token: str) -> HttpResponse:
    """What would be public, and the officer's agreement; afterwards the link that takes it back."""
    profile = invited_profile(token, settings.CLOCK())
    if request.method != "POST" or profile is None:
        return render(
            request,
            "outreach/consent.html",
            {"profile": profile, "token": token, "months": actions.MONTHS},
            status=200 if profile else 410,
        )
    form = ConsentForm(request.POST)
    if not form.is_valid():
        return render(
            request,
            "outreach/consent.html",
            {"profile": profile, "token": token, "months": actions.MONTHS, "is_wrong": True},
            status=422,
        )
    agreed, withdrawing = actions.consent(token, months=form.cleaned_data["months"])
    return render(
        request, "outreach/consented.html", {"profile": agreed, "link": link("outreach:withdraw", withdrawing)}
    )


@open_form(kind=None)
def withdraw(request: HttpRequest, token: str) -> HttpResponse:
    """One click, at any moment; the same page for every link, used or not."""
    if request.method == "POST":
        actions.withdraw(token)
    return render(request, "outreach/withdraw.html", {"token": token, "is_gone": request.method == "POST"})
