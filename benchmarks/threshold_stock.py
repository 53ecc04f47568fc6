"""Stock samplers on the threshold test. Runs in an environment of its own (nutpie, PyMC, arviz, pandas), never in ours.

    python benchmarks/threshold_stock.py COUNTS.csv TX WA --draws 1500 --out tests/disparity/threshold_reference.json

Makes the long reference runs that tests/disparity/test_threshold.py compares with, and the effective samples per second
that benchmarks/README.md reports, with nutpie on the model as PyMC states, differentiates and compiles it: `diagonal` and
`low_rank` are its two ways to adapt, `rotated` (for long references) walks the same model in straight coordinates in
which it is about round. `ours` has nutpie drive our compiled density. The last two need our sources on the path.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd

GROUPS = ["White drivers", "Black drivers", "Hispanic drivers"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("counts", type=Path)
    parser.add_argument("states", nargs="+")
    parser.add_argument("--draws", type=int, default=1500)
    parser.add_argument("--tune", type=int, default=800)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--sampler", choices=("diagonal", "low_rank", "rotated", "ours"), default="diagonal")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    for state in options.states:
        result = run(options, state)
        print(json.dumps(result), flush=True)
        if options.out:
            known = json.loads(options.out.read_text()) if options.out.exists() else {}
            known[state] = result
            options.out.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


def run(options: argparse.Namespace, state: str) -> dict:
    import nutpie

    rows = pd.read_csv(options.counts).query("state == @state")
    n, s, h = (
        rows.pivot_table(index="location_variable", columns="driver_race", values=each, fill_value=0)[GROUPS].to_numpy()
        for each in ("num_stops", "num_searches", "num_hits")
    )
    if options.sampler == "ours":
        compiled = our_density(n, s, h)
    else:
        compiled = pymc_model(n, s, h, rotated=options.sampler == "rotated")
    settings = {"chains": 4, "cores": options.cores, "seed": 1, "progress_bar": False}
    if options.sampler == "ours":
        nutpie.sample(compiled, draws=2, tune=2, **settings)  # compiles
    else:
        settings["target_accept"] = 0.9
        if options.sampler == "low_rank":
            settings["adaptation"] = "low_rank"
    start, cpu = time.perf_counter(), time.process_time()
    trace = nutpie.sample(compiled, draws=options.draws, tune=options.tune, **settings)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    posterior = trace.posterior
    least, worst = np.inf, 0.0
    for name in ["sigma", "mu_phi", "mu_delta", "t_race", "phi_race", "delta_race", "phi_place", "delta_place", "t"]:
        ess, r_hat = diagnose(posterior[name].values)
        least, worst = min(least, ess), max(worst, r_hat)
    threshold = posterior["threshold"].values
    pooled = np.einsum("...dr,d->...r", threshold, n.sum(axis=1) / n.sum())
    pooled_ess, _ = diagnose(pooled)
    pooled = pooled.reshape(-1, pooled.shape[-1])
    gap = pooled[:, 1] - pooled[:, 0]
    return {
        "state": state,
        "groups": GROUPS,
        "mean": pooled.mean(axis=0).round(6).tolist(),
        "sd": pooled.std(axis=0).round(6).tolist(),
        "gap_black_white": [float(np.round(gap.mean(), 6)), *np.quantile(gap, [0.025, 0.975]).round(6).tolist()],
        "min_ess": round(least),
        "min_ess_thresholds": round(pooled_ess),
        "max_r_hat": round(worst, 4),
        "divergences": int(trace.sample_stats.diverging.sum()),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "ess_per_second": round(least / seconds, 2),
        "ess_per_cpu_second": round(least / cpu, 2),
        "leapfrogs_per_draw": round(float(trace.sample_stats.n_steps.mean()), 1),
        "draws": 4 * options.draws,
        "sampler": f"nutpie {nutpie.__version__}, {options.sampler}",
    }


def diagnose(draws: np.ndarray) -> tuple[float, float]:
    """Smallest bulk effective sample size and largest R-hat of draws (chains, draws, ...)."""
    from arviz_stats.base import array_stats

    axes = {"chain_axis": 0, "draw_axis": 1}
    return float(np.min(array_stats.ess(draws, **axes))), float(np.max(array_stats.rhat(draws, **axes)))


def pymc_model(n: np.ndarray, s: np.ndarray, h: np.ndarray, *, rotated: bool):
    """The model as the paper states it, no place pinned, differentiated and compiled by PyMC."""
    import nutpie
    import pymc as pm
    import pytensor.tensor as pt

    places, races = n.shape

    def prior(name, distribution, value):
        pm.Potential(f"prior_{name}", pm.logp(distribution, value).sum())
        return pm.Deterministic(name, value)

    with pm.Model() as model:
        if rotated:
            origin, rotation = straight_coordinates(n, s, h)
            x = origin + pt.dot(pm.Flat("z", shape=len(origin), initval=np.zeros(len(origin))), rotation)
            pm.Potential("of_log_sigma", x[0])
            g, blocks = x[1 : 3 + 3 * races], x[3 + 3 * races :].reshape((places, races + 2))
            sigma = prior("sigma", pm.HalfNormal.dist(1), pt.exp(x[0]))
            mu_phi = prior("mu_phi", pm.Normal.dist(0, 1), g[0])
            mu_delta = prior("mu_delta", pm.Normal.dist(0, 1), g[1])
            t_race = prior("t_race", pm.Normal.dist(0, 1), g[2 : 2 + races])
            phi_race = prior("phi_race", pm.Normal.dist(mu_phi, 0.1), g[2 + races : 2 + 2 * races])
            delta_race = prior("delta_race", pm.Normal.dist(mu_delta, 0.1), g[2 + 2 * races :])
            phi_place = prior("phi_place", pm.Normal.dist(0, 0.1), blocks[:, races])
            delta_place = prior("delta_place", pm.Normal.dist(0, 0.1), blocks[:, races + 1])
            t = prior("t", pm.Normal.dist(t_race[None, :], sigma), blocks[:, :races])
        else:
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
        return nutpie.compile_pymc_model(model)


def straight_coordinates(n: np.ndarray, s: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mode and square root of the covariance there, from our fit: only the coordinates are ours, not the density."""
    from comity.disparity.threshold_kernels import unwhiten
    from comity.disparity.threshold_model import ModelOptions, whitened

    data = whitened(n, s, h, ModelOptions())
    data = data._replace(share=0 * data.share, ridge=0 * data.ridge)

    def natural(z):
        log_sigma, g, blocks = unwhiten(z, data)
        return np.concatenate([log_sigma[:, None], g, blocks.reshape(len(z), -1)], axis=1)

    origin = natural(np.zeros((1, data.size)))[0]
    return origin, natural(np.eye(data.size)) - origin


