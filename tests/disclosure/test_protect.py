"""Small counts are hidden together with enough others, and only what has to be is."""

from __future__ import annotations

import pyarrow as pa
import pytest

from comity.disclosure import CannotProtect, CountTable, Policy, audit, protect
from comity.errors import ComityError


def table(name, rows, *, dimensions=("place", "group"), where=None, hierarchies=None, measure="stops"):
    columns = list(zip(*rows, strict=True))
    return CountTable(
        name=name,
        measure=measure,
        dimensions=dimensions,
        counts=pa.table({**dict(zip(dimensions, columns[:-1], strict=True)), "count": columns[-1]}),
        categories={each: tuple(dict.fromkeys(columns[at])) for at, each in enumerate(dimensions)},
        where=where or {},
        hierarchies=hierarchies or {},
    )


def cell(protected, name, *codes):
    rows = protected.tables[name].to_pylist()
    return next((row["count"], row["status"]) for row in rows if tuple(row.values())[: len(codes)] == codes)


GRID = [
    ("a", "x", 3), ("a", "y", 40), ("a", "z", 50),
    ("b", "x", 60), ("b", "y", 70), ("b", "z", 80),
    ("c", "x", 90), ("c", "y", 0), ("c", "z", 30),
]  # fmt: skip


def test_a_small_cell_takes_the_cheapest_company_in_its_row_and_column():
    protected = protect([table("grid", GRID)], Policy(cost="count"))

    hidden = [row for row in protected.tables["grid"].to_pylist() if row["status"] == "suppressed"]
    assert {(row["place"], row["group"]) for row in hidden} == {("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")}
    assert all(row["count"] is None for row in hidden)
    assert (protected.report.primary, protected.report.secondary, protected.report.loss) == (1, 3, 170.0)


def test_zeros_totals_and_the_grand_total_are_published():
    protected = protect([table("grid", GRID)], Policy())

    assert cell(protected, "grid", "c", "y") == (0, "published")
    assert cell(protected, "grid", "all", "all") == (423, "published")


def test_a_grand_total_is_published_even_when_it_is_small():
    rows = [("a", "x", 0), ("b", "x", 0)]

    protected = protect([table("few", [*rows, ("a", "y", 0)])], Policy())

    assert protected.report.as_record()["audit"]["hidden"] == 0


def test_counts_that_never_may_be_hidden_stay():
    policy = Policy(never_hide=({"place": "*", "group": "y"},))

    protected = protect([table("grid", GRID)], policy)

    assert {cell(protected, "grid", place, "y")[1] for place in "abc"} == {"published"}


def test_what_an_analyst_makes_dear_is_hidden_last():
    policy = Policy(cost_factors=(({"place": "a", "group": "y"}, 100.0),))

    protected = protect([table("grid", GRID)], policy)

    assert cell(protected, "grid", "a", "y")[1] == "published"
    assert cell(protected, "grid", "a", "z")[1] == "suppressed"


def test_what_is_dear_stays_so_when_the_release_has_a_period():
    policy = Policy(cost_factors=(({"place": "a", "group": "y"}, 100.0),))

    protected = protect([table("grid", GRID)], policy, period="2017")

    assert cell(protected, "grid", "a", "y")[1] == "published"


def test_a_cell_of_two_tables_is_hidden_in_both():
    rows = [("x", "yes", 100), ("x", "no", 53), ("y", "yes", 4), ("y", "no", 106), ("z", "yes", 80), ("z", "no", 80)]
    by_group = table("by_group", rows, dimensions=("group", "searched"))
    also = table("searches", [("x", 100), ("y", 4), ("z", 80)], dimensions=("group",), where={"searched": "yes"})

    protected = protect([by_group, also], Policy())

    for group in "xyz":
        assert cell(protected, "by_group", group, "yes") == cell(protected, "searches", group)


def test_a_small_difference_to_a_table_with_a_condition_is_protected():
    """Of 43 stops of x, 40 were vehicular: the 3 others are in no table, and must not follow from two."""
    everyone = table("everyone", [("x", 43), ("y", 200), ("z", 300)], dimensions=("group",))
    vehicles = table(
        "vehicles", [("x", 40), ("y", 100), ("z", 150)], dimensions=("group",), where={"type": "vehicular"}
    )

    protected = protect([everyone, vehicles], Policy())

    shown = [cell(protected, "everyone", "x")[1], cell(protected, "vehicles", "x")[1]]
    assert "suppressed" in shown
    assert audit(protected.published, minimum=10).small_differences == ()


def test_two_names_for_the_same_records_give_nothing_away():
    """Every vehicular stop was a traffic stop: what one table hides, the other must not show under the other name."""
    counts = {"v": (100, 9), "w": (120, 30), "x": (140, 90), "y": (150, 60), "z": (70, 80)}
    by_reason = [(g, r, n) for g, row in counts.items() for r, n in zip(("traffic", "suspicious"), row, strict=True)]
    reasons = table("reasons", by_reason, dimensions=("group", "reason"))
    types = table("types", [(g, n) for g, r, n in by_reason if r == "traffic"], dimensions=("group",),
                  where={"type": "vehicular"})  # fmt: skip

    protected = protect([reasons, types], Policy())

    assert cell(protected, "reasons", "v", "suspicious") == (None, "suppressed")
    for group in "vwxyz":
        assert cell(protected, "reasons", group, "traffic") == cell(protected, "types", group)


def test_a_table_too_thin_is_refused_by_name():
    with pytest.raises(CannotProtect, match="'thin'"):
        protect([table("thin", [("a", "x", 4), ("b", "x", 5)])], Policy())


def test_tables_that_disagree_are_refused():
    one, other = table("one", [("a", 20)], dimensions=("place",)), table("other", [("a", 21)], dimensions=("place",))

    with pytest.raises(ComityError, match="'one' and 'other' disagree"):
        protect([one, other], Policy())


def test_the_same_input_gives_the_same_release(generator):
    first, second = (protect(generator.random_release(3), Policy()) for _ in range(2))

    assert first.tables == second.tables
    assert first.report == second.report


def test_progress_is_told(generator):
    steps = set()

    protect(generator.random_release(5), Policy(), progress=lambda step, share: steps.add(step))

    assert steps == {"suppress", "audit"}
