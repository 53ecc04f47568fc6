"""Standardising row by row in plain Python: slow, and obvious enough to check by reading."""

from __future__ import annotations

import datetime
from collections.abc import Mapping as ReadOnlyMapping

from comity.records.mapping import MISSING, REJECT, ColumnMapping, Mapping, accepted_codes, fold

SPACE = " \t\r\n\v\f\u00a0"


def standard_row(
    mapping: Mapping, row: ReadOnlyMapping[str, str | None]
) -> tuple[dict[str, object], set[str], set[str]]:
    """The standard values of one source row, the reasons to reject it, and the values that were dropped."""
    values: dict[str, object] = {}
    reasons: set[str] = set()
    dropped: set[str] = set()
    for name, mapped in mapping.columns.items():
        if not (mapped.any_of or mapped.all_of):
            values[name], wrong = _value(mapped, row)
            if wrong == "it is missing":
                reasons.add(f"{name}: {wrong}")
            elif wrong:
                (dropped if mapped.otherwise == MISSING else reasons).add(f"{name}: {wrong}")
    for name, mapped in mapping.columns.items():
        if mapped.any_of:
            parts = [values[other] for other in mapped.any_of]
            values[name] = True if True in parts else None if None in parts else False
        elif mapped.all_of:
            parts = [values[other] for other in mapped.all_of]
            values[name] = False if False in parts else None if None in parts else True
    before = dict(values)
    for name, mapped in mapping.columns.items():
        needs, contradicts = mapped.column.needs, mapped.column.contradicts_no
        if needs in mapping.columns and before[needs] is not True:
            values[name] = None
            if before[name] not in (None, False):
                dropped.add(f"{name}: {needs} is not yes")
        if contradicts in mapping.columns and before[contradicts] is False and before[name] is True:
            values[name] = None
            dropped.add(f"{name}: {contradicts} is no")
    return values, reasons, dropped


def _value(mapped: ColumnMapping, row: ReadOnlyMapping[str, str | None]) -> tuple[object, str | None]:
    kind = mapped.column.kind
    if mapped.value is not None:
        return (mapped.value == "yes" if kind == "boolean" else mapped.value), None
    text = _text(mapped, row)
    if text is None:
        return None, "it is missing" if mapped.required else None
    if mapped.equals is not None:
        return fold(text) in mapped.equals, None
    if kind in ("text", "code", "boolean"):
        return _coded(mapped, text)
    value = _moment(mapped, text) if kind in ("date", "time") else _number(text, kind)
    if value is None:
        whole = "whole " if kind == "integer" else ""
        return None, "it follows none of the formats" if kind in ("date", "time") else f"it is not a {whole}number"
    if mapped.between is not None and not mapped.between[0] <= value <= mapped.between[1]:  # type: ignore[operator]
        return None, "it is outside " + " to ".join(
            f"{b:g}" if isinstance(b, float) else str(b) for b in mapped.between
        )
    return value, None


def _text(mapped: ColumnMapping, row: ReadOnlyMapping[str, str | None]) -> str | None:
    source = mapped.source
    assert source is not None
    words = set(mapped.missing) - (set(mapped.codes or ()) if mapped.column.kind in ("code", "boolean") else set())

    def said(value: str | None) -> str | None:
        return None if value is None or fold(value) in words else value.strip(SPACE)

    parts = [said(row.get(column)) for column in source.columns]
    if source.combine == "first of":
        text = next((part for part in parts if part is not None), None)
    else:
        text = None if None in parts else source.separator.join(str(part) for part in parts)
    if text is not None and source.split_by is not None:
        pieces = text.split(source.split_by)
        text = said(pieces[source.part - 1]) if len(pieces) >= source.part else None
    return text


def _coded(mapped: ColumnMapping, text: str) -> tuple[object, str | None]:
    kind = mapped.column.kind
    if kind == "text" and mapped.codes is None:
        return text, None
    codes = accepted_codes(mapped)
    if fold(text) in codes:
        code = codes[fold(text)]
    elif kind == "text":
        return text, None
    elif mapped.otherwise in (REJECT, MISSING):
        return None, "it is not in the code list"
    else:
        code = mapped.otherwise
    return (code == "yes" if kind == "boolean" and code is not None else code), None


def _moment(mapped: ColumnMapping, text: str) -> datetime.date | datetime.time | None:
    for format in mapped.formats:
        try:
            moment = datetime.datetime.strptime(text, format)
        except ValueError:
            continue
        has_year = "%Y" in format or "%y" in format
        if not has_year or 1900 <= moment.year < 2100:
            return moment.date() if mapped.column.kind == "date" else moment.time()
    return None


def _number(text: str, kind: str) -> float | int | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if not abs(number) < 1e300:
        return None
    if kind == "number":
        return number
    return int(number) if number == int(number) and abs(number) < 2**31 else None
