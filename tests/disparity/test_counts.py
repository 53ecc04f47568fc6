"""Counts that contradict themselves are refused in one sentence with the place, the group and the value."""

from __future__ import annotations

import pyarrow as pa
import pytest

from comity.disparity.counts import read_counts
from comity.errors import ComityError

GOOD = {
    "place": ["north", "north", "south", "south"],
    "group": ["black", "white", "black", "white"],
    "stops": [100, 200, 50, 80],
    "searches": [10, 8, 5, 4],
    "hits": [3, 2, 1, 1],
}


def changed(**columns):
    return pa.table({**GOOD, **columns})


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (changed(stops=[100, -3, 50, 80]), "'stops' is -3 for place 'north', group 'white'"),
        (changed(stops=[100, 2.5, 50, 80]), "'stops' is 2.5"),
        (changed(stops=["a", "b", "c", "d"]), "'stops' holds text"),
        (changed(stops=[100, None, 50, 80]), "'stops' is missing for place 'north', group 'white'"),
        (changed(hits=[3, 9, 1, 1]), "Place 'north', group 'white' has 9 hits but only 8 searches"),
        (changed(searches=[10, 8, 51, 4]), "Place 'south', group 'black' has 51 searches but only 50 stops"),
        (changed(group=["black"] * 2 + ["white"] * 2), "Place 'north' and group 'black' appear 2 times"),
        (changed(place=["a", "b", "c", "d"], group=["black"] * 4), "one group only ('black')"),
        (changed(place=["a"] * 4, group=["w", "x", "y", "z"]), "one place only ('a')"),
        (changed(stops=[0] * 4, searches=[0] * 4, hits=[0] * 4), "Every count is zero"),
        (changed(group=["black", "unknown", "black", "not recorded"]), "one group only ('black')"),
        (changed().slice(0, 0), "no rows"),
        (changed().rename_columns(["place", "groups", "stops", "searches", "hits"]), "'groups' is nearest"),
    ],
)
def test_bad_counts_are_refused_with_the_value(table, said):
    with pytest.raises(ComityError) as refused:
        read_counts(table)

    assert said in str(refused.value)
    assert refused.value.next_step


def test_unknown_groups_are_counted_and_set_aside():
    table = changed(place=["north", "north", "south", "south"], group=["black", "white", "unknown", "white"])

    counts = read_counts(table)

    assert counts.groups == ("black", "white")
    assert counts.set_aside == {"unknown": 50}
    assert counts.stops.tolist() == [[100, 200], [0, 80]]


def test_a_misspelt_group_names_the_nearest():
    with pytest.raises(ComityError, match="Did you mean 'white'"):
        read_counts(changed()).of("whit")
