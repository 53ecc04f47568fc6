"""Officers who differ from peers are flagged with few false ones, and nothing about officers can be published."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.reference.officer_stops import doubly_robust_share, expected_share

from comity.disparity.officers import OfficerFlag, officer_funnel, officers_against_peers
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


def with_features(seed=3, officers=12, excess=0.35, own_hour=False):
    """Officers in three places and four hours, whose rates add up; the first searches more. own_hour: only the first
    works at night."""
    rng = np.random.default_rng(seed)
    rows = [(o, p, h) for o in range(officers) for p in range(3) for h in range(4) if rng.random() < 0.8]
    if own_hour:
        rows = [(o, p, h) for o, p, h in rows if h != 3] + [(0, p, 3) for p in range(3)]
    officer, place, hour = np.array(rows).T
    stops = rng.integers(8, 30, len(officer))
    share = 0.05 + 0.1 * place + 0.08 * (hour >= 2) + excess * (officer == 0)
    names = {
        name: [f"{name}{i}" for i in each] for name, each in (("officer", officer), ("place", place), ("hour", hour))
    }
    return pa.table({**names, "stops": stops, "events": rng.binomial(stops, share)})


def test_expected_and_adjusted_shares_are_those_of_single_stops():
    table = with_features()

    first = officers_against_peers(table)[0]

    assert first.officer == "officer0"
    assert first.expected == pytest.approx(expected_share(table, "officer0"))
    assert first.adjusted == pytest.approx(doubly_robust_share(table, "officer0"), abs=1e-5)
    assert first.flagged and first.confirmed


def test_an_officer_whose_assignment_explains_the_difference_is_not_confirmed():
    """Only the columns given to the regression tell assignments apart that no peer shares."""
    rng = np.random.default_rng(5)
    place, hour = np.divmod(np.arange(20), 2)
    officers, rows = 40, []
    for o in range(officers):
        for p, h in zip(place, hour, strict=True):
            # The first works where much is searched; cells are shared, but thinly, so chance decides what peers did.
            stops = int(rng.integers(30, 60)) if o == 0 else int(rng.integers(2, 6))
            rows.append((f"o{o}", f"p{p}", f"h{h}", stops, int(rng.binomial(stops, 0.1 + 0.02 * p + 0.1 * h))))
    names = ("officer", "place", "hour", "stops", "events")
    table = pa.table({name: [row[at] for row in rows] for at, name in enumerate(names)})

    flags = {flag.officer: flag for flag in officers_against_peers(table)}

    assert not flags["o0"].confirmed


def test_confirmed_flags_are_rare_without_bias():
    several = [sum(flag.confirmed for flag in officers_against_peers(simulated(seed=seed))) for seed in range(20)]

    assert np.mean([count > 0 for count in several]) <= 0.15


def test_the_funnel_of_officers_is_marked_internal():
    drawing = officer_funnel(officers_against_peers(simulated(biased=3))).to_dict()

    assert "internal" in " ".join(drawing["title"]["text"])


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"stops": [5, -1], "events": [1, 0]}, "'stops' is -1 in row 2"),
        ({"stops": [5, 2.5], "events": [1, 0]}, "'stops' is 2.5 in row 2"),
        ({"stops": [5, 4], "events": [1, 9]}, "Row 2 has 9 events but only 4 stops"),
    ],
)
def test_counts_that_cannot_be_are_refused(columns, said):
    with pytest.raises(ComityError) as refused:
        officers_against_peers(pa.table({"officer": ["a", "b"], "cell": ["x", "x"], **columns}))

    assert said in str(refused.value)


def test_something_to_compare_within_is_needed():
    with pytest.raises(ComityError, match="within what officers are compared"):
        officers_against_peers(pa.table({"officer": ["a"], "stops": [9], "events": [1]}))


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

    assert importing == ["cli/disparity_officers.py"]
    assert not hasattr(OfficerFlag, "as_record")
