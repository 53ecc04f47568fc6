"""Where planners write plans, ask for signatures and call meetings, and community leaders sign or dissent."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from comity.site.planning import actions, queries
from comity.site.planning import text as texts
from comity.site.planning.actions import PlanningRefused
from comity.site.planning.forms import (
    DraftForm,
    MeetingForm,
    MinutesForm,
    PlanForm,
    SignForm,
    draft_form_values,
    read_draft,
)
from comity.site.planning.models import Responsibility, Version
from comity.site.planning.rules import CHIEF, PLANNERS
from comity.site.planning.views.around import in_agency_time
from comity.site.planning.views.plans import state_sentence


@never_cache
@in_agency_time
def office_plans(request: HttpRequest) -> HttpResponse:
    """The agency's plans, and the form for a new one."""
    form = PlanForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = actions.start_plan(**form.cleaned_data, agency=request.user.agency, by=request.user)
        return redirect("planning:office_plan", made.pk)
    return render(
        request,
        "planning/office_plans.html",
        {"plans": queries.plans_of(request.user), "form": form, "may_write": request.user.role in PLANNERS},
        status=422 if form.errors else 200,
    )


@never_cache
@in_agency_time
def office_plan(request: HttpRequest, plan: int) -> HttpResponse:
    """One plan: its versions, meetings and consultations."""
    found = queries.plan_of(request.user, plan)
    return render(
        request,
        "planning/office_plan.html",
        {
            "plan": found.plan,
            "versions": [(each, state_sentence(each, state)) for each, state in found.versions],
            "has_draft": any(state == queries.DRAFT for _version, state in found.versions),
            "meetings": queries.meetings(plan=found.plan),
            "consultations": [
                (each, queries.consultation_state(each)) for each in queries.consultations(plan=found.plan)
            ],
            "may_write": request.user.role in PLANNERS,
            "is_chief": request.user.role in CHIEF,
        },
    )


def office_draft(request: HttpRequest, plan: int) -> HttpResponse:
    """Starts the next version."""
    made = actions.start_draft(queries.plan_of(request.user, plan).plan, by=request.user)
    return redirect("planning:office_version", made.pk)


@never_cache
@in_agency_time
def office_version(request: HttpRequest, version: int) -> HttpResponse:
    """The words, the matrix and the signatories of a draft, to write."""
    found = queries.version_of(request.user, version)
    if found.asked_at is not None and request.method == "GET":
        return redirect("planning:version", found.plan_id, found.number)
    leaders = queries.leaders(request.user)
    form = DraftForm(request.POST if request.method == "POST" else draft_form_values(actions.draft_of(found)))
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            actions.write_draft(found, read_draft(form, request.POST, found, leaders), by=request.user)
            return redirect("planning:office_version", found.pk)
        except PlanningRefused as refusal:
            problem = refusal
    return render(
        request,
        "planning/office_version.html",
        {
            "version": found,
            "plan": found.plan,
            "form": form,
            "problem": problem,
            "parties": list(found.parties.order_by("position")),
            "rows": _matrix_fields(found, request),
            "kinds": Responsibility.Kind.choices,
            "leaders": _leader_fields(found, request, leaders),
        },
        status=422 if problem or request.method == "POST" else 200,
    )


def office_ask(request: HttpRequest, version: int) -> HttpResponse:
    """Closes the text and asks for signatures."""
    found = queries.version_of(request.user, version)
    actions.ask_for_signatures(found, by=request.user)
    return redirect("planning:office_plan", found.plan_id)


