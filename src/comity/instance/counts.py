"""Grouped counts of an instance's records, in the form that each method of `comity disparity` takes.

Rows stay in the records folder: what comes out are counts, for the agency's own eyes until a release protects them.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from comity.disparity.stops import NO, YES, search_counts
from comity.errors import ComityError, nearest
from comity.instance.settings import Agency, Dataset, Instance, read_instance
from comity.records import NOT_RECORDED, StandardisedRecords, count, open_records, read_mapping, standardise
from comity.releases.states import only_publisher

PLACES = ("beat", "district", "precinct")
"""Where a dataset says no place of its own: the first of these that the records have."""


@dataclass(frozen=True)
class OpenDataset:
    """One dataset of an instance with its standardised records."""

    instance: Instance
    dataset: Dataset
    records: StandardisedRecords

    @property
    def agency(self) -> Agency:
        return self.instance.agency

    @property
    def place(self) -> str | None:
        return place_of(self.dataset, self.records)

    def needed(self, column: str) -> str:
        """`column`, where the records have it. Raises ComityError naming it."""
        if column not in self.records.columns:
            near = nearest(column, self.records.columns)
            raise ComityError(
                f"The records of '{self.dataset.name}' have no column {column}, which this question needs.",
                f"'{near}' is nearest." if near else f"Record it, and add it to {self.dataset.mapping}.",
            )
        return column


def open_dataset(folder: Path, name: str | None = None) -> OpenDataset:
    """The dataset `name` (or the only one) of the instance in `folder`, standardised now if that was not done since its
    files changed. Raises ComityError for settings, mappings and files that are wrong.
    """
    instance = read_instance(folder)
    dataset = instance.dataset(name)
    into = instance.records / dataset.name / dataset.period
    sources = source_files(instance, dataset)
    mapping = instance.folder / dataset.mapping
    done = into / "records.json"
    newest = max(path.stat().st_mtime_ns for path in (*sources, mapping) if path.exists())
    if done.exists() and done.stat().st_mtime_ns > newest:
        return OpenDataset(instance, dataset, open_records(into))
    with only_publisher(instance.folder):
        return OpenDataset(instance, dataset, standardise(read_mapping(mapping), sources, into))


def source_files(instance: Instance, dataset: Dataset) -> list[Path]:
    """The files that `dataset` is read from, in order. Raises ComityError where there is none."""
    found = sorted({path for pattern in dataset.files for path in instance.folder.glob(pattern)})
    if not found:
        raise ComityError(
            f"No file in {instance.folder} matches {', '.join(dataset.files)}.",
            f"Put the export there, or mend 'files' of [datasets.{dataset.name}] in comity.toml.",
        )
    return found


def place_of(dataset: Dataset, records: StandardisedRecords) -> str | None:
    """The column that says where, or None."""
    return dataset.place or next((name for name in PLACES if name in records.columns), None)


def stop_counts(records: StandardisedRecords, place: str | None) -> pa.Table:
    """What `disparity.stops.stop_findings` calls stops."""
    columns = (place, "subject_race", "type", "search_person", "search_conducted", "contraband_found")
    return count(records, by=[name for name in columns if name and name in records.columns])


def minute_counts(records: StandardisedRecords, place: str | None) -> pa.Table | None:
    """What `disparity.stops.stop_findings` calls minutes; None where times are not kept."""
    if "time" not in records.columns:
        return None
    columns = [name for name in (place, "subject_race", "type") if name and name in records.columns]
    return count(records, by=["date", "minute_of_day", *columns])


def month_counts(records: StandardisedRecords) -> pa.Table | None:
    """period ("2017-01"), count, exposure (days of the month between the first and the last record); None without dates.

    A month between them without a record is a zero.
    """
    if "date" not in records.columns:
        return None
    days = count(records, by=["date"]).filter(pc.field("date").is_valid())
    if not days.num_rows:
        return None
    by_day: dict[date, int] = dict(zip(days["date"].to_pylist(), days["count"].to_pylist(), strict=True))
    first, last = min(by_day), max(by_day)
    table: dict[str, list[object]] = {"period": [], "count": [], "exposure": []}
    for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        year, number = divmod(month, 12)
        start = max(first, date(year, number + 1, 1))
        end = min(last, date(year, number + 1, calendar.monthrange(year, number + 1)[1]))
        table["period"].append(f"{year}-{number + 1:02d}")
        table["count"].append(sum(n for day, n in by_day.items() if start <= day <= end))
        table["exposure"].append(float((end - start).days + 1))
    return pa.table(table)


def break_months(dataset: Dataset) -> tuple[str, ...]:
    """The first months of the periods from which counting changed: "2026-q3" is "2026-07", and "2026" is "2026-01"."""
    months = []
    for each in dataset.breaks:
        year, _, part = each.period.partition("-")
        quarter = part.removeprefix("q")
        months.append(f"{year}-{3 * int(quarter) - 2:02d}" if part.startswith("q") else f"{year}-{part or '01'}")
    return tuple(months)


def outcome_counts(opened: OpenDataset) -> pa.Table:
    """place, group, stops, searches and (where recorded) hits, of the stops that searches are compared for."""
    opened.needed("subject_race")
    place = opened.place or "type"
    return search_counts(stop_counts(opened.records, opened.place), place=opened.needed(place))


def light_counts(opened: OpenDataset) -> pa.Table:
    """date, minute_of_day, place, group and count, of vehicle stops where types are recorded."""
    for column in ("date", "time", "subject_race"):
        opened.needed(column)
    table = minute_counts(opened.records, opened.place)
    assert table is not None
    if "type" in table.column_names:
        table = table.filter(pc.field("type") == "vehicular")
    names = {"subject_race": "group", opened.place or "": "place"}
    return table.rename_columns([names.get(name, name) for name in table.column_names])


def place_counts(opened: OpenDataset) -> pa.Table:
    """place, count (searches) and exposure (stops), for a funnel."""
    table = outcome_counts(opened)
    summed = table.group_by(["place"]).aggregate([("searches", "sum"), ("stops", "sum")])
    return summed.rename_columns(["place", "count", "exposure"]).filter(pc.field("exposure") > 0)


def officer_counts(opened: OpenDataset) -> pa.Table:
    """officer, stops, events (searches), and what peers are compared within: place, hour and type, where recorded."""
    opened.needed("officer_id_hash")
    search = next((name for name in ("search_person", "search_conducted") if name in opened.records.columns), None)
    if search is None:
        opened.needed("search_conducted")
    features = [name for name in (opened.place, "type") if name and name in opened.records.columns]
    features += ["hour"] if "time" in opened.records.columns else []
    table = count(opened.records, by=["officer_id_hash", *features, str(search)])
    known = table.filter(
        pc.and_(
            pc.is_in(table[str(search)], pa.array([*YES, *NO])),
            pc.not_equal(table["officer_id_hash"], NOT_RECORDED),
        )
    )
    events = pc.if_else(pc.is_in(known[str(search)], pa.array(YES)), known["count"], 0)
    return pa.table(
        {
            "officer": known["officer_id_hash"],
            **{name: known[name] for name in features},
            "stops": known["count"],
            "events": events,
        }
    )


def rollout_counts(opened: OpenDataset, adopted: pa.Table, *, unit: str | None = None) -> pa.Table:
    """unit, period (month), outcome (records in that month; none is a zero) and adopted.

    adopted: columns unit and adopted (a month, empty for never). unit: the column whose values units are; the
    dataset's place unless said otherwise. Raises ComityError for units that the records do not have.
    """
    column = opened.needed(unit or opened.place or "beat")
    counts = count(opened.records, by=[column, "month"])
    counts = counts.filter((pc.field(column) != NOT_RECORDED) & (pc.field("month") != NOT_RECORDED))
    seen = {(u, m): n for u, m, n in zip(*(counts[name].to_pylist() for name in counts.column_names), strict=True)}
    for name in ("unit", "adopted"):
        if name not in adopted.column_names:
            raise ComityError(
                f"The file of adoptions has no column '{name}'.", "Give unit and adopted (a month such as 2017-05)."
            )
    when = dict(zip(_texts(adopted, "unit"), _texts(adopted, "adopted"), strict=True))
    units, months = sorted({u for u, _ in seen}), sorted({m for _, m in seen})
    strange = sorted(set(when) - set(units))
    if strange:
        raise ComityError(
            f"No record has {column} '{strange[0]}', which the file of adoptions names.",
            f"Use the names of the records, such as '{units[0]}'." if units else "Check the column.",
        )
    rows = [(u, m) for u in units for m in months]
    return pa.table(
        {
            "unit": [u for u, _ in rows],
            "period": [m for _, m in rows],
            "outcome": [float(seen.get(each, 0)) for each in rows],
            "adopted": pa.array([when.get(u) or None for u, _ in rows], pa.string()),
        }
    )


def _texts(table: pa.Table, column: str) -> Sequence[str]:
    return ["" if value is None else str(value) for value in table[column].to_pylist()]
