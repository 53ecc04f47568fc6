"""Generates a quarter of stops: Hispanic drivers are searched more often than others, and in the second quarter less so."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np

NEIGHBORHOODS = ("Harbor", "Mill Hill", "Northside", "Old Market", "Riverbend")
RACES = {"white": 0.55, "black": 0.18, "hispanic": 0.2, "asian": 0.07}
SEARCHED = {
    "2026-q2": {"white": 0.06, "black": 0.09, "hispanic": 0.16, "asian": 0.05},
    "2026-q3": {"white": 0.06, "black": 0.09, "hispanic": 0.09, "asian": 0.05},
}
FIRST_DAY = {"2026-q2": date(2026, 4, 1), "2026-q3": date(2026, 7, 1)}
STOPS = 6_000


def write_stops(path: Path, period: str, *, seed: int) -> None:
    """A CSV file of `STOPS` invented stops of `period` (a key of SEARCHED), the same for the same seed."""
    random = np.random.default_rng([seed, *period.encode()])
    races = random.choice(list(RACES), STOPS, p=list(RACES.values()))
    searched = random.random(STOPS) < [SEARCHED[period][race] for race in races]
    days = random.integers(0, 91, STOPS)
    places = random.choice(NEIGHBORHOODS, STOPS)
    sexes = random.choice(["female", "male"], STOPS, p=[0.4, 0.6])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["sample_id", "date", "neighborhood", "race", "sex", "searched"])
        for number in range(STOPS):
            day = FIRST_DAY[period] + timedelta(days=int(days[number]))
            identifier = f"SAMPLE-{period}-{number:05d}"
            writer.writerow(
                [
                    identifier,
                    day.isoformat(),
                    places[number],
                    races[number],
                    sexes[number],
                    "yes" if searched[number] else "no",
                ]
            )
