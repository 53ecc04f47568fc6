"""Releases: the list of them, one dataset, and the permanent page of one version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _

from comity.releases.catalogue import Catalogue, Promise, Release, Table, in_language
from comity.releases.explore import Question, cross
from comity.site.portal import queries
from comity.site.portal.over_time import series

# A release page shows a table in place up to this many cells; larger ones are a link to the explorer away.
CELLS_IN_PLACE = 150


def every_release(request: HttpRequest) -> HttpResponse:
    found = queries.catalogue()
    return render(
        request,
        "releases.html",
        {
            "datasets": found.datasets.values(),
            "promises": found.promises(queries.today(found)),
            "withdrawals": found.withdrawals,
        },
    )


def dataset(request: HttpRequest, dataset: str) -> HttpResponse:
    found = queries.catalogue()
    withdrawals = [each for each in found.withdrawals if each.dataset == dataset]
    if dataset not in found.datasets and not withdrawals:
        raise Http404(_("There is no dataset with this address."))
    newest = found.datasets.get(dataset, ())
    promises = [each for each in found.promises(queries.today(found)) if each.dataset == dataset]
    versions = {each.period: found.versions(dataset, each.period) for each in newest}
    return render(
        request,
        "dataset.html",
        {
            "dataset": dataset,
            "newest": [(each, versions[each.period]) for each in newest],
            "promises": promises,
            "withdrawals": withdrawals,
            "breaks": found.breaks_of(dataset),
            "over_time": [series(newest, name, found.breaks_of(dataset, name)) for name in _tables_over_time(newest)],
        },
    )


def period(request: HttpRequest, dataset: str, period: str) -> HttpResponse:
    """The newest version of a dataset and period; its own address is the one to cite."""
    found = queries.catalogue()
    versions = found.versions(dataset, period)
    tombstones = [each for each in found.withdrawals if (each.dataset, each.period) == (dataset, period)]
    if not versions and tombstones:
        raise queries.Withdrawn(tombstones[0])
    if not versions:
        raise Http404(_("There is no release with this address."))
    return redirect("release", dataset=dataset, period=period, version=versions[0].version)


def release(request: HttpRequest, dataset: str, period: str, version: int) -> HttpResponse:
    found, release = queries.release_or_404(dataset, period, version)
    language = translation.get_language() or "en"
    findings = [finding_card(release, each, language) for each in release.findings]
    headline = findings[0] if findings and findings[0]["finding"]["id"] == release.headline else None
    return render(
        request,
        "release.html",
        {
            "release": release,
            "successor": found.successor(release),
            "versions": found.versions(dataset, period),
            "headline": headline,
            "contents": findings,
            "groups": _by_method(findings[1:] if headline else findings),
            "tables": [_table_card(release, table) for table in release.tables],
            "quality": release.quality,
            "files": sorted(release.files.items()),
            "promise": found.promise(dataset, period, queries.today(found)),
            "next_promise": _next_promise(found, release),
            "breaks": found.breaks_of(dataset),
        },
    )


def _tables_over_time(newest: tuple[Release, ...]) -> list[str]:
    """Names of the tables that at least two periods have, in the order of the newest."""
    named = [table.name for release in newest for table in release.tables]
    return [name for name in dict.fromkeys(named) if named.count(name) > 1]


def _next_promise(found: Catalogue, release: Release) -> Promise | None:
    """The promise of the dataset that comes due next, for a later period than this one's."""
    waiting = [
        each
        for each in found.promises(queries.today(found))
        if each.dataset == release.dataset and each.period > release.period and each.state in ("due", "overdue")
    ]
    return min(waiting, key=lambda each: each.due, default=None)


def finding_card(release: Release, finding: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What the finding component needs: the record, its picture and its method."""
    chart = release.chart(finding["chart"]) if finding.get("chart") else None
    return {
        "finding": finding,
        "picture": queries.picture(release, chart, language),
        "method": release.methods.get(finding["method"]),
        "has_counts": _has(finding, "k"),
        "has_unweighted": _has(finding, "unweighted"),
        "has_population": _has(finding, "population"),
        "has_effective": _has(finding, "effective_n"),
        "has_n": _has(finding, "n"),
        "tables": _tables_behind(release, finding),
    }


def _has(finding: Mapping[str, Any], key: str) -> bool:
    """Whether any row of its table says `key`."""
    return any(each.get(key) is not None for each in finding.get("figures") or ())


def _by_method(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Findings by method, in the order in which the methods first come."""
    groups: dict[str, dict[str, Any]] = {}
    for card in cards:
        key = card["finding"]["method"]
        title = (card["method"] or {}).get("title") or key
        groups.setdefault(key, {"title": title, "cards": []})["cards"].append(card)
    return list(groups.values())


def _tables_behind(release: Release, finding: Mapping[str, Any]) -> list[Table]:
    names = dict.fromkeys(each["table"] for each in finding.get("counts") or ())
    return [table for name in names if (table := release.table(name)) is not None]


def _table_card(release: Release, table: Table) -> dict[str, Any]:
    size = 1
    for dimension in table.dimensions:
        size *= len(dimension.codes) + 1
    crossing = None
    if size <= CELLS_IN_PLACE and len(table.dimensions) <= 2:
        names = [each.name for each in table.dimensions]
        crossing = cross(queries.cells(release, table), Question(*names), parents=queries.parents(table))
    conditions = [
        {"column": name, "value": value, "label": _condition_label(release, name, value)}
        for name, value in table.where.items()
    ]
    return {
        "table": table,
        "crossing": crossing,
        "size": size,
        "conditions": conditions,
        "csv": release.file(f"tables/{table.name}.csv"),
        "parquet": release.file(f"tables/{table.name}.parquet"),
        "title": in_language(table.title, translation.get_language() or "en"),
    }


def _condition_label(release: Release, column: str, value: str) -> tuple[Any, Any]:
    """Labels of a fixed condition from the dictionary, else its bare names."""
    for entry in release.dictionary:
        if entry["name"] == column:
            codes = {code["code"]: code["label"] for code in entry.get("codes") or ()}
            return entry["label"], codes.get(value, value)
    return column, value
