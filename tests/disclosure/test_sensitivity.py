"""Cells that few contributors dominate, or that rest on few persons, are hidden whatever their size."""

from __future__ import annotations

import pyarrow as pa
import pytest

from comity.disclosure import Cell, CountTable, Policy, protect
from comity.disclosure.sensitivity import SensitivityRules, sensitive_cells
from comity.errors import ComityError


@pytest.mark.parametrize(
    ("rules", "contributions", "hidden"),
    [
        (SensitivityRules(dominance=(1, 75)), [80.0, 10.0, 10.0], True),
        (SensitivityRules(dominance=(1, 75)), [75.0, 15.0, 10.0], False),
        (SensitivityRules(dominance=(2, 85)), [50.0, 40.0, 10.0], True),
        # The textbook case: the second largest subtracts itself and is left with the largest plus 12.
        (SensitivityRules(p_percent=15), [100.0, 50.0, 12.0], True),
        (SensitivityRules(p_percent=15), [100.0, 50.0, 15.0], False),
        (SensitivityRules(least_units=3), [100.0, 100.0], True),
        (SensitivityRules(least_units=3), [], False),
    ],
)
def test_each_rule_hides_what_it_says(rules, contributions, hidden):
    assert rules.hides(contributions) is hidden


def officers_and_stops():
    rows = [("a", officer, 1) for officer in ["o1"] * 30 + ["o2"] * 2]
    rows += [("b", f"o{number % 9}", 1) for number in range(40)] + [("c", f"o{number % 7}", 1) for number in range(50)]
    place, officer, _ = zip(*rows, strict=True)
    table = CountTable(
        "stops", "stops", ("place",),
        pa.table({"place": ["a", "b", "c"], "count": [32, 40, 50]}), {"place": ("a", "b", "c")},
    )  # fmt: skip
    return table, pa.table({"place": place, "officer": officer})


def test_a_count_of_few_officers_is_hidden_and_protected():
    table, contributions = officers_and_stops()

    cells = sensitive_cells(table, contributions, SensitivityRules(least_units=3), unit="officer")
    protected = protect([table], Policy(), also_hide=cells)

    assert cells == {Cell("stops", frozenset({("place", "a")}))}
    hidden = {row["place"] for row in protected.tables["stops"].to_pylist() if row["status"] == "suppressed"}
    assert hidden == {"a", "b"}


def test_rows_without_a_unit_are_units_of_their_own():
    table, contributions = officers_and_stops()
    unknown = contributions.set_column(1, "officer", pa.nulls(contributions.num_rows, pa.string()))

    assert sensitive_cells(table, unknown, SensitivityRules(least_units=3), unit="officer") == frozenset()


def test_a_missing_column_is_named():
    table, contributions = officers_and_stops()

    with pytest.raises(ComityError, match="lack the column 'person'"):
        sensitive_cells(table, contributions, SensitivityRules(least_units=3), unit="person")
