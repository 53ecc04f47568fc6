"""Choosing a released number, looking at its baseline, and binding a commitment to it: new, or with a reason."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language

from comity.errors import ComityError
from comity.releases.catalogue import TOTAL, Catalogue, Release, in_language
from comity.site.commitments import actions, in_words
from comity.site.commitments.forms import ChangeForm, MakeForm, measure_fields, measure_from
from comity.site.commitments.released import FINDING, Measure, Reading, catalogue, figures_of, label_of
from comity.site.commitments.remeasure import measure_of
from comity.site.commitments.terms import find_release, read_baseline
from comity.site.commitments.views.office import own_or_404
from comity.site.commitments.views.staff import staff_page


@staff_page
def choose(request: HttpRequest) -> HttpResponse:
    """Release, then table or finding, then the cell: each choice narrows the next, and the baseline is shown before it is used."""
    found = catalogue(settings.PUBLIC)
    language = get_language() or "en"
    release = next((each for each in found.newest if each.id == request.GET.get("release")), None)
    shown: dict[str, Any] = {
        "releases": [(each.id, in_language(each.title, language)) for each in found.newest],
        "release": release,
        "instead_of": request.GET.get("instead_of", "") if request.GET.get("instead_of", "").isdigit() else "",
    }
    if release is not None:
        shown |= _choices(release, request, language)
        if request.GET.get("kind"):
            shown |= _preview(found, request)
    return render(request, "commitments/choose_measure.html", shown)


@staff_page
def make(request: HttpRequest) -> HttpResponse:
    """A new commitment, bound to the number that was chosen."""
    found = catalogue(settings.PUBLIC)
    given = request.POST if request.method == "POST" else request.GET
    if not given.get("kind"):
        return redirect("commitments:choose_measure")
    account: Any = request.user
    release, measure = measure_from(given)
    reading = read_baseline(found, find_release(found, release), measure)
    about: dict[str, Any] = {"agency": account.agency, "found": found, "language": get_language() or "en"}
    if request.method != "POST":
        form = MakeForm(initial={"owner": account.pk, "language": get_language()}, **about)
        return _bind(request, "commitments/make.html", form, found, release, measure, reading)
    form = MakeForm(request.POST, **about)
    if not form.is_valid():
        return _bind(request, "commitments/make.html", form, found, release, measure, reading, status=422)
    try:
        proposal = form.proposal(release, measure, reading.unit)
        made = actions.make_commitment(
            form.wording(), proposal, owner=form.cleaned_data["owner"], by=account, found=found
        )
    except ComityError as problem:
        return _bind(
            request, "commitments/make.html", form, found, release, measure, reading, problem=problem, status=422
        )
    return redirect("commitments:office_commitment", number=made.pk)


@staff_page
def change(request: HttpRequest, number: int) -> HttpResponse:
    """Other terms, with the reason, beside those that hold."""
    held = own_or_404(request, number)
    found = catalogue(settings.PUBLIC)
    given = request.POST if request.method == "POST" else request.GET
    last = held.terms.order_by("-number")[0]
    if given.get("kind"):
        release, measure = measure_from(given)
    else:
        newest = next((e for e in found.datasets.get(last.dataset, ()) if e.period == last.period), None)
        release, measure = newest.id if newest else "", measure_of(last)
    reading = read_baseline(found, find_release(found, release), measure)
    account: Any = request.user
    template, more = "commitments/change.html", {"held": held}
    if request.method != "POST":
        form = ChangeForm(initial={"due": last.due, "wants": last.wants, "size_is": last.size_is})
        return _bind(request, template, form, found, release, measure, reading, **more)
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return _bind(request, template, form, found, release, measure, reading, status=422, **more)
    try:
        proposal = form.proposal(release, measure, reading.unit)
        actions.change_measure(held, proposal, by=account, reason=form.cleaned_data["reason"], found=found)
    except ComityError as problem:
        return _bind(request, template, form, found, release, measure, reading, problem=problem, status=422, **more)
    return redirect("commitments:office_commitment", number=held.pk)


def _bind(
    request: HttpRequest,
    template: str,
    form: Any,
    found: Catalogue,
    release: str,
    measure: Measure,
    reading: Reading,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    number = _baseline(find_release(found, release), measure, reading)
    return render(
        request,
        template,
        {"form": form, "measure": measure_fields(release, measure), "number": number, "unit": reading.unit, **more},
        status=status,
    )


def _choices(release: Release, request: HttpRequest, language: str) -> dict[str, Any]:
    table = release.table(request.GET.get("table", ""))
    finding = release.finding(request.GET.get("finding", ""))
    dimensions = [
        {
            "name": each.name,
            "label": in_language(each.label, language),
            "codes": [
                (f"{each.name}={code.code}", in_language(code.label, language)) for code, _ in each.in_tree_order
            ],
        }
        for each in (table.dimensions if table else ())
    ]
    return {
        "tables": [(each.name, in_language(each.title, language)) for each in release.tables],
        "findings": [(each["id"], in_language(each["question"], language)) for each in release.findings],
        "table": table,
        "table_title": in_language(table.title, language) if table else "",
        "finding": finding,
        "figures": [
            (each["label"].get("en", ""), in_language(each["label"], language))
            for each in figures_of(finding or {"unit": ""})
        ],
        "dimensions": dimensions,
        "chosen": request.GET.getlist("cell"),
        "chosen_base": request.GET.getlist("base"),
        "kind": request.GET.get("kind", ""),
        "total": TOTAL,
    }


def _preview(found: Catalogue, request: HttpRequest) -> dict[str, Any]:
    try:
        release, measure = measure_from(request.GET)
        if measure.kind == FINDING and not measure.finding:
            return {}
        reading = read_baseline(found, find_release(found, release), measure)
    except ComityError as problem:
        return {"problem": problem}
    held = found.release(*_parts(release))
    assert held is not None
    return {"number": _baseline(held, measure, reading), "use": urlencode(measure_fields(release, measure))}


def _parts(release: str) -> tuple[str, str, int]:
    dataset, period, version = release.split("/")
    return dataset, period, int(version.removeprefix("v"))


def _baseline(release: Release, measure: Measure, reading: Reading) -> dict[str, str]:
    label = label_of(release, measure)
    counts = f"{reading.k:,} / {reading.n:,}" if reading.k is not None and reading.n is not None else ""
    return {
        "label": in_language(label, get_language() or "en"),
        "period": release.period,
        "estimate": in_words.number(reading.number.estimate, reading.unit),
        "low": in_words.number(reading.number.low, reading.unit),
        "high": in_words.number(reading.number.high, reading.unit),
        "counts": counts,
    }
