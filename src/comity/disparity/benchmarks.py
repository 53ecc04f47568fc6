"""Benchmarks side by side: stops against residents, drivers, drivers in crashes, and stops in the dark.

Each benchmark stands for who could have been stopped, and each fails in its own way, which is said beside its number
(Ridgeway and MacDonald 2010). Stops in the dark are computed here, from the sun's elevation at each stop's minute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from comity.disparity.counts import GroupedCounts, group_label, read_counts
from comity.disparity.finding import Figure, Finding, decide
from comity.disparity.methods import METHODS
from comity.disparity.rates import BENCHMARK_FAILURES, BENCHMARK_NAMES, Benchmark, slug, stop_rate_findings
from comity.disparity.sun import CIVIL_DUSK_DEGREES, SUNSET_DEGREES, solar_elevation, utc_offsets
from comity.wording import message


def dark_hours(
    minutes: pa.Table,
    *,
    lat: float,
    lng: float,
    time_zone: str,
    group: str = "group",
    place: str = "place",
) -> tuple[GroupedCounts, Benchmark] | None:
    """(stops in the light, stops in the dark as their benchmark); None without stops of both kinds.

    minutes: date (date32), minute_of_day (0-1439), group and place, count; one row per combination. Dark is before
    civil dawn or after civil dusk, light between sunrise and sunset; twilight and stops without a time are left out.
    Raises ComityError for an unknown time zone.
    """
    known = minutes.filter(pa.array(_timed(minutes)))
    if not known.num_rows:
        return None
    days = known["date"].combine_chunks().cast(pa.int32()).to_numpy().astype(np.int64)
    clock = known["minute_of_day"].combine_chunks().to_numpy().astype(np.int64)
    moments, where = np.unique(days * 1440 + clock, return_inverse=True)
    day, minute = np.divmod(moments, 1440)
    offset = utc_offsets(day.astype("datetime64[D]"), time_zone)
    elevation = solar_elevation(day - 10957.5 + (minute - offset) / 1440, lat=lat, lng=lng)[where]
    number = known["count"].to_numpy() if "count" in known.column_names else np.ones(known.num_rows, dtype=np.int64)
    names = {name: known[name].cast(pa.string()).fill_null("not recorded") for name in (place, group)}
    rows = pa.table(
        {
            "place": names[place],
            "group": names[group],
            "stops": number * (elevation > SUNSET_DEGREES),
            "people": number * (elevation < CIVIL_DUSK_DEGREES),
        }
    )
    summed = rows.group_by(["place", "group"]).aggregate([("stops", "sum"), ("people", "sum")])
    summed = summed.rename_columns(["place", "group", "stops", "people"]).sort_by(
        [("place", "ascending"), ("group", "ascending")]
    )
    if not summed["stops"].to_numpy().any() or not summed["people"].to_numpy().any():
        return None
    year = int(str(np.datetime64(int(day.max()), "D"))[:4])
    people = summed.select(["place", "group", "people"])
    return read_counts(summed, measures=("stops",)), Benchmark(
        "dark_hours", people, message("computed from these stops"), year
    )


def dark_hours_findings(
    minutes: pa.Table,
    *,
    reference: str,
    lat: float,
    lng: float,
    time_zone: str,
    group: str = "group",
    place: str = "place",
) -> list[Finding]:
    """Stops in the light for each stop in the dark, each group against `reference`; none where there are none of either.

    Numbers come to two digits and without counts: no public table tells light from dark.
    """
    found = dark_hours(minutes, lat=lat, lng=lng, time_zone=time_zone, group=group, place=place)
    if found is None or reference not in found[0].groups:
        return []
    return stop_rate_findings(*found, reference=reference, coarse=True)


def side_by_side(findings: Sequence[Finding], *, reference: str, supplied: Sequence[str] = ()) -> list[Finding]:
    """One finding per group that has at least two benchmarks: does every one of them say the same?

    findings: stop-rate findings of several benchmarks against `reference`. supplied: keys of the benchmarks that were
    asked for; those that are neither there nor asked for are named as not supplied.
    """
    by_group: dict[str, dict[str, Finding]] = {}
    for each in findings:
        key, group, other = [*each.id.split(":"), "", ""][:3]
        if each.method == "stop_rate" and each.estimate is not None and other == reference:
            by_group.setdefault(group, {})[key.removeprefix("stop-rate-").replace("-", "_")] = each
    return [_compared(group, found, reference, supplied) for group, found in by_group.items() if len(found) >= 2]


def _compared(group: str, found: Mapping[str, Finding], reference: str, supplied: Sequence[str]) -> Finding:
    texts = METHODS["benchmarks"]
    name, other = group_label(group), group_label(reference)
    figures: list[Figure] = []
    for key, benchmark in BENCHMARK_NAMES.items():
        label = message("{group} to {other}, against {benchmark}", group=name, other=other, benchmark=benchmark)
        if key in found:
            one = found[key]
            part = "sensitivity" if figures and any(each.low is not None for each in figures) else "comparison"
            figures.append(Figure(label, one.estimate, one.low, one.high, part=part, more={"benchmark": key}))
        else:
            figures.append(Figure(label, None, part="detail", more={"benchmark": key, "supplied": key in supplied}))
    main = next(each for each in figures if each.part == "comparison")
    verdict, reason = decide(
        low=main.low,
        high=main.high,
        no_difference=1.0,
        sensitivities=[each for each in figures if each.part == "sensitivity"],
    )
    known = [each.estimate for each in figures if each.estimate is not None]
    sentence = message(
        "Per person or stop in the benchmark, {group} people were stopped {low:.2f} to {high:.2f} times as often as "
        "{other} people, depending on which benchmark is used.",
        group=name,
        other=other,
        low=min(known),
        high=max(known),
    )
    first = found[str(main.more["benchmark"])]
    return replace(
        first,
        id=f"benchmarks:{group}:{reference}",
        method="benchmarks",
        question=message(
            "Whichever benchmark is used, are {group} people stopped more often than {other} people?",
            group=name,
            other=other,
        ),
        headline=None,
        sentence=sentence,
        verdict=verdict,
        reason=reason,
        counts=tuple({str(cell): cell for each in found.values() for cell in each.counts}.values()),
        assumptions=texts.assumptions,
        limits=(*(BENCHMARK_FAILURES[key] for key in found), *texts.limits),
        figures=tuple(figures),
        gates=(),
        chart=f"benchmarks-{slug(group)}-{slug(reference)}",
    )


def _timed(minutes: pa.Table) -> np.ndarray:
    valid = [minutes[name].combine_chunks().is_valid() for name in ("date", "minute_of_day")]
    return np.asarray(np.logical_and(*(each.to_numpy(zero_copy_only=False) for each in valid)))
