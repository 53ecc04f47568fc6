"""Consultations as everybody sees them: sending something in, following it, the moderation log, the result.

Nobody is signed in on these pages and no cookie is set. A form sent from elsewhere can do nothing that its sender could not
do here, so there is no token against forgery; what limits the queue is in `consulting.contribute`.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from comity.site.planning import consulting, queries
from comity.site.planning.actions import PlanningRefused
from comity.site.planning.forms import ContributionForm
from comity.site.planning.models import Consultation
from comity.site.planning.sealed import sealed_in
from comity.site.planning.views.around import file_answer, in_agency_time


@in_agency_time
def consultation(request: HttpRequest, consultation: int) -> HttpResponse:
    """A question, where it stands, and what was sent in and published."""
    found = queries.consultation(pk=consultation)
    return render(
        request,
        "planning/consultation.html",
        {
            "consultation": found,
            "state": queries.consultation_state(found),
            "log_file": sealed_in(found),
            "contributions": queries.contributions(found),
            "is_statements": found.kind == Consultation.Kind.STATEMENTS,
        },
    )


@csrf_exempt
@never_cache
@in_agency_time
def contribute(request: HttpRequest, consultation: int) -> HttpResponse:
    """The form for a statement or proposal, and the code with which its sender follows it."""
    found = queries.consultation(pk=consultation)
    form = ContributionForm(request.POST or None)
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            code = consulting.contribute(found, form.cleaned_data["text"], details=form.cleaned_data["details"])
        except PlanningRefused as refusal:
            problem = refusal
        else:
            shown = "-".join(code[at : at + 4] for at in range(0, len(code), 4))
            return render(request, "planning/contributed.html", {"consultation": found, "code": shown})
    return render(
        request,
        "planning/contribute.html",
        {"consultation": found, "form": form, "problem": problem},
        status=422 if problem or form.errors else 200,
    )


@csrf_exempt
@never_cache
@in_agency_time
def receipt(request: HttpRequest) -> HttpResponse:
    """Where a contribution went, for whoever holds its code; the code comes in the body, so no address holds it."""
    typed = request.POST.get("code", "")[:60]
    found = queries.followed(typed) if request.method == "POST" else None
    return render(
        request,
        "planning/receipt.html",
        {
            "contribution": found,
            "consultation": found.consultation if found else None,
            "decision": getattr(found, "decision", None),
            "vote": queries.vote_on(found) if found else None,
            "is_unknown": request.method == "POST" and found is None,
        },
        status=422 if request.method == "POST" and found is None else 200,
    )


@in_agency_time
def moderation(request: HttpRequest, consultation: int) -> HttpResponse:
    """The policy, and every decision with its reason; never the words of what was rejected."""
    found = queries.consultation(pk=consultation)
    return render(
        request,
        "planning/moderation.html",
        {
            "consultation": found,
            "log": queries.moderation_log(found),
            "waiting": found.contributions.filter(decision=None).count(),
        },
    )


@in_agency_time
def result(request: HttpRequest, consultation: int) -> HttpResponse:
    """The result with picture, table and explanation."""
    found = queries.consultation(pk=consultation, counted_at__isnull=False)
    result = found.result
    assert result is not None  # a constraint of the table
    return render(
        request,
        "planning/result.html",
        {
            "consultation": found,
            "result": result,
            "sentences": result.get("sentences", {}).get(request.LANGUAGE_CODE, []),
            "bars": _bars(result),
            "replies": queries.contributions(found),
        },
    )


def ballots(request: HttpRequest, consultation: int) -> HttpResponse:
    """All ballots as a Pabulib file, where the consultation said beforehand that they are published."""
    found = queries.consultation(pk=consultation, counted_at__isnull=False, publishes_ballots=True)
    file = (found.result or {}).get("ballots")
    if not file:
        raise Http404
    return file_answer(file, "text/plain; charset=utf-8", f"consultation-{consultation}.pb")


def _bars(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the picture, in thousandths of its width: `label`, `note`, and `parts` of (start, length, kind)."""
    if result["kind"] == Consultation.Kind.STATEMENTS:
        return [
            {
                "label": each["text"],
                "note": _("%(agree)d agree, %(disagree)d disagree, %(passed)d pass")
                % {**each, "passed": each["n"] - each["agree"] - each["disagree"]},
                "parts": _shares(each),
            }
            for each in result.get("statements", ())
        ]
    if result["kind"] == Consultation.Kind.PAIRS:
        return [
            {
                "label": each["text"],
                "note": _("preferred %(won)d of %(n)d times") % each,
                "parts": [(0, 1000 * each["won"] // max(each["n"], 1), "agree")],
            }
            for each in result.get("ranked") or result.get("counts", ())
        ]
    outcome = result.get("outcome") or {"projects": (), "nearly_won": ()}
    most = max((each["supporters"] for each in (*outcome["projects"], *outcome["nearly_won"])), default=0) or 1
    return [
        {
            "label": each["name"],
            "note": _("%(supporters)d supporters") % each,
            "is_funded": funded,
            "parts": [(0, 1000 * each["supporters"] // most, "agree" if funded else "pass")],
        }
        for funded, listed in ((True, outcome["projects"]), (False, outcome["nearly_won"]))
        for each in listed
    ]


def _shares(each: dict[str, Any]) -> list[tuple[int, int, str]]:
    n = max(each["n"], 1)
    agree, disagree = 1000 * each["agree"] // n, 1000 * each["disagree"] // n
    return [(0, agree, "agree"), (agree, 1000 - agree - disagree, "pass"), (1000 - disagree, disagree, "disagree")]
