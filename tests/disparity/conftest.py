"""Real stops for the disparity tests, grouped as the main job groups them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

DATA = Path(__file__).parents[3] / "shared" / "data"
RACES = {
    "Black": "black", "White": "white", "Unknown": "unknown", "East African": "east african", "Latino": "hispanic",
    "Native American": "native american", "Other": "other", "Asian": "asian/pacific islander",
}  # fmt: skip


def data_file(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the shared data folder has no {name}")
    return path


@pytest.fixture(scope="session")
def minneapolis():
    """(stops, minutes, residents): grouped counts of 2017, and residents by neighborhood."""
    import pandas as pd

    rows = pd.read_csv(data_file("stops/minneapolis_2017.csv.gz"))
    rows["subject_race"] = rows.race.map(RACES).fillna("not recorded")
    rows["type"] = rows.problem.map({"traffic": "vehicular", "suspicious": "pedestrian"})
    rows["search_person"] = rows.personSearch.map({"YES": "true", "NO": "false"}).fillna("not recorded")
    when = pd.to_datetime(rows.date)
    rows["date"], rows["minute_of_day"] = when.dt.date, when.dt.hour * 60 + when.dt.minute
    stops = rows.groupby(["neighborhood", "subject_race", "type", "search_person"]).size().reset_index(name="count")
    minutes = rows.groupby(["date", "minute_of_day", "neighborhood", "subject_race", "type"]).size()
    homes = pd.read_csv(data_file("population/minneapolis_neighborhoods.csv"))
    people = pd.concat(
        [
            pd.DataFrame({"place": homes.neighborhood, "group": g, "people": homes.population * homes[g]})
            for g in ("white", "black")
        ]
    )
    return tuple(
        pa.Table.from_pandas(each, preserve_index=False) for each in (stops, minutes.reset_index(name="count"), people)
    )
