"""Addresses of outreach, in each language."""

from __future__ import annotations

from django.urls import path

from comity.site.outreach.views import events, office, officers, press, questions, subscriptions

app_name = "outreach"

RELEASE = "press/<slug:dataset>/<slug:period>/v<int:version>"

urlpatterns = [
    path("events/", events.events, name="events"),
    path("events.ics", events.all_events_calendar, name="calendar"),
    path("events/in/<slug:slug>/", events.events_of_place, name="events_of_place"),
    path("events/in/<slug:slug>.ics", events.place_calendar, name="place_calendar"),
    path("events/<uuid:uid>/", events.event, name="event"),
    path("officers/", officers.officers, name="officers"),
    path("officers/consent/<str:token>/", officers.consent, name="consent"),
    path("officers/withdraw/<str:token>/", officers.withdraw, name="withdraw"),
    path("press/", press.press, name="press"),
    path(f"{RELEASE}/", press.press_release, name="press_release"),
    path(f"{RELEASE}.pdf", press.press_kit_file, name="press_kit"),
    path("subscribe/", subscriptions.subscribe, name="subscribe"),
    path("subscribe/confirm/<str:token>/", subscriptions.confirm, name="confirm"),
    path("subscribe/leave/<str:token>/", subscriptions.leave, name="leave"),
    path("feeds/<slug:topic>.xml", subscriptions.topic_feed, name="topic_feed"),
    path("feeds/<slug:topic>/<slug:slug>.xml", subscriptions.place_feed, name="place_feed"),
    path("questions/", questions.questions, name="questions"),
    path("questions/ask/", questions.ask, name="ask"),
    path("questions/follow/", questions.follow, name="follow"),
    path("questions/judge/", questions.judge, name="judge"),
    path("questions/moderation/", questions.moderation, name="moderation"),
    path("questions/<int:number>/", questions.question, name="question"),
    path("office/outreach/events/", office.office_events, name="office_events"),
    path("office/outreach/events/<uuid:uid>/", office.office_event, name="office_event"),
    path("office/outreach/events/<uuid:uid>/cancel/", office.office_event_cancel, name="office_event_cancel"),
    path("office/outreach/contacts/", office.office_contacts, name="office_contacts"),
    path("office/outreach/profiles/", office.office_profiles, name="office_profiles"),
    path("office/outreach/profiles/<int:number>/remove/", office.office_profile_remove, name="office_profile_remove"),
    path("office/outreach/questions/", office.office_questions, name="office_questions"),
    path("office/outreach/questions/<int:number>/decide/", office.office_decide, name="office_decide"),
    path("office/outreach/questions/<int:number>/answer/", office.office_answer, name="office_answer"),
]
