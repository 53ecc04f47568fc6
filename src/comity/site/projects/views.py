"""Small projects: all of them, one, proposing one, and carrying one's own on by its receipt; and the office's two pages."""

from __future__ import annotations

from django.conf import settings
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from comity.errors import ComityError
from comity.site.community.here import own_agency, this_agency
from comity.site.community.open_forms import WITH_FILES, open_form
from comity.site.community.receipts import new_form_token, receipt_for
from comity.site.projects import actions
from comity.site.projects.bare_pictures import LARGEST
from comity.site.projects.forms import DecisionForm, ProposeForm, ReceiptForm, StepForm
from comity.site.projects.models import Picture, Project, Rule, Step
from comity.site.projects.queries import (
    DAYS_UNTIL_STALLED,
    Standing,
    project_of_receipt,
    public_picture,
    public_project,
    public_projects,
    unread_picture,
    unread_steps,
)

ON_A_PAGE = 50
LARGEST_FORM = 2 * LARGEST + 40_000
# Nothing of a picture is ever run, framed or read by another page.
POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


class InMemory(MemoryFileUploadHandler):
    """Keeps a picture out of the disk, where its place and time would lie for a while."""

    def handle_raw_input(self, *args: object, **kwargs: object) -> None:
        self.activated = True


def projects(request: HttpRequest) -> HttpResponse:
    page = Paginator(public_projects(this_agency(), settings.CLOCK()), ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "projects/projects.html", {"page": page, "stalled_after": DAYS_UNTIL_STALLED})


def project(request: HttpRequest, number: int) -> HttpResponse:
    found = public_project(this_agency(), number, settings.CLOCK())
    if found is None:
        raise Http404(_("There is no project with this address."))
    return render(request, "projects/project.html", {"standing": found})


def picture(request: HttpRequest, number: int) -> HttpResponse:
    found = public_picture(this_agency(), number)
    if found is None:
        raise Http404(_("There is no picture with this address."))
    return _picture(found, "public, max-age=31536000, immutable")


@open_form()
def propose(request: HttpRequest) -> HttpResponse:
    """The answer to the form is the receipt; it is shown in no address, and sending the form again shows it again."""
    agency = this_agency()
    if request.method != "POST":
        form = ProposeForm(agency=agency, initial={"form": new_form_token()})
        return render(request, "projects/propose.html", {"form": form})
    form = ProposeForm(request.POST, agency=agency)
    problem = None
    if form.is_valid():
        try:
            receipt = receipt_for(form.cleaned_data["form"])
            actions.propose(
                form.cleaned_data["title"],
                form.cleaned_data["idea"],
                agency=agency,
                place=form.cleaned_data["place"],
                receipt=receipt,
                language=get_language() or "en",
            )
            return render(request, "projects/proposed.html", {"receipt": receipt.code})
        except ComityError as raised:
            problem = raised
    return render(request, "projects/propose.html", {"form": form, "problem": problem}, status=422)


@open_form()
def follow(request: HttpRequest) -> HttpResponse:
    """One's own project by its receipt code, and a form for the next step."""
    if request.method != "POST":
        return render(request, "projects/follow.html", {"form": ReceiptForm()})
    form = ReceiptForm(request.POST)
    found = project_of_receipt(form.cleaned_data["receipt"], settings.CLOCK()) if form.is_valid() else None
    if found is None:
        return _unknown(request, form)
    step = StepForm(initial={"form": new_form_token()})
    return _mine(request, found, form.cleaned_data["receipt"], step)


@open_form(largest=LARGEST_FORM, kind=WITH_FILES)
def carry_on(request: HttpRequest) -> HttpResponse:
    """The next step, by whoever shows the receipt."""
    request.upload_handlers = [InMemory(request)]
    receipt = ReceiptForm(request.POST)
    found = project_of_receipt(receipt.cleaned_data["receipt"], settings.CLOCK()) if receipt.is_valid() else None
    if found is None:
        return _unknown(request, receipt)
    typed = receipt.cleaned_data["receipt"]
    form = StepForm(request.POST, request.FILES)
    if not form.is_valid():
        return _mine(request, found, typed, form, status=422)
    try:
        actions.carry_on(found.project, form.said(), once=receipt_for(form.cleaned_data["form"]).once, by=None)
    except ComityError as problem:
        return _mine(request, found, typed, form, problem=problem, status=422)
    again = project_of_receipt(typed, settings.CLOCK())
    assert again is not None
    return _mine(request, again, typed, StepForm(initial={"form": new_form_token()}), is_taken=True)


@never_cache
def office_projects(request: HttpRequest, problem: ComityError | None = None) -> HttpResponse:
    """Steps to read, the oldest first; and the projects that a community leader may carry on."""
    agency = own_agency(request.user)
    return render(
        request,
        "projects/office_projects.html",
        {
            "steps": unread_steps(agency),
            "rules": Rule.choices,
            "going": [each for each in public_projects(agency, settings.CLOCK()) if not each.has_ended],
            "problem": problem,
        },
        status=422 if problem else 200,
    )


@never_cache
def office_project(request: HttpRequest, number: int) -> HttpResponse:
    """A community leader takes the next step of a project, in the neighbours' name."""
    found = get_object_or_404(Project, pk=number, agency=own_agency(request.user))
    standing = public_project(own_agency(request.user), found.pk, settings.CLOCK())
    if standing is None:
        raise Http404(_("There is no project with this address."))
    form = StepForm(request.POST or None, request.FILES or None, initial={"form": new_form_token()})
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            once = receipt_for(form.cleaned_data["form"]).once
            actions.carry_on(found, form.said(), once=once, by=request.user)
            return redirect("projects:project", found.pk)
        except ComityError as raised:
            problem = raised
    return render(
        request,
        "projects/office_project.html",
        {"form": form, "standing": standing, "problem": problem},
        status=422 if request.method == "POST" else 200,
    )


def office_decide(request: HttpRequest, number: int) -> HttpResponse:
    step = get_object_or_404(Step, pk=number, project__agency=own_agency(request.user))
    form = DecisionForm(request.POST)
    is_published = form.is_valid() and form.cleaned_data["publish"] == "yes"
    rule = "" if is_published or not form.is_valid() else form.cleaned_data["rule"]
    try:
        actions.decide(step, publish=is_published, rule=rule, by=request.user)
    except ComityError as problem:
        return office_projects(request, problem)
    return redirect("projects:office_projects")


@never_cache
def office_picture(request: HttpRequest, number: int) -> HttpResponse:
    found = unread_picture(own_agency(request.user), number)
    if found is None:
        raise Http404(_("There is no picture with this address."))
    return _picture(found, "no-store")


def _picture(found: Picture, caching: str) -> HttpResponse:
    return HttpResponse(
        bytes(found.content),
        content_type=found.kind,
        headers={"Content-Security-Policy": POLICY, "Cache-Control": caching, "ETag": f'"{found.digest}"'},
    )


def _unknown(request: HttpRequest, form: ReceiptForm) -> HttpResponse:
    if form.is_valid():
        form.add_error("receipt", _("No project has this receipt code. Compare it with what you noted."))
    return render(request, "projects/follow.html", {"form": form}, status=422)


def _mine(
    request: HttpRequest,
    found: Standing,
    receipt: str,
    form: StepForm,
    *,
    problem: ComityError | None = None,
    is_taken: bool = False,
    status: int = 200,
) -> HttpResponse:
    return render(
        request,
        "projects/mine.html",
        {"standing": found, "receipt": receipt, "form": form, "problem": problem, "is_taken": is_taken},
        status=status,
    )
