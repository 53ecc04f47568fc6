"""Makes the fixtures of tests/estimates from R's survey package: a synthetic town here, the estimates in
estimates_oracle.R.

Run: PYTHONPATH=src python benchmarks/estimates_oracle.py [FOLDER OF THE API SAMPLES]
Needs Rscript with the package survey (Debian: r-base-core r-cran-survey). The town is made of random numbers; nobody
lives there.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "estimates" / "fixtures"


def make_town(seed: int = 20261122) -> list[dict[str, object]]:
    """A clustered sample of a made-up town: 10 districts, 2 to 4 blocks in each, 3 to 9 people in each block."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    for district in range(10):
        blocks_there, blocks = int(rng.integers(20, 60)), int(rng.integers(2, 5)) if district else 2
        for block in range(blocks):
            people_there, people = int(rng.integers(30, 90)), int(rng.integers(3, 10))
            mood = rng.normal()
            for _ in range(people):
                age = rng.choice(["18-34", "35-54", "55+"], p=[0.3, 0.4, 0.3])
                sex = rng.choice(["female", "male"], p=[0.55, 0.45])
                trust = np.clip(np.round(5.5 + mood + 0.8 * (age == "55+") + rng.normal(0, 2)), 0, 10)
                rows.append({
                    "district": f"d{district}", "pair": f"p{district}", "half": block % 2,
                    "block": f"d{district}b{block}", "person": len(rows),
                    "blocks": blocks_there, "people": people_there,
                    "weight": round(blocks_there / blocks * people_there / people, 6),
                    "age": str(age), "sex": str(sex), "years": int(rng.integers(0, 40)),
                    "trust": "" if rng.random() < 0.05 else int(trust),
                    "heard": int(rng.random() < 0.3 + 0.03 * trust),
                    "visits": int(rng.poisson(2 + (sex == "male"))),
                    "responded": int(rng.random() < (0.9 if age == "55+" else 0.7)),
                })  # fmt: skip
    return rows


def main() -> None:
    samples = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data" / "survey"
    FIXTURES.mkdir(parents=True, exist_ok=True)
    rows = make_town()
    with (FIXTURES / "town.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    script = ROOT / "benchmarks" / "estimates_oracle.R"
    subprocess.run(["Rscript", str(script), str(FIXTURES), str(samples)], check=True)


if __name__ == "__main__":
    main()
