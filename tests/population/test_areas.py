"""Outlines find their places by name, what has none is named, and a file that is no map is one sentence."""

from __future__ import annotations

import json

import pytest

from comity.population import PopulationError, match_areas, read_areas

SQUARE = [[[-93.1234567, 44.0], [-93.0, 44.0], [-93.0, 44.1], [-93.1234567, 44.0]]]


def feature(name: object, coordinates: object = SQUARE, kind: str = "Polygon") -> dict:
    return {"type": "Feature", "properties": {"NAME": name}, "geometry": {"type": kind, "coordinates": coordinates}}


@pytest.fixture
def areas(tmp_path):
    def read(*features: object):
        (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return read_areas(tmp_path / "a.geojson", name="NAME")

    return read


def test_names_match_but_for_case_accents_and_punctuation(areas):
    read = areas(feature("St. José"), feature("NEAR-NORTH"), feature("Lake", [SQUARE], "MultiPolygon"), feature("Far"))

    matched = match_areas(read, ["St Jose", "Near - North", "Lake", "Elsewhere"])

    assert list(matched.outlines) == ["St Jose", "Near - North", "Lake"]
    assert matched.without_outline == ("Elsewhere",)
    assert matched.unused == ("Far",)
    first = matched.as_geojson()["features"][0]
    assert first["properties"] == {"code": "St Jose"}
    assert first["geometry"]["coordinates"][0][0] == [-93.12346, 44.0]


def test_a_name_that_could_be_two_outlines_is_neither(areas):
    matched = match_areas(areas(feature("A B"), feature("A-B")), ["a b", "A-B"])

    assert list(matched.outlines) == ["A-B"]
    assert matched.without_outline == ("a b",)


@pytest.mark.parametrize(
    ("features", "told"),
    [
        ([feature(None)], "feature 1 has no 'NAME'"),
        ([feature("A"), feature("A")], "'A' has two outlines"),
        ([feature("A", kind="LineString")], "is LineString"),
        ([feature("A", [[[500000, 4900000]] * 4])], "not longitude and latitude"),
        ([feature("A", [[[0, 0], [1, 1], [2, 2], [3, 3]]])], "does not close"),
        ([feature("A", [[["x", 0]] * 4])], "no pair of numbers"),
        ([feature("A", [])], "is empty"),
        (["text"], "is not a GeoJSON FeatureCollection"),
    ],
)
def test_a_wrong_outline_is_named(areas, features, told):
    with pytest.raises(PopulationError) as caught:
        areas(*features)

    assert told in str(caught.value)


def test_every_minneapolis_neighborhood_with_stops_has_an_outline(shared_data):
    areas = read_areas(shared_data / "population" / "minneapolis_neighborhoods.geojson", name="BDNAME")

    matched = match_areas(areas, ["Near - North", "Whittier", "Steven's Square - Loring Heights"])

    assert (len(matched.outlines), matched.without_outline, len(areas.outlines)) == (3, (), 87)


def test_a_centre_may_stand_for_an_outline(areas):
    matched = match_areas(areas(feature("A", [-93.1, 44.0], "Point")), ["A"])

    assert matched.as_geojson()["features"][0]["geometry"] == {"type": "Point", "coordinates": [-93.1, 44.0]}
