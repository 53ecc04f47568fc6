"""Attack: work out the demo's hidden counts from everything that is public, and count whether anything went missing."""

from __future__ import annotations

import csv
import json
from itertools import combinations
from pathlib import Path

import pytest

from comity.disclosure import attack_public
from comity.records import count, open_records

RELEASE = "releases/stops/2017/v1"


@pytest.fixture(scope="module")
def release(demo_instance) -> Path:
    return demo_instance / "public" / RELEASE


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_groups_and_unknown_and_suppressed_add_up_to_every_stop(release):
    """In each table without conditions the grand total is 51,920, and published cells never add up to more than it."""
    tables = json.loads((release / "release.json").read_text())["tables"]
    totals = {}

    for table in tables:
        rows = rows_of(release / "tables" / f"{table['name']}.csv")
        names = [each["name"] for each in table["dimensions"]]
        total = int(next(r["count"] for r in rows if all(r[n] == "all" for n in names)))
        finest = [r for r in rows if "all" not in [r[n] for n in names]]
        published = sum(int(r["count"]) for r in finest if r["status"] == "published")
        suppressed = [r for r in finest if r["status"] == "suppressed"]
        rest = total - published
        totals[table["name"], bool(table["where"])] = total
        assert (rest == 0) if not suppressed else rest >= len(suppressed)
        assert all(r["count"] == "" for r in suppressed)

    assert {total for (_, has_conditions), total in totals.items() if not has_conditions} == {51_920}
    assert {total for (_, has_conditions), total in totals.items() if has_conditions} == {26_098}


def test_an_outsider_with_every_public_file_pins_no_hidden_count(demo_instance):
    """Linear programs over everything that is published, by a program that shares nothing with the one that hid the counts."""
    found = attack_public(demo_instance / "public").as_record()

    assert found["complete"]
    assert found["hidden"] > 100
    assert (found["exact"], found["short"]) == (0, 0)


def test_the_same_attack_succeeds_when_only_small_counts_are_hidden(demo_instance, tmp_path):
    """The attack can find something: with secondary suppression undone, hidden counts follow exactly."""
    import shutil

    public = Path(shutil.copytree(demo_instance / "public", tmp_path / "public"))
    records = open_records(demo_instance / "records" / "stops" / "2017")
    for table in json.loads((public / RELEASE / "release.json").read_text())["tables"]:
        reveal_large_counts(public / RELEASE / "tables" / f"{table['name']}.csv", table, records)

    found = attack_public(public).as_record()

    assert found["exact"] > 0


def reveal_large_counts(path: Path, table: dict, records) -> None:
    """Writes `path` again as careless publishers do: counts of ten and more are shown, whatever follows from them."""
    rows = rows_of(path)
    names = [each["name"] for each in table["dimensions"]]
    counted = count(records, by=names, where=table["where"]).to_pylist()
    for row in rows:
        fits = (each["count"] for each in counted if all(row[name] in ("all", each[name]) for name in names))
        if row["status"] == "suppressed" and (number := sum(fits)) >= 10:
            row |= {"count": str(number), "status": "published"}
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def test_the_known_numbers_of_minneapolis_are_published(release):
    """Vehicle stops with a person searched: Black 1,344 of 9,762; White 323 of 8,167."""
    found = {
        (row["subject_race"], row["search_person"]): int(row["count"])
        for row in rows_of(release / "tables" / "person_searches.csv")
        if row["subject_sex"] == "all" and row["status"] == "published"
    }

    assert len(found) == 40  # all ten rows of four: no search count by group is hidden, other cells are
    assert found["black", "yes"] == 1_344
    assert found["black", "yes"] + found["black", "no"] == 9_762
    assert found["white", "yes"] == 323
    assert found["white", "yes"] + found["white", "no"] == 8_167


def test_no_small_count_is_published(release):
    small = [
        (path.name, row)
        for path in (release / "tables").glob("*.csv")
        for row in rows_of(path)
        if row["status"] == "published" and 0 < int(row["count"]) < 10
    ]

    assert small == []


def test_csv_and_parquet_say_the_same(release):
    import pyarrow.parquet

    for path in sorted((release / "tables").glob("*.csv")):
        table = pyarrow.parquet.read_table(path.with_suffix(".parquet"))
        as_text = [{k: "" if v is None else str(v) for k, v in row.items()} for row in table.to_pylist()]
        assert as_text == rows_of(path)


def test_every_count_in_a_finding_follows_from_the_cells_it_names(release):
    """Each k and n is a sum of cells that the finding names; a finding that names none says no small number."""
    findings = json.loads((release / "findings.json").read_text())["findings"]
    told = 0

    for finding in findings:
        cells = [cell_count(release, cell) for cell in finding["counts"]]
        sums = {sum(some) for size in range(1, len(cells) + 1) for some in combinations(cells, size)}
        for figure in finding["figures"]:
            for told_count in (figure.get("k"), figure.get("n")):
                if told_count:
                    told += 1
                    assert told_count in sums if cells else told_count >= 10, (finding["id"], figure)

    assert told > 10


def cell_count(release: Path, cell: dict) -> int:
    matching = [
        row
        for row in rows_of(release / "tables" / f"{cell['table']}.csv")
        if all(row[name] == cell["where"].get(name, "all") for name in row if name not in ("count", "status"))
    ]
    assert len(matching) == 1
    return int(matching[0]["count"])
