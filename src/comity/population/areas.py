"""Outlines of places, from GeoJSON (RFC 7946), matched to the names in the records; what has no outline is named."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comity.population.denominators import PopulationError


@dataclass(frozen=True)
class Areas:
    """Outlines as their file names them. outlines: {name: GeoJSON Point (a centre), Polygon or MultiPolygon, longitude first}.

    attribution: the file's own top-level text by language, to be shown beside the map; None where it has none.
    """

    outlines: Mapping[str, Mapping[str, Any]]
    attribution: Mapping[str, str] | None = None


@dataclass(frozen=True)
class MatchedAreas:
    """Outlines under the names of the records. without_outline: places that have none. unused: outlines of no place."""

    outlines: Mapping[str, Mapping[str, Any]]
    without_outline: tuple[str, ...]
    unused: tuple[str, ...]

    def as_geojson(self, *, decimals: int = 5) -> dict[str, Any]:
        """A FeatureCollection with the property `code`; coordinates rounded (5 decimals are about a metre)."""
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"code": place},
                    "geometry": {"type": outline["type"], "coordinates": _rounded(outline["coordinates"], decimals)},
                }
                for place, outline in self.outlines.items()
            ],
        }


def read_areas(path: str | Path, *, name: str) -> Areas:
    """The outlines of a GeoJSON FeatureCollection whose property `name` holds the place's name.

    Raises PopulationError for a file that is no such collection, a feature without name or outline, and coordinates
    that are not degrees of longitude and latitude.
    """
    path = Path(path)
    try:
        collection = json.loads(path.read_text(encoding="utf-8-sig"))
        features = collection["features"] if collection["type"] == "FeatureCollection" else None
    except OSError as error:
        raise PopulationError(f"The outlines {path} cannot be read: {error.strerror}.", "Check the path.") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        features = None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise PopulationError(f"{path} is not a GeoJSON FeatureCollection.", "Export the outlines as GeoJSON.")
    outlines: dict[str, Mapping[str, Any]] = {}
    for position, feature in enumerate(features, 1):
        properties = feature.get("properties") or {}
        place = properties.get(name) if isinstance(properties, dict) else None
        if not isinstance(place, str | int) or not str(place).strip():
            has = ", ".join(sorted(properties)) if isinstance(properties, dict) else ""
            raise PopulationError(f"{path.name}: feature {position} has no '{name}'.", f"Its properties are: {has}.")
        place = str(place).strip()
        if place in outlines:
            raise PopulationError(f"{path.name}: '{place}' has two outlines.", "Merge them into one MultiPolygon.")
        outlines[place] = _outline(feature.get("geometry"), f"{path.name}: the outline of '{place}'")
    attribution = collection.get("attribution")
    return Areas(outlines, attribution if isinstance(attribution, dict) else None)


def match_areas(areas: Areas, places: Sequence[str]) -> MatchedAreas:
    """Give each place its outline: the same name, or the only one alike but for case, accents and punctuation."""
    by_plain: dict[str, list[str]] = {}
    for name in areas.outlines:
        by_plain.setdefault(_plain(name), []).append(name)
    found: dict[str, str] = {}
    for place in places:
        alike = by_plain.get(_plain(place), [])
        if place in areas.outlines:
            found[place] = place
        elif len(alike) == 1:
            found[place] = alike[0]
    used = set(found.values())
    return MatchedAreas(
        outlines={place: areas.outlines[name] for place, name in found.items()},
        without_outline=tuple(place for place in places if place not in found),
        unused=tuple(name for name in areas.outlines if name not in used),
    )


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "", letters) or name


def _outline(geometry: Any, what: str) -> dict[str, Any]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Point", "Polygon", "MultiPolygon"):
        raise PopulationError(
            f"{what} is {kind or 'missing'}.", "An outline is a Polygon or a MultiPolygon; a Point stands for a center."
        )
    coordinates = geometry.get("coordinates")
    if kind == "Point":
        _check_point(coordinates, what)
        return {"type": kind, "coordinates": coordinates}
    polygons = [coordinates] if kind == "Polygon" else coordinates
    rings = [ring for polygon in _list(polygons, what) for ring in _list(polygon, what)]
    for ring in rings:
        points = _list(ring, what)
        if len(points) < 4 or points[0] != points[-1]:
            raise PopulationError(f"{what} has a ring that does not close.", "Export the outlines again.")
        for point in points:
            _check_point(point, what)
    return {"type": kind, "coordinates": coordinates}


def _check_point(point: Any, what: str) -> None:
    if not (isinstance(point, list) and len(point) >= 2 and all(isinstance(x, int | float) for x in point)):
        raise PopulationError(f"{what} has a point that is no pair of numbers.", "Export the outlines again.")
    if not (-180 <= point[0] <= 180 and -90 <= point[1] <= 90):
        raise PopulationError(
            f"{what} has the point {point[:2]}, which is not longitude and latitude.",
            "Export the outlines in WGS 84 (EPSG:4326).",
        )


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise PopulationError(f"{what} is empty or not a list of rings.", "Export the outlines again.")
    return value


def _rounded(value: Any, decimals: int) -> Any:
    return [_rounded(each, decimals) for each in value] if isinstance(value, list) else round(value, decimals)
