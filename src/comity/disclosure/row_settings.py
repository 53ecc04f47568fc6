"""Settings of `comity rows` as a RowPolicy, and the rows themselves from a CSV or Parquet file."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from comity.disclosure.rows import RowPolicy, VictimRule
from comity.errors import ComityError, nearest

_LISTS = ("allowed", "also_identifying")
_NAMES = ("place", "time", "age", "sensitive")
_NUMBERS = ("k", "l")


def row_policy(settings: object, *, folder: Path) -> RowPolicy:
    """The policy in plain `settings` (docs/reference/rows-policy.md); files that it names lie in `folder`.

    Raises ComityError naming the setting and the value that is wrong.
    """
    valid = tuple(each.name for each in fields(RowPolicy))
    if not isinstance(settings, Mapping):
        raise ComityError("The settings are not a list of names and values.", "Write `allowed:` and so on, one a line.")
    for key in settings:
        if key not in valid:
            close = nearest(str(key), valid)
            hint = f"Did you mean {close!r}?" if close else f"Settings are {', '.join(valid)}."
            raise ComityError(f"There is no setting {key!r}.", hint)
    if not settings.get("allowed"):
        raise ComityError("The settings allow no column.", "List under `allowed` each column that may be published.")
    values: dict[str, Any] = {}
    for key, value in settings.items():
        if key in _LISTS:
            values[key] = _texts(value, key)
        elif key in _NAMES:
            values[key] = _typed(value, str, key, "the name of a column")
        elif key in _NUMBERS:
            values[key] = _typed(value, int, key, "a whole number")
        elif key == "areas":
            values[key] = tuple(_areas(folder / name) for name in _texts(value, key))
        else:
            values[key] = tuple(_victim_rule(each) for each in _typed(value, list, key, "a list of rules"))
    return RowPolicy(**values)


def read_rows(path: Path) -> pa.Table:
    """The rows of a CSV (UTF-8, first line column names) or Parquet file. Raises ComityError when it is neither."""
    if not path.is_file():
        raise ComityError(f"There is no file {path}.", "Check the name.")
    if path.suffix == ".parquet":
        try:
            return pq.read_table(path)
        except pa.ArrowInvalid as error:
            raise ComityError(f"{path} cannot be read as Parquet.", "Write it again, or give a CSV file.") from error
    return _csv(path)


def _csv(path: Path) -> pa.Table:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            header = next(reader, [])
            lines = [line for line in reader if line]
    except UnicodeDecodeError as error:
        raise ComityError(f"{path} is not UTF-8 text.", "Save it as CSV UTF-8.") from error
    for number, line in enumerate(lines, start=2):
        if len(line) != len(header):
            raise ComityError(
                f"{path.name}, row {number}: {len(line)} values under {len(header)} columns.",
                "Quote values that hold commas.",
            )
    columns = zip(*lines, strict=True) if lines else [()] * len(header)
    return pa.table(
        {name: pa.array([v or None for v in c], pa.string()) for name, c in zip(header, columns, strict=True)}
    )


def _areas(path: Path) -> Mapping[str, str]:
    if not path.is_file():
        raise ComityError(f"`areas` names {path}, which does not exist.", "Files lie beside the settings.")
    table = _csv(path)
    if table.column_names[:2] != ["code", "parent"]:
        raise ComityError(
            f"{path.name} starts with {', '.join(table.column_names[:2])}.", "Its columns are code and parent."
        )
    return dict(zip(table["code"].to_pylist(), table["parent"].to_pylist(), strict=True))


def _victim_rule(given: object) -> VictimRule:
    if not isinstance(given, Mapping) or set(given) != {"when", "blank"} or not isinstance(given["when"], Mapping):
        raise ComityError(
            f"A rule of `victims` is {given!r}.",
            "Write {when: {relationship: [spouse, child]}, blank: [neighborhood]}.",
        )
    return VictimRule(
        {str(column): _texts(wanted, "victims") for column, wanted in given["when"].items()},
        _texts(given["blank"], "victims"),
    )


def _texts(value: object, key: str) -> tuple[str, ...]:
    values: Sequence[object] = value if isinstance(value, list) else [value]
    return tuple(_typed(each, str, key, "text, or a list of texts") for each in values)


def _typed(value: Any, kind: type, key: str, noun: str) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ComityError(f"The setting {key} holds {value!r}.", f"Write {noun}.")
    return value