@never_cache
@in_agency_time
def office_sign(request: HttpRequest, version: int) -> HttpResponse:
    """The exact text that a leader signs or dissents from."""
    found = queries.version_of(request.user, version)
    form = SignForm(request.POST or None)
    problem = None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise PlanningRefused("; ".join(each[0] for each in form.errors.values()), "")
            if form.cleaned_data["go"] == "sign":
                actions.sign(
                    found, sha256=form.cleaned_data["sha256"], dissent=form.cleaned_data["dissent"], by=request.user
                )
            else:
                actions.dissent_from(found, form.cleaned_data["dissent"], by=request.user)
            return redirect("planning:office_sign", found.pk)
        except PlanningRefused as refusal:
            problem = refusal
    document = texts.document_of(found)
    signatory = queries.signatory(found, request.user)
    return render(
        request,
        "planning/office_sign.html",
        {
            "version": found,
            "plan": found.plan,
            "chapters": [
                each
                for each in texts.chapters(document)
                if each.paragraphs and each.name not in ("activities", "terms", "signatories")
            ],
            "terms": document["terms"],
            "parties": document["parties"],
            "matrix": texts.matrix(document),
            "signatures": queries.signatures(found),
            "signatory": signatory,
            "has_signed": hasattr(signatory, "signature"),
            "problem": problem,
            "dissent": request.POST.get("dissent", "") if problem else "",
        },
        status=422 if problem else 200,
    )


def office_activate(request: HttpRequest, version: int) -> HttpResponse:
    """Puts a version in force, once all have signed."""
    found = queries.version_of(request.user, version)
    actions.activate(found, by=request.user)
    return redirect("planning:plan", found.plan_id)


@never_cache
@in_agency_time
def office_new_meeting(request: HttpRequest, plan: int) -> HttpResponse:
    """Calls a meeting."""
    found = queries.plan_of(request.user, plan).plan
    form = MeetingForm(request.POST or None)
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            actions.call_meeting(found, **form.cleaned_data, by=request.user)
            return redirect("planning:office_plan", found.pk)
        except PlanningRefused as refusal:
            problem = refusal
    return render(
        request,
        "planning/office_meeting.html",
        {"plan": found, "form": form, "problem": problem},
        status=422 if problem or form.errors else 200,
    )


@never_cache
@in_agency_time
def office_meeting(request: HttpRequest, meeting: int) -> HttpResponse:
    """Agenda and minutes, and who was there by group."""
    found = queries.meeting(pk=meeting, plan__agency=request.user.agency)
    shown = {
        "agenda": found.agenda,
        "minutes": found.minutes,
        "presences": "\n".join(f"{each.group}: {each.people}" for each in found.presences.all()),
    }
    form = MinutesForm(request.POST if request.method == "POST" else shown)
    if request.method == "POST" and form.is_valid():
        actions.write_minutes(found, **form.cleaned_data, by=request.user)
        return redirect("planning:office_plan", found.plan_id)
    return render(
        request,
        "planning/office_meeting.html",
        {"plan": found.plan, "meeting": found, "form": form},
        status=422 if request.method == "POST" else 200,
    )


def _matrix_fields(version: Version, request: HttpRequest) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """(activity, [(field name, party, chosen)]) of each row; what was just sent stays chosen."""
    parties = list(version.parties.order_by("position"))
    chosen = {
        f"duty-{each.activity_id}-{each.party_id}": each.kind
        for each in Responsibility.objects.filter(activity__version=version)
    }
    if request.method == "POST":
        chosen = {name: value for name, value in request.POST.items() if name.startswith("duty-")}
    return [
        (
            each.text,
            [(name, party.name, chosen.get(name, "")) for party in parties for name in [f"duty-{each.pk}-{party.pk}"]],
        )
        for each in version.activities.order_by("position")
    ]


def _leader_fields(
    version: Version, request: HttpRequest, leaders: list[queries.Account]
) -> list[tuple[str, str, str]]:
    """(field name, account's name, group it speaks for) of each leader."""
    named = {each.account_id: each.speaks_for for each in version.signatories.all()}
    return [
        (f"speaks-{each.pk}", each.username, request.POST.get(f"speaks-{each.pk}", named.get(each.pk, "")))
        for each in leaders
    ]
