"""A finding says no number that the tables hide."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from comity.disclosure import CountTable, Policy, protect
from comity.releases.withholding import (
    Public,
    TellsHidden,
    cell_count,
    findings_as_published,
    quality_as_published,
    refuse_what_tells,
)

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
    figures = [{"estimate": 0.2, "k": 9, "n": 45}, {"estimate": 0.25, "k": 20, "n": 80}]

    told = publishable(public, finding("black", figures, n=125) | {"counts": []})

    assert told["figures"] == [{"estimate": 0.2, "k": None, "n": None}, {"estimate": 0.25, "k": 20, "n": 80}]
    assert told["n"] == 125


def test_a_finding_about_other_conditions_is_withheld_when_its_n_may_be_a_hidden_count(protected, public):
    assert 3 in public.hidden
    large = next(count for count in sorted(public.hidden) if count >= 10)

    for n in (5, large):
        told = publishable(public, finding("black", [], n=n) | {"counts": []})
        assert (told["estimate"], told["n"], told["verdict"]) == (None, None, "cannot tell")


def test_a_number_in_a_sentence_that_no_named_cell_gives_withholds_the_finding(protected, public):
    told = publishable(
        public, finding("white", [], n=300) | {"sentence": {"en": "Of 1,234 stops, 300 were of others."}}
    )

    assert told["sentence"]["en"].startswith("Counts that this finding rests on")


def test_a_small_count_in_a_sentence_withholds_a_finding_that_names_no_cell(protected, public):
    said = {
        "sentence": {"en": "8 searches in 170 stops (95 percent interval 2.1 to 9.9)."},
        "counts": [],
        "estimate": None,
    }

    told = publishable(public, finding("black", [], n=170) | said)

    assert "8 searches" not in told["sentence"]["en"]
    assert (
        "170 stops"
        in publishable(public, finding("black", [], n=170) | {"counts": [], "sentence": {"en": "170 stops."}})[
            "sentence"
        ]["en"]
    )


def test_where_counts_have_noise_no_exact_finding_stands_beside_them(table, protected):
    noisy = Public.of([table], protected, Policy(method="cell-key"))

    told = publishable(noisy, finding("white", [{"estimate": 0.1, "k": 30, "n": 300}], n=300))

    assert (told["estimate"], told["figures"], told["chart"]) == (None, [], None)
    assert "noise" in told["reason"]["en"]
    too_few = finding("white", [], n=0) | {
        "estimate": None,
        "sentence": {"en": "White: 8 searches in 17 stops (47.1%)."},
    }
    assert "17" not in publishable(noisy, too_few)["sentence"]["en"]


QUALITY = {
    "accounting": {"rows": 553, "accepted": 553, "rejected": 0, "duplicates": 0},
    "missing": [
        {"column": "search", "not_recorded": 0, "unknown": 0, "rows": 553},
        {"column": "type", "not_recorded": 200, "unknown": 4, "rows": 553},
        {"column": "zone", "not_recorded": 550, "unknown": 0, "rows": 553},
    ],
    "reporting": [],
    "files": [{"sha256": "a", "bytes": 100, "rows": 53}, {"sha256": "b", "bytes": 900, "rows": 500}],
}


def test_the_account_of_quality_says_no_small_count_and_no_rest_and_nothing_of_single_files(protected, public):
    told = quality_as_published(QUALITY, public)

    assert [(each["not_recorded"], each["unknown"]) for each in told["missing"]] == [(0, 0), (200, None), (None, 0)]
    assert [each.get("status") for each in told["missing"]] == [None, "suppressed", "suppressed"]
    assert [(each["rows"], each["bytes"]) for each in told["files"]] == [(None, None), (None, None)]


def test_publishing_stops_at_a_number_that_does_not_follow_from_published_counts(protected, public):
    shown = findings_as_published(
        [finding("white", [{"estimate": 0.1, "k": 30, "n": 300}], n=300)], public, languages=["en"]
    )

    def files(findings: list[dict], quality: dict) -> dict[str, bytes]:
        return {
            "findings.json": json.dumps({"findings": findings}).encode(),
            "quality.json": json.dumps(quality).encode(),
        }

    quality = quality_as_published(QUALITY, public)
    refuse_what_tells(files(shown, quality), public)
    hidden = next(count for count in sorted(public.hidden) if count >= 10)
    reporting = {**quality, "reporting": [{"period": "2017-01", "rows": hidden}]}
    wrong = [
        ([{**shown[0], "figures": [{"estimate": 0.1, "k": 31, "n": 300}]}], quality, "figures 1, k: 31"),
        ([{**shown[0], "estimate": 0.123456}], quality, "estimate: 0.123456"),
        ([{**shown[0], "sentence": {"en": "Of 1,234 stops."}}], quality, "sentence: 1,234"),
        (shown, reporting, "reporting 1, rows"),
    ]
    for findings, account, named in wrong:
        with pytest.raises(TellsHidden, match=named):
            refuse_what_tells(files(findings, account), public)
