"""A panel for roll-out evaluation: who had which outcome when, and from when on each unit was treated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from comity.disparity.counts import numbers
from comity.errors import ComityError

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Panel:
    """outcome (units, periods), NaN where not reported; adopted: index of the first treated period, -1 for never."""

    units: tuple[str, ...]
    periods: tuple[str, ...]
    outcome: Array
    adopted: Ints


def read_panel(table: pa.Table) -> Panel:
    """Check a table with columns unit, period (text that sorts in time), outcome, adopted (first treated period, or
    empty).

    Raises ComityError for a missing column, a unit and period named twice, an outcome that is not a number, one unit or
    one period only, or a unit with two adoption dates.
    """
    for column in ("unit", "period", "outcome", "adopted"):
        if column not in table.column_names:
            raise ComityError(
                f"There is no column '{column}': the file has {', '.join(table.column_names)}.",
                "Give unit, period, outcome and adopted (empty for units that never adopted).",
            )
    unit, units = _codes(table["unit"])
    period, unsorted = _codes(table["period"])
    order = np.argsort(unsorted)
    periods = [unsorted[at] for at in order]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    period = rank[period]
    if len(units) < 2 or len(periods) < 2:
        raise ComityError(f"There are {len(units)} units and {len(periods)} periods.", "Give at least two of each.")
    values = numbers(table, "outcome")
    packed = unit * len(periods) + period
    order_rows = np.argsort(packed, kind="stable")
    twice = np.flatnonzero(np.diff(packed[order_rows]) == 0)
    if len(twice):
        at = int(order_rows[twice[0]])
        raise ComityError(f"Unit '{units[unit[at]]}' has two rows for '{periods[period[at]]}'.", "Give one row each.")
    outcome = np.full((len(units), len(periods)), np.nan)
    outcome[unit, period] = values
    adopted = np.full(len(units), -1, dtype=np.int64)
    when, dates = _codes(table["adopted"])
    position = np.searchsorted(periods, dates)  # a date between two periods adopts in the later one
    code = np.where(when >= 0, position[np.maximum(when, 0)] if len(dates) else -1, -1)
    code = np.where(code >= len(periods), -1, code)  # after the data end: not yet treated throughout
    lowest = np.full(len(units), len(periods) + 1)
    np.minimum.at(lowest, unit, np.where(code < 0, len(periods), code))
    highest = np.full(len(units), -2)
    np.maximum.at(highest, unit, np.where(code < 0, len(periods), code))
    clash = np.flatnonzero(lowest != highest)
    if len(clash):
        raise ComityError(
            f"Unit '{units[int(clash[0])]}' has two adoption dates.", "Give one date in every row of a unit."
        )
    adopted[:] = np.where(lowest >= len(periods), -1, lowest)
    return Panel(tuple(units), tuple(periods), outcome, adopted)


def comparable(panel: Panel) -> bool:
    """Whether some treated period of some unit has other units, not yet treated, to compare with."""
    treated, untreated = masks(panel)
    has_before = untreated.any(axis=1)
    with_others = untreated.any(axis=0)
    return bool((treated & has_before[:, None] & with_others[None, :]).any())


def masks(panel: Panel) -> tuple[Mask, Mask]:
    """Observed cells that are treated, and those not yet treated; both (units, periods)."""
    observed = np.isfinite(panel.outcome)
    after = (panel.adopted >= 0)[:, None] & (np.arange(panel.outcome.shape[1])[None, :] >= panel.adopted[:, None])
    return observed & after, observed & ~after


def _codes(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """Codes (-1 for missing or empty text) and their names."""
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    codes = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    if "" in names:
        codes = np.where(codes == names.index(""), -1, codes)
    return codes, names
