"""What was changed after it was public: corrections cell by cell, withdrawals, breaks in a series, changed promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from comity.releases.catalogue import TOTAL, Release, Table
from comity.releases.promises import PROMISED
from comity.releases.withdrawals import Withdrawal
from comity.site.portal import queries

CELLS_ON_PAGE = 500


def changes(request: HttpRequest, dataset: str, period: str, version: int) -> HttpResponse:
    """Which cells moved from the version before, by how much and why."""
    found, release = queries.release_or_404(dataset, period, version)
    record = release.changes
    if record is None:
        raise Http404(_("This version replaced none, so there is nothing to compare."))
    before = int(record["from"].rsplit("/v", 1)[1])
    return render(
        request,
        "changes.html",
        {
            "release": release,
            "successor": found.successor(release),
            "before": before,
            "replaced": found.release(dataset, period, before),
            "tables": [_table(release, each) for each in record["tables"]],
            "findings": record["findings"],
            "moved": sum(len(each["changes"]) for each in record["tables"]),
            "other_files": record["files"],
            "most": CELLS_ON_PAGE,
        },
    )


def corrections(request: HttpRequest) -> HttpResponse:
    found = queries.catalogue()
    lines = [
        {"release": each, "replaced": found.release(each.dataset, each.period, each.version - 1)}
        for each in found.corrections
    ]
    steps = [
        (promise, step)
        for promise in found.promises(queries.today(found))
        for step in promise.steps
        if step.event != PROMISED
    ]
    steps.sort(key=lambda each: each[1].sealed, reverse=True)
    return render(
        request,
        "corrections.html",
        {"lines": lines, "withdrawals": found.withdrawals, "breaks": found.breaks, "steps": steps},
    )


def tombstone_page(request: HttpRequest, tombstone: Withdrawal) -> HttpResponse:
    """What stands where a withdrawn version was: who, when, why, and the hash; 410 Gone."""
    versions = queries.catalogue().versions(tombstone.dataset, tombstone.period)
    newer = versions[0] if versions and versions[0].version > tombstone.version else None
    return render(request, "withdrawn.html", {"tombstone": tombstone, "newer": newer}, status=410)


def _table(release: Release, record: Mapping[str, Any]) -> dict[str, Any]:
    table = release.table(record["name"])
    return {
        **record,
        "title": table.title if table else record["name"],
        "columns": [_column(table, name) for name in record["columns"]],
        "lines": [
            {**change, "codes": [_code(table, *pair) for pair in change["where"].items()]}
            for change in record["changes"][:CELLS_ON_PAGE]
        ],
        "moved": len(record["changes"]),
        "is_cut": len(record["changes"]) > CELLS_ON_PAGE,
    }


def _column(table: Table | None, name: str) -> Any:
    dimension = table.dimension(name) if table else None
    return dimension.label if dimension else name


def _code(table: Table | None, name: str, code: str) -> Any:
    """The label of a code, in every language; `all` is the total."""
    if code == TOTAL:
        return _("All")
    dimension = table.dimension(name) if table else None
    found = dimension.by_code.get(code) if dimension else None
    return found.label if found else code
