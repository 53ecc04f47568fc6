"""A policy is read from plain settings, and a misspelt one is named."""

from __future__ import annotations

import pytest

from comity.disclosure import Policy, protect
from comity.errors import ComityError


def test_a_policy_survives_being_stored():
    policy = Policy(
        minimum=5, width=8, never_hide=({"month": "*"},), cost_factors=(({"group": "x"}, 4.0),), reason="Because."
    )

    assert Policy.from_dict(policy.as_record()) == policy


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "supress"}, "Did you mean 'suppress'"),
        ({"minimun": 5}, "Did you mean 'minimum'"),
        ({"minimum": 0}, "minimum is 0"),
        ({"minimum": "ten"}, "Write a whole number"),
        ({"width": 0}, "width is 0"),
        ({"cost": "counts"}, "Did you mean 'count'"),
        ({"never_hide": ["month"]}, "Write conditions"),
        ({"cost_factors": [{"where": {}, "factor": 0}]}, "cost factor of the policy is 0"),
    ],
)
def test_a_wrong_setting_is_named(settings, message):
    with pytest.raises(ComityError, match=message):
        Policy.from_dict(settings)


def test_a_method_that_hides_nothing_publishes_every_cell(generator):
    tables = generator.random_release(3)

    shown = protect(tables, Policy(method="none"))

    assert all(set(rows["status"].to_pylist()) == {"published"} for rows in shown.tables.values())
    assert shown.report.audit.hidden == 0


def test_cell_key_needs_the_keys_of_the_records(generator):
    with pytest.raises(ComityError, match="lacks the column 'key'"):
        protect(generator.random_release(3), Policy(method="cell-key"))
