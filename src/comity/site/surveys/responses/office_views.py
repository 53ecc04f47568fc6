"""What people who sign in do with responses: interviewers enter them, the custodian closes the survey and reads them."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from comity.site.surveys.responses import actions, queries
from comity.site.surveys.responses.views import answer


@never_cache
def office_interview(request: HttpRequest, name: str) -> HttpResponse:
    """The same pages, filled in by an interviewer; who it was is not kept with the response."""
    return answer(request, queries.fielded(name), by_interviewer=True)


def office_close(request: HttpRequest, name: str) -> HttpResponse:
    """Ends a survey: no response is taken any more, and the responses can be read."""
    actions.close_survey(name)
    return redirect("surveys:office")


@never_cache
def office_responses(request: HttpRequest, name: str) -> HttpResponse:
    """Every response of a closed survey as JSON, for the custodian's analysis."""
    content = json.dumps(queries.responses(queries.fielded(name).name), ensure_ascii=False, indent=1)
    return HttpResponse(
        content,
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}-responses.json"'},
    )
