"""Grouped counts: the only thing that leaves the records."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as ReadOnlyMapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from comity.errors import UsageError, nearest
from comity.records.standardise import StandardisedRecords
from comity.records.vocabulary import NOT_RECORDED

if TYPE_CHECKING:
    import pyarrow as pa

DERIVED = ("year", "quarter", "month", "hour", "minute_of_day")
"""Groupings worked out from `date` and `time`: "2017", "2017-Q1", "2017-01", "00" to "23", and 0 to 1439."""


def count(
    records: StandardisedRecords,
    by: Iterable[str] = (),
    where: ReadOnlyMapping[str, object] | None = None,
) -> pa.Table:
    """Rows per combination of `by` among those that meet `where`: columns `by`, then `count` (int64), sorted.

    by: standard columns the records have, and year, quarter, month, hour, minute_of_day. Groups are text: a missing
    value is "not recorded", true and false are "yes" and "no". Two are numbers to compute with and stay null where
    missing: `date` (date32) and `minute_of_day` (int32). Only combinations that occur are listed; without `by` there is
    one row. where: {column or derived grouping: the group, or a list of groups}; True and False may stand for "yes" and
    "no". Raises UsageError for a column the records do not have.
    """
    groups = list(by)
    conditions = dict(where or {})
    for name in (*groups, *conditions):
        _know(records, name)
    return _query(records, groups, conditions, ())


def mean_location(records: StandardisedRecords, by: str, where: ReadOnlyMapping[str, object] | None = None) -> pa.Table:
    """An approximate centre of each place: columns `by`, `lat`, `lng` (medians, degrees) and `count`, sorted.

    Only rows with both coordinates count; a place without any is not listed.
    """
    conditions = dict(where or {})
    for name in (by, "lat", "lng", *conditions):
        _know(records, name)
    return _query(records, [by], conditions, ("lat", "lng"))


def _query(
    records: StandardisedRecords, groups: list[str], conditions: dict[str, object], medians: tuple[str, ...]
) -> pa.Table:
    from comity.records.engines.embedded import EmbeddedEngine

    with TemporaryDirectory(prefix="comity-") as folder:
        engine = EmbeddedEngine(Path(folder))
        try:
            table = engine.read(records.path)
            grouped = table.mutate(**{f"group {name}": _group(table, name) for name in {*groups, *conditions}})
            for name, wanted in conditions.items():
                grouped = grouped.filter(_meets(grouped[f"group {name}"], wanted))
            for name in medians:
                grouped = grouped.filter(grouped[name].notnull())
            measures = {name: grouped[name].median() for name in medians}
            keys = {f"by {name}": grouped[f"group {name}"] for name in groups}
            if not keys:
                return engine.to_arrow(grouped.agg(**measures, count=grouped.count()))
            counted = grouped.group_by(**keys).agg(**measures, count=grouped.count()).order_by(*keys)
            return engine.to_arrow(counted.rename({name: f"by {name}" for name in groups}))
        finally:
            engine.close()


def _group(table: Any, name: str) -> Any:
    import ibis

    if name == "minute_of_day":
        return (table["time"].hour() * 60 + table["time"].minute()).cast("int32")
    if name == "date":
        return table["date"]
    if name == "year":
        text = table["date"].year().cast("string")
    elif name == "quarter":
        text = table["date"].year().cast("string") + "-Q" + table["date"].quarter().cast("string")
    elif name == "month":
        text = table["date"].year().cast("string") + "-" + table["date"].month().cast("string").lpad(2, "0")
    elif name == "hour":
        text = table["time"].hour().cast("string").lpad(2, "0")
    elif table[name].type().is_boolean():
        text = ibis.cases((table[name], "yes"), (~table[name], "no"), else_=ibis.null("string"))
    else:
        text = table[name].cast("string")
    return text.fill_null(NOT_RECORDED)


def _meets(group: Any, wanted: object) -> Any:
    values = list(wanted) if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
    if group.type().is_string():
        words = {True: "yes", False: "no", None: NOT_RECORDED}
        return group.isin(
            [words[value] if value is None or isinstance(value, bool) else str(value) for value in values]
        )
    given = [value for value in values if value is not None]
    found = group.isin(given) if given else group.isnull()
    return found | group.isnull() if given and None in values else found


def _know(records: StandardisedRecords, name: str) -> None:
    needs = {"hour": "time", "minute_of_day": "time"}.get(name, "date") if name in DERIVED else name
    if needs not in records.columns:
        close = nearest(name, (*records.columns, *DERIVED))
        hint = f"Did you mean '{close}'?" if close else f"They have: {', '.join(records.columns)}."
        raise UsageError(f"The records of {records.source} have no column '{needs}'.", hint)
