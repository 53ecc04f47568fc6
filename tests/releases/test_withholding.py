"""A finding says no number that the tables hide."""

from __future__ import annotations

import pyarrow as pa
import pytest

from comity.disclosure import CountTable, Policy, protect
from comity.releases.withholding import Public, cell_count, findings_as_published

GROUPS = ("black", "white", "other")
SEARCHED = ("yes", "no")
COUNTS = {
    ("black", "yes"): 40,
    ("black", "no"): 160,
    ("white", "yes"): 30,
    ("white", "no"): 270,
    ("other", "yes"): 3,
    ("other", "no"): 50,
}


@pytest.fixture(scope="module")
def table():
    rows = [{"subject_race": g, "search": s, "count": n} for (g, s), n in COUNTS.items()]
    return CountTable(
        name="searches",
        measure="stops",
        dimensions=("subject_race", "search"),
        counts=pa.Table.from_pylist(
            rows, pa.schema([("subject_race", pa.string()), ("search", pa.string()), ("count", pa.int64())])
        ),
        categories={"subject_race": GROUPS, "search": SEARCHED},
    )


@pytest.fixture(scope="module")
def protected(table):
    return protect([table], Policy(minimum=10))


@pytest.fixture(scope="module")
def public(table, protected):
    return Public.of([table], protected, Policy(minimum=10))


def finding(group: str, figures: list[dict], n: int) -> dict:
    return {
        "id": f"search-rate:{group}",
        "headline": None,
        "method": "search_rate",
        "sentence": {"en": f"{group}: told"},
        "verdict": "shows",
        "reason": None,
        "estimate": 0.2,
        "low": 0.1,
        "high": 0.3,
        "n": n,
        "counts": [{"table": "searches", "where": {"subject_race": group, "search": code}} for code in SEARCHED],
        "figures": figures,
        "chart": "picture",
    }


def publishable(public, one: dict) -> dict:
    return findings_as_published([one], public, languages=["en"])[0]


def test_a_finding_over_a_hidden_cell_loses_every_number_and_says_why(protected, public):
    assert cell_count(protected.tables["searches"], {"subject_race": "other", "search": "yes"}) is None

    told = publishable(public, finding("other", [{"estimate": 0.06, "k": 3, "n": 53}], n=53))

    assert (told["estimate"], told["low"], told["high"], told["n"], told["chart"]) == (None,) * 5
    assert told["figures"] == []
    assert told["verdict"] == "cannot tell"
    assert "too small to publish" in told["reason"]["en"]
    assert "told" not in told["sentence"]["en"]


def test_counts_that_are_sums_of_the_named_cells_stay(protected, public):
    shown = next(
        g
        for g in ("black", "white")
        if all(cell_count(protected.tables["searches"], {"subject_race": g, "search": s}) for s in SEARCHED)
    )
    k, n = COUNTS[shown, "yes"], COUNTS[shown, "yes"] + COUNTS[shown, "no"]

    told = publishable(public, finding(shown, [{"estimate": 0.2, "k": k, "n": n}], n=n))

    assert told["figures"] == [{"estimate": 0.2, "k": k, "n": n}]
    assert told["n"] == n


def test_a_count_that_no_named_cell_gives_is_taken_out(protected, public):
    shown = next(
        g
        for g in ("black", "white")
        if all(cell_count(protected.tables["searches"], {"subject_race": g, "search": s}) for s in SEARCHED)
    )

    told = publishable(public, finding(shown, [{"estimate": 0.2, "k": 17, "n": 53}], n=53))

    assert told["figures"] == [{"estimate": 0.2, "k": None, "n": None}]
    assert told["n"] is None


def test_a_finding_about_other_conditions_keeps_only_counts_that_are_large_enough(protected, public):
    one = finding("black", [{"estimate": 0.2, "k": 9, "n": 30}], n=5) | {"counts": []}

    told = publishable(public, one)

    assert told["figures"] == [{"estimate": 0.2, "k": None, "n": 30}]
    assert told["n"] is None
