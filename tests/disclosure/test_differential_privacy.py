"""Noise that adds up, is as wide as promised, and is paid for once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from comity.disclosure import CountTable
from comity.disclosure.differential_privacy import Budget, noise_interval, noisy_counts
from comity.errors import ComityError

pytest.importorskip("opendp", reason="the extra `dp` is not installed")


def table(size=60):
    groups = [f"g{number}" for number in range(size)]
    return CountTable(
        "stops", "stops", ("group", "searched"),
        pa.table({"group": groups * 2, "searched": ["yes"] * size + ["no"] * size, "count": [50] * (2 * size)}),
        {"group": tuple(groups), "searched": ("yes", "no")},
    )  # fmt: skip


def test_margins_are_the_sums_of_noisy_cells():
    rows, _ = noisy_counts(table(), epsilon=0.5, budget=Budget(1.0), period="2017")

    finest = [row["count"] for row in rows.to_pylist() if "all" not in (row["group"], row["searched"])]
    assert sum(finest) == next(r["count"] for r in rows.to_pylist() if (r["group"], r["searched"]) == ("all", "all"))
    assert set(rows["status"].to_pylist()) == {"published"}


def test_the_interval_beside_a_noisy_count_holds_as_often_as_it_says():
    """400 cells, 95 %: fewer than 360 inside would happen once in many thousand runs."""
    rows, _ = noisy_counts(table(200), epsilon=0.3, budget=Budget(1.0), period="2017")

    noise = np.array([r["count"] for r in rows.to_pylist() if "all" not in (r["group"], r["searched"])]) - 50

    assert len(noise) == 400
    assert 360 <= (np.abs(noise) <= noise_interval(0.3)).sum() < 400
    assert np.abs(noise).max() > 3


def test_a_budget_is_spent_once_and_not_overdrawn():
    _, after = noisy_counts(table(), epsilon=0.6, budget=Budget(1.0), period="2017")

    assert after.as_record() == {"total": 1.0, "spent": {"stops 2017": 0.6}, "left": 0.4}
    with pytest.raises(ComityError, match="already released"):
        noisy_counts(table(), epsilon=0.1, budget=after, period="2017")
    with pytest.raises(ComityError, match=r"0\.4 of 1 is left"):
        noisy_counts(table(), epsilon=0.5, budget=after, period="2018")
