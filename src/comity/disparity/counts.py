"""Counts by place and group, checked once: what every disparity method but the veil of darkness starts from.

Groups that say nothing about a person ("not recorded", "unknown") are counted and set aside, never compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from comity.errors import ComityError, nearest
from comity.wording import Message, message

NOT_GROUPS = ("not recorded", "unknown")
"""Codes that are counted and said but never compared: nobody wrote a group down, or somebody wrote "unknown"."""

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class GroupedCounts:
    """Counts as arrays of shape (places, groups). A column that the source lacks is None, which is not zero.

    set_aside: stops whose group is not recorded or unknown, by that code. total: all stops, those included.
    """

    places: tuple[str, ...]
    groups: tuple[str, ...]
    stops: Counts
    searches: Counts | None = None
    hits: Counts | None = None
    set_aside: Mapping[str, int] = field(default_factory=dict)
    total: int = 0

    def of(self, group: str) -> int:
        """The column of `group`. Raises ComityError naming the nearest group there is."""
        if group not in self.groups:
            near = nearest(group, self.groups)
            hint = f"Did you mean '{near}'?" if near else f"Groups are: {', '.join(self.groups)}."
            raise ComityError(f"There is no group '{group}' in these counts.", hint)
        return self.groups.index(group)


def read_counts(
    table: pa.Table,
    *,
    place: str = "place",
    group: str = "group",
    measures: Sequence[str] = ("stops", "searches", "hits"),
    needed: Sequence[str] = ("stops",),
) -> GroupedCounts:
    """Check a table of counts with one row per place and group, and lay it out as (places, groups).

    Of `measures` (stops, searches, hits) those in `needed` must be there. Pairs without a row are zeros. Raises
    ComityError with the
    place, group and value for: a missing or non-numeric column, an empty table, a negative count, a fraction, a pair
    named twice, more searches than stops, more hits than searches, one group or one place only, nothing but zeros.
    """
    for column in (place, group, *needed):
        if column not in table.column_names:
            near = nearest(column, table.column_names)
            found = f"the file has {', '.join(table.column_names)}" + (f"; '{near}' is nearest" if near else "")
            raise ComityError(
                f"There is no column '{column}': {found}.", f"Name the column '{column}' in the first line."
            )
    if table.num_rows == 0:
        raise ComityError("The table of counts has no rows.", "Give one row for each place and group.")
    names_place = _names(table, place)
    names_group = _names(table, group)
    places, groups = tuple(dict.fromkeys(names_place)), tuple(dict.fromkeys(names_group))
    compared = tuple(name for name in groups if name not in NOT_GROUPS)
    place_at = {name: index for index, name in enumerate(places)}
    group_at = {name: index for index, name in enumerate(groups)}
    row = np.array([place_at[name] for name in names_place])
    column_of = np.array([group_at[name] for name in names_group])
    pair = row * len(groups) + column_of
    _, first, times = np.unique(pair, return_index=True, return_counts=True)
    if times.max() > 1:
        at = int(first[times > 1][0])
        raise ComityError(
            f"Place '{names_place[at]}' and group '{names_group[at]}' appear {int(times.max())} times.",
            "Give each pair once; add their counts together if they are parts of one.",
        )
    laid_out: dict[str, Counts] = {}
    for measure in measures:
        if measure not in table.column_names:
            continue
        grid = np.zeros((len(places), len(groups)), dtype=np.int64)
        values = _whole_numbers(table, measure, names_place, names_group)
        grid[row, column_of] = values
        laid_out[measure] = grid
    for more, less in (("searches", "stops"), ("hits", "searches")):
        if more in laid_out and less in laid_out:
            over = np.argwhere(laid_out[more] > laid_out[less])
            if len(over):
                p, g = over[0]
                raise ComityError(
                    f"Place '{places[p]}', group '{groups[g]}' has {laid_out[more][p, g]:,} {more} but only "
                    f"{laid_out[less][p, g]:,} {less}.",
                    f"Each row must have at least as many {less} as {more}; correct the file.",
                )
    if len(compared) < 2:
        raise ComityError(
            f"There is one group only ('{compared[0] if compared else groups[0]}'), so nothing to compare it with.",
            "Give rows for at least two groups.",
        )
    if len(places) < 2:
        raise ComityError(
            f"There is one place only ('{places[0]}'), so nothing tells chance from place.",
            "Give rows for at least two places, such as precincts or neighbourhoods.",
        )
    if not laid_out["stops"].any():
        raise ComityError("Every count is zero.", "Check that the right column is named 'stops'.")
    keep = [group_at[name] for name in compared]
    return GroupedCounts(
        places=places,
        groups=compared,
        stops=laid_out["stops"][:, keep],
        searches=laid_out["searches"][:, keep] if "searches" in laid_out else None,
        hits=laid_out["hits"][:, keep] if "hits" in laid_out else None,
        set_aside={name: int(laid_out["stops"][:, group_at[name]].sum()) for name in groups if name in NOT_GROUPS},
        total=int(laid_out["stops"].sum()),
    )


def numbers(table: pa.Table, column: str) -> NDArray[np.float64]:
    """`column` as numbers, NaN where missing. Raises ComityError for text."""
    values = table[column]
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type) or pa.types.is_null(values.type)):
        raise ComityError(f"The column '{column}' holds text, not numbers.", "Give numbers without separators.")
    return np.asarray(values.cast(pa.float64()).to_numpy(), dtype=float)


def group_label(code: str) -> Message:
    """The group's name as residents read it; an agency's own groups keep their own words."""
    known = {
        "asian/pacific islander": message("Asian or Pacific Islander"),
        "black": message("Black"),
        "hispanic": message("Hispanic or Latino"),
        "white": message("White"),
        "native american": message("Native American"),
        "east african": message("East African"),
        "other": message("Other"),
        "unknown": message("Unknown"),
        "not recorded": message("Not recorded"),
    }
    return known.get(code, message("{name}", name=code[:1].upper() + code[1:]))


def set_aside_note(set_aside: Mapping[str, int], total: int) -> Message | None:
    """A limit that says what share of stops could not be compared because no group is known, or None."""
    missing = sum(set_aside.values())
    if missing == 0:
        return None
    return message(
        "In {share} of the stops the group is not recorded or unknown; they are counted but not compared. If they "
        "differ from the others, so could the answer.",
        share=share_text(missing, total),
    )


def share_text(part: int, whole: int) -> Message:
    """`part` of `whole` in whole percent: a number of stops in a sentence could give away a count that is hidden."""
    if part / whole < 0.01:
        return message("less than 1%")
    return message("{percent}%", percent=round(100 * part / whole))


def _names(table: pa.Table, column: str) -> list[str]:
    return ["not recorded" if value is None else str(value).strip() for value in table[column].to_pylist()]


def _whole_numbers(table: pa.Table, measure: str, places: list[str], groups: list[str]) -> Counts:
    values = table[measure]
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        raise ComityError(f"The column '{measure}' holds text, not counts.", "Give whole numbers without separators.")
    if values.null_count:
        at = values.is_null().to_pylist().index(True)
        raise ComityError(
            f"'{measure}' is missing for place '{places[at]}', group '{groups[at]}'.",
            "Give a count, or leave the whole row out; zero means that none happened.",
        )
    numbers = values.to_numpy()
    bad = np.flatnonzero(~((numbers >= 0) & (numbers == np.floor(numbers))))
    if len(bad):
        at = int(bad[0])
        raise ComityError(
            f"'{measure}' is {numbers[at]:g} for place '{places[at]}', group '{groups[at]}'.",
            "Counts are whole numbers of zero or more.",
        )
    return np.asarray(numbers, dtype=np.int64)
