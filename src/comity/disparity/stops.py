"""Every finding that one department's stops allow, and for the others the column that would allow them.

One call for the main job: grouped counts in, findings out. The methods themselves are in their own modules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from comity.disparity.benchmarks import dark_hours_findings, side_by_side
from comity.disparity.change import change_finding
from comity.disparity.counts import NOT_GROUPS, GroupedCounts, read_counts, share_text
from comity.disparity.finding import Finding
from comity.disparity.outcome import implausible, outcome_findings
from comity.disparity.rates import Benchmark, search_rate_findings, stop_rate_findings, unanswerable
from comity.disparity.veil_of_darkness import veil_of_darkness
from comity.errors import ComityError
from comity.wording import Message, message

YES, NO = ("true", "yes", "1"), ("false", "no", "0")


METHODS_IN_ORDER = (
    "stop_rate",
    "benchmarks",
    "search_rate",
    "outcome_test",
    "threshold_test",
    "veil_of_darkness",
    "change",
)
"""The questions that stops may answer, in the order in which findings come."""

MONTHS = 12
"""How many months a comparison of the latest one goes back: further back, a public table would have to be longer."""


def stop_findings(
    stops: pa.Table,
    *,
    minutes: pa.Table | None = None,
    months: pa.Table | None = None,
    place: str = "neighborhood",
    group: str = "subject_race",
    reference: str = "white",
    benchmarks: Sequence[Benchmark] = (),
    types: Sequence[str] = ("vehicular",),
    location: tuple[float, float] | None = None,
    time_zone: str | None = None,
    tables: Mapping[str, str] | None = None,
    breaks: Sequence[str] = (),
    methods: Sequence[str] = METHODS_IN_ORDER,
) -> list[Finding]:
    """What `methods` find in these stops, each group against `reference`; for each other one why it cannot be answered.

    stops: one row per combination of `place`, `group`, `type` (optional), one of search_person / search_conducted
    (optional), contraband_found (optional), with `count`. Columns are strings; a missing value is null or "not
    recorded". minutes: one row per date (date32), minute_of_day (integer, null if the time is not recorded), `place`,
    `group` and, where there is one, type, with `count`; None where times are not kept. months: period, count and
    exposure (days), None where dates are not kept. types: stops that search rates and the veil of darkness are about,
    where `type` is there. location: latitude and longitude of one point of the department, in degrees. time_zone: IANA
    name. tables: names of the public tables that hold the cells used: "stops" (by `group`), "searches" (by `group` and
    search, for `types`), "hits" (by contraband_found too) and "months". A table not named is not referred to. breaks:
    months from which counting changed.

    Findings name the cells of totals by group that their numbers can be recomputed from. Order: that of METHODS_IN_ORDER,
    groups by number of stops. Raises ComityError for counts that contradict each other.
    """
    names = dict(tables or {})
    findings: list[Finding] = []
    whole = _counts(stops, place, group, {"stops": stops["count"]})
    order = _by_size(stops, group, reference)
    if {"stop_rate", "benchmarks"} & set(methods):
        rates = _stop_rates(whole, benchmarks, reference, group, names)
        supplied = [each.key for each in benchmarks]
        dark = []
        if "dark_hours" not in supplied and minutes is not None and location is not None and time_zone is not None:
            dark = dark_hours_findings(
                minutes,
                reference=reference,
                lat=location[0],
                lng=location[1],
                time_zone=time_zone,
                group=group,
                place=place,
            )
        findings += [*rates, *side_by_side([*rates, *dark], reference=reference, supplied=supplied)]
    if {"search_rate", "outcome_test", "threshold_test"} & set(methods):
        findings += _searches(_of_types(stops, types), place, group, reference, names, methods)
    if "veil_of_darkness" in methods:
        findings += _veil(minutes, types, place, group, reference, location, time_zone, order)
    if "change" in methods:
        findings.append(_change(months, names, breaks))
    rank = {name: at for at, name in enumerate(order)}
    kept = [each for each in findings if each.method in methods]
    return sorted(
        kept,
        key=lambda each: (METHODS_IN_ORDER.index(each.method), rank.get(_group_of(each), len(order)), each.id),
    )


def search_counts(
    stops: pa.Table,
    *,
    place: str = "neighborhood",
    group: str = "subject_race",
    types: Sequence[str] = ("vehicular",),
) -> pa.Table:
    """place, group, stops, searches and (where contraband is recorded) hits: what the tests after the stop start from.

    stops: as for `stop_findings`. Stops in which it is not recorded whether there was a search are left out. Raises
    ComityError where no column says whether there was one.
    """
    search = search_column(stops)
    if search is None:
        raise ComityError(
            "These records have no column that says whether there was a search.",
            "Record search_conducted or search_person, and map it.",
        )
    chosen = _of_types(stops, types)
    return _counts(chosen, place, group, _measures(chosen, search))


def search_column(stops: pa.Table) -> str | None:
    """Which column says whether there was a search, where one does."""
    return next((name for name in ("search_person", "search_conducted") if name in stops.column_names), None)


def _measures(stops: pa.Table, search: str) -> dict[str, Any]:
    """Stops in which a search is known, searches and (where recorded) hits of each row."""
    codes = _strings(stops, search)
    searched, known = np.isin(codes, YES), np.isin(codes, YES + NO)
    number = stops["count"].to_numpy()
    measures: dict[str, Any] = {"stops": number * known, "searches": number * searched}
    if "contraband_found" in stops.column_names:
        measures["hits"] = number * searched * np.isin(_strings(stops, "contraband_found"), YES)
    return measures


def _stop_rates(
    whole: pa.Table, benchmarks: Sequence[Benchmark], reference: str, group: str, names: Mapping[str, str]
) -> list[Finding]:
    if not benchmarks:
        reason = message(
            "Nobody supplied how many people of each group there are, so stops have nothing to be compared with."
        )
        return [unanswerable("stop_rate", "stop-rate", "people", reason=reason)]
    counts = read_counts(whole)
    cells = {}
    if "stops" in names:
        cells = {each: [{"table": names["stops"], "where": {group: each}}] for each in counts.groups}
    return [
        finding
        for benchmark in benchmarks
        for finding in stop_rate_findings(counts, benchmark, reference=reference, cells=cells)
    ]


def _searches(
    stops: pa.Table,
    place: str,
    group: str,
    reference: str,
    names: Mapping[str, str],
    methods: Sequence[str],
) -> list[Finding]:
    search = search_column(stops)
    if search is None:
        return [
            unanswerable(method, method.replace("_", "-"), "search_conducted")
            for method in ("search_rate", "outcome_test", "threshold_test")
        ]
    measures = _measures(stops, search)
    if not measures["searches"].any():
        reason = message("No search is recorded, so there is nothing to compare.")
        return [
            unanswerable(method, method.replace("_", "-"), search, reason=reason)
            for method in ("search_rate", "outcome_test", "threshold_test")
        ]
    counts = read_counts(_counts(stops, place, group, measures))
    number = stops["count"].to_numpy()
    not_said = int(number.sum() - measures["stops"].sum())
    codes = _strings(stops, search)
    yes_no = sorted({code for code in codes if code in YES + NO})
    yes = [code for code in yes_no if code in YES]
    found_codes: list[str] = []
    if "contraband_found" in stops.column_names:
        found_codes = sorted({code for code in _strings(stops, "contraband_found") if code in YES})
    cells: dict[str, list[dict[str, Any]]] = {}
    hit_cells: dict[str, list[dict[str, Any]]] = {}
    for each in counts.groups:
        if "searches" in names:
            cells[each] = [{"table": names["searches"], "where": {group: each, search: code}} for code in yes_no]
        if "hits" in names:
            hit_cells[each] = [
                {"table": names["hits"], "where": {group: each, search: code, **found}}
                for code in yes
                for found in ({}, *({"contraband_found": hit} for hit in found_codes))
            ]
    findings = search_rate_findings(counts, reference=reference, searched=_searched(search), cells=cells)
    if not_said:
        note = message(
            "In {share} of the stops it is not recorded whether there was a search; they are left out.",
            share=share_text(not_said, int(number.sum())),
        )
        findings = [replace(each, limits=(note, *each.limits)) for each in findings]
    findings += outcome_findings(counts, reference=reference, cells=hit_cells)
    if "threshold_test" in methods:
        both = {each: [*cells.get(each, ()), *hit_cells.get(each, ())] for each in counts.groups}
        findings += _threshold(counts, reference, both)
    return findings


def _threshold(
    counts: GroupedCounts, reference: str, cells: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[Finding]:
    """The threshold test, where hits are recorded, plausibly and often enough; each finding with its cells."""
    identity = "threshold-test"
    if counts.hits is None:
        return [unanswerable("threshold_test", identity, "contraband_found")]
    plausible = implausible(counts)
    if not plausible.passed:
        return [replace(unanswerable("threshold_test", identity, "", reason=plausible.said), gates=(plausible,))]
    few = [each for at, each in enumerate(counts.groups) if counts.hits[:, at].sum() < 5]
    keep = [at for at, each in enumerate(counts.groups) if each not in few]
    if reference in few or len(keep) < 2:
        reason = message("One of the groups has fewer than 5 {event}, too few to compare.", event=message("hits"))
        return [unanswerable("threshold_test", identity, "", reason=reason)]
    # Here, because the sampler takes longer to import than all other methods together.
    from comity.disparity.threshold import threshold_findings, threshold_test

    assert counts.searches is not None
    chosen = replace(
        counts,
        groups=tuple(counts.groups[at] for at in keep),
        stops=counts.stops[:, keep],
        searches=counts.searches[:, keep],
        hits=counts.hits[:, keep],
    )
    found = threshold_findings(threshold_test(chosen, reference=reference))
    return [
        replace(
            each,
            counts=tuple(cell for name in (_group_of(each), reference) for cell in cells.get(name, ())),
        )
        if each.estimate is not None
        else each
        for each in found
    ]


def _change(months: pa.Table | None, names: Mapping[str, str], breaks: Sequence[str]) -> Finding:
    """Whether the latest month differs from those before, where a public table has the months."""
    if months is None:
        return unanswerable("change", "change", "date")
    if "months" not in names:
        reason = message(
            "No public table counts by month, so nobody could check a change over time. Add one to the settings."
        )
        return unanswerable("change", "change", "month", reason=reason)
    latest = months.sort_by("period")
    latest = latest.slice(max(0, latest.num_rows - MONTHS))
    periods = [str(each) for each in latest["period"].to_pylist()]
    breaks = [each for each in breaks if each in periods]
    if latest.num_rows - max((periods.index(each) for each in breaks), default=0) < 2:
        reason = message("There is only one month since counting began or changed, and nothing to compare it with.")
        return unanswerable("change", "change", "month", reason=reason)
    finding = change_finding(latest, breaks=breaks, event=message("stops"))
    return replace(
        finding,
        counts=tuple({"table": names["months"], "where": {"month": period}} for period in periods),
    )


def _veil(
    minutes: pa.Table | None,
    types: Sequence[str],
    place: str,
    group: str,
    reference: str,
    location: tuple[float, float] | None,
    time_zone: str | None,
    order: Sequence[str],
) -> list[Finding]:
    identity = "veil-of-darkness"
    if minutes is None:
        return [unanswerable("veil_of_darkness", identity, "time")]
    if location is None or time_zone is None:
        reason = message("The agency's settings have no location and time zone, which tell when it is dark.")
        return [unanswerable("veil_of_darkness", identity, "location", reason=reason)]
    chosen = _of_types(minutes, types)
    return [
        veil_of_darkness(
            chosen,
            group=each,
            reference=reference,
            lat=location[0],
            lng=location[1],
            time_zone=time_zone,
            group_column=group,
            place_column=place,
        )
        for each in order
        if each != reference
    ]


def _counts(table: pa.Table, place: str, group: str, measures: Mapping[str, Any]) -> pa.Table:
    """Sum `measures` (arrays along the rows) by place and group."""
    codes = {
        "place": pa.array(_strings(table, place), pa.string()),
        "group": pa.array(_strings(table, group), pa.string()),
    }
    rows = pa.table({**codes, **measures})
    summed = rows.group_by(["place", "group"]).aggregate([(name, "sum") for name in measures])
    return summed.rename_columns(["place", "group", *measures]).sort_by(
        [("place", "ascending"), ("group", "ascending")]
    )


def _of_types(table: pa.Table, types: Sequence[str]) -> pa.Table:
    if "type" not in table.column_names or not types:
        return table
    return table.filter(pc.is_in(table["type"].cast(pa.string()), pa.array(types, pa.string())))


def _strings(table: pa.Table, column: str) -> list[str]:
    if column not in table.column_names:
        raise ComityError(
            f"The counts have no column '{column}': they have {', '.join(table.column_names)}.",
            "Count by this column too.",
        )
    return [str(value) for value in table[column].cast(pa.string()).fill_null("not recorded").to_pylist()]


def _by_size(table: pa.Table, group: str, reference: str) -> list[str]:
    sizes: dict[str, int] = {}
    for name, count in zip(_strings(table, group), table["count"].to_pylist(), strict=True):
        sizes[name] = sizes.get(name, 0) + int(count)
    if reference not in sizes:
        known = ", ".join(sorted(set(sizes) - set(NOT_GROUPS)))
        raise ComityError(f"No stop is of the group '{reference}'.", f"Choose the group to compare with from: {known}.")
    return sorted((name for name in sizes if name not in NOT_GROUPS), key=lambda name: (-sizes[name], name))


def _group_of(finding: Finding) -> str:
    parts = finding.id.split(":")
    return parts[1] if len(parts) > 1 else ""


def _searched(column: str) -> Message:
    return message("searches of the person") if column == "search_person" else message("searches")
