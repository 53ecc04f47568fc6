"""What people who sign in do with responses: interviewers enter them, the custodian closes the survey and reads them."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from comity.site.community.agencies import own_agency_only
from comity.site.surveys.responses import actions, free_texts, queries
from comity.site.surveys.responses.views import answer


@never_cache
@own_agency_only
def office_interview(request: HttpRequest, name: str) -> HttpResponse:
    """The same pages, filled in by an interviewer; who it was is not kept with the response."""
    return answer(request, queries.fielded(name), by_interviewer=True)


@own_agency_only
def office_close(request: HttpRequest, name: str) -> HttpResponse:
    """Ends a survey: no response is taken any more, and the responses can be read."""
    actions.close_survey(name)
    return redirect("surveys:office")


@never_cache
@own_agency_only
def office_responses(request: HttpRequest, name: str) -> HttpResponse:
    """Every response of a closed survey as JSON, one a line, for the custodian's analysis."""
    # One at a time: a whole survey in one call would hold up whoever answers another meanwhile.
    lines = (json.dumps(each, ensure_ascii=False) for each in queries.responses(queries.fielded(name).name))
    return HttpResponse(
        "[\n" + ",\n".join(lines) + "\n]\n",
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}-responses.json"'},
    )


@never_cache
@own_agency_only
def office_texts(request: HttpRequest, name: str) -> HttpResponse:
    """The next free text that nobody has decided on, with what the program would hide in it."""
    waiting = free_texts.waiting_texts(queries.fielded(name).name)
    context = {"survey": name, "left": len(waiting), "text": waiting[0] if waiting else None}
    return render(request, "surveys/office_texts.html", context)


@own_agency_only
def office_redact(request: HttpRequest, name: str) -> HttpResponse:
    """Keeps one text as the redactor decided."""
    digest = request.POST.get("digest", "")
    free_texts.approve_text(
        queries.fielded(name).name,
        bytes.fromhex(digest) if len(digest) == 64 and set(digest) <= set("0123456789abcdef") else b"",
        accepted=[int(each) for each in request.POST.getlist("accepted") if each.isdecimal()],
        also=request.POST.get("also", ""),
        by=request.user,
    )
    return redirect("surveys:office_texts", name)
