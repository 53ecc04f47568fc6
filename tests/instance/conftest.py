"""A small invented agency: 900 stops in three beats, so that the main job runs in a second or two."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from comity.instance.create import create_instance

SETTINGS = """
[agency]
name = "Small Town Police"
time_zone = "America/Chicago"
latitude = 44.98
longitude = -93.27

[datasets.stops]
title.en = "Police stops"
title.es = "Paradas policiales"
mapping = "sources/stops.yaml"
files = ["sources/*.csv"]
period = "2026-q1"
place = "beat"
source.en = "Invented for a test."
source.es = "Inventado para una prueba."

[[datasets.stops.tables]]
name = "stops_by_beat"
title.en = "Stops by beat and group"
title.es = "Paradas por zona y grupo"
dimensions = ["beat", "subject_race"]

[[datasets.stops.tables]]
name = "searches"
title.en = "Stops by group and search"
title.es = "Paradas por grupo y registro"
dimensions = ["subject_race", "search_conducted"]
"""

MAPPING = """
source: Small Town
record_type: stop
columns:
  record_id: id
  date: {from: day, formats: ["%Y-%m-%d"]}
  time: {from: clock, formats: ["%H:%M"]}
  beat: beat
  subject_race: {from: race, codes: {b: black, w: white, h: hispanic, u: unknown}}
  search_conducted: {from: searched, codes: {"y": "yes", "n": "no"}}
duplicates: {key: id}
"""


def write_stops(path: Path, *, rows: int = 900, seed: int = 7) -> None:
    """`rows` invented stops."""
    draw = random.Random(seed)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "day", "clock", "beat", "race", "searched"])
        for number in range(rows):
            race = draw.choices("bwhu", [30, 50, 15, 5])[0]
            searched = "y" if draw.random() < (0.25 if race == "b" else 0.12) else "n"
            day = f"2026-{draw.randint(1, 3):02d}-{draw.randint(1, 28):02d}"
            clock = f"{draw.randint(0, 23):02d}:{draw.randint(0, 59):02d}"
            writer.writerow([number, day, clock, f"Beat {draw.randint(1, 3)}", race, searched])


@pytest.fixture(scope="session")
def make_small_agency() -> Callable[[Path], Path]:
    """Makes an instance that is ready to publish in the folder given."""

    def make(folder: Path) -> Path:
        create_instance(folder, origin="small-town.example/comity")
        (folder / "comity.toml").write_text(SETTINGS)
        (folder / "sources" / "stops.yaml").write_text(MAPPING)
        write_stops(folder / "sources" / "stops.csv")
        return folder

    return make


@pytest.fixture
def small_agency(tmp_path, make_small_agency) -> Path:
    """An instance that is ready to publish."""
    return make_small_agency(tmp_path / "agency")
