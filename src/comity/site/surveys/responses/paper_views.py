"""The pages on which paper forms are received, keyed by two people, and looked up by a third."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from comity.site.community.agencies import own_agency_only
from comity.site.surveys.print.paper import printed_questions
from comity.site.surveys.questionnaire import Problem, Question, Questionnaire, form_values_to_answers
from comity.site.surveys.responses import paper_forms, queries
from comity.site.surveys.responses.forms import Asked, Sheet, ask_question
from comity.site.surveys.responses.paper_forms import LANGUAGE, WaitingForm
from comity.site.surveys.responses.queries import Fielded
from comity.site.surveys.responses.surroundings import code_page
from comity.site.surveys.tokens import to_text


@own_agency_only
@never_cache
def office_paper(request: HttpRequest, name: str) -> HttpResponse:
    """The forms that wait, and where the code of a new one is typed; POST receives one for its token."""
    survey = queries.fielded(name)
    if request.method == "POST":
        token, stratum = request.POST.get("token", ""), request.POST.get("stratum", "")
        number = paper_forms.receive_form(survey, token, stratum, keys=settings.KEYS)
        return redirect("surveys:office_paper_form", name, number)
    return render(
        request,
        "surveys/office_paper.html",
        {
            "survey": survey,
            "forms": paper_forms.waiting_forms(name, request.user.get_username()),
            "code_page": code_page(),
            "keys": json.dumps({stratum: to_text(bytes.fromhex(key)) for stratum, key in survey.strata.items()}),
        },
    )


@own_agency_only
@never_cache
def office_paper_form(request: HttpRequest, name: str, number: str) -> HttpResponse:
    """One form: its two keyings, each unseen by the other, and then what differs."""
    survey, person = queries.fielded(name), request.user.get_username()
    form = paper_forms.waiting_form(name, number, person)
    if form.step == "look up":
        return _look_up(request, survey, form, person)
    return _key(request, survey, form, person)


@own_agency_only
def office_paper_set_aside(request: HttpRequest, name: str, number: str) -> HttpResponse:
    """Forgets a form that holds no answers."""
    paper_forms.set_aside(queries.fielded(name).name, number)
    return redirect("surveys:office_paper", name)


def _key(request: HttpRequest, survey: Fielded, form: WaitingForm, person: str) -> HttpResponse:
    questionnaire = survey.questionnaire
    if request.method == "POST":
        keyed = _keyed(questionnaire, request.POST.lists(), questionnaire.questions)
        is_done = request.POST.get("_go") == "done"
        is_accepted = paper_forms.save_keying(
            survey, form.number, keyed, by=person, is_done=is_done, keys=settings.KEYS, day=queries.today()
        )
        return _page(request, survey, form, "surveys/office_paper_kept.html", is_done=is_done, is_accepted=is_accepted)
    kept = paper_forms.own_keying(survey.name, form.number, person) if form.may else {}
    edition = {**_edition(questionnaire, request.GET), **_edition(questionnaire, kept)}
    is_known = len(edition) == 1 + len(questionnaire.splits)
    return _page(
        request,
        survey,
        form,
        "surveys/office_paper_key.html",
        editions=[] if is_known else _editions(questionnaire),
        edition=edition.items(),
        pages=_pages(survey, edition, kept) if is_known and form.may else [],
    )


def _look_up(request: HttpRequest, survey: Fielded, form: WaitingForm, person: str) -> HttpResponse:
    questionnaire = survey.questionnaire
    fields = paper_forms.fields_to_look_up(survey, form.number) if form.may else {}
    problems: list[Problem] = []
    looked_up: Mapping[str, Any] = {}
    if request.method == "POST":
        asked_again = request.POST.get("_fields", "").split()
        looked_up = _keyed(questionnaire, request.POST.lists(), {*fields, *asked_again})
        problems = paper_forms.look_up(
            survey, form.number, looked_up, by=person, keys=settings.KEYS, day=queries.today()
        )
        if not problems:
            return _page(request, survey, form, "surveys/office_paper_kept.html", is_done=True, is_accepted=True)
    also = [each.question for each in problems if each.question not in fields]
    shown = [(name, *both) for name, both in fields.items()] + [(name, None, None) for name in also]
    language = _text_language(questionnaire, request)
    said = {each.question: each.message.in_language(language) for each in problems}
    today = queries.today()
    return _page(
        request,
        survey,
        form,
        "surveys/office_paper_look.html",
        status=422 if problems else 200,
        fields=" ".join(name for name, _one, _other in shown),
        editions=[
            {**each, "typed": [one, other]}
            for each in _editions(questionnaire)
            for name, one, other in shown
            if name == each["name"]
        ],
        asked=[
            {
                "each": _asked(questionnaire, question, looked_up, language, said.get(name, ""), today),
                "typed": [_in_words(questionnaire, question, typed, language) for typed in (one, other)],
            }
            for name, one, other in shown
            if (question := questionnaire.questions.get(name)) is not None
        ],
    )


def _page(
    request: HttpRequest, survey: Fielded, form: WaitingForm, template: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    return render(request, template, {"survey": survey, "form": form, **more}, status=status)


@dataclass(frozen=True)
class _Printed:
    """One page of the questionnaire as it is printed."""

    heading: str
    asked: list[Asked]


def _pages(survey: Fielded, edition: Mapping[str, str], kept: Mapping[str, Any]) -> list[_Printed]:
    """The questions with the numbers that the printed form gives them."""
    questionnaire, language, today = survey.questionnaire, edition[LANGUAGE], queries.today()
    pages: list[_Printed] = []
    group_before, number = "", 0
    for group, question in printed_questions(questionnaire, edition):
        if not question.has_answer:
            continue
        number += 1
        asked = _asked(questionnaire, question, kept, language, "", today)
        if group.name != group_before:
            pages.append(_Printed(questionnaire.text(group.label, language), []))
            group_before = group.name
        pages[-1].asked.append(replace(asked, label=f"{number}. {asked.label}"))
    return pages


def _asked(
    questionnaire: Questionnaire, question: Question, keyed: Mapping[str, Any], language: str, problem: str, today: date
) -> Asked:
    found = ask_question(questionnaire, question, Sheet(keyed), language, problem, today, is_on_paper=True)
    return replace(found, question=replace(question, required=False))  # what was left empty on paper stays empty


def _editions(questionnaire: Questionnaire) -> list[dict[str, Any]]:
    """What tells one printed form from another: its language and its arms, with the choices of each."""
    return [
        {"name": LANGUAGE, "label": _("Language of the form"), "choices": questionnaire.languages},
        *(
            {"name": split.name, "label": _("Form %(split)s (foot of the page)") % {"split": split.name}, "choices": split.arms}
            for split in questionnaire.splits
        ),
    ]  # fmt: skip


def _edition(questionnaire: Questionnaire, given: Mapping[str, Any]) -> dict[str, str]:
    return {
        each["name"]: str(given[each["name"]])
        for each in _editions(questionnaire)
        if given.get(each["name"]) in each["choices"]
    }


def _keyed(
    questionnaire: Questionnaire, lists: Iterable[tuple[str, list[Any]]], wanted: Iterable[str]
) -> dict[str, Any]:
    """Language, arms and answers of the fields `wanted`, as they were sent."""
    posted = dict(lists)
    names = set(wanted)
    answers = {
        name: value
        for group in questionnaire.groups
        for name, value in form_values_to_answers(group, posted).items()
        if name in names
    }
    return {**_edition(questionnaire, {name: sent[-1] for name, sent in posted.items()}), **answers}


def _in_words(questionnaire: Questionnaire, question: Question, typed: Any, language: str) -> str:
    """What one person typed, as the form says it."""
    if typed is True:
        return _("marked")
    values = typed if isinstance(typed, list) else [typed]
    labels = [
        questionnaire.text(found.label, language)
        if isinstance(each, str) and (found := question.choice(each))
        else each
        for each in values
    ]
    return _("nothing") if typed is None else ", ".join(str(each) for each in labels)


def _text_language(questionnaire: Questionnaire, request: HttpRequest) -> str:
    language = str(request.LANGUAGE_CODE)
    return language if language in questionnaire.languages else questionnaire.languages[0]
