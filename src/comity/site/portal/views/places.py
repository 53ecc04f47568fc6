"""Places: the map and list of them, and one page for each with every table that is divided by place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from comity.releases.catalogue import Catalogue, Place, Release, Table, in_language
from comity.releases.explore import Question, Value, cross
from comity.site.portal import queries
from comity.site.portal.templatetags.portal import number

LEVELS = 5


def every_place(request: HttpRequest) -> HttpResponse:
    found = queries.catalogue()
    return render(request, "places.html", {"dimensions": [_dimension_card(found, name) for name in found.places]})


def place(request: HttpRequest, dimension: str, place: str) -> HttpResponse:
    found = queries.catalogue()
    here = queries.place_or_404(found, dimension, place)
    places = found.places[dimension]
    position = places.index(here)
    tables = []
    for release, table in found.tables_with(dimension):
        cells = queries.cells(release, table)
        if here.code.code not in cells.codes[cells.number(dimension)]:
            continue
        others = [each.name for each in table.dimensions if each.name != dimension]
        rows, columns = (others[0], others[1] if len(others) > 1 else None) if others else (dimension, None)
        question = Question(rows, columns, {dimension: (here.code.code,)})
        tables.append(
            {
                "release": release,
                "table": table,
                "crossing": cross(cells, question, parents=queries.parents(table)),
                "rows": table.dimension(rows),
                "columns": table.dimension(columns) if columns else None,
                "explore": f"{rows}" if rows != dimension else "",
            }
        )
    return render(
        request,
        "place.html",
        {
            "place": here,
            "parent": here.code.parent and here.dimension.by_code.get(here.code.parent),
            "parent_place": next((each for each in places if each.code.code == here.code.parent), None),
            "children": [each for each in places if each.code.parent == here.code.code],
            "before": places[position - 1] if position else None,
            "after": places[position + 1] if position + 1 < len(places) else None,
            "tables": tables,
            "map": _map(found, dimension, here=here),
        },
    )


def _dimension_card(found: Catalogue, name: str) -> dict[str, Any]:
    places = found.places[name]
    totals, release, table = _totals(found, name)
    tops = [each for each in places if each.code.parent not in places[0].dimension.by_code]
    below: dict[str, list[Place]] = {}
    for each in places:
        if each.code.parent is not None:
            below.setdefault(each.code.parent, []).append(each)
    groups = [(each, below.get(each.code.code, [])) for each in tops]
    return {
        "dimension": places[0].dimension,
        "groups": [(each, children) for each, children in groups if children],
        "single": [each for each, children in groups if not children],
        "totals": totals,
        "release": release,
        "table": table,
        "map": _map(found, name),
    }


def _totals(found: Catalogue, dimension: str) -> tuple[Mapping[str, Value], Release | None, Table | None]:
    """The total of each place in the newest table that has the dimension and the fewest conditions."""
    tables = sorted(found.tables_with(dimension), key=lambda each: (len(each[1].where), len(each[1].dimensions)))
    if not tables:
        return {}, None, None
    release, table = tables[0]
    crossing = cross(queries.cells(release, table), Question(dimension))
    return {code: row[0] for code, row in zip(crossing.row_codes, crossing.values, strict=True)}, release, table


def _map(found: Catalogue, dimension: str, *, here: Place | None = None) -> dict[str, Any] | None:
    """What the map draws: a level from 0 to 4 by fifths of published totals, so it says no more than the table."""
    if dimension not in found.areas:
        return None
    language = translation.get_language() or "en"
    totals, release, table = _totals(found, dimension)
    depth = {code.code: depth for code, depth in found.places[dimension][0].dimension.in_tree_order}
    deepest = max(depth.values())
    counts = sorted(
        value.count for code, value in totals.items() if value.count is not None and depth.get(code) == deepest
    )
    bounds = [counts[len(counts) * step // LEVELS] for step in range(1, LEVELS)] if counts else []
    places = {}
    for each in found.places[dimension]:
        value = totals.get(each.code.code, Value(None, "absent"))
        places[each.code.code] = {
            "label": in_language(each.code.label, language),
            "shown": _shown_plainly(value),
            "level": -1 if value.count is None else sum(value.count >= bound for bound in bounds),
            "url": reverse("place", args=[dimension, each.slug]),
            "here": each == here,
        }
    return {
        "areas": f"/public/areas/{dimension}.geojson",
        "source": found.area_sources.get(dimension),
        "values": {
            "places": places,
            "locale": {
                "NavigationControl.ZoomIn": _("Zoom in"),
                "NavigationControl.ZoomOut": _("Zoom out"),
            },
        },
        "bounds": _bounds(counts, bounds),
        "table": table,
        "release": release,
    }


def _bounds(counts: list[int], bounds: list[int]) -> list[tuple[int, int, int]]:
    """(level, lowest, highest) of each level that has places, for the legend."""
    levels: dict[int, list[int]] = {}
    for count in counts:
        levels.setdefault(sum(count >= bound for bound in bounds), []).append(count)
    return [(level, min(found), max(found)) for level, found in sorted(levels.items())]


def _shown_plainly(value: Value) -> str:
    if value.status == "suppressed":
        return _("suppressed")
    return _("no figure") if value.count is None else number(value.count)
