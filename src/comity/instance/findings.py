"""The findings of a dataset of stops: what the records allow is analysed, and what they do not allow is said.

Each finding comes with its picture and with the description of its method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from comity.disclosure import Policy
from comity.disparity import Figure, Finding, Verdict
from comity.disparity.methods import METHODS
from comity.disparity.pictures import picture
from comity.disparity.rates import Benchmark
from comity.disparity.stops import stop_findings
from comity.instance.counts import break_months, minute_counts, month_counts, place_of, stop_counts
from comity.instance.settings import Agency, Dataset, Table
from comity.records import StandardisedRecords
from comity.releases.draft import SIZES, Picture

_SEARCHES = ("search_person", "search_conducted")


@dataclass(frozen=True)
class Analysis:
    """What was found: findings as they are stored, their pictures, their methods, and the one for the headline."""

    findings: list[dict[str, Any]]
    pictures: list[Picture]
    methods: dict[str, dict[str, Any]]
    headline: str | None


def analyse_stops(
    records: StandardisedRecords,
    *,
    dataset: Dataset,
    agency: Agency,
    tables: Sequence[Table],
    benchmarks: Sequence[Benchmark],
    policy: Policy,
) -> Analysis:
    """Every finding that these stops allow, and for each other question the reason why it cannot be answered."""
    place = place_of(dataset, records)
    found = stop_findings(
        stop_counts(records, place),
        minutes=minute_counts(records, place),
        months=month_counts(records),
        place=place or "type",
        reference=dataset.reference_group,
        benchmarks=benchmarks,
        location=location_of(agency),
        time_zone=agency.time_zone,
        tables=_names(tables, records),
        breaks=break_months(dataset),
    )
    safe = [without_small_counts(each, policy.minimum) for each in found]
    return Analysis(
        findings=[each.as_record(agency.languages) for each in safe],
        pictures=[_picture(each, agency.languages) for each in safe if each.chart],
        methods={key: METHODS[key].as_record(agency.languages) for key in sorted({each.method for each in safe})},
        headline=_headline(safe),
    )


def location_of(agency: Agency) -> tuple[float, float] | None:
    """Latitude and longitude, where the settings have both."""
    if agency.latitude is None or agency.longitude is None:
        return None
    return agency.latitude, agency.longitude


def without_small_counts(finding: Finding, minimum: int) -> Finding:
    """`finding` without the figures that rest on a count from 1 to `minimum` - 1 (or that leave one over): neither shown nor drawn."""

    def is_small(count: int | None) -> bool:
        return count is not None and 0 < count < minimum

    def told(figure: Figure) -> Figure:
        """Without a count of a part of the finding, where no table has its cells: it could equal a hidden one."""
        return figure if finding.counts or figure.part in ("group", "comparison") else replace(figure, k=None, n=None)

    kept = tuple(
        told(each)
        for each in finding.figures
        if not (
            is_small(each.k)
            or is_small(each.n)
            or (each.k is not None and each.n is not None and is_small(each.n - each.k))
        )
    )
    return replace(finding, figures=kept)


def _names(tables: Sequence[Table], records: StandardisedRecords) -> dict[str, str]:
    """Which public tables hold the totals by group that the findings rest on, where there are such tables."""
    named: dict[str, str] = {}
    for table in tables:
        if not table.where and "month" in table.dimensions:
            named.setdefault("months", table.name)
        if "subject_race" not in table.dimensions:
            continue
        if not table.where:
            named.setdefault("stops", table.name)
        vehicular = {"type": "vehicular"} if "type" in records.columns else {}
        search = next((each for each in _SEARCHES if each in records.columns), None)
        if dict(table.where) == vehicular and search in table.dimensions:
            named.setdefault("searches", table.name)
            if "contraband_found" in table.dimensions:
                named.setdefault("hits", table.name)
    return named


def _picture(finding: Finding, languages: Sequence[str]) -> Picture:
    assert finding.chart is not None
    return Picture(
        name=finding.chart,
        finding=finding.id,
        alt=(finding.headline or finding.sentence).in_languages(languages),
        specifications={
            (language, size): picture(finding, language, size).to_dict() for language in languages for size in SIZES
        },
    )


def _headline(findings: Sequence[Finding]) -> str | None:
    """The first finding that shows something, searches before stops; otherwise the first there is."""
    order = {"search_rate": 0, "threshold_test": 1, "outcome_test": 2, "veil_of_darkness": 3, "stop_rate": 4}
    ranked = sorted(findings, key=lambda each: (each.verdict is not Verdict.SHOWS, order.get(each.method, 9)))
    return ranked[0].id if ranked else None
