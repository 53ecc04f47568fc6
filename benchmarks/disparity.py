"""Disparity against its peers, side by side in one process: run with an environment that has both.

    PYTHONPATH=src PEERS/bin/python benchmarks/disparity.py veil --rows 1000000
    PYTHONPATH=src PEERS/bin/python benchmarks/disparity.py sun
    PYTHONPATH=src PEERS/bin/python benchmarks/disparity.py rollout
    PYTHONPATH=src PEERS/bin/python benchmarks/disparity.py threshold COUNTS.csv TX

Peers: statsmodels (or glum, with --peer glum), astral, pvlib. The stock sampler is in threshold_stock.py.
"""

from __future__ import annotations

import argparse
import json
import resource
import time

import numpy as np
import pyarrow as pa

WHERE = {"lat": 44.98, "lng": -93.27, "time_zone": "America/Chicago"}


def veil(options: argparse.Namespace) -> dict:
    """Rows to odds ratio with clustered error; the peer gets its design matrix for nothing.

    The peer sees the stops that are used only (those between the earliest and latest dusk, without twilight).
    """
    from comity.disparity.veil_model import VeilOptions, fit_veil, knots, natural_spline
    from comity.disparity.veil_stops import read_stops

    rng = np.random.default_rng(1)
    rows, places = options.rows, 20
    day, minute = rng.integers(0, 365, rows), rng.integers(17 * 60, 22 * 60, rows)
    place, black = rng.integers(0, places, rows), rng.random(rows) < 0.4
    names = pa.array([f"p{i:02d}" for i in range(places)])
    table = pa.table(
        {
            "date": pa.array((17167 + day).astype(np.int32)).cast(pa.date32()),
            "minute_of_day": minute,
            "place": pa.DictionaryArray.from_arrays(pa.array(place.astype(np.int32)), names),
            "group": pa.DictionaryArray.from_arrays(pa.array(black.astype(np.int8)), pa.array(["white", "black"])),
        }
    )
    del day, minute, place, black
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        stops = read_stops(table, group="black", reference="white", **WHERE)
        fit = fit_veil(stops, options=VeilOptions(), time_zone=WHERE["time_zone"])
        seconds.append(time.perf_counter() - start)
    clock = (stops.minute - stops.minute.min()).astype(int)
    spline = natural_spline(np.arange(clock.max() + 1.0), knots(clock, stops.total, 6))
    x = np.zeros((len(clock), 7 + places))
    x[:, 0], x[:, 1:7] = stops.dark, spline[clock]
    x[np.arange(len(clock)), 7 + stops.place] = 1
    start = time.perf_counter()
    if options.peer == "glum":
        import glum

        model = glum.GeneralizedLinearRegressor(family="binomial", alpha=0, fit_intercept=False, gradient_tol=1e-9)
        coefficient, error = float(model.fit(x, stops.group_count).coef_[0]), float("nan")
    else:
        import statsmodels.api as sm

        result = sm.GLM(stops.group_count, x, family=sm.families.Binomial()).fit(
            tol=1e-12, cov_type="cluster", cov_kwds={"groups": stops.day, "use_correction": False}
        )
        coefficient, error = float(result.params[0]), float(result.bse[0]) * np.sqrt(fit.days / (fit.days - 1))
    peer = time.perf_counter() - start
    return {
        "rows": rows,
        "used": len(clock),
        "seconds": round(float(np.median(seconds)), 3),
        "peer": options.peer,
        "peer_seconds": round(peer, 2),
        "ratio": round(peer / float(np.median(seconds)), 1),
        "coefficient_difference": abs(coefficient - fit.coefficient),
        "plain_error_ratio": fit.plain_error / error,
        "error_ratio": fit.error / error,
    }


