"""How many people live where, by group: denominators with source and year. What is not known is missing, never 0."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from comity.errors import ComityError, nearest

if TYPE_CHECKING:
    import pyarrow as pa


class PopulationError(ComityError):
    """A population file or its description cannot be used as it is."""


@dataclass(frozen=True)
class Population:
    """People by place and group.

    source, year: where the numbers come from and the year they describe. people: {place: {group: people or None}}; the
    group "all" is everybody. A group the source does not give, or a place it does not list, is None, never 0.
    """

    source: str
    year: int
    groups: tuple[str, ...]
    people: Mapping[str, Mapping[str, int | None]]

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(self.people)

    def count(self, group: str = "all", places: str | Sequence[str] | None = None) -> int | None:
        """People of `group` in a place, in several together, or in all; None as soon as one of them is not known."""
        chosen = self.places if places is None else (places,) if isinstance(places, str) else tuple(places)
        counts = [self.people.get(place, {}).get(group) for place in chosen]
        known = [count for count in counts if count is not None]
        return sum(known) if counts and len(known) == len(counts) else None

    def missing_places(self, places: Sequence[str]) -> list[str]:
        """Those of `places` that the source does not list or gives no total for."""
        return [place for place in places if self.count("all", place) is None]

    def as_table(self) -> pa.Table:
        """Columns place, group, people (int64, null where not known); every place with every group."""
        import pyarrow as pa

        rows = [(place, group, self.count(group, place)) for place in self.places for group in ("all", *self.groups)]
        return pa.table(
            {
                "place": pa.array([row[0] for row in rows], pa.string()),
                "group": pa.array([row[1] for row in rows], pa.string()),
                "people": pa.array([row[2] for row in rows], pa.int64()),
            }
        )


def read_population(description: str | Path) -> Population:
    """The population that a YAML description names; the CSV file is found beside it.

    The description has source, year, file, place (a column), total (a column), missing (words that mean no entry) and
    groups: {group: {count: column} or {share: column}}. A share (0-1) becomes people with the place's total.
    Raises PopulationError with the line and the value.
    """
    description = Path(description)
    given = _description(description)
    path = description.parent / given["file"]
    missing = {"", *(str(word).strip().lower() for word in given.get("missing", []))}
    people: dict[str, dict[str, int | None]] = {}
    for line, row in enumerate(_rows(path, given), 2):
        place = row[given["place"]].strip()
        where = f"{path.name}, line {line}"
        if place.lower() in missing:
            raise PopulationError(f"{where}: the place has no name.", "Name it or remove the line.")
        if place in people:
            raise PopulationError(f"{where}: the place '{place}' appears twice.", "Keep one line for each place.")
        total = _number(row[given["total"]], missing, where, is_share=False)
        people[place] = {"all": None if total is None else round(total)}
        for group, column in given["groups"].items():
            kind, name = next(iter(column.items()))
            value = _number(row[name], missing, where, is_share=kind == "share")
            if value is not None and kind == "share":
                value = None if total is None else value * total
            if value is not None and total is not None and round(value) > round(total):
                raise PopulationError(f"{where}: {group} has {value:g} of {total:g} people.", "Correct the line.")
            people[place][group] = None if value is None else round(value)
    if not people:
        raise PopulationError(f"{path} has a header and no rows.", "Export it again.")
    return Population(given["source"], given["year"], tuple(given["groups"]), people)


_KEYS = ("source", "year", "file", "place", "total", "groups", "missing")


def _description(path: Path) -> dict[str, Any]:
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PopulationError(f"The description {path} cannot be read: {error.strerror}.", "Check the path.") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
        raise PopulationError(f"{path} is not YAML.", "See docs/how-to/map-a-source.md for an example.") from None
    if not isinstance(given, dict):
        raise PopulationError(f"{path} holds no 'key: value' lines.", "See docs/how-to/map-a-source.md for an example.")
    for key in given:
        if key not in _KEYS:
            close = nearest(str(key), _KEYS)
            raise PopulationError(
                f"{path.name}: '{key}' is not a known key.", f"Did you mean '{close}'?" if close else f"Valid: {_KEYS}."
            )
    for key in ("source", "year", "file", "place", "total"):
        if key not in given:
            raise PopulationError(
                f"{path.name}: the key '{key}' is missing.", "A denominator needs its source and year."
            )
    if not isinstance(given["year"], int) or not 1790 <= given["year"] <= 2200:
        raise PopulationError(f"{path.name}: the year is '{given['year']}'.", "Give the year the numbers describe.")
    groups = given.setdefault("groups", {})
    for group, column in groups.items() if isinstance(groups, dict) else [(groups, None)]:
        if not isinstance(column, dict) or len(column) != 1 or next(iter(column)) not in ("count", "share"):
            raise PopulationError(
                f"{path.name}: the group '{group}' has neither a count nor a share.",
                "Write {count: column} or {share: column}.",
            )
    if not isinstance(given.get("missing", []), list):
        raise PopulationError(f"{path.name}: 'missing' is not a list.", 'Write it as ["", "NA"].')
    return {**given, **{key: str(given[key]) for key in ("source", "file", "place", "total")}}


def _rows(path: Path, given: dict[str, Any]) -> list[dict[str, str]]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            rows = [{key: value or "" for key, value in row.items() if isinstance(value, str)} for row in reader]
            header = list(reader.fieldnames or [])
    except OSError as error:
        raise PopulationError(
            f"The population file {path} cannot be read: {error.strerror}.", "Check 'file'."
        ) from None
    except (UnicodeDecodeError, csv.Error):
        raise PopulationError(f"The population file {path} is not UTF-8 CSV.", "Save it as CSV in UTF-8.") from None
    columns = [next(iter(column.values())) for column in given["groups"].values()]
    for column in (given["place"], given["total"], *columns):
        if column not in header:
            close = nearest(str(column), header)
            raise PopulationError(
                f"{path.name} has no column '{column}'.",
                f"Did you mean '{close}'?" if close else f"Its columns are: {', '.join(header)}.",
            )
    return rows


def _number(text: str, missing: set[str], where: str, *, is_share: bool) -> float | None:
    if text.strip().lower() in missing:
        return None
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        number = math.nan
    if not (0 <= number <= (1 if is_share else 1e10)):
        expected = "a share from 0 to 1" if is_share else "a number of people"
        raise PopulationError(
            f"{where}: '{text.strip()}' is not {expected}.", "Correct it, or list it under 'missing'."
        )
    return number
