"""Protect all tables of a release together: hide small counts and enough others, attack the result, refuse if it leaks.

Method: docs/methods/suppression.md and docs/methods/audit.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from comity.disclosure.audit import Audit, audit, refuse_if_narrow
from comity.disclosure.cell_key import perturb
from comity.disclosure.differential_privacy import with_noise
from comity.disclosure.earlier import join_earlier
from comity.disclosure.policy import NOISY_METHODS, Policy, matches_exactly
from comity.disclosure.suppression import Problem, Unprotectable, choose_hidden
from comity.disclosure.system import System, build_system
from comity.disclosure.tables import (
    ALL,
    PERIOD,
    PUBLISHED,
    SUPPRESSED,
    Cell,
    CountTable,
    PublishedRelease,
    PublishedTable,
    cell_of,
)
from comity.errors import ComityError

Progress = Callable[[str, float], None]


class CannotProtect(ComityError):
    """No choice of hidden cells keeps every hidden count as wide as the policy demands."""


@dataclass(frozen=True)
class Report:
    """cells: different cells over all tables. primary: hidden by a rule; secondary: hidden to protect those.
    loss: what hiding the secondary cells costs, in the policy's cost; total_loss: the cost of hiding everything.
    """

    cells: int
    primary: int
    secondary: int
    loss: float
    audit: Audit

    def as_record(self) -> dict[str, Any]:
        """Plain data for release.json, without what would bound a hidden count: the loss is a sum over them, and where no
        cell was hidden beside the primary ones, every hidden count would be known to be below the minimum."""
        return {
            "cells": self.cells,
            "hidden": self.primary + self.secondary,
            "audit": self.audit.as_record(),
        }


@dataclass(frozen=True)
class Protected:
    """tables: by name, Arrow with the dimensions, `count` (int64, null where hidden) and `status`. published: the same
    with what an outsider knows of each table, ready for another audit."""

    tables: Mapping[str, pa.Table]
    report: Report
    published: tuple[PublishedTable, ...]


def protect(
    tables: Sequence[CountTable],
    policy: Policy,
    *,
    period: str | None = None,
    earlier: Sequence[PublishedRelease] = (),
    also_hide: Collection[Cell] = (),
    progress: Progress | None = None,
) -> Protected:
    """Hide what `policy` demands in all `tables` together, audit the result, and return it.

    period: what the tables cover (2017, 2017-q1, 2017-03). earlier: the dataset's releases that are public already,
    oldest first (`read_public`); no hidden count of theirs or of this release may follow from all of them.
    also_hide: cells that other rules hide (`sensitive_cells`). progress: called with ("suppress" or "audit", share
    done). Raises CannotProtect when the tables are too thin, TooNarrow or AuditIncomplete when the audit does not
    confirm the protection, ComityError on tables that disagree.
    """
    _check_names(tables)
    if policy.method != "suppress":
        return _without_suppression(tables, policy)
    exact = [release for release in earlier if release.method not in NOISY_METHODS]
    also_hide = frozenset(also_hide).union(*(table.sensitive for table in tables))
    system = build_system(tables, period=period)
    size = len(system.counts)
    joined = join_earlier(system, exact, period=period)
    never = _never_hidden(tables, policy, system)
    small = (system.counts > 0) & (system.counts < policy.minimum)
    if period is not None:  # the system's cells carry the period; those of the caller need not
        also_hide |= {cell_of(cell.measure, [*cell.conditions, (PERIOD, period)]) for cell in also_hide}
    sensitive = np.array([any(name in also_hide for name in names) for names in system.names], dtype=bool)
    primary = (small | sensitive & (system.counts > 0)) & ~never
    costs = _costs(tables, policy, system)
    added = len(joined.counts) - size
    problem = Problem(
        counts=joined.counts,
        floors=np.append(np.where(system.is_rest, 0, 1), np.ones(added, dtype=np.int64)),
        equations=joined.equations,
        primary=np.append(primary, np.zeros(added, dtype=bool)) | joined.must_hide,
        unseen=np.append(system.is_rest, np.zeros(added, dtype=bool)),
        may_hide=np.append(~never & ~system.is_rest & (system.counts > 0), np.zeros(added, dtype=bool))
        & ~joined.is_known,
        costs=np.append(costs, np.ones(added)),
        width=policy.required_width,
    )
    try:
        hidden = choose_hidden(problem, progress=progress)[:size]
    except Unprotectable as error:
        raise _cannot_protect(error.place, system, tables, policy) from error
    published = tuple(
        _published(table, places, system, hidden) for table, places in zip(tables, system.places, strict=True)
    )
    found = audit(
        published,
        minimum=policy.minimum,
        width=policy.required_width,
        period=period,
        earlier=exact,
        progress=progress,
    )
    refuse_if_narrow(found)
    secondary = hidden & ~primary
    report = Report(
        cells=int((~system.is_rest).sum()),
        primary=int((primary & ~system.is_rest).sum()),
        secondary=int(secondary.sum()),
        loss=float(costs[secondary].sum()),
        audit=found,
    )
    return Protected({table.name: table.rows for table in published}, report, published)


def _check_names(tables: Sequence[CountTable]) -> None:
    names = [table.name for table in tables]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ComityError(f"Two tables are called {repeated[0]!r}.", "Give each table of a release its own name.")


def _without_suppression(tables: Sequence[CountTable], policy: Policy) -> Protected:
    """Every cell published: as it is ("none"), perturbed by its key ("cell-key"), or with the noise drawn ("dp")."""
    shown: list[PublishedTable] = []
    for table in tables:
        if policy.method == "cell-key":
            rows = perturb(table, perturbation=policy.perturbation)
        elif policy.method == "dp":
            rows = with_noise(table)
        else:
            system = build_system([table])
            rows = _published(table, system.places[0], system, np.zeros(len(system.counts), dtype=bool)).rows
        shown.append(
            PublishedTable(
                table.name, table.measure, table.dimensions, rows, table.categories, table.where, table.hierarchies
            )
        )
    nothing_hidden = Audit(0, 0, 0, None, True, policy.required_width, 0, {})
    report = Report(sum(table.rows.num_rows for table in shown), 0, 0, 0.0, nothing_hidden)
    return Protected({table.name: table.rows for table in shown}, report, tuple(shown))


def _never_hidden(tables: Sequence[CountTable], policy: Policy, system: System) -> npt.NDArray[np.bool_]:
    never = np.zeros(len(system.names), dtype=bool)
    for table, places in zip(tables, system.places, strict=True):
        for codes, place in places.items():
            own = frozenset(pair for pair in zip(table.dimensions, codes, strict=True) if pair[1] != ALL)
            never[place] |= policy.never_hides(own)
    return never


def _costs(tables: Sequence[CountTable], policy: Policy, system: System) -> npt.NDArray[np.float64]:
    """What hiding each cell costs. A cell meets the conditions that any table which publishes it gives it."""
    counts = np.maximum(system.counts, 1).astype(np.float64)
    costs = {"cells": np.ones_like(counts), "log": np.log1p(counts), "count": counts}[policy.cost]
    for pattern, factor in policy.cost_factors:
        matching = np.zeros(len(costs), dtype=bool)
        for table, places in zip(tables, system.places, strict=True):
            fixed = frozenset(table.where.items())
            for codes, place in places.items():
                own = frozenset(pair for pair in zip(table.dimensions, codes, strict=True) if pair[1] != ALL)
                matching[place] |= matches_exactly(own | fixed, pattern)
        costs[matching] *= factor
    return costs


def _published(
    table: CountTable, places: Mapping[tuple[str, ...], int], system: System, hidden: npt.NDArray[np.bool_]
) -> PublishedTable:
    at = np.fromiter(places.values(), dtype=np.int64)
    is_hidden = hidden[at]
    columns: dict[str, pa.Array] = {
        name: pa.array([codes[axis] for codes in places], pa.string()) for axis, name in enumerate(table.dimensions)
    }
    columns["count"] = pa.array(system.counts[at], pa.int64(), mask=is_hidden)
    columns["status"] = pa.array(np.where(is_hidden, SUPPRESSED, PUBLISHED).tolist(), pa.string())
    return PublishedTable(
        table.name, table.measure, table.dimensions, pa.table(columns), table.categories, table.where, table.hierarchies
    )


def _cannot_protect(place: int, system: System, tables: Sequence[CountTable], policy: Policy) -> CannotProtect:
    holding = [table.name for table, places in zip(tables, system.places, strict=True) if place in set(places.values())]
    if place >= len(system.names) or not holding:
        what = "a hidden count of an earlier release" if place >= len(system.names) else str(system.names[place][0])
        return CannotProtect(
            f"With this release, {what} would be computable to an interval narrower than {policy.required_width}.",
            "Hold these changes back until more records were corrected, or leave out a table.",
        )
    return CannotProtect(
        f"Tables {' and '.join(map(repr, holding))} cannot be protected: {system.names[place][0]} must be hidden,"
        f" and stays computable to an interval narrower than {policy.required_width} whatever else is hidden.",
        "Use coarser categories or a longer period for these tables, hold a correction back, or leave them out.",
    )
