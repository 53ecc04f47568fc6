"""A count table is checked when it is made, and its margins and parents are added by us."""

from __future__ import annotations

import pyarrow as pa
import pytest

from comity.disclosure import Cell, CountTable
from comity.disclosure.tables import cell_of, expand
from comity.errors import ComityError


def table(**changes):
    settings = {
        "name": "stops",
        "measure": "stops",
        "dimensions": ("place", "group"),
        "counts": pa.table({"place": ["a", "b", "c"], "group": ["x", "x", "y"], "count": [1, 2, 4]}),
        "categories": {"place": ("a", "b", "c"), "group": ("x", "y")},
        "where": {"type": "vehicular"},
        "hierarchies": {"place": {"a": "north", "b": "north"}},
    }
    return CountTable(**{**settings, **changes})


def test_margins_and_parents_are_added():
    found = {codes: count for codes, _, count in expand(table())}

    assert found == {
        ("a", "x"): 1, ("a", "y"): 0, ("a", "all"): 1,
        ("b", "x"): 2, ("b", "y"): 0, ("b", "all"): 2,
        ("c", "x"): 0, ("c", "y"): 4, ("c", "all"): 4,
        ("north", "x"): 3, ("north", "y"): 0, ("north", "all"): 3,
        ("all", "x"): 3, ("all", "y"): 4, ("all", "all"): 7,
    }  # fmt: skip


def test_a_cell_is_its_measure_and_conditions_with_those_of_the_whole_table():
    cells = {codes: cell for codes, cell, _ in expand(table())}

    assert cells["north", "all"] == Cell("stops", frozenset({("place", "north"), ("type", "vehicular")}))


def test_a_parent_may_have_a_parent():
    parents = {"a": "north", "b": "north", "north": "city", "c": "city"}

    found = {codes: count for codes, _, count in expand(table(hierarchies={"place": parents}))}

    assert found["city", "all"] == found["all", "all"] == 7


def test_march_of_a_year_and_the_tables_of_march_are_one_cell():
    of_the_year = cell_of("stops", [("period", "2017"), ("month", "2017-03"), ("group", "x")])

    assert of_the_year == cell_of("stops", [("period", "2017-03"), ("group", "x")])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dimensions": ()}, "no dimension"),
        ({"dimensions": ("place", "place")}, "'place' is named twice"),
        ({"where": {"place": "a"}}, "'place' is a dimension and a fixed condition"),
        ({"categories": {"place": ("a", "b", "c"), "group": ()}}, "'group' has no categories"),
        ({"categories": {"place": ("a", "b", "b", "c"), "group": ("x", "y")}}, "'b' of 'place' is listed twice"),
        (
            {"categories": {"place": ("a", "b"), "group": ("x", "y")}, "hierarchies": {}},
            "'c' of 'place' is no category",
        ),
        ({"hierarchies": {"plce": {}}}, "Did you mean 'place'?"),
        ({"hierarchies": {"place": {"a": "b"}}}, "'b' of 'place' is both a finest code and a parent"),
        ({"hierarchies": {"place": {"a": "n", "n": "m", "m": "n"}}}, "runs in a circle"),
        ({"hierarchies": {"place": {"a": "all"}}}, "'all' of 'place' is reserved"),
        ({"counts": pa.table({"place": ["a"], "count": [1]})}, "lacks the column 'group'"),
        ({"counts": pa.table({"place": ["a"], "group": ["x"], "count": [-1]})}, "a count is -1"),
        ({"counts": pa.table({"place": ["a"], "group": ["x"], "count": [1.5]})}, "not a column of whole numbers"),
        ({"counts": pa.table({"place": ["a", "a"], "group": ["x", "x"], "count": [1, 2]})}, "two rows for one cell"),
    ],
)
def test_what_does_not_fit_is_named(changes, message):
    with pytest.raises(ComityError, match=message.replace("?", r"\?")):
        table(**changes)
