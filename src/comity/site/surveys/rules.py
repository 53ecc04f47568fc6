"""Who may do what: one table of every address of the survey pages. What is not in it is refused.

A custodian keeps the survey and never works for the police. An agency analyst sees what everybody sees, at the same moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotAllowed
from django.template.loader import render_to_string

from comity.site.community.models import Role

EVERYONE = "everyone"
STAFF = frozenset(Role.values)
CUSTODIAN = frozenset({Role.CUSTODIAN.value})
INTERVIEWER = frozenset({Role.INTERVIEWER.value})
REDACTOR = frozenset({Role.REDACTOR.value})

# url name -> method -> roles. HEAD and OPTIONS go with GET.
ACCESS: Mapping[str, Mapping[str, frozenset[str] | str]] = {
    "code": {"GET": EVERYONE, "POST": EVERYONE},
    "code_token": {"POST": EVERYONE},
    "surveys": {"GET": EVERYONE},
    "survey": {"GET": EVERYONE, "POST": EVERYONE},
    "survey_promise": {"GET": EVERYONE},
    "survey_receipts": {"GET": EVERYONE},
    "survey_receipts_file": {"GET": EVERYONE},
    "sign_in": {"GET": EVERYONE, "POST": EVERYONE},
    "sign_out": {"POST": STAFF},
    "office": {"GET": STAFF},
    "office_sample": {"GET": CUSTODIAN},
    "office_disposition": {"POST": CUSTODIAN | INTERVIEWER},
    "office_close_codes": {"POST": CUSTODIAN},
    "office_close": {"POST": CUSTODIAN},
    "office_responses": {"GET": CUSTODIAN},
    "office_texts": {"GET": REDACTOR},
    "office_redact": {"POST": REDACTOR},
    "office_interview": {"GET": INTERVIEWER, "POST": INTERVIEWER},
    "office_paper": {"GET": CUSTODIAN | INTERVIEWER, "POST": CUSTODIAN | INTERVIEWER},
    "office_paper_form": {"GET": CUSTODIAN | INTERVIEWER, "POST": CUSTODIAN | INTERVIEWER},
    "office_paper_set_aside": {"POST": CUSTODIAN},
}

View = Callable[..., HttpResponse]


def guard(get_response: View) -> View:
    """Middleware: looks each survey address up in ACCESS before its view runs."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(request: HttpRequest, view: View, args: object, kwargs: object) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or "surveys" not in match.app_names:
            return None
        methods = ACCESS.get(match.url_name or "", {})
        method = "GET" if request.method in ("HEAD", "OPTIONS") else request.method or ""
        if not methods:
            return HttpResponseForbidden()
        if method not in methods:
            return HttpResponseNotAllowed(list(methods))
        roles = methods[method]
        if roles == EVERYONE:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.path) if method == "GET" else HttpResponseForbidden()
        if request.user.role not in roles:
            return HttpResponseForbidden(render_to_string("surveys/forbidden.html", request=request))
        return None

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware
