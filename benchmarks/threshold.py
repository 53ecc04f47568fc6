"""The threshold test's times and effective samples a second, beside stock samplers, in one run of about three minutes:

    python benchmarks/threshold.py COUNTS.csv --peers PYTHON [--rstan]

PYTHON: of an environment with nutpie, PyMC, arviz and pandas, and what our sources need (threshold_stock.py). COUNTS.csv: the
published county figures of six states. `--rstan` adds the published model in R, which takes several minutes more.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from comity.disparity.counts import GroupedCounts, read_counts
from comity.disparity.threshold import LEVELS, threshold_test
from comity.disparity.threshold_model import ModelOptions, sample_posterior

HERE = Path(__file__).parent
STATES = ("TX", "NC", "IL", "CO", "WA", "CT")
FRESH = """
import sys, pyarrow as pa, pyarrow.parquet
from comity.disparity.counts import read_counts
from comity.disparity.threshold import threshold_test
result = threshold_test(read_counts(pa.parquet.read_table(sys.argv[1])), reference="White drivers", sensitivity=False)
assert result.passed
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("counts", type=Path)
    parser.add_argument("--peers", help="the Python that has nutpie and PyMC")
    parser.add_argument("--rstan", action="store_true")
    options = parser.parse_args()
    tables = {state: table(options.counts, state) for state in STATES}
    counts = {state: read_counts(each) for state, each in tables.items()}
    say("fresh process, Texas", fresh(tables["TX"]))
    for state in STATES:
        say(f"warm, {state}", warm(counts[state]))
    ours = effective(counts["TX"])
    say("effective samples, Texas", ours)
    start = time.perf_counter()
    result = threshold_test(counts["CO"], reference="White drivers")
    say("sensitivity report, Colorado", {"seconds": since(start), "variants": len(result.sensitivities) // 2})
    if options.peers:
        for sampler in ("diagonal", "ours"):
            script = [HERE / "threshold_stock.py", options.counts, "TX", "--sampler", sampler, "--draws", "800"]
            peer = last_line([options.peers, "-W", "ignore", *script, "--tune", "400"])
            say(f"nutpie, {sampler}", peer | ratios(ours, peer))
    if options.rstan:
        peer = last_line(["Rscript", HERE / "threshold_rstan.R", options.counts, "TX"])
        say("rstan", peer | ratios(ours, peer))


def table(path: Path, state: str) -> pa.Table:
    rows = pd.read_csv(path).query("state == @state")
    names = {"location_variable": "place", "driver_race": "group", "num_stops": "stops", "num_searches": "searches"}
    rows = rows.rename(columns={**names, "num_hits": "hits"})[["place", "group", "stops", "searches", "hits"]]
    return pa.Table.from_pandas(rows, preserve_index=False)


def fresh(counts: pa.Table) -> dict:
    """Start to end of a Python process, the compiled code of an earlier one on disk."""
    file = Path(f"/tmp/comity-threshold-{os.getpid()}.parquet")
    pa.parquet.write_table(counts, file)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", FRESH, file], check=True)
        seconds.append(since(start))
    file.unlink()
    return {"first": seconds[0], "then": min(seconds[1:])}


def warm(counts: GroupedCounts) -> dict:
    start, cpu = time.perf_counter(), time.process_time()
    result = threshold_test(counts, reference="White drivers", sensitivity=False)
    return {
        "seconds": since(start),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "passed": result.passed,
        **{gate.name: round(gate.value or 0, 4) for gate in result.gates},
    }


def effective(counts: GroupedCounts) -> dict:
    assert counts.searches is not None and counts.hits is not None
    measures = (counts.stops.astype(float), counts.searches.astype(float), counts.hits.astype(float))
    start, cpu = time.perf_counter(), time.process_time()
    draws = sample_posterior(*measures, model=ModelOptions(), sampler=LEVELS[0])
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {
        "min_ess": round(draws.ess_bulk),
        "ess_per_second": round(draws.ess_bulk / seconds, 1),
        "ess_per_cpu_second": round(draws.ess_bulk / cpu, 1),
        "evaluations_per_draw": round(draws.evaluations / len(draws.log_sigma), 1),
    }


def ratios(ours: dict, peer: dict) -> dict:
    keys = ("ess_per_second", "ess_per_cpu_second")
    return {f"ratio_{key}": round(ours[key] / peer[key], 1) for key in keys if peer.get(key)}


def last_line(command: list) -> dict:
    shown = subprocess.run([str(each) for each in command], check=True, capture_output=True, text=True).stdout
    return json.loads(shown.strip().splitlines()[-1])


def since(start: float) -> float:
    return round(time.perf_counter() - start, 2)


def say(what: str, measured: dict) -> None:
    print(json.dumps({"what": what, **measured}), flush=True)


if __name__ == "__main__":
    main()
