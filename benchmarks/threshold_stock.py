"""A stock sampler on the threshold test: nutpie on a PyMC model. Runs in an environment of its own, never in ours.

    python benchmarks/threshold_stock.py COUNTS.csv STATE --draws 1500 --out tests/disparity/threshold_reference.json

Makes the long reference runs that tests/disparity/test_threshold.py compares with (default: no pinned place), and the
effective samples per second that benchmarks/README.md reports.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("counts", type=Path)
    parser.add_argument("states", nargs="+")
    parser.add_argument("--draws", type=int, default=1500)
    parser.add_argument("--tune", type=int, default=800)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    for state in options.states:
        result = run(options.counts, state, options.draws, options.tune)
        print(json.dumps(result), flush=True)
        if options.out:
            known = json.loads(options.out.read_text()) if options.out.exists() else {}
            known[state] = result
            options.out.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


def run(path: Path, state: str, draws: int, tune: int) -> dict:
    import nutpie
    import pymc as pm
    import pytensor.tensor as pt

    rows = pd.read_csv(path).query("state == @state")
    groups = ["White drivers", "Black drivers", "Hispanic drivers"]
    n, s, h = (
        rows.pivot_table(index="location_variable", columns="driver_race", values=each, fill_value=0)[groups].to_numpy()
        for each in ("num_stops", "num_searches", "num_hits")
    )
    places, races = n.shape
    with pm.Model() as model:
        sigma = pm.HalfNormal("sigma", 1)
        mu_phi, mu_delta = pm.Normal("mu_phi", 0, 1), pm.Normal("mu_delta", 0, 1)
        t_race = pm.Normal("t_race", 0, 1, shape=races)
        phi_race = pm.Normal("phi_race", mu_phi, 0.1, shape=races)
        delta_race = pm.Normal("delta_race", mu_delta, 0.1, shape=races)
        phi_place = pm.Normal("phi_place", 0, 0.1, shape=places)
        delta_place = pm.Normal("delta_place", 0, 0.1, shape=places)
        t = pm.Normal("t", t_race[None, :], sigma, shape=(places, races))
        eta = phi_race[None, :] + phi_place[:, None]
        delta = pt.exp(delta_race[None, :] + delta_place[:, None])
        normal = pm.Normal.dist(0, 1)
        phi = pm.math.sigmoid(eta)
        log_a = pt.log(phi) + pm.logcdf(normal, delta - t)
        log_b = pt.log1p(-phi) + pm.logcdf(normal, -t)
        c = phi * pt.exp(pm.logcdf(normal, t - delta)) + (1 - phi) * pt.exp(pm.logcdf(normal, t))
        pm.Potential("likelihood", (h * log_a + (s - h) * log_b + (n - s) * pt.log(c)).sum())
        pm.Deterministic("threshold", pm.math.sigmoid(eta + delta * t - delta**2 / 2))
        compiled = nutpie.compile_pymc_model(model)
    start = time.perf_counter()
    trace = nutpie.sample(
        compiled, draws=draws, tune=tune, chains=4, cores=1, target_accept=0.9, seed=1, progress_bar=False
    )
    seconds = time.perf_counter() - start
    posterior = trace.posterior
    parameters = ["sigma", "mu_phi", "mu_delta", "t_race", "phi_race", "delta_race", "phi_place", "delta_place", "t"]
    import arviz

    least = min(float(arviz.ess(posterior[[name]])[name].min()) for name in parameters)
    worst = max(float(arviz.rhat(posterior[[name]])[name].max()) for name in parameters)
    threshold = posterior["threshold"].values.reshape(-1, places, races)
    weights = n.sum(axis=1) / n.sum()
    pooled = np.einsum("idr,d->ir", threshold, weights)
    gap = pooled[:, 1] - pooled[:, 0]
    return {
        "state": state,
        "groups": groups,
        "mean": pooled.mean(axis=0).round(6).tolist(),
        "sd": pooled.std(axis=0).round(6).tolist(),
        "gap_black_white": [float(np.round(gap.mean(), 6)), *np.quantile(gap, [0.025, 0.975]).round(6).tolist()],
        "min_ess": round(least),
        "max_r_hat": round(worst, 4),
        "divergences": int(trace.sample_stats.diverging.sum()),
        "seconds": round(seconds, 1),
        "ess_per_second": round(least / seconds, 2),
        "draws": 4 * draws,
        "sampler": f"nutpie {nutpie.__version__}, PyMC {pm.__version__}",
    }


if __name__ == "__main__":
    main()
