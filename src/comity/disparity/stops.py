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

from comity.disparity.counts import NOT_GROUPS, read_counts, share_text
from comity.disparity.finding import Finding
from comity.disparity.outcome import outcome_findings
from comity.disparity.rates import Benchmark, search_rate_findings, stop_rate_findings, unanswerable
from comity.disparity.veil_of_darkness import veil_of_darkness
from comity.errors import ComityError
from comity.wording import Message, message

YES, NO = ("true", "yes", "1"), ("false", "no", "0")


def stop_findings(
    stops: pa.Table,
    *,
    minutes: pa.Table | None = None,
    place: str = "neighborhood",
    group: str = "subject_race",
    reference: str = "white",
    benchmarks: Sequence[Benchmark] = (),
    types: Sequence[str] = ("vehicular",),
    location: tuple[float, float] | None = None,
    time_zone: str | None = None,
    tables: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Stop rates, search rates, outcome test and veil of darkness, each group against `reference`.

    stops: one row per combination of `place`, `group`, `type` (optional), one of search_person / search_conducted
    (optional),
        contraband_found (optional), with `count`. Columns are strings; a missing value is null or "not recorded".
    minutes: one row per date (date32), minute_of_day (integer, null if the time is not recorded), `place`, `group`
    and, where there
        is one, type, with `count`; None where times are not kept.
    types: stops that search rates and the veil of darkness are about, where `type` is there.
    location: latitude and longitude of one point of the department, in degrees. time_zone: IANA name.
    tables: names of the public tables that hold the cells used: "stops" (by `group`) and "searches" (by `group` and
    search, for
        `types`, and for hits by contraband_found). A table not named is not referred to.

    Findings name the cells of totals by group that their numbers can be recomputed from. Order: stop rates, search
    rates, outcome test, veil of darkness; groups by number of stops. Raises ComityError for counts that contradict
    each other.
    """
    names = dict(tables or {})
    findings: list[Finding] = []
    whole = _counts(stops, place, group, {"stops": stops["count"]})
    order = _by_size(stops, group, reference)
    findings += _stop_rates(whole, benchmarks, reference, group, names)

    chosen = _of_types(stops, types)
    search = next((name for name in ("search_person", "search_conducted") if name in stops.column_names), None)
    if search is None:
        findings.append(unanswerable("search_rate", "search-rate", "search_conducted"))
        findings.append(unanswerable("outcome_test", "outcome-test", "search_conducted"))
    else:
        findings += _searches(chosen, search, place, group, reference, names)
    findings += _veil(minutes, types, place, group, reference, location, time_zone, order)
    rank = {name: at for at, name in enumerate(order)}
    methods = ("stop_rate", "search_rate", "outcome_test", "veil_of_darkness")
    return sorted(
        findings, key=lambda each: (methods.index(each.method), rank.get(_group_of(each), len(order)), each.id)
    )


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
    stops: pa.Table, search: str, place: str, group: str, reference: str, names: Mapping[str, str]
) -> list[Finding]:
    codes = _strings(stops, search)
    searched, known = np.isin(codes, YES), np.isin(codes, YES + NO)
    number = stops["count"].to_numpy()
    measures: dict[str, Any] = {"stops": number * known, "searches": number * searched}
    found_codes: list[str] = []
    if "contraband_found" in stops.column_names:
        found = _strings(stops, "contraband_found")
        found_codes = sorted({code for code in found if code in YES})
        measures["hits"] = number * searched * np.isin(found, YES)
    if not (searched & (number > 0)).any():
        reason = message("No search is recorded, so there is nothing to compare.")
        return [
            unanswerable("search_rate", "search-rate", search, reason=reason),
            unanswerable("outcome_test", "outcome-test", search, reason=reason),
        ]
    table = _counts(stops, place, group, measures)
    counts = read_counts(table)
    not_said = int(number[~known].sum())
    yes_no = sorted({code for code in codes if code in YES + NO})
    yes = [code for code in yes_no if code in YES]
    cells: dict[str, list[dict[str, Any]]] = {}
    hit_cells: dict[str, list[dict[str, Any]]] = {}
    if "searches" in names:
        for each in counts.groups:
            cells[each] = [{"table": names["searches"], "where": {group: each, search: code}} for code in yes_no]
            hit_cells[each] = [
                *({"table": names["searches"], "where": {group: each, search: code}} for code in yes),
                *(
                    {"table": names["searches"], "where": {group: each, search: code, "contraband_found": hit}}
                    for code in yes
                    for hit in found_codes
                ),
            ]
    findings = search_rate_findings(counts, reference=reference, searched=_searched(search), cells=cells)
    if not_said:
        note = message(
            "In {share} of the stops it is not recorded whether there was a search; they are left out.",
            share=share_text(not_said, int(number.sum())),
        )
        findings = [replace(each, limits=(note, *each.limits)) for each in findings]
    return [*findings, *outcome_findings(counts, reference=reference, cells=hit_cells)]


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
