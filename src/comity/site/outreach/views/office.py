"""The office's pages of outreach: events, contacts, profiles, questions; each person's own agency and no other."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from comity.errors import ComityError
from comity.site.community.here import own_agency
from comity.site.community.roles import Role
from comity.site.outreach.actions import contacts as contact_actions
from comity.site.outreach.actions import events as event_actions
from comity.site.outreach.actions import profiles as profile_actions
from comity.site.outreach.actions import questions as question_actions
from comity.site.outreach.actions.subscriptions import link
from comity.site.outreach.forms import AnswerForm, ContactForm, DecisionForm, EventForm, ProfileForm
from comity.site.outreach.models import Event, Profile, Question, Rule
from comity.site.outreach.queries.contacts import latest_counts
from comity.site.outreach.queries.events import coming_events
from comity.site.outreach.queries.public import here, today, zone
from comity.site.outreach.queries.questions import public_questions, unread_questions


@never_cache
def office_events(request: HttpRequest) -> HttpResponse:
    """What is announced, and a form for the next one."""
    agency = own_agency(request.user)
    form = EventForm(request.POST or None, agency=agency)
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            event_actions.announce_event(form.said(), by=request.user)
            return redirect("outreach:office_events")
        except ComityError as raised:
            problem = raised
    return render(
        request,
        "outreach/office_events.html",
        {"form": form, "problem": problem, "coming": coming_events(agency, settings.CLOCK()), "zone": zone()},
        status=422 if request.method == "POST" else 200,
    )


@never_cache
def office_event(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    event = get_object_or_404(Event.objects.select_related("place"), uid=uid, agency=own_agency(request.user))
    starts, ends = here(event.starts), here(event.ends)
    given = {name: getattr(event, name) for name in ("kind", "title", "title_es", "venue", "about", "about_es")}
    given |= {
        "place": event.place and event.place.slug,
        "day": starts.date(),
        "begins": starts.time(),
        "ends": ends.time(),
    }
    form = EventForm(request.POST or None, agency=own_agency(request.user), initial=given)
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            event_actions.change_event(event, form.said(), by=request.user)
            return redirect("outreach:office_events")
        except ComityError as raised:
            problem = raised
    return render(
        request,
        "outreach/office_event.html",
        {"form": form, "event": event, "problem": problem, "zone": zone()},
        status=422 if request.method == "POST" else 200,
    )


def office_event_cancel(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    event = get_object_or_404(Event, uid=uid, agency=own_agency(request.user))
    if not event.is_cancelled:
        event_actions.cancel_event(event, by=request.user)
    return redirect("outreach:office_events")


@never_cache
def office_contacts(request: HttpRequest) -> HttpResponse:
    """The counts so far, and a form for one more."""
    agency = own_agency(request.user)
    form = ContactForm(request.POST or None, agency=agency)
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            contact_actions.count_contacts(**form.cleaned_data, by=request.user, today=today())
            return redirect("outreach:office_contacts")
        except ComityError as raised:
            problem = raised
    return render(
        request,
        "outreach/office_contacts.html",
        {"form": form, "problem": problem, "counts": latest_counts(agency)},
        status=422 if request.method == "POST" else 200,
    )


@never_cache
def office_profiles(request: HttpRequest) -> HttpResponse:
    """Profiles and how they stand; a new one shows the officer's link once, and nobody can show it again."""
    agency, now = own_agency(request.user), settings.CLOCK()
    form = ProfileForm(request.POST or None, agency=agency)
    problem, made = None, ""
    if request.method == "POST" and form.is_valid():
        try:
            _prepared, token = profile_actions.prepare_profile(**form.cleaned_data, by=request.user)
            made, form = link("outreach:consent", token), ProfileForm(agency=agency)
        except ComityError as raised:
            problem = raised
    profiles = [
        {
            "profile": each,
            "is_shown": profile_actions.is_shown(each, now),
            "waits": profile_actions.awaits_consent(each, now),
        }
        for each in Profile.objects.filter(agency=agency).order_by("name", "pk")
    ]
    return render(
        request,
        "outreach/office_profiles.html",
        {"form": form, "problem": problem, "profiles": profiles, "made": made},
        status=422 if request.method == "POST" and not made else 200,
    )


def office_profile_remove(request: HttpRequest, number: int) -> HttpResponse:
    profile = get_object_or_404(Profile, pk=number, agency=own_agency(request.user))
    profile_actions.take_down(profile, by=request.user)
    return redirect("outreach:office_profiles")


@never_cache
def office_questions(request: HttpRequest, problem: ComityError | None = None) -> HttpResponse:
    """A moderator decides what is public; the agency answers."""
    agency, now = own_agency(request.user), settings.CLOCK()
    is_moderator = request.user.role == Role.MODERATOR
    found = unread_questions(agency, now) if is_moderator else public_questions(agency, now)[0]
    return render(
        request,
        "outreach/office_questions.html",
        {"standings": found, "is_moderator": is_moderator, "rules": Rule.choices, "problem": problem},
        status=422 if problem else 200,
    )


def office_decide(request: HttpRequest, number: int) -> HttpResponse:
    question = get_object_or_404(Question, pk=number, agency=own_agency(request.user))
    form = DecisionForm(request.POST)
    is_published = form.is_valid() and form.cleaned_data["publish"] == "yes"
    rule = "" if is_published or not form.is_valid() else form.cleaned_data["rule"]
    try:
        question_actions.decide(question, publish=is_published, rule=rule, by=request.user)
    except ComityError as problem:
        return office_questions(request, problem)
    return redirect("outreach:office_questions")


def office_answer(request: HttpRequest, number: int) -> HttpResponse:
    question = get_object_or_404(Question, pk=number, agency=own_agency(request.user))
    form = AnswerForm(request.POST)
    try:
        if not form.is_valid():
            raise question_actions.QuestionRefused(
                _("An answer has between 1 and 4,000 characters."), _("Write it again, then send it.")
            )
        question_actions.answer(question, form.cleaned_data["text"], by=request.user)
    except ComityError as problem:
        return office_questions(request, problem)
    return redirect("outreach:office_questions")
