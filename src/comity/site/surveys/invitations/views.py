"""The code page: a code goes in, a blind token comes out. It never learns what is answered."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page

from comity.site.community.agencies import own_agency_only
from comity.site.surveys.codes import CodeKey, CodeRefused, read_code
from comity.site.surveys.invitations import actions, queries
from comity.site.surveys.invitations.forms import CodeForm, TokenForm
from comity.site.surveys.tokens import ELEMENT_BYTES, TokenKey, TokenRefused, from_text, to_text


@csrf_exempt  # nobody is signed in here, so there is nothing that another site could borrow
@never_cache
@gzip_page
def code(request: HttpRequest) -> HttpResponse:
    """Asks for the code; without JavaScript, makes the token here and hands it on in a form."""
    if request.method == "GET":
        return render(request, "surveys/code.html", {"form": CodeForm()})
    form = CodeForm(request.POST)
    try:
        if not form.is_valid():
            raise CodeRefused(_("No code was typed."), _("Type the ten letters and digits of your letter."))
        typed = read_code(form.cleaned_data["code"])
        codes = _codes()
        survey = actions.survey_of_code(typed, codes=codes)
        token, stratum, answers_url = actions.issue_without_browser(
            survey, typed, codes=codes, key=TokenKey.read(settings.KEYS, survey)
        )
    except CodeRefused as problem:
        return render(request, "surveys/code.html", {"form": form, "problem": problem}, status=422)
    return render(
        request,
        "surveys/token.html",
        {
            "survey": survey,
            "token": token.as_text(),
            "stratum": stratum,
            "answers_url": _in_language(answers_url, request),
        },
    )


@csrf_exempt
@never_cache
def code_token(request: HttpRequest) -> HttpResponse:
    """Exchanges a code and a blinded element for an evaluation, as JSON."""
    form = TokenForm(request.POST)
    try:
        if not form.is_valid():
            raise CodeRefused(_("No code was typed."), _("Type the ten letters and digits of your letter."))
        typed = read_code(form.cleaned_data["code"])
        codes = _codes()
        survey = actions.survey_of_code(typed, codes=codes)
        issued = actions.issue_token(
            survey,
            typed,
            from_text(form.cleaned_data["blinded"], ELEMENT_BYTES),
            codes=codes,
            key=TokenKey.read(settings.KEYS, survey),
        )
    except (CodeRefused, TokenRefused) as problem:
        return JsonResponse({"what": problem.what, "next_step": problem.next_step}, status=422)
    return JsonResponse(
        {
            "survey": issued.survey,
            "stratum": issued.stratum,
            "evaluation": to_text(issued.evaluation),
            "public_key": to_text(issued.public_key),
            "answers_url": _in_language(issued.answers_url, request),
        }
    )


@own_agency_only
def office_sample(request: HttpRequest, name: str) -> HttpResponse:
    """How many codes were used, by stratum, and the cases to remind."""
    return render(
        request,
        "surveys/office_sample.html",
        {"survey": name, "strata": queries.dispositions(name), "remind": queries.cases_to_remind(name)},
    )


@own_agency_only
def office_disposition(request: HttpRequest, name: str) -> HttpResponse:
    """Notes what became of a case."""
    actions.set_disposition(name, request.POST.get("case", ""), request.POST.get("disposition", ""))
    return redirect("surveys:office")


@own_agency_only
def office_close_codes(request: HttpRequest, name: str) -> HttpResponse:
    """Ends the exchange of codes."""
    actions.close_sample(name)
    return redirect("surveys:office")


def _in_language(address: str, request: HttpRequest) -> str:
    """The answer page's address in the language of this one."""
    if request.LANGUAGE_CODE == settings.LANGUAGE_CODE:
        return address
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=f"/{request.LANGUAGE_CODE}{parts.path}"))


def _codes() -> CodeKey:
    return CodeKey.read(settings.KEYS / "codes.key")
