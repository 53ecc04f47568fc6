"""A seeded generator of hierarchical and linked count tables, for tests, benchmarks and attacks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa

from comity.disclosure import CannotProtect, CountTable, Policy, PublishedRelease, TooNarrow, protect


def random_records(seed: int, *, records: int, places: int, groups: int = 6) -> dict[str, np.ndarray]:
    """Records with a skewed place, group, outcome, kind and month; each column an array of codes."""
    chance = np.random.default_rng(seed)

    def column(prefix: str, size: int, evenness: float) -> np.ndarray:
        shares = chance.dirichlet(np.full(size, evenness))
        return np.array([f"{prefix}{number:02d}" for number in range(size)])[
            chance.choice(size, size=records, p=shares)
        ]

    return {
        "place": column("place", places, 1.5),
        "group": column("group", groups, 1.0),
        "outcome": column("outcome", 3, 1.0),
        "kind": column("kind", 2, 4.0),
        "season": column("season", 4, 20.0),
    }


def random_release(seed: int, *, most_records: int = 20_000) -> list[CountTable]:
    """Two to four linked tables over the same records: shared margins, a hierarchy of places, fixed conditions."""
    chance = np.random.default_rng(seed + 1_000_000)
    places, groups = int(chance.integers(4, 16)), int(chance.integers(3, 8))
    columns = random_records(seed, records=int(chance.integers(2_000, most_records)), places=places, groups=groups)
    parents = place_parents(places, int(chance.integers(2, 5)))
    choices: list[tuple[tuple[str, ...], dict[str, str]]] = [
        (("place", "group"), {}),
        (("group", "outcome", "kind"), {}),
        (("season", "group"), {}),
        (("place", "outcome"), {"kind": "kind00"}),
        (("group", "outcome"), {"kind": "kind01"}),
        (("place", "kind"), {}),
    ]
    chosen = chance.choice(len(choices), size=int(chance.integers(2, 5)), replace=False)
    return [
        count_table(f"table{number}", columns, *choices[which], parents=parents) for number, which in enumerate(chosen)
    ]


def grid_release(seed: int, *, places: int, groups: int, records: int, districts: int = 10) -> list[CountTable]:
    """One table of places, rolled up to districts, by groups: (places + districts + 1) x (groups + 1) cells."""
    columns = random_records(seed, records=records, places=places, groups=groups)
    return [count_table("grid", columns, ("place", "group"), {}, parents=place_parents(places, districts))]


def cube_release(seed: int, *, mean: float) -> list[CountTable]:
    """Three crossed columns, 9 x 7 x 13 cells with `mean` records each, and a second table that shares two of them."""
    chance = np.random.default_rng(seed)
    expected = np.ones((9, 7, 13))
    for axis, size in enumerate(expected.shape):
        along = [1, 1, 1]
        along[axis] = size
        expected = expected * (chance.gamma(1.0, 1.0, size=size) + 0.15).reshape(along)
    counts = chance.poisson(expected * mean / expected.mean())
    shared = counts.sum(axis=2)
    shares = chance.dirichlet([1.0] * 3, size=shared.shape)
    other = np.stack([[chance.multinomial(shared[a, b], shares[a, b]) for b in range(7)] for a in range(9)])
    return [_grid("cube", ("a", "b", "c"), counts), _grid("shared", ("a", "b", "d"), other)]


def _grid(name: str, dimensions: tuple[str, ...], counts: np.ndarray) -> CountTable:
    codes = {
        each: tuple(f"{each}{at:02d}" for at in range(size))
        for each, size in zip(dimensions, counts.shape, strict=True)
    }
    places = list(np.ndindex(*counts.shape))
    columns = {each: [codes[each][place[axis]] for place in places] for axis, each in enumerate(dimensions)}
    return CountTable(
        name, "records", dimensions, pa.table({**columns, "count": counts.ravel().astype(np.int64)}), codes
    )


def with_random_keys(seed: int, table: CountTable) -> CountTable:
    """The table with a sum of record keys for each cell, drawn at random."""
    keys = np.random.default_rng(seed).integers(0, 2**32, size=table.counts.num_rows)
    return replace(table, counts=table.counts.append_column("key", pa.array(keys, pa.int64())))


def place_parents(places: int, districts: int) -> dict[str, str]:
    """Each place and the district it belongs to."""
    return {f"place{number:02d}": f"district{number % districts}" for number in range(places)}


def count_table(
    name: str,
    columns: dict[str, np.ndarray],
    dimensions: tuple[str, ...],
    where: dict[str, str],
    *,
    parents: dict[str, str],
) -> CountTable:
    """Count `columns` by `dimensions` among the records that meet `where`."""
    keep = np.ones(len(columns["place"]), dtype=bool)
    for key, code in where.items():
        keep &= columns[key] == code
    cells = Counter(zip(*(columns[each][keep].tolist() for each in dimensions), strict=True))
    rows = {each: pa.array([codes[at] for codes in cells], pa.string()) for at, each in enumerate(dimensions)}
    categories = {
        each: tuple(parents) if each == "place" else tuple(sorted(set(columns[each].tolist()))) for each in dimensions
    }
    return CountTable(
        name=name,
        measure="records",
        dimensions=dimensions,
        counts=pa.table({**rows, "count": pa.array(list(cells.values()), pa.int64())}),
        categories=categories,
        where=where,
        hierarchies={"place": parents} if "place" in dimensions else {},
    )


def random_chain(seed: int, *, records: int = 24_000) -> list[tuple[str, list[CountTable]]]:
    """A year as it is published: each month, the month before once more with its late records, then the whole year.

    (period, tables) in the order of publishing; about one record in fifty arrives a month late.
    """
    chance = np.random.default_rng(seed + 2_000_000)
    columns = random_records(seed, records=records, places=6, groups=4)
    parents = place_parents(6, 2)
    month, late = chance.integers(1, 13, size=records), chance.random(records) < 0.02
    columns["month"] = np.array([f"2017-{number:02d}" for number in month])
    dimensions = [(("place", "group"), {}), (("group", "outcome"), {}), (("group", "kind"), {})]

    def tables(keep: np.ndarray, more: list[tuple[tuple[str, ...], dict[str, str]]]) -> list[CountTable]:
        some = {name: codes[keep] for name, codes in columns.items()}
        codes = {name: tuple(sorted(set(every.tolist()))) for name, every in columns.items()}
        return [
            replace(
                count_table(f"table{number}", some, *each, parents=parents),
                categories={name: tuple(parents) if name == "place" else codes[name] for name in each[0]},
            )
            for number, each in enumerate([*dimensions, *more])
        ]

    published = []
    for number in range(1, 13):
        published.append((f"2017-{number:02d}", tables((month == number) & ~late, [])))
        if number > 1:
            published.append((f"2017-{number - 1:02d}", tables(month == number - 1, [])))
    published.append(("2017-12", tables(month == 12, [])))
    published.append(("2017", tables(np.ones(records, dtype=bool), [(("month", "group"), {})])))
    return published


def publish_chain(
    chain: list[tuple[str, list[CountTable]]], policy: Policy
) -> tuple[list[PublishedRelease], list[str]]:
    """The releases of `chain` that can be protected, in order, and the labels of those that were held back."""
    releases: list[PublishedRelease] = []
    held_back = []
    for period, tables in chain:
        version = 1 + sum(release.period == period for release in releases)
        try:
            protected = protect(tables, policy, period=period, earlier=releases)
        except (CannotProtect, TooNarrow) as error:
            held_back.append(f"{period} v{version}: {error}")
            continue
        releases.append(
            PublishedRelease("records", period, version, protected.published, policy.minimum, policy.required_width)
        )
    return releases, held_back
