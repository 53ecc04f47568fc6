"""Further cells that must be hidden: dominated by few contributors, or resting on too few persons or officers.

Rules: Hundepool et al., *Statistical Disclosure Control* (2012), section 4.2: minimum frequency of units, (n, k)
dominance, p%. They are judged on the contributions behind each cell, margins included.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import pyarrow as pa

from comity.disclosure.tables import ALL, Cell, CountTable, PublishedTable, cell_of, levels
from comity.errors import ComityError


@dataclass(frozen=True)
class SensitivityRules:
    """least_units: a cell needs this many different units, such as persons or officers; 0 units is a zero, and shown.
    dominance: (n, k): a cell is hidden when its n largest units hold more than k percent. p_percent: a cell is hidden
    when its total without the two largest units is less than p percent of the largest, so that the second could
    estimate the first closer than that. None leaves a rule out.
    """

    least_units: int | None = None
    dominance: tuple[int, float] | None = None
    p_percent: float | None = None

    def __post_init__(self) -> None:
        if self.least_units is not None and self.least_units < 1:
            raise ComityError(f"least_units is {self.least_units}.", "Use 1 or more; 3 is usual.")
        if self.dominance is not None and not (self.dominance[0] >= 1 and 0 < self.dominance[1] < 100):
            raise ComityError(
                f"The dominance rule is {self.dominance}.", "Use (n, k) such as (1, 75): n >= 1, k percent."
            )
        if self.p_percent is not None and not 0 < self.p_percent <= 100:
            raise ComityError(f"p_percent is {self.p_percent}.", "Use a percentage above 0, such as 15.")

    def hides(self, contributions: list[float]) -> bool:
        """Whether a cell with these totals by unit (all above 0) must be hidden."""
        if not contributions:
            return False
        largest = sorted(contributions, reverse=True)
        total = sum(largest)
        if self.least_units is not None and len(largest) < self.least_units:
            return True
        if self.dominance is not None and sum(largest[: self.dominance[0]]) > total * self.dominance[1] / 100:
            return True
        return self.p_percent is not None and total - sum(largest[:2]) < largest[0] * self.p_percent / 100


def sensitive_cells(
    table: CountTable | PublishedTable,
    contributions: pa.Table,
    rules: SensitivityRules,
    *,
    unit: str,
    value: str | None = None,
) -> frozenset[Cell]:
    """The cells of `table`, margins included, that `rules` hide.

    contributions: one row a record with the table's dimensions, the column `unit`, and `value` (1 a record if None).
    Rows without a unit count as a unit each. The rows must meet the table's `where` already.
    """
    for name in (*table.dimensions, unit, *([value] if value else [])):
        if name not in contributions.column_names:
            raise ComityError(
                f"The contributions lack the column {name!r}.", f"They have {', '.join(contributions.column_names)}."
            )
    above = [_with_ancestors(table, name) for name in table.dimensions]
    columns = [contributions[name].to_pylist() for name in table.dimensions]
    units = contributions[unit].to_pylist()
    values = contributions[value].to_pylist() if value else [1.0] * len(units)
    by_cell: dict[tuple[str, ...], dict[object, float]] = defaultdict(lambda: defaultdict(float))
    for row, (codes, who, amount) in enumerate(zip(zip(*columns, strict=True), units, values, strict=True)):
        if amount:
            for place in product(*(ancestors[code] for ancestors, code in zip(above, codes, strict=True))):
                by_cell[place][("row", row) if who is None else who] += amount
    where = tuple(table.where.items())
    return frozenset(
        cell_of(table.measure, [*where, *_conditions(table, place)])
        for place, by_unit in by_cell.items()
        if rules.hides(list(by_unit.values()))
    )


def _with_ancestors(table: CountTable | PublishedTable, name: str) -> Mapping[str, tuple[str, ...]]:
    parent_of = {part: total for total, parts in levels(table, name).items() for part in parts}
    found = {}
    for code in table.categories[name]:
        chain = [code]
        while chain[-1] != ALL:
            chain.append(parent_of[chain[-1]])
        found[code] = tuple(chain)
    return found


def _conditions(table: CountTable | PublishedTable, place: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(name, code) for name, code in zip(table.dimensions, place, strict=True) if code != ALL]
