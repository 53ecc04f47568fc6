"""Cell-key perturbation: the same records give the same count everywhere, without bias, and no small count appears."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from comity.disclosure import CountTable
from comity.disclosure.cell_key import KEYS, Perturbation, chances, perturb, record_key, record_keys
from comity.errors import ComityError

SECRET = b"a test's secret, not an instance's"


def test_the_key_of_a_record_is_the_start_of_its_hmac():
    """HMAC-SHA-256 test case 2 of RFC 4231: 5bdcc146..."""
    assert record_key(b"Jefe", "what do ya want for nothing?") == 0x5BDCC146


@pytest.mark.parametrize("perturbation", [Perturbation(), Perturbation(most=3, variance=1.5, least_shown=1)])
def test_chances_have_mean_zero_and_the_variance_and_avoid_small_counts(perturbation):
    for count, by_change in chances(perturbation).items():
        assert sum(by_change.values()) == pytest.approx(1)
        assert sum(change * chance for change, chance in by_change.items()) == pytest.approx(0, abs=1e-9)
        if count:
            variance = sum(change**2 * chance for change, chance in by_change.items())
            assert variance == pytest.approx(perturbation.variance, abs=1e-6)
            assert not {count + change for change in by_change} & set(range(1, perturbation.least_shown))
        assert max(map(abs, by_change)) <= perturbation.most


def counted(codes, keys):
    """A table of one dimension with the sum of its records' keys."""
    names = sorted(set(codes))
    return CountTable(
        "t", "stops", ("group",),
        pa.table({
            "group": names,
            "count": pa.array([codes.count(name) for name in names], pa.int64()),
            "key": pa.array([sum(keys[at] for at, c in enumerate(codes) if c == name) for name in names], pa.int64()),
        }),
        {"group": tuple(names)},
    )  # fmt: skip


def test_the_same_records_give_the_same_count_in_every_table():
    keys = record_keys(SECRET, [str(number) for number in range(60)]).tolist()
    one = {row["group"]: row["count"] for row in perturb(counted(["x"] * 20 + ["y"] * 40, keys)).to_pylist()}
    other = {r["group"]: r["count"] for r in perturb(counted(["x"] * 20 + ["v"] * 15 + ["w"] * 25, keys)).to_pylist()}

    assert (one["x"], one["all"]) == (other["x"], other["all"])


def test_counts_are_right_on_average_and_small_ones_do_not_appear():
    chance = np.random.default_rng(11)
    size = 4_000
    true = chance.integers(0, 12, size)
    table = CountTable(
        "t", "stops", ("group",),
        pa.table({"group": [str(n) for n in range(size)], "count": true,
                  "key": np.where(true > 0, chance.integers(0, KEYS, size), 0)}),
        {"group": tuple(str(n) for n in range(size))},
    )  # fmt: skip

    shown = np.array(perturb(table)["count"].to_pylist()[:size])

    assert (shown[true == 0] == 0).all()
    assert not np.isin(shown, [1, 2]).any()
    assert abs((shown - true)[true > 0].mean()) < 4 * np.sqrt(3 / (true > 0).sum())
    assert (shown - true)[true > 0].var() == pytest.approx(3, rel=0.1)


def test_a_table_without_keys_is_named():
    table = CountTable("t", "stops", ("g",), pa.table({"g": ["x"], "count": [3]}), {"g": ("x",)})

    with pytest.raises(ComityError, match="lacks the column 'key'"):
        perturb(table)
