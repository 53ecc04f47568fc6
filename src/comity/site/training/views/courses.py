"""A course: versions, mandates, sessions, packages, providers, tests; each form's action, and the page again where it is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from comity.site.training import actions, launching, packages, providers, queries, quizzes
from comity.site.training.forms import (
    CourseForm,
    LaunchForm,
    MandateForm,
    PackageForm,
    ProviderForm,
    QuizForm,
    SessionForm,
    VersionForm,
)
from comity.site.training.models import (
    Course,
    CourseVersion,
    EffectStatement,
    Officer,
    Package,
    Provider,
    Session,
    Unit,
)
from comity.site.training.receiving import home_page
from comity.site.training.refusals import TrainingRefused
from comity.site.training.views.office import may_write, too_large


@never_cache
def courses(request: HttpRequest) -> HttpResponse:
    form, problem = CourseForm(), None
    if request.method == "POST":
        form = CourseForm(request.POST)
        if form.is_valid():
            try:
                made = actions.add_course(**form.cleaned_data, by=request.user)
                return redirect("training:course", slug=made.slug)
            except TrainingRefused as refused:
                problem = refused
    return render(
        request,
        "training/courses.html",
        {
            "courses": queries.courses(request.user.agency),
            "form": form,
            "problem": problem,
            "may_write": may_write(request),
        },
        status=422 if problem or form.errors else 200,
    )


@never_cache
def course(request: HttpRequest, slug: str) -> HttpResponse:
    return _course_page(request, _course(request, slug))


@never_cache
def add_version(request: HttpRequest, slug: str) -> HttpResponse:
    found = _course(request, slug)
    return _filled(
        request, found, "version_form", VersionForm, lambda data: actions.add_version(found, **data, by=request.user)
    )


@never_cache
def add_mandate(request: HttpRequest, slug: str) -> HttpResponse:
    found = _course(request, slug)
    return _filled(
        request, found, "mandate_form", MandateForm, lambda data: actions.add_mandate(found, **data, by=request.user)
    )


@never_cache
def add_quiz(request: HttpRequest, slug: str) -> HttpResponse:
    found = _course(request, slug)
    return _filled(request, found, "quiz_form", QuizForm, lambda data: quizzes.add_quiz(found, **data, by=request.user))


@never_cache
def add_session(request: HttpRequest, slug: str) -> HttpResponse:
    found = _course(request, slug)

    def hold(data: dict[str, Any]) -> None:
        numbers = [each.strip() for each in data.pop("instructors").split(",") if each.strip()]
        actions.add_session(_newest(found), **data, instructors=numbers, by=request.user)

    return _filled(request, found, "session_form", SessionForm, hold)


@never_cache
def add_package(request: HttpRequest, slug: str) -> HttpResponse:
    found = _course(request, slug)

    def unpack(data: dict[str, Any]) -> None:
        if data["package"].size > packages.LARGEST:
            raise too_large(packages.LARGEST)
        packages.add_package(_newest(found), data["package"].read(), by=request.user)

    return _filled(request, found, "package_form", PackageForm, unpack)


@never_cache
def add_provider(request: HttpRequest, slug: str) -> HttpResponse:
    """The page after it is the only place where the secret is ever seen."""
    found = _course(request, slug)
    form = ProviderForm(request.POST)
    if not form.is_valid():
        return _course_page(request, found, provider_form=form)
    made, secret = providers.add_provider(found, **form.cleaned_data, by=request.user)
    return render(
        request,
        "training/provider.html",
        {
            "course": found,
            "provider": made,
            "secret": secret,
            "home_page": home_page(),
            "endpoint": f"{_site(request)}/xapi/",
        },
    )


@never_cache
def close_provider(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(
        Provider.objects.select_related("course__agency"), pk=pk, course__agency=request.user.agency
    )
    providers.close_provider(found, by=request.user)
    return redirect("training:course", slug=found.course.slug)


@never_cache
def session(request: HttpRequest, pk: int) -> HttpResponse:
    """The roster; posting says who completed it."""
    found = get_object_or_404(
        Session.objects.select_related("version__course__agency"), pk=pk, version__course__agency=request.user.agency
    )
    problem = None
    if request.method == "POST":
        try:
            present = [int(each) for each in request.POST.getlist("present") if each.isascii() and each.isdecimal()]
            actions.complete_session(found, present, by=request.user)
            return redirect("training:session", pk=pk)
        except TrainingRefused as refused:
            problem = refused
    return render(
        request,
        "training/session.html",
        {"session": found, "roster": queries.roster(found), "problem": problem, "may_write": may_write(request)},
        status=422 if problem else 200,
    )


@never_cache
def package(request: HttpRequest, pk: int) -> HttpResponse:
    return _package_page(request, _package(request, pk))


@never_cache
def launch(request: HttpRequest, pk: int) -> HttpResponse:
    unit = get_object_or_404(
        Unit.objects.select_related("package__version__course__agency"),
        pk=pk,
        package__version__course__agency=request.user.agency,
    )
    form = LaunchForm(request.POST)
    officer = None
    if form.is_valid():
        officer = Officer.objects.filter(agency=request.user.agency, number=form.cleaned_data["number"]).first()
    try:
        if officer is None:
            raise TrainingRefused(_("The agency has no officer with this number."), _("Check the number."))
        address = launching.launch(unit, officer, site=_site(request), by=request.user)
    except TrainingRefused as problem:
        return _package_page(request, unit.package, problem)
    return _package_page(request, unit.package, None, {"address": address, "officer": officer, "unit": unit})


@never_cache
def effect(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(
        EffectStatement.objects.select_related("course"), pk=pk, course__agency=request.user.agency
    )
    return render(request, "training/effect.html", {"effect": found, "finding": found.finding})


def _course(request: HttpRequest, slug: str) -> Course:
    return get_object_or_404(Course.objects.select_related("agency"), slug=slug, agency=request.user.agency)


def _package(request: HttpRequest, pk: int) -> Package:
    packages_ = Package.objects.select_related("version__course__agency")
    return get_object_or_404(packages_, pk=pk, version__course__agency=request.user.agency)


def _newest(found: Course) -> CourseVersion:
    return found.versions.select_related("course__agency").latest("number")


def _filled(
    request: HttpRequest,
    found: Course,
    name: str,
    form_class: type[forms.Form],
    do: Callable[[dict[str, Any]], object],
) -> HttpResponse:
    form = form_class(request.POST, request.FILES)
    if not form.is_valid():
        return _course_page(request, found, **{name: form})
    try:
        do(form.cleaned_data)
    except TrainingRefused as problem:
        return _course_page(request, found, problem=problem, **{name: form})
    return redirect("training:course", slug=found.slug)


def _course_page(
    request: HttpRequest, found: Course, *, problem: TrainingRefused | None = None, **filled: forms.Form
) -> HttpResponse:
    return render(
        request,
        "training/course.html",
        {
            "course": found,
            **queries.course_in_full(found),
            "version_form": VersionForm(),
            "mandate_form": MandateForm(),
            "session_form": SessionForm(),
            "package_form": PackageForm(),
            "provider_form": ProviderForm(),
            "quiz_form": QuizForm(),
            **filled,
            "opened": next(iter(filled), ""),
            "problem": problem,
            "may_write": may_write(request),
        },
        status=422 if problem or filled else 200,
    )


def _package_page(
    request: HttpRequest, found: Package, problem: TrainingRefused | None = None, made: dict[str, Any] | None = None
) -> HttpResponse:
    return render(
        request,
        "training/package.html",
        {
            "package": found,
            "units": found.units.order_by("number"),
            "form": LaunchForm(),
            "problem": problem,
            "made": made,
            "may_write": may_write(request),
        },
        status=422 if problem else 200,
    )


def _site(request: HttpRequest) -> str:
    return str(settings.SITE_URL) or f"{request.scheme}://{request.get_host()}"
