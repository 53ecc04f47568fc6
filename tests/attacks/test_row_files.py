"""Attack: link a row-level file with an outside list of who was where, when and how old."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest

from comity.disclosure.rows import RowPolicy, VictimRule, protect_rows
from comity.errors import ComityError

AREAS = ({f"beat{number}": f"district{number // 5}" for number in range(20)},)


def stops(seed=3, size=4_000):
    chance = np.random.default_rng(seed)
    day = chance.integers(0, 365, size)
    return pa.table(
        {
            "person": [f"p{number}" for number in range(size)],
            "beat": [f"beat{number}" for number in chance.integers(0, 20, size)],
            "when": [str(np.datetime64("2017-01-01") + np.timedelta64(int(each), "D")) for each in day],
            "age": [str(each) for each in chance.integers(16, 90, size)],
            "outcome": chance.choice(["warning", "citation", "arrest"], size).tolist(),
            "relationship": chance.choice(["none", "spouse"], size, p=[0.95, 0.05]).tolist(),
            "narrative": ["She said that he had waited in front of the house since five"] * size,
        }
    )


def policy(**changes):
    settings = {
        "allowed": ("beat", "when", "age", "outcome"), "place": "beat", "time": "when", "age": "age", "areas": AREAS,
        "sensitive": "outcome", "k": 10, "l": 2,
    }  # fmt: skip
    return RowPolicy(**{**settings, **changes})


def linked(published, outside, steps):
    """For each person on the outside list, the published rows that could be theirs."""
    groups = defaultdict(list)
    for at, row in enumerate(published.to_pylist()):
        groups[row["beat"], row["when"], row["age"]].append(at)
    return [groups.get(each, []) for each in outside]


def outside_list(rows, protected):
    """Someone who knows everybody's beat, day and age, and reads the file's documentation."""
    from comity.disclosure.rows import _coarser

    p = policy()
    columns = {name: rows[name].to_pylist() for name in ("beat", "when", "age")}
    coarse = [_coarser(values, name, protected.steps, p) for name, values in columns.items()]
    return list(zip(*coarse, strict=True))


def test_linking_on_time_place_and_age_succeeds_at_most_one_time_in_k():
    rows = stops()

    protected = protect_rows(rows, policy())
    matches = linked(protected.rows, outside_list(rows, protected), protected.steps)

    outcomes = protected.rows["outcome"].to_pylist()
    found = [group for group in matches if group]
    assert min(len(group) for group in found) >= 10
    assert np.mean([1 / len(group) for group in found]) <= 1 / 10
    assert protected.published >= 0.95 * rows.num_rows
    assert min(len({outcomes[at] for at in group}) for group in found) >= 2


def test_the_same_attack_succeeds_on_the_unprotected_file():
    rows = stops()
    groups = defaultdict(int)
    for key in zip(rows["beat"].to_pylist(), rows["when"].to_pylist(), rows["age"].to_pylist(), strict=True):
        groups[key] += 1

    alone = sum(count == 1 for count in groups.values())

    assert alone > 0.9 * rows.num_rows


def test_only_allowed_columns_leave_and_the_order_of_the_source_does_not():
    rows = stops()

    protected = protect_rows(rows, policy())

    assert protected.rows.column_names == ["beat", "when", "age", "outcome"]
    assert protected.rows.to_pylist() == protect_rows(rows.take(list(range(4_000))[::-1]), policy()).rows.to_pylist()


def test_a_victim_is_found_by_relationship_not_by_offence():
    rule = VictimRule(when={"relationship": ("spouse",)}, blank=("beat",))

    protected = protect_rows(stops(), policy(victims=(rule,)))

    assert protected.blanked == stops()["relationship"].to_pylist().count("spouse")


def test_free_text_is_refused():
    with pytest.raises(ComityError, match="free text"):
        protect_rows(stops(), policy(allowed=("beat", "when", "age", "outcome", "narrative")))


def test_places_only_ever_grow_along_their_boundaries():
    protected = protect_rows(stops(), policy())

    districts = set(AREAS[0].values()) | set(AREAS[0]) | {None}
    assert set(protected.rows["beat"].to_pylist()) <= districts


def test_what_cannot_be_hidden_in_a_crowd_is_refused():
    with pytest.raises(ComityError, match="stand out"):
        protect_rows(stops(size=9), policy())
