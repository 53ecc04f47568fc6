"""The public API: a place for every release, table and finding; the numbers are those of the files and of the pages."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop
from ninja import Field, NinjaAPI, Path, Query, Schema
from ninja.errors import HttpError

from comity import __version__
from comity.releases.catalogue import Release, Table
from comity.releases.explore import BadQuestion, Value, cross, select_rows
from comity.site.portal import queries
from comity.site.portal.over_time import series
from comity.site.portal.views.explorer import question_from

MOST_ROWS = 1000

api = NinjaAPI(
    title="Comity public API",
    version=__version__,
    description=(
        "Everything on the public pages, as JSON. Read only, no key, no limit on use. A suppressed count is null with "
        'the status "suppressed"; a zero is 0 with the status "published".'
    ),
    docs_url=None,
    openapi_url="openapi.json",
    urls_namespace="api",
)


@api.exception_handler(queries.Withdrawn)
def withdrawn(request: HttpRequest, problem: queries.Withdrawn) -> HttpResponse:
    return api.create_response(request, {"detail": str(problem), **problem.tombstone.as_record()}, status=410)


class Address(Schema):
    dataset: str = Field(description=gettext_noop("Name of the dataset, such as stops."))
    period: str = Field(description=gettext_noop("Time that the release covers, such as 2017."))
    version: int = Field(description=gettext_noop("Version, from 1."), ge=1)


class TableAddress(Address):
    table: str = Field(description=gettext_noop("Name of the table."))


Text = dict[str, str]
"""A text in each language of the agency."""


class Problem(Schema):
    detail: str


class WrongParameters(Schema):
    detail: list[dict[str, Any]]


class ReleaseLine(Schema):
    id: str
    dataset: str
    period: str
    version: int
    title: Text
    published: date
    page: str
    files: str
    is_newest: bool
    newest: str


class StepLine(Schema):
    dataset: str
    period: str
    number: int
    event: Literal["promised", "changed", "broken"]
    title: Text
    due: date
    tables: list[str]
    findings: list[str]
    sealed: date
    reason: Text | None


class PromiseLine(Schema):
    dataset: str
    period: str
    title: Text
    promised: date
    due: date
    counted: date = Field(description=gettext_noop("The day that counts: a later one sealed too late moves nothing."))
    state: str
    days_late: int
    tables: list[str]
    findings: list[str]
    steps: list[StepLine]


class BreakLine(Schema):
    dataset: str
    name: str
    kind: str
    period: str
    tables: list[str]
    text: Text
    sealed: date


class DigestOfFile(Schema):
    sha256: str
    bytes: int


class WithdrawalLine(Schema):
    release: str
    title: Text
    published: date
    withdrawn: date
    by: Text
    reason: Text
    manifest: DigestOfFile


class Gone(WithdrawalLine):
    detail: str


class LeftOut(Schema):
    kind: str
    name: str
    reason: Text


class Named(Schema):
    name: str
    title: Text
    address: str


class Addressed(Schema):
    id: str
    address: str


class ReleaseAnswer(ReleaseLine):
    agency: Text
    headline: str | None
    supersedes: str | None
    correction: Text | None
    policy: dict[str, Any]
    source: dict[str, Any]
    accounting: dict[str, int] | None
    left_out: list[LeftOut]
    breaks: list[BreakLine]
    tables: list[Named]
    findings: list[Addressed]


class CellOfTable(Schema):
    table: str
    where: dict[str, str]


class FindingAnswer(Schema, extra="allow"):
    """As published; a release may say more than this."""

    id: str
    method: str
    question: Text
    headline: Text | None = None
    sentence: Text
    verdict: Literal["shows", "does not show", "cannot tell"]
    reason: Text | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float = 0.95
    unit: str
    n: int | None = None
    counts: list[CellOfTable]
    assumptions: list[Text]
    limits: list[Text]
    figures: list[dict[str, Any]]
    chart: str | None = None


class CodeOfDimension(Schema):
    code: str
    label: Text
    parent: str | None


class DimensionOfTable(Schema):
    name: str
    label: Text
    codes: list[CodeOfDimension]


class TableAnswer(Schema):
    name: str
    title: Text
    description: Text | None
    measure: str
    where: dict[str, str]
    dimensions: list[DimensionOfTable]
    csv: str
    parquet: str


class CountValue(Schema):
    count: int | None
    status: Literal["published", "suppressed", "absent"]


class CrossingAnswer(Schema):
    measure: str
    rows: str
    columns: str | None
    where: dict[str, list[str]]
    breaks: list[BreakLine]
    row_codes: list[str]
    column_codes: list[str]
    values: list[list[CountValue]]


class ChangeOfCell(Schema):
    where: dict[str, str]
    before: CountValue
    after: CountValue
    difference: int | None


class ChangesOfTable(Schema):
    name: str
    state: Literal["compared", "added", "removed", "divided otherwise"]
    columns: list[str]
    cells: int
    changes: list[ChangeOfCell]


class ChangesAnswer(Schema):
    reason: Text
    from_: str = Field(alias="from")
    to: str
    tables: list[ChangesOfTable]
    findings: list[dict[str, Any]]
    files: list[str]


class SeriesPoint(Schema):
    period: str
    release: str
    count: int | None
    status: Literal["published", "suppressed", "absent"]


class SeriesPart(Schema):
    breaks: list[BreakLine]
    points: list[SeriesPoint]


class SeriesAnswer(Schema):
    dataset: str
    table: str
    parts: list[SeriesPart]


class RowsAnswer(Schema):
    count: int
    breaks: list[BreakLine]
    facets: dict[str, dict[str, int]]
    dimensions: list[str]
    rows: list[dict[str, Any]]


@api.get(
    "v1/releases",
    response=list[ReleaseLine],
    summary=gettext_noop("Every release, newest first"),
    operation_id="releases",
)
def releases(request: HttpRequest) -> list[dict[str, Any]]:
    found = queries.catalogue()
    return [_line(request, each, is_newest=found.successor(each) is None) for each in found.releases]


@api.get(
    "v1/calendar",
    response=list[PromiseLine],
    summary=gettext_noop("What is promised, and what is overdue"),
    operation_id="calendar",
)
def calendar(request: HttpRequest) -> list[dict[str, Any]]:
    found = queries.catalogue()
    names = ("dataset", "period", "title", "promised", "due", "counted", "state", "days_late")
    return [
        {
            **{name: getattr(each, name) for name in names},
            "tables": each.now.tables,
            "findings": each.now.findings,
            "steps": [step.as_record() for step in each.steps],
        }
        for each in found.promises(queries.today(found))
    ]


@api.get(
    "v1/breaks",
    response=list[BreakLine],
    summary=gettext_noop("Series breaks and definition changes, as declared and sealed"),
    operation_id="breaks",
)
def breaks(request: HttpRequest) -> list[dict[str, Any]]:
    return [each.as_record() for each in queries.catalogue().breaks]


@api.get(
    "v1/withdrawals",
    response=list[WithdrawalLine],
    summary=gettext_noop("Versions that were withdrawn: by whom, when, why, and their hash"),
    operation_id="withdrawals",
)
def withdrawals(request: HttpRequest) -> list[dict[str, Any]]:
    return [each.as_record() for each in queries.catalogue().withdrawals]


@api.get(
    "v1/series/{dataset}/{table}",
    response={200: SeriesAnswer, 404: Problem, 422: WrongParameters},
    summary=gettext_noop("One table's total over the periods of a dataset, cut where counting changed"),
    operation_id="series",
)
def over_time(
    request: HttpRequest,
    dataset: Path[str],
    table: Path[str],
) -> dict[str, Any]:
    found = queries.catalogue()
    newest = found.datasets.get(dataset, ())
    if not any(each.table(table) for each in newest):
        raise HttpError(404, f"No release of '{dataset}' has a table '{table}'.")
    answer = series(newest, table, found.breaks_of(dataset, table))
    return {
        "dataset": dataset,
        "table": table,
        "parts": [
            {
                "breaks": [each.as_record() for each in part.breaks],
                "points": [
                    {"period": each.release.period, "release": each.release.id, **_value(each.value)}
                    for each in part.points
                ],
            }
            for part in answer.parts
        ],
    }


@api.get(
    "v1/releases/{dataset}/{period}/v{version}",
    response={200: ReleaseAnswer, 404: Problem, 410: Gone, 422: WrongParameters},
    summary=gettext_noop("One release: its tables, policy, source and accounting"),
    operation_id="release",
)
def release(request: HttpRequest, address: Path[Address]) -> dict[str, Any]:
    found, release = queries.release_or_404(address.dataset, address.period, address.version)
    return {
        **_line(request, release, is_newest=found.successor(release) is None),
        "agency": release.agency,
        "headline": release.headline,
        "supersedes": release.supersedes,
        "correction": release.correction,
        "policy": release.policy,
        "source": release.source,
        "accounting": release.quality.get("accounting"),
        "left_out": release.left_out,
        "breaks": [each.as_record() for each in found.breaks_of(release.dataset)],
        "tables": [
            {"name": each.name, "title": each.title, "address": _table_address(request, release, each)}
            for each in release.tables
        ],
        "findings": [_finding_address(request, release, each["id"]) for each in release.findings],
    }


@api.get(
    "v1/releases/{dataset}/{period}/v{version}/changes",
    response={200: ChangesAnswer, 404: Problem, 410: Gone, 422: WrongParameters},
    by_alias=True,
    summary=gettext_noop("What one version changed of the version before it: every cell that moved, and why"),
    operation_id="changes",
)
def changes(request: HttpRequest, address: Path[Address]) -> Any:
    _, release = queries.release_or_404(address.dataset, address.period, address.version)
    if release.changes is None:
        raise HttpError(404, "This version replaced none, so there is nothing to compare.")
    return release.changes


@api.get(
    "v1/releases/{dataset}/{period}/v{version}/findings",
    response={200: list[FindingAnswer], 404: Problem, 410: Gone, 422: WrongParameters},
    summary=gettext_noop("The findings of one release"),
    operation_id="findings",
    exclude_unset=True,
)
def findings(request: HttpRequest, address: Path[Address]) -> list[Any]:
    _, release = queries.release_or_404(address.dataset, address.period, address.version)
    return list(release.findings)


@api.get(
    "v1/releases/{dataset}/{period}/v{version}/findings/{path:finding}",
    response={200: FindingAnswer, 404: Problem, 410: Gone, 422: WrongParameters},
    summary=gettext_noop("One finding: estimate, interval, n, verdict and limits"),
    operation_id="finding",
    exclude_unset=True,
)
def finding(request: HttpRequest, address: Path[Address], finding: Path[str]) -> Any:
    _, release = queries.release_or_404(address.dataset, address.period, address.version)
    record = release.finding(finding)
    if record is None:
        raise HttpError(404, f"This release has no finding '{finding}'.")
    return record


@api.get(
    "v1/releases/{dataset}/{period}/v{version}/tables/{table}",
    response={200: TableAnswer, 404: Problem, 410: Gone, 422: WrongParameters},
    summary=gettext_noop("One table: its columns, codes, labels and files"),
    operation_id="table",
)
def table(request: HttpRequest, address: Path[TableAddress]) -> dict[str, Any]:
    release, table = _table(address)
    base = request.build_absolute_uri(f"/public/{release.address}/tables/{table.name}")
    return {
        "name": table.name,
        "title": table.title,
        "description": table.description,
        "measure": table.measure,
        "where": table.where,
        "dimensions": [
            {
                "name": each.name,
                "label": each.label,
                "codes": [{"code": code.code, "label": code.label, "parent": code.parent} for code in each.codes],
            }
            for each in table.dimensions
        ],
        "csv": f"{base}.csv",
        "parquet": f"{base}.parquet",
    }


@api.get(
    "v1/releases/{dataset}/{period}/v{version}/tables/{table}/cross",
    response={200: CrossingAnswer, 400: Problem, 404: Problem, 410: Gone, 422: WrongParameters},
    summary=gettext_noop("Filter and cross one table"),
    description=gettext_noop(
        "Beside rows and columns, each column of the table is a parameter: its codes are the conditions, and may be "
        "repeated. A sum over a suppressed count is suppressed."
    ),
    operation_id="cross",
)
def crossing(
    request: HttpRequest,
    address: Path[TableAddress],
    rows: str | None = Query(None, description=gettext_noop("Column that goes down.")),
    columns: str | None = Query(None, description=gettext_noop("Column that goes across.")),
) -> dict[str, Any]:
    release, table = _table(address)
    try:
        question = question_from(request.GET, table)
        answer = cross(queries.cells(release, table), question, parents=queries.parents(table))
    except BadQuestion as wrong:
        raise HttpError(400, str(wrong)) from None
    return {
        "measure": table.measure,
        "rows": question.rows,
        "columns": question.columns,
        "where": {**{name: [code] for name, code in table.where.items()}, **question.where},
        "breaks": _breaks(release, table),
        "row_codes": answer.row_codes,
        "column_codes": answer.column_codes,
        "values": [[_value(value) for value in row] for row in answer.values],
    }


@api.get(
    "v1/releases/{dataset}/{period}/v{version}/tables/{table}/rows",
    response={200: RowsAnswer, 400: Problem, 404: Problem, 410: Gone, 422: WrongParameters},
    summary=gettext_noop("Rows of one table's file, with their number by code"),
    description=gettext_noop(
        "Beside facet, limit and offset, each column of the table is a parameter whose codes are conditions."
    ),
    operation_id="rows",
)
def rows(
    request: HttpRequest,
    address: Path[TableAddress],
    facet: list[str] = Query([], description=gettext_noop("Columns to count rows by.")),  # noqa: B008 - read by ninja, never called
    limit: int = Query(100, ge=0, le=MOST_ROWS),
    offset: int = Query(0, ge=0),
) -> dict[str, Any]:
    release, table = _table(address)
    where = {each.name: request.GET.getlist(each.name) for each in table.dimensions if each.name in request.GET}
    try:
        found = select_rows(queries.cells(release, table), where, facets=facet, limit=limit, offset=offset)
    except BadQuestion as wrong:
        raise HttpError(400, str(wrong)) from None
    names = [each.name for each in table.dimensions]
    return {
        "count": found.count,
        "breaks": _breaks(release, table),
        "facets": found.facets,
        "dimensions": names,
        "rows": [{**dict(zip(names, codes, strict=True)), **_value(value)} for codes, value in found.page],
    }


def _table(address: TableAddress) -> tuple[Release, Table]:
    _, release = queries.release_or_404(address.dataset, address.period, address.version)
    return release, queries.table_or_404(release, address.table)


def _breaks(release: Release, table: Table) -> list[dict[str, Any]]:
    return [each.as_record() for each in queries.catalogue().breaks_of(release.dataset, table.name)]


def _line(request: HttpRequest, release: Release, *, is_newest: bool) -> dict[str, Any]:
    return {
        "id": release.id,
        "dataset": release.dataset,
        "period": release.period,
        "version": release.version,
        "title": release.title,
        "published": release.published,
        "page": request.build_absolute_uri(f"/releases/{release.id}/"),
        "files": request.build_absolute_uri(f"/public/{release.address}/"),
        "is_newest": is_newest,
        "newest": request.build_absolute_uri(f"/releases/{release.dataset}/{release.period}/"),
    }


def _table_address(request: HttpRequest, release: Release, table: Table) -> str:
    return request.build_absolute_uri(f"/api/v1/releases/{release.id}/tables/{table.name}")


def _finding_address(request: HttpRequest, release: Release, finding: str) -> dict[str, str]:
    return {"id": finding, "address": request.build_absolute_uri(f"/api/v1/releases/{release.id}/findings/{finding}")}


def _value(value: Value) -> dict[str, Any]:
    return {"count": value.count, "status": value.status}
