"""Public questions: those that wait, oldest first; asking one; following one's own by its receipt."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.community.here import this_agency
from comity.site.community.open_forms import open_form
from comity.site.community.receipts import new_form_token, receipt_for
from comity.site.outreach.actions import questions as actions
from comity.site.outreach.forms import AskForm, JudgeForm, ReceiptForm
from comity.site.outreach.models import Rule
from comity.site.outreach.queries.questions import Standing, public_question, public_questions, question_of_receipt

ON_A_PAGE = 50


def questions(request: HttpRequest) -> HttpResponse:
    waiting, answered = public_questions(this_agency(), settings.CLOCK())
    page = Paginator([*waiting, *answered], ON_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request, "outreach/questions.html", {"page": page, "waiting": len(waiting), "answered": len(answered)}
    )


def question(request: HttpRequest, number: int) -> HttpResponse:
    found = public_question(this_agency(), number, settings.CLOCK())
    if found is None:
        raise Http404(_("There is no question with this address."))
    return render(request, "outreach/question.html", {"standing": found})


def moderation(request: HttpRequest) -> HttpResponse:
    return render(request, "outreach/moderation.html", {"rules": Rule.choices})


@open_form()
def ask(request: HttpRequest) -> HttpResponse:
    """The answer to the form is the receipt; it is shown in no address, and sending the form again shows it again."""
    agency = this_agency()
    if request.method != "POST":
        return _asking(request, AskForm(agency=agency, initial={"form": new_form_token()}))
    form = AskForm(request.POST, agency=agency)
    if not form.is_valid():
        return _asking(request, form, status=422)
    try:
        receipt = receipt_for(form.cleaned_data["form"])
        actions.ask(
            form.cleaned_data["text"],
            agency=agency,
            place=form.cleaned_data["place"],
            receipt=receipt,
            language=get_language() or "en",
        )
    except ComityError as problem:
        return _asking(request, form, problem=problem, status=422)
    return render(request, "outreach/asked.html", {"receipt": receipt.code})


@open_form()
def follow(request: HttpRequest) -> HttpResponse:
    """One's own question by its receipt code, which travels in the body and in no address."""
    if request.method != "POST":
        return render(request, "outreach/follow.html", {"form": ReceiptForm()})
    form = ReceiptForm(request.POST)
    found = question_of_receipt(form.cleaned_data["receipt"], settings.CLOCK()) if form.is_valid() else None
    if found is None:
        return _unknown(request, form)
    return _mine(request, found, form.cleaned_data["receipt"])


@open_form()
def judge(request: HttpRequest) -> HttpResponse:
    """The asker says whether the last answer is one."""
    form = JudgeForm(request.POST)
    found = question_of_receipt(form.cleaned_data["receipt"], settings.CLOCK()) if form.is_valid() else None
    if found is None:
        return _unknown(request, form)
    problem = None
    try:
        actions.judge(found.question, is_answer=form.cleaned_data["is_answer"] == "yes")
    except ComityError as raised:
        problem = raised
    again = question_of_receipt(form.cleaned_data["receipt"], settings.CLOCK())
    assert again is not None
    return _mine(request, again, form.cleaned_data["receipt"], problem)


def _asking(request: HttpRequest, form: AskForm, problem: ComityError | None = None, status: int = 200) -> HttpResponse:
    return render(request, "outreach/ask.html", {"form": form, "problem": problem}, status=status)


def _unknown(request: HttpRequest, form: Any) -> HttpResponse:
    if form.is_valid():
        form.add_error("receipt", _("No question has this receipt code. Compare it with what you noted."))
    return render(request, "outreach/follow.html", {"form": form}, status=422)


def _mine(request: HttpRequest, found: Standing, receipt: str, problem: ComityError | None = None) -> HttpResponse:
    return render(
        request,
        "outreach/mine.html",
        {"standing": found, "receipt": receipt, "problem": problem},
        status=422 if problem else 200,
    )
