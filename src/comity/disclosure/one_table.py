"""One CSV file as a count table, for people who have only that: columns, roll-ups, rules come from a settings file."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa

from comity.disclosure.policy import Policy
from comity.disclosure.sensitivity import SensitivityRules, sensitive_cells
from comity.disclosure.tables import Cell, CountTable
from comity.errors import ComityError, nearest

_SETTINGS = ("measure", "dimensions", "count", "unit", "where", "hierarchies", "rules", "policy")


@dataclass(frozen=True)
class OneTable:
    """A table ready for `protect`: its cells, its policy, and the cells that rules beside the threshold hide."""

    table: CountTable
    policy: Policy
    also_hide: frozenset[Cell]


def read_one_table(path: Path, settings: Mapping[str, Any], *, folder: Path) -> OneTable:
    """The table in the CSV file `path`. settings: plain data as in docs/reference/protect-policy.md; the files that it
    names lie in `folder`. Raises ComityError naming the setting, column, row or value that is wrong.
    """
    _check_keys(settings)
    header, rows = _read_csv(path)
    count = settings.get("count", "count" if "count" in header else None)
    unit = settings.get("unit")
    dimensions = tuple(settings.get("dimensions") or (name for name in header if name not in (count, unit)))
    for name in (*dimensions, *(each for each in (count, unit) if each)):
        if name not in header:
            close = nearest(str(name), header)
            raise ComityError(
                f"{path.name} has no column {name!r}.",
                f"Did you mean {close!r}?" if close else f"Its columns are {', '.join(header)}.",
            )
    values = [_whole(row[count], path, line) if count else 1 for line, row in enumerate(rows, start=2)]
    sums: Counter[tuple[str, ...]] = Counter()
    for row, value in zip(rows, values, strict=True):
        sums[tuple(row[name] for name in dimensions)] += value
    columns = {name: pa.array([codes[at] for codes in sums], pa.string()) for at, name in enumerate(dimensions)}
    table = CountTable(
        name=path.stem,
        measure=str(settings.get("measure", count or "records")),
        dimensions=dimensions,
        counts=pa.table({**columns, "count": pa.array(list(sums.values()), pa.int64())}),
        categories={name: tuple(dict.fromkeys(row[name] for row in rows)) for name in dimensions},
        where={str(key): str(code) for key, code in (settings.get("where") or {}).items()},
        hierarchies={
            name: _read_hierarchy(folder / file) for name, file in (settings.get("hierarchies") or {}).items()
        },
    )
    also_hide: frozenset[Cell] = frozenset()
    if settings.get("rules"):
        if not unit:
            raise ComityError("The settings have `rules` but no `unit`.", "Name the column of persons or officers.")
        contributions = pa.table(
            {
                **{name: [row[name] for row in rows] for name in dimensions},
                "unit": [row[unit] or None for row in rows],
                "value": pa.array(values, pa.float64()),
            }
        )
        also_hide = sensitive_cells(table, contributions, _rules(settings["rules"]), unit="unit", value="value")
    policy = Policy.from_dict(settings.get("policy") or {})
    if policy.is_noisy:
        raise ComityError(
            f"One table by itself cannot have the method {policy.method!r}, which needs the records behind it.",
            "Use `suppress` or `none` here, or publish the records from an instance: comity publish.",
        )
    if policy.distinct:
        raise ComityError(
            "The policy's `distinct` is for the records of an instance.",
            "For one table, name the column as `unit` and write rules: {least_units: 3}.",
        )
    return OneTable(table, policy, also_hide)


def as_csv(rows: pa.Table) -> str:
    """A protected table as CSV: a hidden count is empty and its status says so."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(rows.column_names)
    writer.writerows(row.values() for row in rows.to_pylist())
    return stream.getvalue()


def _check_keys(settings: Mapping[str, Any]) -> None:
    if not isinstance(settings, Mapping):
        raise ComityError("The settings are not a list of names and values.", "Write `policy:` and so on, one a line.")
    for key in settings:
        if key not in _SETTINGS:
            close = nearest(str(key), _SETTINGS)
            hint = f"Did you mean {close!r}?" if close else f"Settings are {', '.join(_SETTINGS)}."
            raise ComityError(f"There is no setting {key!r}.", hint)


def _rules(given: Mapping[str, Any]) -> SensitivityRules:
    valid = tuple(each.name for each in fields(SensitivityRules))
    for key in given:
        if key not in valid:
            close = nearest(str(key), valid)
            raise ComityError(
                f"There is no rule {key!r}.", f"Did you mean {close!r}?" if close else f"Rules are {', '.join(valid)}."
            )
    values = dict(given)
    if values.get("dominance") is not None:
        values["dominance"] = tuple(values["dominance"])
    return SensitivityRules(**values)


def _read_csv(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise ComityError(f"There is no file {path}.", "Check the name.") from error
    except UnicodeDecodeError as error:
        raise ComityError(f"{path.name} is not text in UTF-8.", "Save it as CSV in UTF-8.") from error
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, None)
    if not header:
        raise ComityError(f"{path.name} is empty.", "It needs a line of column names and a line a cell.")
    rows = []
    for line in reader:
        if not line:
            continue
        if len(line) != len(header):
            raise ComityError(
                f"{path.name}, line {reader.line_num}: {len(line)} values under {len(header)} columns.",
                "Quote values that hold commas.",
            )
        rows.append(dict(zip(header, line, strict=True)))
    if not rows:
        raise ComityError(f"{path.name} has column names and nothing below them.", "Add a line a cell.")
    return header, rows


def _read_hierarchy(path: Path) -> dict[str, str]:
    header, rows = _read_csv(path)
    if header[:2] != ["code", "parent"]:
        raise ComityError(f"{path.name} starts with {', '.join(header[:2])}.", "Its columns are code and parent.")
    return {row["code"]: row["parent"] for row in rows}


def _whole(value: str, path: Path, line: int) -> int:
    try:
        number = float(value.replace(",", ""))
    except ValueError:
        number = -1.0
    if number < 0 or number != int(number):
        raise ComityError(
            f"{path.name}, line {line}: {value!r} is no whole number of 0 or more.",
            "Give every cell a number; round magnitudes to whole units.",
        )
    return int(number)
