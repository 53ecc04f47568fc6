"""Addresses of planning that other programs read: calendars, the signed bytes, ballots."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from comity.site.planning.views import consultations, plans

app_name = "planning-files"

urlpatterns: list[URLPattern | URLResolver] = [
    path("plans/meetings.ics", plans.calendar, name="calendar"),
    path("plans/meetings/<int:meeting>.ics", plans.meeting_calendar, name="meeting_calendar"),
    path("plans/<int:plan>/versions/<int:number>/plan.json", plans.document, name="document"),
    path("plans/consultations/<int:consultation>/ballots.pb", consultations.ballots, name="ballots"),
]
