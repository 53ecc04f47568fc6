"""What people of the office see and do: those of their own agency, and of these what their role does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from comity.errors import ComityError
from comity.site.commitments import actions, queries
from comity.site.commitments import evidence as files
from comity.site.commitments.forms import DueForm, EvidenceForm, TextForm, VerdictForm
from comity.site.commitments.models import CLOSED, Commitment, State, Verdict
from comity.site.commitments.views.public import about
from comity.site.commitments.views.staff import staff_page
from comity.site.community.roles import OF_THE_POLICE, Role

LARGEST_UPLOAD = files.LARGEST + 20_000  # the file, and the rest of the form


@staff_page
def every_commitment(request: HttpRequest) -> HttpResponse:
    account: Any = request.user
    day = queries.today()
    page = Paginator(queries.of_agency(account.agency), queries.PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "commitments/office.html",
        {
            "page": page,
            "rows": [{"found": each, "is_overdue": queries.is_overdue(each, day), "is_mine": each.owner_id == account.pk} for each in page],
            "waiting": queries.awaiting(account, day),
            "may_choose": account.role in (Role.CHIEF, Role.ANALYST),
        },
    )  # fmt: skip


@staff_page
def commitment(request: HttpRequest, number: int) -> HttpResponse:
    return _page(request, own_or_404(request, number))


@staff_page
def accept(request: HttpRequest, number: int) -> HttpResponse:
    return _act(request, number, forms.Form, lambda found, by, form: actions.accept_commitment(found, by=by))


# A file is read only once its size is known; the check against forgery reads the whole form, so it comes second.
@csrf_exempt
@staff_page
def evidence(request: HttpRequest, number: int) -> HttpResponse:
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_UPLOAD:
        return render(request, "commitments/too_large.html", {"number": number}, status=413)
    return _evidence(request, number)


@csrf_protect
def _evidence(request: HttpRequest, number: int) -> HttpResponse:
    def give(found: Commitment, by: Any, form: Any) -> None:
        given = form.cleaned_data["file"]
        digest, kind = files.keep(given.read()) if given else ("", "")
        actions.give_evidence(
            found, by=by, text=form.said(), link=form.cleaned_data["link"], file=digest, file_kind=kind
        )

    return _act(request, number, EvidenceForm, give)


@staff_page
def verify(request: HttpRequest, number: int) -> HttpResponse:
    return _act(
        request, number, VerdictForm,
        lambda found, by, form: actions.verify_commitment(found, by=by, verdict=form.cleaned_data["verdict"], text=form.said()),
    )  # fmt: skip


@staff_page
def close(request: HttpRequest, number: int) -> HttpResponse:
    return _act(
        request, number, VerdictForm,
        lambda found, by, form: actions.close_commitment(found, by=by, verdict=form.cleaned_data["verdict"], text=form.said()),
    )  # fmt: skip


@staff_page
def reopen(request: HttpRequest, number: int) -> HttpResponse:
    return _act(
        request, number, TextForm, lambda found, by, form: actions.reopen_commitment(found, by=by, text=form.said())
    )


@staff_page
def stand(request: HttpRequest, number: int) -> HttpResponse:
    return _act(
        request, number, VerdictForm,
        lambda found, by, form: actions.take_stand(found, by=by, verdict=form.cleaned_data["verdict"], text=form.said()),
    )  # fmt: skip


@staff_page
def move_due(request: HttpRequest, number: int) -> HttpResponse:
    return _act(
        request, number, DueForm,
        lambda found, by, form: actions.move_due_day(found, form.cleaned_data["due"], by=by, reason=form.cleaned_data["reason"]),
    )  # fmt: skip


def own_or_404(request: HttpRequest, number: int) -> Commitment:
    """A commitment of this person's agency; another agency's does not exist for them."""
    agency = request.user.agency  # type: ignore[union-attr]
    found = queries.commitment(number, agency=agency) if agency and number < 2**63 else None
    if found is None:
        raise Http404(_("There is no such commitment in your agency."))
    return found


def _act(
    request: HttpRequest, number: int, form_class: type[forms.Form], act: Callable[[Commitment, Any, Any], object]
) -> HttpResponse:
    """Reads the form, does one thing, and leads back; what was refused stands on the page with what was typed."""
    found = own_or_404(request, number)
    form = form_class(request.POST, request.FILES)
    if not form.is_valid():
        said = "; ".join(text for errors in form.errors.values() for text in errors)
        return _page(request, found, problem=said, typed=request.POST, status=422)
    try:
        act(found, request.user, form)
    except ComityError as problem:
        return _page(request, found, problem=str(problem), typed=request.POST, status=422)
    return redirect("commitments:office_commitment", number=number)


def _page(
    request: HttpRequest, found: Commitment, *, problem: str = "", typed: Any = None, status: int = 200
) -> HttpResponse:
    account: Any = request.user
    is_open, state = found.state not in CLOSED, found.state
    of_police, is_owner = account.role in OF_THE_POLICE, account.pk == found.owner_id
    is_leader = account.role == Role.COMMUNITY_LEADER
    may = {
        "accept": is_owner and of_police and state == State.MADE,
        "evidence": (is_owner or account.role == Role.CHIEF) and of_police and is_open and state != State.MADE,
        "close": account.role == Role.CHIEF and state == State.VERIFIED,
        "change": account.role == Role.CHIEF and is_open,
        "verify": is_leader and state == State.EVIDENCE,
        "stand": is_leader,
        "reopen": account.role in (Role.COMMUNITY_LEADER, Role.MODERATOR, Role.AUDITOR) and not is_open,
    }
    more = {"may": may, "problem": problem, "typed": typed or {}, "verdicts": Verdict.choices}
    return render(request, "commitments/office_commitment.html", {**about(found), **more}, status=status)
