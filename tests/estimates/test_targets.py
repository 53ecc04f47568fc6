"""Targets come from the population's denominators and add up to the same people."""

from __future__ import annotations

import pytest

from comity.errors import ComityError
from comity.estimates import Rake, Survey, targets_from_population, weigh
from comity.population import Population

TOWN = Population(
    "made up",
    2026,
    ("black", "white"),
    {
        "North": {"all": 600, "black": 200, "white": 350},
        "South": {"all": 400, "black": 100, "white": 250},
        "Woods": {"all": None, "black": None, "white": None},
    },
)
RACE = {"Black": "black", "White": "white", "Other": "rest"}


def test_a_survey_is_raked_to_the_places_and_groups_of_the_population():
    margins = targets_from_population(TOWN, place="district", groups={"race": RACE}, places=["North", "South"])
    data = {"district": ["North", "South"] * 30, "race": ["Black", "White", "Other"] * 20}

    weighted = weigh(Survey.read(data), Rake(margins))

    assert margins == {
        "district": {"North": 600, "South": 400},
        "race": {"Black": 300, "White": 600, "Other": 100},
    }
    assert weighted.weights.sum() == pytest.approx(1000)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"place": "district"}, ["not known in 1 places", "'Woods'"]),
        ({"place": "district", "places": ["Nort"]}, ["Did you mean 'North'?"]),
        ({"groups": {"race": {"B": "blak"}}, "places": ["North"]}, ["Did you mean 'black'?"]),
        ({"groups": {"race": {"B": "black", "W": "white"}}, "places": ["North"]}, ["550 of 600", "'rest'"]),
        ({"places": ["North"]}, ["Nothing to weight to"]),
    ],
)
def test_what_the_population_does_not_say_is_refused(options, words):
    with pytest.raises(ComityError) as error:
        targets_from_population(TOWN, **options)

    for word in words:
        assert word in str(error.value)