def sun(_: argparse.Namespace) -> dict:
    """Sunset and dusk of a century's days."""
    import zoneinfo

    import astral
    import astral.sun
    import pandas as pd
    import pvlib

    from comity.disparity.sun import sun_times

    dates = np.arange("1950-01-01", "2050-01-01", dtype="datetime64[D]")
    offset = np.full(len(dates), -360.0)
    start = time.perf_counter()
    ours = sun_times(dates, lat=44.98, lng=-93.27, utc_offset=offset)
    seconds = time.perf_counter() - start
    zone = zoneinfo.ZoneInfo("Etc/GMT+6")
    observer, some = astral.Observer(44.98, -93.27), dates[::20]
    start = time.perf_counter()
    theirs = [astral.sun.dusk(observer, day, tzinfo=zone) for day in some.tolist()]
    astral_seconds = (time.perf_counter() - start) * len(dates) / len(some)
    start = time.perf_counter()
    index = pd.DatetimeIndex(some).tz_localize("Etc/GMT+6")
    spa = pvlib.solarposition.sun_rise_set_transit_spa(index, 44.98, -93.27, how="numpy")
    pvlib_seconds = (time.perf_counter() - start) * len(dates) / len(some)
    sunset = spa["sunset"].dt.hour * 60 + spa["sunset"].dt.minute + spa["sunset"].dt.second / 60
    dusk = pd.DatetimeIndex([each.replace(microsecond=0) for each in theirs])
    apart = np.abs((dusk.hour * 60 + dusk.minute + dusk.second / 60) - ours.dusk[::20])
    return {
        "days": len(dates),
        "seconds": round(seconds, 4),
        "astral_dusk_ratio": round(astral_seconds / seconds, 1),
        "pvlib_sunset_ratio": round(pvlib_seconds / seconds, 1),
        "minutes_from_astral_dusk": round(float(np.max(apart)), 3),
        "minutes_from_pvlib_sunset": round(float(np.max(np.abs(sunset.to_numpy() - ours.sunset[::20]))), 3),
    }


def rollout(_: argparse.Namespace) -> dict:
    """7,785 officers x 72 months, staggered."""
    from comity.disparity.rollout import Panel, callaway_santanna, impute

    rng = np.random.default_rng(2)
    units, periods = 7785, 72
    adopted = np.where(rng.random(units) < 0.2, -1, rng.integers(20, 60, units))
    y = rng.normal(0, 1, units)[:, None] + rng.normal(0, 1, (units, periods))
    panel = Panel(tuple(map(str, range(units))), tuple(map(str, range(periods))), y, adopted)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    overall, by_time = impute(panel)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    variant = callaway_santanna(panel)
    return {
        "rows": units * periods,
        "impute_seconds": round(seconds, 2),
        "event_times": len(by_time),
        "callaway_santanna_seconds": round(time.perf_counter() - start, 2),
        "estimate": round(overall.estimate, 5),
        "variant": round(variant.estimate, 5) if variant else None,
        "added_memory_mb": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024),
    }


def threshold(options: argparse.Namespace) -> dict:
    """One state: warm wall time and effective samples a second over all parameters (pair with threshold_stock.py)."""
    import pandas as pd

    from comity.disparity.threshold import LEVELS
    from comity.disparity.threshold_model import ModelOptions, SamplerOptions, sample_posterior

    rows = pd.read_csv(options.counts).query("state == @options.state")
    n, s, h = (
        rows.pivot_table(index="location_variable", columns="driver_race", values=each, fill_value=0).to_numpy(float)
        for each in ("num_stops", "num_searches", "num_hits")
    )
    sample_posterior(n, s, h, model=ModelOptions(), sampler=SamplerOptions(warmup=5, draws=10))  # compile
    attempts = []
    for sampler in LEVELS:
        start, cpu = time.perf_counter(), time.process_time()
        draws = sample_posterior(n, s, h, model=ModelOptions(), sampler=sampler)
        seconds = time.perf_counter() - start
        attempts.append(
            {
                "seconds": round(seconds, 2),
                "cpu_seconds": round(time.process_time() - cpu, 2),
                "min_ess": round(draws.ess_bulk),
                "ess_per_second": round(draws.ess_bulk / seconds, 1),
                "max_r_hat": round(draws.r_hat, 4),
                "divergences": draws.divergences,
            }
        )
        if draws.r_hat < 1.01 and draws.ess_bulk > 400 and draws.divergences == 0:
            break
    return {"state": options.state, "attempts": attempts}


def main() -> None:
    parser = argparse.ArgumentParser()
    parsers = parser.add_subparsers(dest="what", required=True)
    veil_options = parsers.add_parser("veil")
    veil_options.add_argument("--rows", type=int, default=1_000_000)
    veil_options.add_argument("--peer", choices=("statsmodels", "glum"), default="statsmodels")
    parsers.add_parser("sun")
    parsers.add_parser("rollout")
    threshold_options = parsers.add_parser("threshold")
    threshold_options.add_argument("counts")
    threshold_options.add_argument("state")
    options = parser.parse_args()
    result = {"veil": veil, "sun": sun, "rollout": rollout, "threshold": threshold}[options.what](options)
    print(json.dumps({"what": options.what, **result}))


if __name__ == "__main__":
    main()
