"""Attack: an outsider keeps every version of a year of monthly releases, late corrections too, and differences them."""

from __future__ import annotations

import json

import pytest

from comity.disclosure import Policy, attack_public, audit, protect
from comity.disclosure.tables import PublishedRelease


@pytest.fixture(scope="module")
def chain(generator):
    """Each month, the month before again with its late records, and the year."""
    return generator.random_chain(12, records=6_000)


def test_twelve_months_with_late_corrections_and_their_year_give_nothing_away(generator, chain):
    releases, held_back = generator.publish_chain(chain, Policy())

    found = audit(releases[-1].tables, minimum=10, period="2017", earlier=releases[:-1], all_bounds=True)

    assert len(releases) + len(held_back) == 25
    assert len(releases) >= 20
    assert found.hidden > 300
    assert (found.exact, found.short, found.complete) == (0, 0, True)


def test_releases_that_do_not_know_of_each_other_leak(chain):
    """What the test above would find, were earlier releases ignored."""
    releases = [
        PublishedRelease("records", period, number, protect(tables, Policy(), period=period).published, 10, 10)
        for number, (period, tables) in enumerate(chain)
    ]

    found = audit(releases[-1].tables, minimum=10, period=releases[-1].period, earlier=releases[:-1])

    assert found.exact > 0


def test_the_folder_of_a_chain_is_attacked_as_a_whole(generator, chain, tmp_path):
    """The same releases as files: one hidden count of a first version, published in the second, is exact."""
    releases, _ = generator.publish_chain(chain[:3], Policy())
    for release in releases:
        write_release(tmp_path, release)
    intact = attack_public(tmp_path)
    first, second = (tmp_path / "releases/records/2017-01" / version / "tables/table0.csv" for version in ("v1", "v2"))

    unveiled = "published".join(second.read_text().rsplit("suppressed", 1))
    line = next(line for line in unveiled.splitlines() if line.endswith(",published") and ",," in line)
    second.write_text(unveiled.replace(line, line.replace(",,", ",12,")))
    attacked = attack_public(tmp_path)

    assert (intact.exact, intact.short) == (0, 0)
    assert attacked.exact > 0
    assert first.exists()


def write_release(folder, release):
    there = folder / "releases" / release.dataset / release.period / f"v{release.version}"
    (there / "tables").mkdir(parents=True)
    record = {"tables": [], "policy": {"minimum": release.minimum, "width": release.width}}
    for table in release.tables:
        text = [",".join(table.rows.column_names)]
        text += [
            ",".join("" if value is None else str(value) for value in row.values()) for row in table.rows.to_pylist()
        ]
        (there / "tables" / f"{table.name}.csv").write_text("\n".join(text) + "\n")
        record["tables"].append(
            {
                "name": table.name,
                "measure": table.measure,
                "where": dict(table.where),
                "dimensions": list(table.dimensions),
                "categories": {name: list(codes) for name, codes in table.categories.items()},
                "hierarchies": {name: dict(parents) for name, parents in table.hierarchies.items()},
            }
        )
    (there / "release.json").write_text(json.dumps(record))
