"""CSV files: a check that writes nothing, mending on the page, and the confirmation."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from comity.site.training import importing, quizzes
from comity.site.training.models import Quiz, Session
from comity.site.training.refusals import TrainingRefused
from comity.site.training.views.office import may_write, too_large


@never_cache
def import_rows(request: HttpRequest, what: str) -> HttpResponse:
    if what == "officers":
        return _import(
            request, importing.officers(request.user.agency), _("Import officers"), reverse("training:officers")
        )
    if what == "completions":
        return _import(
            request, importing.completions(request.user.agency), _("Import completions"), reverse("training:office")
        )
    raise Http404


@never_cache
def import_roster(request: HttpRequest, pk: int) -> HttpResponse:
    session = get_object_or_404(
        Session.objects.select_related("version__course__agency"), pk=pk, version__course__agency=request.user.agency
    )
    return _import(
        request, importing.roster(session), _("Import a roster"), reverse("training:session", kwargs={"pk": pk})
    )


@never_cache
def import_items(request: HttpRequest, pk: int) -> HttpResponse:
    quiz = _quiz(request, pk)
    return _import(request, importing.items(quiz), _("Import items"), reverse("training:quiz", kwargs={"pk": pk}))


@never_cache
def import_sittings(request: HttpRequest, pk: int) -> HttpResponse:
    quiz = _quiz(request, pk)
    return _import(request, importing.sittings(quiz), _("Import answers"), reverse("training:quiz", kwargs={"pk": pk}))


@never_cache
def quiz(request: HttpRequest, pk: int) -> HttpResponse:
    found = _quiz(request, pk)
    return render(
        request,
        "training/quiz.html",
        {
            "quiz": found,
            "forms": {form: len(items) for form, items in quizzes.forms(found).items()},
            "changes": quizzes.changes(found),
            "may_write": may_write(request),
        },
    )


@never_cache
def quiz_form(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """One form to print, without the right answers."""
    found = _quiz(request, pk)
    items = quizzes.forms(found).get(form)
    if items is None:
        raise Http404
    return render(request, "training/quiz_form.html", {"quiz": found, "form": form, "items": items})


def _quiz(request: HttpRequest, pk: int) -> Quiz:
    return get_object_or_404(Quiz.objects.select_related("course__agency"), pk=pk, course__agency=request.user.agency)


def _import(request: HttpRequest, kind: importing.Kind, title: str, after: str) -> HttpResponse:
    problem, checked, text = None, None, request.POST.get("text", "")
    if request.method == "POST":
        try:
            if "file" in request.FILES:
                if request.FILES["file"].size > importing.LARGEST:
                    raise too_large(importing.LARGEST)
                text = importing.decode(request.FILES["file"].read())
            else:
                text = importing.decode(text.encode())
            if request.POST.get("do") == "import":
                importing.write(kind, text, digest=request.POST.get("digest", ""), by=request.user)
                return redirect(after)
            checked = importing.check(kind, text)
        except TrainingRefused as refused:
            problem = refused
    context: dict[str, Any] = {
        "title": title,
        "columns": ",".join(kind.columns),
        "optional": ", ".join(kind.optional),
        "text": checked.text if checked else text[: importing.LARGEST],
        "checked": checked,
        "problem": problem,
        "after": after,
    }
    return render(request, "training/import.html", context, status=422 if problem else 200)
