"""The explorer: filter and cross one protected table; the address holds the whole question."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from comity.releases.catalogue import TOTAL, Release, Table
from comity.releases.explore import BadQuestion, Crossing, Question, as_csv, cross
from comity.site.portal import queries

# More than this is for a spreadsheet; the download always holds everything.
ROWS_ON_PAGE = 500
CHOICES_ON_PAGE = 300


def every_table(request: HttpRequest) -> HttpResponse:
    return render(request, "tables.html", {"releases": queries.catalogue().newest})


def explore(request: HttpRequest, dataset: str, period: str, version: int, table: str) -> HttpResponse:
    found, release = queries.release_or_404(dataset, period, version)
    chosen = queries.table_or_404(release, table)
    question, problem, status = default_question(chosen), None, 200
    try:
        question = question_from(request.GET, chosen)
        crossing = cross(queries.cells(release, chosen), question, parents=queries.parents(chosen))
    except BadQuestion as wrong:
        problem, status = wrong, 400
        question = default_question(chosen)
        crossing = cross(queries.cells(release, chosen), question, parents=queries.parents(chosen))
    asked = urlencode(fields_of(question), doseq=True)
    place = [release.dataset, release.period, release.version, chosen.name]
    return render(
        request,
        "explore.html",
        {
            "release": release,
            "table": chosen,
            "successor": found.successor(release),
            "breaks": found.breaks_of(dataset, chosen.name),
            "question": question,
            "problem": problem,
            "crossing": crossing,
            "rows_shown": ROWS_ON_PAGE if len(crossing.row_codes) > ROWS_ON_PAGE + 1 else None,
            "rows": chosen.dimension(question.rows),
            "columns": chosen.dimension(question.columns) if question.columns else None,
            "filters": [_filter(release, chosen, question, each.name) for each in chosen.dimensions],
            "download": f"{reverse('explore-csv', args=place)}?{asked}",
            "api": f"/api/v1/releases/{release.id}/tables/{chosen.name}/cross?{asked}",
        },
        status=status,
    )


def download(request: HttpRequest, dataset: str, period: str, version: int, table: str) -> HttpResponse:
    _, release = queries.release_or_404(dataset, period, version)
    chosen = queries.table_or_404(release, table)
    try:
        question = question_from(request.GET, chosen)
        crossing = cross(queries.cells(release, chosen), question, parents=queries.parents(chosen))
    except BadQuestion as wrong:
        return HttpResponse(f"{wrong}\n", content_type="text/plain; charset=utf-8", status=400)
    name = f"{release.dataset}-{release.period}-v{release.version}-{chosen.name}-selection.csv"
    return HttpResponse(
        as_csv(crossing, [each.name for each in chosen.dimensions]),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def default_question(table: Table) -> Question:
    """The first dimension down and, where it fits a screen, the second across."""
    columns = table.dimensions[1] if len(table.dimensions) > 1 else None
    rows = table.dimensions[0]
    if columns is not None and len(columns.codes) > len(rows.codes):
        rows, columns = columns, rows
    fits = columns is not None and len(columns.codes) <= 12
    return Question(rows.name, columns.name if fits and columns else None)


def question_from(fields: QueryDict, table: Table) -> Question:
    """The question in an address: `rows`, `columns`, and any number of codes for each dimension."""
    default = default_question(table)
    where = {each.name: tuple(fields.getlist(each.name)) for each in table.dimensions if fields.getlist(each.name)}
    if not fields:
        return default
    return Question(
        rows=fields.get("rows") or default.rows,
        columns=fields.get("columns") or None,
        where={name: codes for name, codes in where.items() if TOTAL not in codes},
    )


def fields_of(question: Question) -> dict[str, Any]:
    columns = {"columns": question.columns} if question.columns else {}
    return {"rows": question.rows, **columns, **{name: list(codes) for name, codes in question.where.items()}}


def _filter(release: Release, table: Table, question: Question, name: str) -> dict[str, Any]:
    """One dimension's choices, each with its count under the other conditions."""
    dimension = table.dimension(name)
    assert dimension is not None
    others = {each: codes for each, codes in question.where.items() if each != name}
    counted: Crossing = cross(
        queries.cells(release, table), Question(name, None, others), parents=queries.parents(table)
    )
    values = {code: row[0] for code, row in zip(counted.row_codes, counted.values, strict=True)}
    chosen = question.where.get(name, ())
    choices = [
        {"code": code, "depth": depth, "value": values.get(code.code), "is_chosen": code.code in chosen}
        for code, depth in dimension.in_tree_order
    ]
    if len(choices) > CHOICES_ON_PAGE:
        choices.sort(key=lambda each: not each["is_chosen"])
    return {"dimension": dimension, "choices": choices[:CHOICES_ON_PAGE], "is_open": bool(chosen), "chosen": chosen}
