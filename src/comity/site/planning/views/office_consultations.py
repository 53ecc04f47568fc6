"""Where consultations are prepared, moderated, voted on and answered."""

from __future__ import annotations

import csv
import io

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from comity.site.community.roles import Role
from comity.site.planning import consulting, forms, queries
from comity.site.planning.actions import PlanningRefused
from comity.site.planning.ballots import BUDGETS
from comity.site.planning.models import Consultation, Reply
from comity.site.planning.rules import PLANNERS, VOTE_KEEPERS
from comity.site.planning.sealed import sealed_in
from comity.site.planning.views.around import file_answer, in_agency_time


@never_cache
@in_agency_time
def office_new_consultation(request: HttpRequest, plan: int) -> HttpResponse:
    """Opens a question to the community."""
    found = queries.plan_of(request.user, plan).plan
    form = forms.ConsultationForm(request.POST or None)
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            made = consulting.open_consultation(found, **form.cleaned_data, by=request.user)
            return redirect("planning:office_consultation", made.pk)
        except PlanningRefused as refusal:
            problem = refusal
    return render(
        request,
        "planning/office_new_consultation.html",
        {"plan": found, "form": form, "problem": problem},
        status=422 if problem or form.errors else 200,
    )


@never_cache
@in_agency_time
def office_consultation(request: HttpRequest, consultation: int) -> HttpResponse:
    """What is to be done with one consultation, by whom."""
    found = _consultation(request, consultation)
    role = request.user.role
    return render(
        request,
        "planning/office_consultation.html",
        {
            "consultation": found,
            "state": queries.consultation_state(found),
            "contributions": queries.contributions(found),
            "waiting": found.contributions.filter(decision=None).count(),
            "is_budget": found.kind in BUDGETS,
            "may_write": role in PLANNERS,
            "may_open": role in VOTE_KEEPERS,
            "reply_kinds": Reply.Kind.choices,
            "versions": [each for each, _state in queries.plan(found.plan_id).versions],
        },
    )


def office_costs(request: HttpRequest, consultation: int) -> HttpResponse:
    """What each proposal costs."""
    found = _consultation(request, consultation)
    costs = {}
    for each in queries.contributions(found):
        form = forms.CostForm({"cost": request.POST.get(f"cost-{each.number}", "")})
        if not form.is_valid():
            raise PlanningRefused(f"{each.number}: {form.errors['cost'][0]}", "")
        costs[each.number] = form.cleaned_data["cost"]
    consulting.set_costs(found, costs, by=request.user)
    return redirect("planning:office_consultation", found.pk)


def office_projects(request: HttpRequest, consultation: int) -> HttpResponse:
    """Takes the projects of a Pabulib file over."""
    found = _consultation(request, consultation)
    election = forms.read_projects(forms.read_upload(request.FILES.get("file")))
    consulting.take_projects(found, election, by=request.user)
    return redirect("planning:office_consultation", found.pk)


def office_seal(request: HttpRequest, consultation: int) -> HttpResponse:
    """Fixes everything before the vote."""
    found = _consultation(request, consultation)
    consulting.seal(found, by=request.user)
    return redirect("planning:office_consultation", found.pk)


@never_cache
def office_open_voting(request: HttpRequest, consultation: int) -> HttpResponse:
    """Opens the vote; the answer is the file of codes for the letters, given once and stored nowhere.

    Refused until the sealed public log holds the rule and the ballot paper.
    """
    found = _consultation(request, consultation)
    if found.sealed_at is not None and sealed_in(found) is None:
        raise PlanningRefused(
            _("Rule and ballot paper do not stand in the sealed public log yet."),
            _("Have “comity work” run, and open the vote after that."),
        )
    cases = []
    if found.access == Consultation.Access.INVITED:
        cases = forms.read_cases(forms.read_upload(request.FILES.get("file")))
    codes = consulting.open_voting(found, cases=cases, keys=settings.KEYS, by=request.user)
    if not codes:
        return redirect("planning:office_consultation", found.pk)
    out = io.StringIO()
    csv.writer(out).writerows([("case", "code"), *codes.items()])
    return file_answer(out.getvalue(), "text/csv; charset=utf-8", f"codes-consultation-{found.pk}.csv")


def office_count(request: HttpRequest, consultation: int) -> HttpResponse:
    """Ends the vote and counts it."""
    found = _consultation(request, consultation)
    consulting.close_and_count(found, by=request.user)
    return redirect("planning:result", found.pk)


def office_reply(request: HttpRequest, contribution: int) -> HttpResponse:
    """Says where a contribution went."""
    found = queries.contribution_of(request.user, contribution)
    form = forms.ReplyForm(request.POST)
    if not form.is_valid():
        raise PlanningRefused("; ".join(each[0] for each in form.errors.values()), "")
    said = form.cleaned_data
    version = None
    if said["kind"] == Reply.Kind.PLAN and said["version"]:
        version = queries.version_of(request.user, said["version"])
        if version.plan_id != found.consultation.plan_id or version.asked_at is None:
            raise Http404
    consulting.reply(
        found,
        kind=said["kind"],
        version=version,
        commitment=said["commitment"],
        reason=said["reason"],
        by=request.user,
    )
    return redirect("planning:office_consultation", found.consultation_id)


@never_cache
@in_agency_time
def office_moderation(request: HttpRequest) -> HttpResponse:
    """What waits for a decision; for the auditor, also what was rejected."""
    is_auditor = request.user.role == Role.AUDITOR
    return render(
        request,
        "planning/office_moderation.html",
        {
            "waiting": queries.waiting(request.user),
            "rejected": queries.rejected(request.user) if is_auditor else [],
            "is_auditor": is_auditor,
        },
    )


def office_decide(request: HttpRequest, contribution: int) -> HttpResponse:
    """Publishes or rejects a contribution."""
    found = queries.contribution_of(request.user, contribution)
    form = forms.DecisionForm(request.POST)
    if not form.is_valid():
        raise PlanningRefused("; ".join(each[0] for each in form.errors.values()), "")
    consulting.decide(
        found,
        is_published=form.cleaned_data["decision"] == "publish",
        reason=form.cleaned_data["reason"],
        by=request.user,
    )
    return redirect("planning:office_moderation")


def _consultation(request: HttpRequest, pk: int) -> Consultation:
    return queries.consultation(pk=pk, plan__agency=request.user.agency)
