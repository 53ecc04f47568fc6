"""Writes a small public folder of the published format, by hand, with numbers of the Minneapolis stops of 2017.

It stands in for a published one where a test is about pages: small, the same every time, and with a correction, an
overdue promise, suppressed cells, a zero and a month without a report all in it. Its ledger is for show; it verifies
nothing.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

RACES = {
    "asian/pacific islander": ("Asian/Pacific Islander", "Asiática o de las islas del Pacífico"),
    "black": ("Black", "Negra"),
    "hispanic": ("Hispanic", "Hispana"),
    "white": ("White", "Blanca"),
    "other": ("Other", "Otra"),
    "unknown": ("Unknown", "Desconocida"),
    "not recorded": ("Not recorded", "No registrada"),
}
SEARCHED = {"yes": ("Yes", "Sí"), "no": ("No", "No"), "not recorded": ("Not recorded", "No registrado")}
# Vehicle stops by race and whether the person was searched (yes, no, not recorded).
SEARCHES = {
    "asian/pacific islander": (25, 482, 0),
    "black": (1344, 8418, 0),
    "hispanic": (105, 1222, 0),
    "white": (323, 7844, 0),
    "other": (198, 2497, 0),
    "unknown": (28, 728, 0),
    "not recorded": (0, 0, 2884),
}
# Stops by race, in the order of RACES, for the places of two precincts; (precinct, latitude, longitude).
PLACES = {
    "Cedar Riverside": (("1", 44.9689, -93.2448), (4, 140, 7, 80, 214, 118, 262)),
    "Downtown West": (("1", 44.9782, -93.2734), (39, 1367, 63, 780, 194, 352, 1614)),
    "Elliot Park": (("1", 44.9694, -93.2633), (3, 127, 5, 89, 75, 167, 78)),
    "North Loop": (("1", 44.9845, -93.279), (12, 314, 8, 200, 48, 100, 111)),
    "Columbia Park": (("2", 45.0317, -93.2624), (1, 53, 7, 50, 7, 23, 10)),
    "Holland": (("2", 45.0123, -93.2555), (9, 420, 78, 369, 111, 96, 86)),
    "Marcy Holmes": (("2", 44.9845, -93.2431), (32, 262, 43, 613, 136, 156, 556)),
    "Waite Park": (("2", 45.0297, -93.2402), (5, 32, 14, 84, 15, 66, 28)),
}
MONTHS = (3881, 4594, 5116, 5257, 4688, 4320, 4473, 4054, 4440, None, 0, 3331)
MINIMUM = 10


def write_public_folder(root: Path, *, sample: bool = False) -> Path:
    """Makes `root`/public as a link to a state folder, as publishing does, and returns it."""
    state = root / ".states" / "000001"
    state.mkdir(parents=True)
    _json(state / "agency.json", _agency(sample=sample))
    for promise in _promises():
        for number, step in enumerate(promise, start=1):
            path = state / "promises" / step["dataset"] / step["period"] / f"{number}.json"
            _json(path, {"number": number, "event": "promised", "tables": [], "findings": [], "reason": None, **step})
    _json(state / "breaks" / "stops" / "new-groups.json", _break())
    _json(state / "withdrawals" / "stops" / "2016" / "v1.json", _tombstone())
    _json(state / "areas" / "neighborhood.geojson", _areas())
    _release(state, version=1)
    _release(state, version=2)
    ledger = state / "ledger"
    ledger.mkdir()
    (ledger / "vkey").write_text("minneapolis.example/comity+0b1d9a3c+AXBsYWNlaG9sZGVyIGZvciB0aGUgcHVibGljIGtleQ==\n")
    (ledger / "checkpoint").write_text(
        "minneapolis.example/comity\n6\nT8j0i0vnWWyqMiYkSgoVNkvDb1x2xpYQNmzYYKqTCxU=\n\n"
        "— minneapolis.example/comity Cx2aPBGfrIHkk4wN0Yb4DnyBpQ==\n"
    )
    public = root / "public"
    os.symlink(os.path.join(".states", "000001"), public)
    return public


def _agency(*, sample: bool) -> dict:
    return {
        "name": _text("Minneapolis Police Department", "Departamento de Policía de Mineápolis"),
        "languages": ["en", "es"],
        "notice": _text(
            "A demonstration with real stops of 2017. Minneapolis did not publish it and does not endorse it.",
            "Una demostración con paradas reales de 2017. Mineápolis no la publicó ni la respalda.",
        ),
        "sample": sample,
        "website": "https://www.minneapolismn.gov/",
        "contact": {"name": _text("Records", "Registros"), "email": "records@example.org"},
        "time_zone": "America/Chicago",
    }


def _promises() -> list[list[dict]]:
    """Steps of each promise: one kept, one due and moved, one overdue, one broken."""
    stops = _text("Police stops, 2017", "Paradas policiales, 2017")
    later = _text("Police stops, first quarter of 2018", "Paradas policiales, primer trimestre de 2018")
    force = _text("Use of force, 2017", "Uso de la fuerza, 2017")
    calls = _text("Calls for service, 2017", "Llamadas de servicio, 2017")
    moved = _text("The new system starts in May.", "El sistema nuevo empieza en mayo.")
    lost = _text("The vendor lost the records.", "El proveedor perdió los registros.")
    quarter = {"dataset": "stops", "period": "2018-q1", "title": later, "tables": ["searches_by_group"]}
    broken = {"dataset": "calls", "period": "2017", "title": calls, "due": "2018-04-15"}
    return [
        [{"dataset": "stops", "period": "2017", "title": stops, "due": "2018-03-31", "sealed": "2018-01-15"}],
        [
            {**quarter, "due": "2018-05-31", "sealed": "2018-01-15"},
            {**quarter, "due": "2018-06-30", "sealed": "2018-02-01", "event": "changed", "reason": moved},
        ],
        [{"dataset": "force", "period": "2017", "title": force, "due": "2018-04-30", "sealed": "2018-01-15"}],
        [
            {**broken, "sealed": "2018-01-15"},
            {**broken, "sealed": "2018-04-01", "event": "broken", "reason": lost},
        ],
    ]


def _break() -> dict:
    return {
        "dataset": "stops",
        "name": "new-groups",
        "kind": "definition change",
        "period": "2018-q1",
        "tables": [],
        "text": _text(
            "From 2018 on, East African is a group of its own.",
            "Desde 2018, el grupo de África Oriental se cuenta aparte.",
        ),
        "sealed": "2018-01-15",
    }


def _tombstone() -> dict:
    return {
        "release": "stops/2016/v1",
        "title": _text("Police stops, 2016", "Paradas policiales, 2016"),
        "published": "2017-03-30",
        "withdrawn": "2017-04-02",
        "by": _text("Records Division", "División de Registros"),
        "reason": _text("A table pointed to a person.", "Una tabla señalaba a una persona."),
        "manifest": {"sha256": "ab" * 32, "bytes": 1234},
    }


def _areas() -> dict:
    return {
        "type": "FeatureCollection",
        "attribution": _text("Centers of the stops of 2017", "Centros de las paradas de 2017"),
        "features": [
            {
                "type": "Feature",
                "properties": {"code": place},
                "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
            }
            for place, ((_, latitude, longitude), _) in PLACES.items()
        ],
    }


def _release(state: Path, *, version: int) -> None:
    folder = state / "releases" / "stops" / "2017" / f"v{version}"
    _table(folder, "searches_by_group", _searches(), {})
    _table(folder, "stops_by_place", _stops_by_place(), _precincts())
    _json(folder / "release.json", _description(version))
    _json(folder / "findings.json", {"findings": _findings()})
    _json(folder / "methods.json", {"methods": _methods()})
    _json(folder / "quality.json", _quality())
    _json(folder / "dictionary.json", {"columns": _columns()})
    _json(folder / "datapackage.json", {"name": "stops-2017", "resources": []})
    if version == 2:
        _json(folder / "changes.json", _changes())
    for language, size in itertools.product(("en", "es"), ("wide", "narrow")):
        _file(folder / "charts" / f"search_rate.{language}.{size}.svg", _chart(language, size).encode())
    files = {
        path.relative_to(folder).as_posix(): {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    _json(folder / "manifest.json", {"files": files})


def _searches() -> dict[tuple[str, ...], int]:
    return {
        (race, searched): count
        for race, counts in SEARCHES.items()
        for searched, count in zip(SEARCHED, counts, strict=True)
    }


def _stops_by_place() -> dict[tuple[str, ...], int]:
    return {
        (place, race): count for place, (_, counts) in PLACES.items() for race, count in zip(RACES, counts, strict=True)
    }


def _precincts() -> dict[int, dict[str, str]]:
    return {0: {place: precinct for place, ((precinct, _, _), _) in PLACES.items()}}


def _table(folder: Path, name: str, cells: dict[tuple[str, ...], int], parents: dict[int, dict[str, str]]) -> None:
    """Every margin; a count under the minimum is hidden, and in its row and column the next smallest with it."""
    summed: dict[tuple[str, ...], int] = {}
    for codes, count in cells.items():
        levels = [
            [code, "all", *([parents[number][code]] if number in parents else [])] for number, code in enumerate(codes)
        ]
        for each in itertools.product(*levels):
            summed[each] = summed.get(each, 0) + count
    hidden = {codes for codes in cells if 0 < cells[codes] < MINIMUM}
    for codes in sorted(hidden):
        for position in range(len(codes)):
            line = [
                each
                for each in cells
                if each[:position] + each[position + 1 :] == codes[:position] + codes[position + 1 :]
            ]
            if sum(each in hidden for each in line) == 1:
                hidden.add(
                    min((each for each in line if each not in hidden and cells[each]), key=lambda each: cells[each])
                )
    names = ["subject_race", "search_person"] if name == "searches_by_group" else ["neighborhood", "subject_race"]
    rows = sorted(summed)
    table = pa.table(
        {
            **{column: pa.array([codes[i] for codes in rows], pa.string()) for i, column in enumerate(names)},
            "count": pa.array([None if codes in hidden else summed[codes] for codes in rows], pa.int64()),
            "status": pa.array(["suppressed" if codes in hidden else "published" for codes in rows], pa.string()),
        }
    )
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    pyarrow.csv.write_csv(table, folder / "tables" / f"{name}.csv")
    pyarrow.parquet.write_table(table, folder / "tables" / f"{name}.parquet")


def _description(version: int) -> dict:
    race = {"name": "subject_race", "label": _text("Race", "Raza"), "codes": _codes(RACES)}
    searched = {
        "name": "search_person",
        "label": _text("Person searched", "Persona registrada"),
        "codes": _codes(SEARCHED),
    }
    places = {"1": ("Precinct 1", "Comisaría 1"), "2": ("Precinct 2", "Comisaría 2")} | {p: (p, p) for p in PLACES}
    place = {
        "name": "neighborhood",
        "label": _text("Neighborhood", "Vecindario"),
        "place": True,
        "codes": _codes(places),
    }
    stops = _text("stops", "paradas")
    return {
        "id": f"stops/2017/v{version}",
        "dataset": "stops",
        "period": "2017",
        "version": version,
        "title": _text("Police stops, 2017", "Paradas policiales, 2017"),
        "description": _text(
            "Stops of vehicles and people that officers made in 2017.",
            "Paradas de vehículos y personas que hicieron los agentes en 2017.",
        ),
        "published": {1: "2018-03-29", 2: "2018-04-12"}[version],
        "agency": _text("Minneapolis Police Department", "Departamento de Policía de Mineápolis"),
        "covers": {"from": "2017-01-01", "to": "2017-12-31"},
        "headline": "search-rate:black:white",
        "tables": [
            {
                "name": "searches_by_group",
                "title": _text("Searches of people in vehicle stops, by race", "Registros de personas, por raza"),
                "description": None,
                "measure": "stops",
                "measure_label": stops,
                "where": {"type": "vehicular"},
                "dimensions": [race, searched],
                "hierarchies": {},
            },
            {
                "name": "stops_by_place",
                "title": _text("Stops by neighborhood and race", "Paradas por vecindario y raza"),
                "description": _text("Two of the five precincts.", "Dos de las cinco comisarías."),
                "measure": "stops",
                "measure_label": stops,
                "where": {},
                "dimensions": [place, race],
                "hierarchies": {"neighborhood": _precincts()[0]},
            },
        ],
        "charts": [
            {
                "finding": "search-rate:black:white",
                "name": "search_rate",
                "alt": _text(
                    "Bars: 13.8% of Black and 4.0% of White people in vehicle stops were searched.",
                    "Barras: se registró al 13.8% de las personas negras y al 4.0% de las blancas.",
                ),
            }
        ],
        "policy": {
            "minimum": MINIMUM,
            "reason": _text(
                "A count below ten could point to a person.", "Un conteo menor que diez podría señalar a alguien."
            ),
        },
        "source": {
            "name": _text("City of Minneapolis, police stop data", "Ciudad de Mineápolis, datos de paradas"),
            "url": "https://opendata.minneapolismn.gov/",
            "licence": _text("Public domain", "Dominio público"),
            "rows": 51920,
        },
        "licence": "https://creativecommons.org/publicdomain/zero/1.0/",
        "next_due": "2018-06-30",
        "supersedes": "stops/2017/v1" if version == 2 else None,
        "correction": _text(
            "Version 1 counted East African people as Black; they are now in Other, as the record has them.",
            "La versión 1 contaba a las personas de África Oriental como negras; ahora están en Otra.",
        )
        if version == 2
        else None,
    }


def _changes() -> dict:
    """One cell of each kind: a count that moved, one that became suppressed, a zero, one that was not there."""
    published, hidden, absent = (lambda count: {"count": count, "status": "published"}), "suppressed", "absent"
    cells = [
        (("black", "yes"), published(1354), published(1344), -10),
        (("other", "yes"), published(188), published(198), 10),
        (("hispanic", "yes"), published(12), {"count": None, "status": hidden}, None),
        (("white", "not recorded"), published(3), published(0), -3),
        (("unknown", "yes"), {"count": None, "status": absent}, published(28), None),
    ]
    estimate = {"verdict": "shows", "low": 3.09, "high": 3.92}
    return {
        "reason": _text("East African people are in Other now.", "Las personas de África Oriental están en Otra."),
        "from": "stops/2017/v1",
        "to": "stops/2017/v2",
        "tables": [
            {
                "name": "searches_by_group",
                "state": "compared",
                "columns": ["subject_race", "search_person"],
                "cells": 32,
                "changes": [
                    {
                        "where": dict(zip(("subject_race", "search_person"), codes, strict=True)),
                        "before": before,
                        "after": after,
                        "difference": difference,
                    }
                    for codes, before, after, difference in cells
                ],
            },
            {"name": "stops_by_place", "state": "compared", "columns": ["neighborhood"], "cells": 90, "changes": []},
        ],
        "findings": [
            {
                "id": "search-rate:black:white",
                "question": _text("Are people searched equally often?", "¿Se registra con igual frecuencia?"),
                "before": {**estimate, "estimate": 3.5, "n": 17939},
                "after": {**estimate, "estimate": 3.48, "n": 17929},
            }
        ],
        "files": ["quality.json"],
    }


def _findings() -> list[dict]:
    limits = [
        _text(
            "A difference is not proof of bias: who is on the road, when and where is not known.",
            "Una diferencia no prueba un sesgo: no se sabe quién circula, cuándo ni dónde.",
        )
    ]
    common = {
        "confidence": 0.95,
        "assumptions": [_text("The recorded race is the person's.", "La raza registrada es la de la persona.")],
        "limits": limits,
    }
    return [
        {
            "id": "outcome:contraband",
            "method": "outcome",
            "question": _text(
                "Do searches of some groups find less?", "¿Los registros de algunos grupos encuentran menos?"
            ),
            "sentence": _text(
                "Whether searches find contraband equally often cannot be computed.",
                "No se puede calcular si los registros encuentran contrabando con igual frecuencia.",
            ),
            "verdict": "cannot tell",
            "reason": _text(
                "The agency's file has no column for contraband.",
                "El archivo de la agencia no tiene una columna de contrabando.",
            ),
            "estimate": None,
            "low": None,
            "high": None,
            "unit": "share",
            "n": None,
            "counts": [],
            "figures": [],
            "chart": None,
            **common,
        },
        {
            "id": "search-rate:black:white",
            "method": "search_rate",
            "question": _text(
                "Are people of different groups searched equally often once stopped?",
                "¿Se registra con igual frecuencia a las personas de distintos grupos?",
            ),
            "sentence": _text(
                "Black people in stopped vehicles were searched 3.48 times as often as White people.",
                "Se registró a las personas negras en vehículos detenidos 3.48 veces más que a las blancas.",
            ),
            "verdict": "shows",
            "reason": None,
            "estimate": 3.48,
            "low": 3.09,
            "high": 3.92,
            "unit": "ratio",
            "n": 17929,
            "counts": [{"table": "searches_by_group", "where": {"subject_race": "black"}}],
            "figures": [
                _figure(("Black", "Negra"), 0.138, 0.131, 0.145, 1344, 9762),
                _figure(("White", "Blanca"), 0.0395, 0.0355, 0.044, 323, 8167),
                {
                    **_figure(("Asian/Pacific Islander", "Asiática"), None, None, None, None, None),
                    "status": "suppressed",
                },
            ],
            "chart": "search_rate",
            **common,
        },
        {
            "id": "veil-of-darkness",
            "method": "veil_of_darkness",
            "question": _text(
                "Does the mix of people stopped change when it is dark?",
                "¿Cambia la composición de las personas detenidas cuando oscurece?",
            ),
            "sentence": _text(
                "The share of Black people among those stopped is about the same in daylight and darkness.",
                "La proporción de personas negras entre las detenidas es casi igual de día que de noche.",
            ),
            "verdict": "does not show",
            "reason": _text("The interval includes 1.", "El intervalo incluye el 1."),
            "estimate": 0.98,
            "low": 0.87,
            "high": 1.1,
            "unit": "odds ratio",
            "n": 4210,
            "counts": [],
            "figures": [_figure(("Darkness against daylight", "Oscuridad frente a luz"), 0.98, 0.87, 1.1, None, 4210)],
            "chart": None,
            **common,
        },
    ]


def _methods() -> dict:
    how = _text("Searches divided by stops, for each group.", "Registros divididos por paradas, en cada grupo.")
    question = _text("Who is searched, once stopped?", "¿A quién se registra, una vez detenido?")
    limits = [_text("It says nothing about who is stopped.", "No dice nada sobre a quién se detiene.")]
    titles = {
        "search_rate": _text("Search rate", "Tasa de registros"),
        "outcome": _text("Outcome test", "Prueba de resultados"),
        "veil_of_darkness": _text("Veil of darkness", "Velo de oscuridad"),
    }
    return {
        key: {
            "title": title,
            "question": question,
            "how": how,
            "assumptions": [_text("Records are complete.", "Los registros están completos.")],
            "limits": limits,
            "sources": ["Grogger and Ridgeway 2006"],
        }
        for key, title in titles.items()
    }


def _quality() -> dict:
    return {
        "accounting": {"rows": 51920, "accepted": 51905, "rejected": 12, "duplicates": 3},
        "rejects": [
            {"reason": _text("The date cannot be read", "La fecha no se puede leer"), "rows": 12},
            {"reason": _text("The place is unknown", "El lugar es desconocido"), "rows": None, "status": "suppressed"},
        ],
        "missing": [
            {
                "column": "subject_race",
                "label": _text("Race", "Raza"),
                "not_recorded": 8221,
                "unknown": 9219,
                "rows": 51920,
            },
            {
                "column": "neighborhood",
                "label": _text("Neighborhood", "Vecindario"),
                "not_recorded": 0,
                "unknown": 0,
                "rows": 51920,
            },
        ],
        "reporting": [{"period": f"2017-{month:02d}", "rows": rows} for month, rows in enumerate(MONTHS, start=1)],
    }


def _columns() -> list[dict]:
    definitions = {
        "subject_race": (
            _text("Race", "Raza"),
            _text("Race as the officer recorded it.", "Raza según el agente."),
            RACES,
        ),
        "search_person": (
            _text("Person searched", "Persona registrada"),
            _text("Whether a person was searched.", "Si se registró a una persona."),
            SEARCHED,
        ),
        "neighborhood": (_text("Neighborhood", "Vecindario"), _text("Where the stop was.", "Dónde fue la parada."), {}),
        "type": (
            _text("Kind of stop", "Tipo de parada"),
            _text("Vehicle or pedestrian.", "Vehículo o peatón."),
            {"vehicular": ("Vehicle", "Vehículo")},
        ),
        "count": (_text("Count", "Conteo"), _text("Empty where suppressed.", "Vacío donde se suprime."), {}),
    }
    return [
        {
            "name": name,
            "label": label,
            "definition": definition,
            "type": "integer" if name == "count" else "string",
            "tables": ["searches_by_group", "stops_by_place"],
            "codes": _codes(codes),
        }
        for name, (label, definition, codes) in definitions.items()
    ]


def _chart(language: str, size: str) -> str:
    width, height = (720, 220) if size == "wide" else (340, 220)
    labels = ("Black", "White") if language == "en" else ("Negra", "Blanca")
    title = "Share searched" if language == "en" else "Proporción registrada"
    bars = "".join(
        f'<text x="10" y="{75 + 70 * i}" font-size="15">{label}</text>'
        f'<rect x="80" y="{55 + 70 * i}" width="{(width - 170) * share / 0.145:.0f}" height="30" fill="#2f67ad"/>'
        f'<text x="{90 + (width - 170) * share / 0.145:.0f}" y="{75 + 70 * i}" font-size="15">{share:.1%}</text>'
        for i, (label, share) in enumerate(zip(labels, (0.138, 0.0395), strict=True))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" role="img"><rect width="{width}" height="{height}" fill="#fff"/>'
        f'<text x="10" y="28" font-size="16" font-weight="bold">{title}</text>{bars}</svg>\n'
    )


def _figure(label, estimate, low, high, k, n) -> dict:
    return {"label": _text(*label), "estimate": estimate, "low": low, "high": high, "k": k, "n": n}


def _codes(labels: dict[str, tuple[str, str]]) -> list[dict]:
    return [{"code": code, "label": _text(*label)} for code, label in labels.items()]


def _text(english: str, spanish: str) -> dict[str, str]:
    return {"en": english, "es": spanish}


def _json(path: Path, content: object) -> None:
    _file(path, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())


def _file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