def our_density(n: np.ndarray, s: np.ndarray, h: np.ndarray):
    """Our compiled density in our whitened space, for nutpie to walk."""
    from nutpie.compiled_pyfunc import from_pyfunc

    from comity.disparity.threshold_kernels import density, unwhiten
    from comity.disparity.threshold_model import ModelOptions, thresholds, whitened

    places, races = n.shape
    data = whitened(n, s, h, ModelOptions())

    def make_logp():
        gradient = np.empty(data.size)

        def logp(z):
            return density(z, data, gradient), gradient

        return logp

    def make_expand(*_):
        def expand(z):
            log_sigma, g, blocks = unwhiten(z, data)
            return {
                "sigma": np.exp(np.atleast_1d(log_sigma)), "mu_phi": g[:1], "mu_delta": g[1:2],
                "t_race": g[2 : 2 + races], "phi_race": g[2 + races : 2 + 2 * races], "delta_race": g[2 + 2 * races :],
                "phi_place": blocks[:, races].copy(), "delta_place": blocks[:, races + 1].copy(),
                "t": blocks[:, :races].copy(), "threshold": thresholds(ModelOptions(), g, blocks),
            }  # fmt: skip

        return expand

    shapes = {
        "sigma": (1,), "mu_phi": (1,), "mu_delta": (1,), "t_race": (races,), "phi_race": (races,),
        "delta_race": (races,), "phi_place": (places,), "delta_place": (places,), "t": (places, races),
        "threshold": (places, races),
    }  # fmt: skip
    return from_pyfunc(
        data.size,
        make_logp,
        make_expand,
        [np.dtype(float)] * len(shapes),
        list(shapes.values()),
        list(shapes),
        make_initial_point_fn=lambda seed: 0.7 * np.random.default_rng(seed).standard_normal(data.size),
    )


if __name__ == "__main__":
    main()
