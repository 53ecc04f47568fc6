"""Weighting targets from the population's denominators, so that a survey is weighted to the numbers that rates divide by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comity.errors import ComityError, nearest
from comity.population import Population

ROUNDING = 0.005  # how far groups may add up to something else than everybody


def targets_from_population(
    population: Population,
    *,
    place: str | None = None,
    groups: Mapping[str, Mapping[str, str]] | None = None,
    places: Sequence[str] | None = None,
) -> dict[str, dict[str, float]]:
    """Margins for `Rake` or `Calibrate`: {column: {category: people}}, all adding up to the same number of people.

    place: column of the survey whose categories are the population's places. groups: {column: {category: group}}, with
    the group "rest" for everybody who is in none of the others. places: those the survey covers; default all. Raises
    ComityError where a count is not known, or where groups do not add up to everybody.
    """
    covered = list(population.places) if places is None else list(places)
    for each in covered:
        if each not in population.places:
            near = nearest(each, list(population.places))
            raise ComityError(
                f"The population has no place '{each}'.",
                f"Did you mean '{near}'?" if near else f"It has: {', '.join(population.places[:12])}.",
            )
    counts = {each: _known(population, "all", [each]) for each in covered}
    total = float(sum(counts.values()))
    margins: dict[str, dict[str, float]] = {}
    if place is not None:
        margins[place] = {each: float(n) for each, n in counts.items()}
    for column, wanted in (groups or {}).items():
        margins[column] = _group_targets(population, column, wanted, covered, total)
    if not margins:
        raise ComityError("Nothing to weight to is named.", "Give the column of places, or of groups.")
    return margins


def _group_targets(
    population: Population, column: str, wanted: Mapping[str, str], covered: Sequence[str], total: float
) -> dict[str, float]:
    found: dict[str, float] = {}
    rest = [category for category, group in wanted.items() if group == "rest"]
    for category, group in wanted.items():
        if group == "rest":
            continue
        if group not in population.groups:
            near = nearest(group, list(population.groups))
            raise ComityError(
                f"The population has no group '{group}'.",
                f"Did you mean '{near}'?" if near else f"It has: {', '.join(population.groups)}.",
            )
        found[category] = float(_known(population, group, covered))
    known = sum(found.values())
    if rest:
        found[rest[0]] = total - known
        if found[rest[0]] < 0:
            raise ComityError(
                f"The groups of '{column}' add up to {known:,.0f} of {total:,.0f} people.", "People are in two groups."
            )
        return {category: found[category] for category in wanted}
    if abs(known - total) > ROUNDING * total:
        raise ComityError(
            f"The groups of '{column}' add up to {known:,.0f} of {total:,.0f} people.",
            "Name every group, or give the category of the others the group 'rest'.",
        )
    return {category: count * total / known for category, count in found.items()}


def _known(population: Population, group: str, places: Sequence[str]) -> int:
    count = population.count(group, places)
    if count is None:
        gaps = [each for each in places if population.count(group, each) is None]
        raise ComityError(
            f"The number of people ({group}) is not known in {len(gaps)} places, such as '{gaps[0]}'.",
            "Complete the population file, or leave those places out of the survey.",
        )
    return count
