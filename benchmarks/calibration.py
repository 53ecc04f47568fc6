"""Do the intervals cover, and does the rule seldom show what is not there? Re-makes docs/methods/calibration.md:

python benchmarks/calibration.py --draws 1000 --out docs/methods/calibration.md
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa

from comity.disparity.change import change_finding
from comity.disparity.counts import GroupedCounts
from comity.disparity.finding import Verdict
from comity.disparity.outcome import outcome_findings
from comity.disparity.rates import search_rate_findings
from comity.disparity.rollout import rollout_finding
from comity.disparity.veil_of_darkness import veil_of_darkness

WHERE = {"lat": 44.98, "lng": -93.27, "time_zone": "America/Chicago"}


def places(rng, hits=False):
    """30 places of unequal size whose rates differ; no difference between the groups in any of them."""
    base = 0.08 * np.exp(0.6 * rng.standard_normal(30))
    n = rng.integers(50, 1500, (30, 2))
    s = rng.binomial(n, np.clip(base, 0, 0.9)[:, None])
    h = rng.binomial(s, np.clip(0.3 * np.exp(0.3 * rng.standard_normal(30)), 0, 0.9)[:, None])
    names = tuple(f"p{i}" for i in range(30))
    return GroupedCounts(names, ("black", "white"), n, s, h if hits else None, {}, int(n.sum()))


def search(rng):
    return search_rate_findings(places(rng), reference="white")[0]


def outcome(rng):
    return outcome_findings(places(rng, hits=True), reference="white")[0]


def change(rng):
    names = [f"{2010 + at // 4}-q{at % 4 + 1}" for at in range(13)]
    return change_finding(pa.table({"period": names, "count": rng.poisson(12, 13)}))


def rollout(rng):
    adopted = np.where(np.arange(60) < 20, -1, rng.integers(4, 10, 60))
    y = rng.normal(0, 1, 60)[:, None] + rng.normal(0, 1, 12) + rng.normal(0, 1, (60, 12))
    return rollout_finding(
        pa.table(
            {
                "unit": np.repeat([f"u{i}" for i in range(60)], 12).tolist(),
                "period": np.tile([f"{t:03d}" for t in range(12)], 60).tolist(),
                "outcome": y.reshape(-1),
                "adopted": np.repeat([None if a < 0 else f"{a:03d}" for a in adopted], 12).tolist(),
            }
        )
    )


def veil(rng):
    rows = 6000
    day, minute, place = rng.integers(0, 365, rows), rng.integers(960, 1320, rows), rng.integers(0, 5, rows)
    drift = 0.3 * rng.standard_normal(365)  # days differ, so that rows of a day are not independent
    black = rng.random(rows) < 1 / (1 + np.exp(0.5 - 0.3 * place - 0.3 * np.sin(minute / 60) - drift[day]))
    table = pa.table(
        {
            "date": pa.array((17167 + day).astype(np.int32)).cast(pa.date32()),
            "minute_of_day": minute,
            "place": [f"p{each}" for each in place],
            "group": np.where(black, "black", "white").tolist(),
        }
    )
    return veil_of_darkness(table, group="black", reference="white", **WHERE)


METHODS = {
    "search rate (pooled ratio)": (search, 1.0),
    "outcome test (pooled ratio)": (outcome, 1.0),
    "veil of darkness": (veil, 1.0),
    "change over time": (change, 1.0),
    "roll-out": (rollout, 0.0),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    lines = [
        "# Calibration",
        "",
        f"Made by `python benchmarks/calibration.py --draws {options.draws} --out docs/methods/calibration.md`:",
        "data without any difference, drawn again and again. Intervals ought to cover 95%, and the verdict *shows* to",
        "come up in at most 5%.",
        "",
        "| Method | data sets | interval covers | verdict *shows* |",
        "|---|---|---|---|",
    ]
    for name, (draw, truth) in METHODS.items():
        findings = [draw(np.random.default_rng(seed)) for seed in range(options.draws)]
        known = [each for each in findings if each.low is not None]
        covers = np.mean([each.low <= truth <= each.high for each in known])
        shows = np.mean([each.verdict is Verdict.SHOWS for each in findings])
        lines.append(f"| {name} | {options.draws} | {covers:.1%} | {shows:.1%} |")
        print(lines[-1], flush=True)
    lines += ["", "The threshold test's simulation-based calibration (200 fits) is not made yet."]
    options.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
