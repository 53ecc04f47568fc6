"""Do the intervals cover, and does the rule seldom show what is not there? Re-makes docs/methods/calibration.md:

python benchmarks/calibration.py --draws 1000 --out docs/methods/calibration.md

Each method meets data drawn without any difference, again and again. The threshold test has a calibration of its own.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from comity.disparity.benchmarks import dark_hours_findings
from comity.disparity.change import change_finding, funnel
from comity.disparity.counts import GroupedCounts
from comity.disparity.finding import Finding, Verdict
from comity.disparity.intervals import clustered_rate, mantel_haenszel_ratio
from comity.disparity.officers import officers_against_peers
from comity.disparity.outcome import outcome_findings
from comity.disparity.rates import Benchmark, search_rate_findings, stop_rate_findings
from comity.disparity.rollout import rollout_finding
from comity.disparity.rollout_estimators import callaway_santanna, roth_santanna, sun_abraham
from comity.disparity.rollout_panel import read_panel
from comity.disparity.selection import selection_bounds
from comity.disparity.veil_of_darkness import veil_of_darkness

WHERE = {"lat": 44.98, "lng": -93.27, "time_zone": "America/Chicago"}
Answer = tuple[float, float, bool | None]
"""(low, high, whether the verdict is *shows*, None where the method gives none)."""


def told(finding: Finding) -> Answer:
    low, high = (np.nan if each is None else each for each in (finding.low, finding.high))
    return low, high, finding.verdict is Verdict.SHOWS


def places(rng, number=30, hits=False):
    """Places of unequal size whose rates differ; no difference between the groups in any of them."""
    base = 0.08 * np.exp(0.6 * rng.standard_normal(number))
    n = rng.integers(50, 1500, (number, 2))
    s = rng.binomial(n, np.clip(base, 0, 0.9)[:, None])
    h = rng.binomial(s, np.clip(0.3 * np.exp(0.3 * rng.standard_normal(number)), 0, 0.9)[:, None])
    names = tuple(f"p{i}" for i in range(number))
    return GroupedCounts(names, ("black", "white"), n, s, h if hits else None, {}, int(n.sum()))


def rate(rng) -> Answer:
    counts = places(rng)
    interval = clustered_rate(counts.searches[:, 1].astype(float), counts.stops[:, 1].astype(float))
    return interval.low, interval.high, None


def within(rng) -> Answer:
    counts = places(rng)
    columns = (each[:, at].astype(float) for at in (0, 1) for each in (counts.searches, counts.stops))
    interval = mantel_haenszel_ratio(*columns)
    return interval.low, interval.high, None


def stop_rate(rng) -> Answer:
    people = rng.integers(200, 5000, (30, 2))
    stops = rng.poisson(people * (0.2 * np.exp(0.6 * rng.standard_normal(30)))[:, None])
    names = tuple(f"p{i}" for i in range(30))
    counts = GroupedCounts(names, ("black", "white"), stops, total=int(stops.sum()))
    table = pa.table({"place": names * 2, "group": ["black"] * 30 + ["white"] * 30, "people": people.T.reshape(-1)})
    return told(stop_rate_findings(counts, Benchmark("residents", table, "drawn", 2017), reference="white")[0])


def change(rng) -> Answer:
    names = [f"{2010 + at // 4}-q{at % 4 + 1}" for at in range(13)]
    return told(change_finding(pa.table({"period": names, "count": rng.poisson(12, 13)})))


def panel(rng) -> pa.Table:
    """60 units over 12 periods that differ and drift; 20 never adopt, the others at six times."""
    adopted = np.where(np.arange(60) < 20, -1, rng.integers(4, 10, 60))
    y = rng.normal(0, 1, 60)[:, None] + rng.normal(0, 1, 12) + rng.normal(0, 1, (60, 12))
    return pa.table(
        {
            "unit": np.repeat([f"u{i}" for i in range(60)], 12).tolist(),
            "period": np.tile([f"{t:03d}" for t in range(12)], 60).tolist(),
            "outcome": y.reshape(-1),
            "adopted": np.repeat([None if a < 0 else f"{a:03d}" for a in adopted], 12).tolist(),
        }
    )


def estimator(method) -> Callable[..., Answer]:
    def drawn(rng) -> Answer:
        found = method(read_panel(panel(rng)))
        effect = found[0] if isinstance(found, tuple) else found
        return effect.low, effect.high, None

    return drawn


def minutes(rng, hours=(960, 1320), days=365, rows=6000, drift=0.3) -> pa.Table:
    day, minute, place = rng.integers(0, days, rows), rng.integers(*hours, rows), rng.integers(0, 5, rows)
    shift = drift * rng.standard_normal(days)  # days differ, so that rows of a day are not independent
    black = rng.random(rows) < 1 / (1 + np.exp(0.5 - 0.3 * place - 0.3 * np.sin(minute / 60) - shift[day]))
    return pa.table(
        {
            "date": pa.array((17167 + (60 + day) % 365).astype(np.int32)).cast(pa.date32()),
            "minute_of_day": pa.array(minute, pa.int32()),
            "place": [f"p{each}" for each in place],
            "group": np.where(black, "black", "white").tolist(),
            "count": np.ones(rows, dtype=np.int64),
        }
    )


def veil(rng) -> Answer:
    return told(veil_of_darkness(minutes(rng), group="black", reference="white", **WHERE))


def veil_few_days(rng) -> Answer:
    table = minutes(rng, days=60, rows=3000, drift=0.6)
    return told(veil_of_darkness(table, group="black", reference="white", **WHERE))


def dark_hours(rng) -> Answer:
    rows = 6000
    table = minutes(rng, hours=(0, 1440), rows=rows, drift=0.0)
    names = [f"p{each}" for each in rng.integers(0, 25, rows)]
    group = np.where(rng.random(rows) < 0.4, "black", "white").tolist()
    table = table.set_column(2, "place", pa.array(names)).set_column(3, "group", pa.array(group))
    return told(dark_hours_findings(table, reference="white", **WHERE)[0])


def selection(rng) -> Answer:
    base = np.clip(0.08 * np.exp(0.5 * rng.standard_normal(30)), 0, 0.4)
    n = rng.integers(50, 1500, (30, 2)).astype(float)
    s = rng.binomial(n.astype(int), base[:, None]).astype(float)
    bound = selection_bounds(s[:, 0], n[:, 0], s[:, 1], n[:, 1], shares=(0.0,))[0]
    return bound.low, bound.high, None


METHODS: dict[str, tuple[Callable[..., Answer], float]] = {
    "search rate: ratio, all places together": (lambda rng: told(search_rate_findings(places(rng), reference="white")[0]), 1.0),
    "search rate: ratio within places": (within, 1.0),
    "search rate of one group": (rate, 0.08 * np.exp(0.18)),
    "stop rate against residents": (stop_rate, 1.0),
    "stop rate against stops in the dark": (dark_hours, None),
    "outcome test": (lambda rng: told(outcome_findings(places(rng, hits=True), reference="white")[0]), 1.0),
    "veil of darkness, a year": (veil, 1.0),
    "veil of darkness, 60 days": (veil_few_days, 1.0),
    "change over time": (change, 1.0),
    "roll-out: imputation, and the verdict": (lambda rng: told(rollout_finding(panel(rng))), 0.0),
    "roll-out: Callaway and Sant'Anna": (estimator(callaway_santanna), 0.0),
    "roll-out: Sun and Abraham": (estimator(sun_abraham), 0.0),
    "roll-out: Roth and Sant'Anna": (estimator(roth_santanna), 0.0),
    "selection bounds, difference": (selection, 0.0),
}  # fmt: skip


def officers(draws: int) -> tuple[float, float, float]:
    """Shares of data sets without bias in which any officer is flagged, and confirmed; and flags that are false when
    a tenth of the officers search 15 points more."""
    flagged = confirmed = 0
    false = true = 0
    for seed in range(draws):
        for excess in (0.0, 0.15):
            rng = np.random.default_rng(seed)
            officer = np.repeat(np.arange(100), 12)
            cell, n = rng.integers(0, 30, 1200), rng.integers(5, 40, 1200)
            share = 0.1 + 0.3 * rng.random(30)[cell] + excess * (officer < 10)
            names = {"officer": [f"{i}" for i in officer], "cell": [f"c{i}" for i in cell]}
            flags = officers_against_peers(pa.table({**names, "stops": n, "events": rng.binomial(n, share)}))
            if excess:
                false += sum(flag.confirmed and int(flag.officer) >= 10 for flag in flags)
                true += sum(flag.confirmed and int(flag.officer) < 10 for flag in flags)
            else:
                flagged += any(flag.flagged for flag in flags)
                confirmed += any(flag.confirmed for flag in flags)
    return flagged / draws, confirmed / draws, false / max(false + true, 1)


def places_that_stand_out(draws: int) -> float:
    """Share of places beyond the outer limits of a funnel when all have one rate."""
    out = 0
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        exposure = rng.integers(100, 3000, 40)
        table = {"place": [f"p{i}" for i in range(40)], "count": rng.binomial(exposure, 0.1), "exposure": exposure}
        out += sum(point.stands_out for point in funnel(pa.table(table)))
    return out / draws / 40


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", default="", help="methods whose name contains this")
    options = parser.parse_args()
    lines = []
    for name, (draw, truth) in METHODS.items():
        if options.only not in name:
            continue
        start = time.perf_counter()
        answers = [draw(np.random.default_rng(seed)) for seed in range(options.draws)]
        bounds = np.array([answer[:2] for answer in answers], dtype=float)
        known = bounds[np.isfinite(bounds).all(axis=1)]
        covers = f"{np.mean((known[:, 0] <= truth) & (truth <= known[:, 1])):.1%}" if truth is not None else "-"
        verdicts = [answer[2] for answer in answers if answer[2] is not None]
        shows = f"{np.mean(verdicts):.1%}" if verdicts else "-"
        lines.append(f"| {name} | {len(known):,} | {covers} | {shows} |")
        print(lines[-1], f"{time.perf_counter() - start:.0f} s", flush=True)
    if options.only:
        return
    fewer = max(options.draws // 5, 1)
    flagged, confirmed, false = officers(fewer)
    out = places_that_stand_out(options.draws)
    page = f"""# Calibration

Made by `python benchmarks/calibration.py --draws {options.draws} --out docs/methods/calibration.md`: data without any difference, drawn
again and again. Intervals ought to cover 95%, and the verdict *shows* to come up in at most 5%. Over 1,000 draws the coverage of a perfect
interval lies between 93.6% and 96.4% nineteen times in twenty. A dash: the method gives no verdict of its own.

| Method | data sets | interval covers | verdict *shows* |
|---|---|---|---|
{chr(10).join(lines)}

Officers, {fewer} data sets of 100 officers: without bias, any officer is flagged in {flagged:.1%} and any is confirmed in {confirmed:.1%} of
the data sets (false discoveries are held at 10%). Where ten of them search 15 points more, {false:.1%} of those confirmed are others.
Funnels of 40 places with one rate: {out:.2%} of the places are said to stand out (0.2% lie outside by chance).
"""
    if options.out:
        options.out.write_text(page)
    print(page)


if __name__ == "__main__":
    main()
