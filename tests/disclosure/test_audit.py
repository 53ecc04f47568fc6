"""The audit finds what a slow, obvious attacker finds, and refuses what leaks or what it could not finish."""

from __future__ import annotations

import pyarrow as pa
import pytest

from comity.disclosure import AuditIncomplete, Policy, PublishedTable, TooNarrow, audit, protect, refuse_if_narrow
from comity.disclosure.view import Contradiction


def naive(protected_table, counts, *, minimum=10):
    """The same table with nothing but its small counts hidden: what careless publishers do."""
    rows = protected_table.rows.to_pylist()
    small = [0 < counts[tuple(row[name] for name in protected_table.dimensions)] < minimum for row in rows]
    columns = {name: [row[name] for row in rows] for name in protected_table.dimensions}
    values = [counts[tuple(row[name] for name in protected_table.dimensions)] for row in rows]
    columns["count"] = pa.array(
        [None if hide else value for hide, value in zip(small, values, strict=True)], pa.int64()
    )
    columns["status"] = ["suppressed" if hide else "published" for hide in small]
    return PublishedTable(
        protected_table.name, protected_table.measure, protected_table.dimensions, pa.table(columns),
        protected_table.categories, protected_table.where, protected_table.hierarchies,
    )  # fmt: skip


def naive_release(tables):
    from comity.disclosure.tables import expand

    published = protect(tables, Policy()).published
    return [
        naive(shown, {codes: count for codes, _, count in expand(table)})
        for shown, table in zip(published, tables, strict=True)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_every_interval_is_the_one_the_slow_attacker_finds(generator, outsider, seed):
    published = protect(generator.random_release(seed), Policy()).published

    found = audit(published, minimum=10, all_bounds=True)

    assert {tuple(cell): (each.low, each.high) for cell, each in found.intervals.items()} == outsider.intervals(
        published
    )
    assert (found.exact, found.short) == (0, 0)


@pytest.mark.parametrize("seed", range(4))
def test_hiding_only_small_counts_is_found_out(generator, outsider, seed):
    published = naive_release(generator.random_release(seed))

    found = audit(published, minimum=10, all_bounds=True)

    reference = outsider.intervals(published)
    assert found.exact == sum(low == high for low, high in reference.values()) > 0
    assert found.short == sum(high - low < 10 for low, high in reference.values())
    with pytest.raises(TooNarrow, match="can be computed too closely"):
        refuse_if_narrow(found)


def test_the_quick_audit_counts_the_same_as_the_full_one(generator):
    published = naive_release(generator.random_release(7))

    quick, full = (audit(published, minimum=10, all_bounds=bounds) for bounds in (False, True))

    assert (quick.hidden, quick.exact, quick.short, quick.narrowest) == (
        full.hidden, full.exact, full.short, full.narrowest,
    )  # fmt: skip
    assert quick.programs < full.programs


def published_table(name, rows, *, dimensions=("group",), where=None):
    columns = list(zip(*rows, strict=True))
    return PublishedTable(
        name, "stops", dimensions,
        pa.table({**dict(zip(dimensions, columns, strict=False)), "count": pa.array(columns[-2], pa.int64()),
                  "status": columns[-1]}),
        {each: tuple(c for c in dict.fromkeys(columns[at]) if c != "all") for at, each in enumerate(dimensions)},
        where or {},
    )  # fmt: skip


def test_a_cell_hidden_in_one_table_and_shown_in_another_is_exact():
    shown = published_table("shown", [("x", 12, "published"), ("y", 30, "published"), ("all", 42, "published")])
    hidden = published_table("hidden", [("x", None, "suppressed"), ("y", None, "suppressed"), ("all", 42, "published")])

    found = audit([shown, hidden], minimum=10)

    assert (found.hidden, found.exact, found.short) == (2, 2, 2)


def test_a_small_count_that_follows_by_subtraction_is_found():
    everyone = published_table("everyone", [("x", 43, "published"), ("y", 30, "published"), ("all", 73, "published")])
    vehicles = published_table(
        "vehicles",
        [("x", 40, "published"), ("y", 15, "published"), ("all", 55, "published")],
        where={"type": "vehicular"},
    )

    found = audit([everyone, vehicles], minimum=10)

    assert len(found.small_differences) == 1
    with pytest.raises(TooNarrow, match="Subtracting"):
        refuse_if_narrow(found)


def test_an_audit_that_is_cut_short_is_no_audit(generator):
    published = protect(generator.random_release(2), Policy()).published

    with pytest.raises(AuditIncomplete, match="before it was complete"):
        audit(published, minimum=10, program_limit=2)


def test_tables_that_cannot_be_true_are_said_to_be_so():
    wrong = published_table("wrong", [("x", 12, "published"), ("y", 30, "published"), ("all", 43, "published")])

    with pytest.raises(Contradiction, match="do not add up"):
        audit([wrong], minimum=10)


def test_suppression_and_audit_share_only_the_definition_of_a_table():
    """Separate code paths: what chooses the hidden cells never helps to judge them."""
    import ast
    from pathlib import Path

    import comity.disclosure as package

    def imports(module: str) -> set[str]:
        tree = ast.parse((Path(package.__file__).parent / f"{module}.py").read_text())
        found = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        return {
            each.removeprefix("comity.disclosure.") for each in found if (each or "").startswith("comity.disclosure.")
        }

    assert (imports("audit") | imports("view")) - {"view"} == {"tables"}
    assert "view" not in imports("suppression") | imports("system")
    assert "audit" not in imports("suppression") | imports("system")
