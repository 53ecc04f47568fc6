"""The answer page: one page a group, the same with and without JavaScript; nothing is kept until "Send"."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page

from comity.errors import ComityError
from comity.site.surveys.questionnaire import Group, complete_answers, relevant_groups, validate
from comity.site.surveys.responses import actions, queries
from comity.site.surveys.responses.forms import Sheet, ask_group, first_sheet, neighbour, read_sheet, token_of
from comity.site.surveys.responses.queries import Fielded
from comity.site.surveys.responses.receipts import RECEIPT_PLACE, THANKS, receipt_as_shown
from comity.site.surveys.responses.surroundings import more_languages
from comity.site.surveys.responses.writer import NotStored
from comity.site.surveys.tokens import to_text

RIGHT_TO_LEFT = ("ar", "fa", "he", "ps", "ur")


def surveys(request: HttpRequest) -> HttpResponse:
    """The surveys that are open, and those whose receipts can be looked up."""
    return render(request, "surveys/surveys.html", {"surveys": [queries.fielded(s.name) for s in queries.surveys()]})


@csrf_exempt  # nobody is signed in here, so there is nothing that another site could borrow
@never_cache
@gzip_page
def survey(request: HttpRequest, name: str) -> HttpResponse:
    """One survey: its introduction, its pages, and the thanks with the receipt."""
    found = queries.fielded(name)
    if THANKS in request.META:
        return _thank(request, found, RECEIPT_PLACE, by_interviewer=False)
    return answer(request, found, by_interviewer=False)


def answer(request: HttpRequest, found: Fielded, *, by_interviewer: bool) -> HttpResponse:
    """One step of answering. by_interviewer: the mode is theirs to say."""
    questionnaire = found.questionnaire
    if request.method != "POST":
        return _introduce(request, found, first_sheet(questionnaire), by_interviewer)
    sheet = read_sheet(questionnaire, request.POST)
    if not by_interviewer:
        sheet = replace(sheet, mode="web")
    today = queries.today()
    if sheet.go in ("start", "show"):
        here = next((each for each in questionnaire.groups if each.name == sheet.page), None)
        return _show(request, found, sheet, here or neighbour(questionnaire, sheet, 1, today), by_interviewer)
    if sheet.go == "back":
        before = neighbour(questionnaire, sheet, -1, today)
        if before is None:
            return _introduce(request, found, sheet, by_interviewer)
        return _show(request, found, sheet, before, by_interviewer)
    if sheet.go == "send":
        return _send(request, found, sheet, by_interviewer)
    here = questionnaire.group(sheet.page) if sheet.page else None
    if here is not None:
        problems = validate(questionnaire, sheet.answers, here.name, today=today)
        asked = ask_group(questionnaire, here, sheet, "en", {}, today)
        is_all_shown = {each.question.name for each in asked} <= set(sheet.shown)
        if problems or not is_all_shown:
            return _show(request, found, sheet, here, by_interviewer, problems)
    return _show(request, found, sheet, neighbour(questionnaire, sheet, 1, today), by_interviewer)


def _introduce(request: HttpRequest, found: Fielded, sheet: Sheet, by_interviewer: bool) -> HttpResponse:
    return _page(
        request, found, sheet, "surveys/introduction.html", by_interviewer, is_open=queries.is_open(found.name)
    )


def _show(
    request: HttpRequest,
    found: Fielded,
    sheet: Sheet,
    group: Group | None,
    by_interviewer: bool,
    problems: Any = (),
    refusal: ComityError | None = None,
) -> HttpResponse:
    """The page of `group`, or the last one, where all is sent, for None."""
    if group is None:
        sheet = replace(sheet, page="", shown=())
        status = 200 if refusal is None else 503 if isinstance(refusal, NotStored) else 422
        return _page(request, found, sheet, "surveys/send.html", by_interviewer, status=status, refusal=refusal)
    language = _language(request, found)
    said = {each.question: each.message.in_language(language) for each in problems}
    today = queries.today()
    asked = ask_group(found.questionnaire, group, sheet, language, said, today)
    pages = [each.name for each in relevant_groups(found.questionnaire, sheet.answers, today=today)]
    sheet = replace(sheet, page=group.name, shown=tuple(each.question.name for each in asked))
    return _page(
        request,
        found,
        sheet,
        "surveys/page.html",
        by_interviewer,
        status=422 if said else 200,
        heading=found.questionnaire.text(group.label, language),
        asked=asked,
        problems=[each for each in asked if each.problem],
        number=pages.index(group.name) + 1 if group.name in pages else 1,
        pages=len(pages),
        hidden_data=replace(sheet, answers={k: v for k, v in sheet.answers.items() if k not in set(sheet.shown)}).data,
    )


def _send(request: HttpRequest, found: Fielded, sheet: Sheet, by_interviewer: bool) -> HttpResponse:
    questionnaire, today = found.questionnaire, queries.today()
    problems = validate(questionnaire, sheet.answers, today=today)
    if problems:
        page = questionnaire.group_of.get(problems[0].question)
        return _show(request, found, sheet, page or questionnaire.groups[0], by_interviewer, problems)
    try:
        receipt = actions.submit(
            found,
            complete_answers(questionnaire, sheet.answers, today=today),
            token=token_of(found, sheet),
            stratum=sheet.stratum,
            keys=settings.KEYS,
            day=today,
            mode=sheet.mode,
            language=_language(request, found),
        )
    except ComityError as refusal:
        return _show(request, found, sheet, None, by_interviewer, refusal=refusal)
    return _thank(request, found, receipt_as_shown(receipt), by_interviewer)


def _thank(request: HttpRequest, found: Fielded, receipt: str, by_interviewer: bool) -> HttpResponse:
    """The last page; the same for everybody but for the receipt."""
    thanks = found.questionnaire.text(found.questionnaire.thanks, _language(request, found))
    return _page(request, found, Sheet({}), "surveys/sent.html", by_interviewer, receipt=receipt, thanks=thanks)


def _page(
    request: HttpRequest,
    found: Fielded,
    sheet: Sheet,
    template: str,
    by_interviewer: bool,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    language = _language(request, found)
    questionnaire = found.questionnaire
    is_rtl = language.split("-")[0] in RIGHT_TO_LEFT or (language == request.LANGUAGE_CODE and get_language_bidi())
    return render(
        request,
        template,
        {
            "survey": found,
            "sheet": sheet,
            "title": questionnaire.text(questionnaire.title, language),
            "introduction": questionnaire.text(questionnaire.introduction, language),
            "hidden_data": sheet.data,
            "keys": json.dumps({name: to_text(bytes.fromhex(key)) for name, key in found.strata.items()}),
            "survey_language": language,
            "direction": "rtl" if is_rtl else "ltr",
            "more_languages": more_languages(questionnaire),
            "by_interviewer": by_interviewer,
            "modes": [("phone", _("On the phone")), ("in person", _("In person")), ("paper", _("From a paper form"))],
            "codes_url": settings.CODES_URL,
            **more,
        },
        status=status,
    )


@never_cache
def survey_promise(request: HttpRequest, name: str) -> HttpResponse:
    """What is kept, what is not, and what nobody can protect against."""
    return render(request, "surveys/promise.html", {"survey": queries.fielded(name)})


def survey_receipts(request: HttpRequest, name: str) -> HttpResponse:
    """Where somebody finds out whether their response is counted, without saying which one it is."""
    found = queries.fielded(name)
    return render(request, "surveys/receipts.html", {"survey": found, "sealed": queries.sealed_receipts(name)})


def survey_receipts_file(request: HttpRequest, name: str) -> HttpResponse:
    """The whole list of spent tokens as it was last sealed, so that looking one up tells nobody which."""
    sealed = queries.sealed_receipts(queries.fielded(name).name)
    if sealed is None:
        raise Http404
    return HttpResponse("\n".join(sealed.receipts) + "\n", content_type="text/plain; charset=utf-8")


def _language(request: HttpRequest, found: Fielded) -> str:
    return queries.language_of(found, request.GET.get("in", ""), request.LANGUAGE_CODE)
