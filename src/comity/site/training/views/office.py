"""Who is current and who is overdue; officers, instructors, mandates."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from comity.site.community.roles import Role
from comity.site.training import actions, queries
from comity.site.training.forms import QualificationForm, ReasonForm
from comity.site.training.importing import as_csv
from comity.site.training.models import Completion, Mandate, Officer, Qualification
from comity.site.training.refusals import TrainingRefused
from comity.site.training.standing import SOON_DAYS, MandateStanding, standing, standing_of, today


@never_cache
def office(request: HttpRequest) -> HttpResponse:
    agency = request.user.agency
    return render(
        request,
        "training/office.html",
        {"standings": standing(agency, today()) if agency else [], "today": today(), "may_write": may_write(request)},
    )


@never_cache
def mandate(request: HttpRequest, pk: int) -> HttpResponse:
    return _mandate_page(request, _mandate(request, pk))


@never_cache
def mandate_file(request: HttpRequest, pk: int) -> HttpResponse:
    found = standing_of(_mandate(request, pk), today())
    rows: list[list[object]] = [
        [each.officer.number, each.officer.unit, each.state.value, each.completed_on or "", each.deadline or ""]
        for each in found.officers
    ]
    return HttpResponse(
        as_csv(["number", "unit", "state", "completed", "deadline"], rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="mandate-{pk}.csv"'},
    )


@never_cache
def end_mandate(request: HttpRequest, pk: int) -> HttpResponse:
    found = _mandate(request, pk)
    try:
        actions.end_mandate(found, by=request.user)
    except TrainingRefused as problem:
        return _mandate_page(request, found, problem)
    return redirect("training:course", slug=found.course.slug)


def _mandate(request: HttpRequest, pk: int) -> Mandate:
    mandates = Mandate.objects.select_related("course__agency", "group")
    return get_object_or_404(mandates, pk=pk, course__agency=request.user.agency)


def _mandate_page(request: HttpRequest, found: Mandate, problem: TrainingRefused | None = None) -> HttpResponse:
    stood: MandateStanding = standing_of(found, today())
    return render(
        request,
        "training/mandate.html",
        {"stood": stood, "today": today(), "soon_days": SOON_DAYS, "problem": problem, "may_write": may_write(request)},
        status=422 if problem else 200,
    )


@never_cache
def officers(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "training/officers.html",
        {"officers": queries.officers(request.user.agency), "may_write": may_write(request)},
    )


@never_cache
def officer(request: HttpRequest, pk: int) -> HttpResponse:
    return _officer_page(request, get_object_or_404(Officer, pk=pk, agency=request.user.agency))


@never_cache
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(
        Completion.objects.select_related("officer__agency"), pk=pk, officer__agency=request.user.agency
    )
    try:
        actions.take_back(found, reason=request.POST.get("reason", "")[:300], by=request.user)
    except TrainingRefused as problem:
        return _officer_page(request, found.officer, problem)
    return redirect("training:officer", pk=found.officer_id)


def _officer_page(request: HttpRequest, found: Officer, problem: TrainingRefused | None = None) -> HttpResponse:
    return render(
        request,
        "training/officer.html",
        {
            "officer": found,
            "completions": queries.completions(found),
            "form": ReasonForm(),
            "problem": problem,
            "may_write": may_write(request),
        },
        status=422 if problem else 200,
    )


@never_cache
def instructors(request: HttpRequest) -> HttpResponse:
    form, problem = QualificationForm(), None
    if request.method == "POST":
        form = QualificationForm(request.POST)
        if form.is_valid():
            try:
                actions.add_qualification(**form.cleaned_data, by=request.user)
                return redirect("training:instructors")
            except TrainingRefused as refused:
                problem = refused
    return render(
        request,
        "training/instructors.html",
        {
            "instructors": queries.instructors(request.user.agency, today()),
            "form": form,
            "problem": problem,
            "may_write": may_write(request),
        },
        status=422 if problem or form.errors else 200,
    )


@never_cache
def end_qualification(request: HttpRequest, pk: int) -> HttpResponse:
    held = get_object_or_404(
        Qualification.objects.select_related("instructor__agency"), pk=pk, instructor__agency=request.user.agency
    )
    actions.end_qualification(held, on=today(), by=request.user)
    return redirect("training:instructors")


def may_write(request: HttpRequest) -> bool:
    """Whether the page shows what only a training officer may do; the guard holds it in any case."""
    return bool(request.user.role == Role.TRAINING_OFFICER)


def too_large(most: int) -> TrainingRefused:
    return TrainingRefused(
        _("The file is larger than %(most)s bytes.") % {"most": f"{most:,}"}, _("Choose the file that is meant.")
    )
