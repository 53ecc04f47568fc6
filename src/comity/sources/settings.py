"""Reads [sources] of `comity.toml`: where each source is, and what would be a reason for alarm."""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from comity.errors import ComityError, nearest

KINDS = ("socrata", "arcgis", "database", "folder")


class SourceSettingsError(ComityError):
    """[sources] of comity.toml cannot be used."""


@dataclass(frozen=True)
class SourceSettings:
    """One source.

    url: of the data set, layer or database; for a folder the pattern of its files. query: a table or SELECT. where: a
    condition in the service's own language. may_shrink: share of rows (0-1) that may go without an alarm. newest_by,
    expect_days: the column whose newest value says that the feed still runs, and after how many days of silence it does
    not. token: name of the environment variable with an application token.
    """

    name: str
    kind: str
    url: str
    query: str = ""
    where: str = ""
    page_rows: int = 10_000
    may_shrink: float = 0.01
    newest_by: str = ""
    expect_days: int = 0
    token: str = ""


def read_sources(folder: Path) -> dict[str, SourceSettings]:
    """Name -> source, of the instance in `folder`. Raises SourceSettingsError with the key and the value."""
    raw = tomllib.loads((folder / "comity.toml").read_text(encoding="utf-8")).get("sources", {})
    return {name: _read(name, body) for name, body in raw.items()}


def _read(name: str, body: Any) -> SourceSettings:
    where = f"[sources.{name}]"
    if not isinstance(body, dict) or not name.replace("-", "").replace("_", "").isalnum():
        raise SourceSettingsError(
            f"{where} is not a source.", f"Write [sources.NAME] with kind, one of {', '.join(KINDS)}."
        )
    known = {each.name: each for each in fields(SourceSettings) if each.name != "name"}
    for key, value in body.items():
        if key not in known:
            near = nearest(key, tuple(known))
            raise SourceSettingsError(
                f"{where} has '{key}', which is not a setting.",
                f"Did you mean '{near}'?" if near else f"It may have: {', '.join(known)}.",
            )
        kind = {"str": str, "int": int, "float": (int, float)}[str(known[key].type)]
        if not isinstance(value, kind) or isinstance(value, bool):  # type: ignore[arg-type]
            raise SourceSettingsError(f"{where} has {key} = {value!r}.", f"It is of type {known[key].type}.")
    for key, each in known.items():
        if each.default is MISSING and key not in body:
            raise SourceSettingsError(f"{where} has no {key}.", "Add it; see docs/how-to/fetch-from-a-source.md.")
    if body["kind"] not in KINDS:
        raise SourceSettingsError(f"{where} has kind = '{body['kind']}'.", f"Use one of: {', '.join(KINDS)}.")
    if body["kind"] == "database" and not body.get("query"):
        raise SourceSettingsError(f"{where} has no query.", "Name a table or write a SELECT.")
    if body.get("page_rows", 1) < 1 or not 0 <= body.get("may_shrink", 0) <= 1:
        raise SourceSettingsError(
            f"{where} asks for what cannot be.", "page_rows is at least 1; may_shrink from 0 to 1."
        )
    if bool(body.get("newest_by")) != bool(body.get("expect_days")):
        raise SourceSettingsError(f"{where} has one of newest_by and expect_days.", "Give both or neither.")
    return SourceSettings(name=name, **body)
