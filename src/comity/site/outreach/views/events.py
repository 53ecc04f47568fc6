"""Events: what comes, each by itself, and the calendar that a telephone follows."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from comity.site.community.here import place_here, this_agency
from comity.site.community.models import Place
from comity.site.outreach.models import Event
from comity.site.outreach.queries.events import calendar, coming_events, past_events
from comity.site.outreach.queries.public import zone


def events(request: HttpRequest) -> HttpResponse:
    return _page(request, None)


def events_of_place(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, place_here(slug))


def event(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    found = Event.objects.select_related("place").filter(agency=this_agency(), uid=uid).first()
    if found is None:
        raise Http404(_("There is no event with this address."))
    return render(request, "outreach/event.html", {"event": found, "zone": zone()})


def all_events_calendar(request: HttpRequest) -> HttpResponse:
    return _calendar(None)


def place_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    return _calendar(place_here(slug))


def _page(request: HttpRequest, place: Place | None) -> HttpResponse:
    agency, now = this_agency(), settings.CLOCK()
    return render(
        request,
        "outreach/events.html",
        {
            "place": place,
            "places": Place.objects.filter(agency=agency).order_by("name"),
            "coming": coming_events(agency, now, place),
            "past": past_events(agency, now, place),
            "zone": zone(),
        },
    )


def _calendar(place: Place | None) -> HttpResponse:
    agency, language = this_agency(), get_language() or "en"
    name = _("%(agency)s: events") % {"agency": place.name if place else agency.name}
    content = calendar(agency, settings.CLOCK(), place=place, name=name, language=language, site_url=settings.SITE_URL)
    return HttpResponse(
        content,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="events.ics"'},
    )
