"""Officers who differ from peers are flagged with few false ones, and nothing about officers can be published."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from comity.disparity.officers import OfficerFlag, officers_against_peers
from comity.errors import ComityError

SOURCE = Path(__file__).parents[2] / "src" / "comity"


def simulated(seed=1, officers=200, cells=30, biased=0):
    rng = np.random.default_rng(seed)
    officer = np.repeat(np.arange(officers), 12)
    cell = rng.integers(0, cells, len(officer))
    stops = rng.integers(5, 40, len(officer))
    rate = 0.1 + 0.3 * rng.random(cells)
    share = np.clip(rate[cell] + 0.25 * (officer < biased), 0, 1)
    names = {"officer": [f"o{i}" for i in officer], "cell": [f"c{i}" for i in cell]}
    return pa.table({**names, "stops": stops, "events": rng.binomial(stops, share)})


def test_biased_officers_are_flagged_and_few_others():
    flags = officers_against_peers(simulated(biased=10))

    flagged = {flag.officer for flag in flags if flag.flagged}
    assert {f"o{i}" for i in range(10)} <= flagged
    assert len(flagged) <= 14


def test_without_bias_flags_are_rare():
    several = [sum(flag.flagged for flag in officers_against_peers(simulated(seed=seed))) for seed in range(20)]

    assert np.mean([count > 0 for count in several]) <= 0.2


def test_an_officer_is_compared_with_peers_in_the_same_cells_without_himself():
    table = pa.table(
        {
            "officer": ["a"] + [f"o{i}" for i in range(11)],
            "cell": ["day"] * 6 + ["night"] * 6,
            "stops": [100] * 12,
            "events": [90] + [10] * 5 + [50] * 6,
        }
    )

    first = officers_against_peers(table)[0]

    assert (first.officer, first.share, first.expected) == ("a", 0.9, pytest.approx(0.1))


def test_too_few_officers_are_refused():
    with pytest.raises(ComityError, match="Only 3 officers"):
        officers_against_peers(
            pa.table({"officer": ["a", "b", "c"], "cell": ["x"] * 3, "stops": [90] * 3, "events": [9] * 3})
        )


def test_nothing_about_officers_can_enter_a_release():
    """A flag has no record form, and no module but the command line imports it."""
    importing = [
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if any(
            isinstance(node, ast.ImportFrom) and (node.module or "").endswith("disparity.officers")
            for node in ast.walk(ast.parse(path.read_text()))
        )
    ]

    assert importing == ["cli/disparity.py"]
    assert not hasattr(OfficerFlag, "as_record")
