"""A denominator is a number with a source and a year, or it is missing; it is never 0 because nobody knows it."""

from __future__ import annotations

from pathlib import Path

import pytest

import comity
from comity.population import Population, PopulationError, read_population

DESCRIPTION = """
source: A census
year: 2015
file: people.csv
place: area
total: people
groups: {black: {share: b}, hispanic: {count: h}}
missing: ["", NA]
"""


@pytest.fixture
def population(tmp_path):
    def read(rows: str, description: str = DESCRIPTION) -> Population:
        (tmp_path / "people.csv").write_text(rows)
        (tmp_path / "people.yaml").write_text(description)
        return read_population(tmp_path / "people.yaml")

    return read


def test_shares_become_people_and_gaps_stay_gaps(population):
    read = population('area,people,b,h\nNorth,"1,000",0.25,0\nSouth,NA,0.5,7\nEast,10,,3\n')

    assert read.as_table().to_pydict() == {
        "place": ["North"] * 3 + ["South"] * 3 + ["East"] * 3,
        "group": ["all", "black", "hispanic"] * 3,
        "people": [1000, 250, 0, None, None, 7, 10, None, 3],
    }


def test_a_sum_with_a_gap_is_missing_and_a_place_nobody_lists_is_too(population):
    read = population("area,people,b,h\nNorth,1000,0.25,0\nSouth,NA,0.5,7\n")

    assert read.count("hispanic") == 7
    assert read.count("all") is None
    assert read.count("all", "North") == read.count("all", ["North"]) == 1000
    assert read.count("white", "North") is None
    assert read.count("all", "Nowhere") is None
    assert read.count("all", []) is None
    assert read.missing_places(["North", "South", "Nowhere"]) == ["South", "Nowhere"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("area,people,b,h\nNorth,many,0,0\n", "people.csv, line 2: 'many' is not a number of people"),
        ("area,people,b,h\nNorth,-5,0,0\n", "'-5' is not a number of people"),
        ("area,people,b,h\nNorth,10,25,0\n", "'25' is not a share from 0 to 1"),
        ("area,people,b,h\nNorth,10,0,11\n", "hispanic has 11 of 10 people"),
        ("area,people,b,h\nNorth,10,0,1\nNorth,10,0,1\n", "the place 'North' appears twice"),
        ("area,people,b\nNorth,10,0\n", "has no column 'h'"),
        ("area,people,b,h\n", "a header and no rows"),
    ],
)
def test_a_wrong_number_is_named_with_its_line(population, rows, told):
    with pytest.raises(PopulationError) as caught:
        population(rows)

    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("description", "told"),
    [
        (DESCRIPTION.replace("year: 2015\n", ""), "the key 'year' is missing"),
        (DESCRIPTION.replace("year: 2015", "year: soon"), "the year is 'soon'"),
        (DESCRIPTION.replace("place:", "plaec:"), "Did you mean 'place'?"),
        (DESCRIPTION.replace("{share: b}", "b"), "the group 'black' has neither"),
        (DESCRIPTION.replace("people.csv", "none.csv"), "cannot be read"),
        ("[", "is not YAML"),
        ("text", "holds no 'key: value' lines"),
    ],
)
def test_a_wrong_description_names_the_key(population, description, told):
    with pytest.raises(PopulationError) as caught:
        population("area,people,b,h\nNorth,10,0,1\n", description)

    assert told in str(caught.value)


def test_the_bundled_minneapolis_population_has_two_groups_and_says_nothing_of_others():
    read = read_population(Path(comity.__file__).parent / "demo" / "data" / "minneapolis_neighborhoods.yaml")

    assert (len(read.places), read.year, read.count()) == (84, 2015, 401_606)
    assert read.count("black", "Cedar Riverside") == round(8247 * 0.464)
    assert read.count("hispanic") is None
    assert read.missing_places(["Near - North", "Whittier"]) == ["Near - North"]
