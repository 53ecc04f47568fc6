"""Disparity against its peers, side by side in one process: run with an environment that has both.

    PYTHONPATH=src OMP_NUM_THREADS=1 PEERS/bin/python benchmarks/disparity.py all

PEERS has numpy, scipy, pandas, pyarrow, statsmodels, glum, astral, pvlib and pyfixest. `all` runs, each in a process of
its own, `veil` beside statsmodels (1M rows) and glum (10M rows), `sun` and `rollout --peer`, in under four minutes on an
idle machine. `threshold COUNTS.csv TX` is one state's fit; its stock sampler is in threshold_stock.py.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
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
    repeat = stops.total.astype(int)
    at = np.repeat(np.arange(len(repeat)), repeat)
    y = (np.arange(len(at)) - np.repeat(np.cumsum(repeat) - repeat, repeat) < stops.group_count[at]).astype(float)
    clock = (stops.minute - stops.minute.min()).astype(int)
    spline = natural_spline(np.arange(clock.max() + 1.0), knots(clock, stops.total, 6))
    x = np.zeros((len(at), 7 + places))
    x[:, 0], x[:, 1:7] = stops.dark[at], spline[clock[at]]
    x[np.arange(len(at)), 7 + stops.place[at]] = 1
    start = time.perf_counter()
    if options.peer == "glum":
        import glum

        model = glum.GeneralizedLinearRegressor(family="binomial", alpha=0, fit_intercept=False, gradient_tol=1e-9)
        coefficient, error = float(model.fit(x, y).coef_[0]), float("nan")
    else:
        import statsmodels.api as sm

        result = sm.GLM(y, x, family=sm.families.Binomial()).fit(
            tol=1e-12, cov_type="cluster", cov_kwds={"groups": stops.day[at], "use_correction": False}
        )
        coefficient, error = float(result.params[0]), float(result.bse[0]) * np.sqrt(fit.days / (fit.days - 1))
    peer = time.perf_counter() - start
    return {
        "rows": rows,
        "used": len(at),
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
    spent = []
    for _ in range(7):
        start = time.perf_counter()
        ours = sun_times(dates, lat=44.98, lng=-93.27, utc_offset=offset)
        spent.append(time.perf_counter() - start)
    seconds = float(np.median(spent))
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
    at_dusk = index + pd.to_timedelta(ours.dusk[::20], unit="min")
    elevation = pvlib.solarposition.spa_python(at_dusk, 44.98, -93.27)["elevation"].to_numpy()
    apart = np.abs((dusk.hour * 60 + dusk.minute + dusk.second / 60) - ours.dusk[::20])
    return {
        "days": len(dates),
        "seconds": round(seconds, 4),
        "astral_dusk_ratio": round(astral_seconds / seconds, 1),
        "pvlib_sunset_ratio": round(pvlib_seconds / seconds, 1),
        "degrees_from_six_below_by_pvlib": round(float(np.max(np.abs(elevation + 6))), 4),
        "minutes_from_astral_dusk": round(float(np.max(apart)), 3),
        "minutes_from_pvlib_sunset": round(float(np.max(np.abs(sunset.to_numpy() - ours.sunset[::20]))), 3),
    }


def rollout(options: argparse.Namespace) -> dict:
    """7,785 officers x 72 months, staggered: from a table to the event study with errors; and 1,000 officers beside
    did2s, which needs 23 GB and more for all of them.
    """
    from comity.disparity.rollout_estimators import callaway_santanna, impute, roth_santanna, sun_abraham
    from comity.disparity.rollout_panel import read_panel

    def table_of(units: int) -> pa.Table:
        rng = np.random.default_rng(2)
        adopted = np.where(rng.random(units) < 0.2, -1, rng.integers(20, 60, units))
        treated = (adopted >= 0)[:, None] & (np.arange(72) >= adopted[:, None])
        y = rng.normal(0, 1, units)[:, None] + rng.normal(0, 1, (units, 72)) + 0.1 * treated
        return pa.table(
            {
                "unit": np.repeat([f"o{i}" for i in range(units)], 72),
                "period": np.tile([f"{t:02d}" for t in range(72)], units),
                "outcome": y.reshape(-1),
                "adopted": pa.array(np.repeat([f"{a:02d}" for a in adopted], 72), mask=np.repeat(adopted < 0, 72)),
            }
        )

    table = table_of(7785)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds: dict[str, float] = {}
    estimates: dict[str, float] = {}

    def timed(name: str, work):
        start = time.perf_counter()
        result = work()
        seconds[name] = round(time.perf_counter() - start, 3)
        return result

    panel = timed("read", lambda: read_panel(table))
    overall, by_time = timed("impute", lambda: impute(panel))
    added = round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
    estimates["impute"] = round(overall.estimate, 5)
    for name, work in (
        ("callaway_santanna", callaway_santanna),
        ("sun_abraham", sun_abraham),
        ("roth_santanna", roth_santanna),
    ):
        result = timed(name, lambda work=work: work(panel))
        estimates[name] = round((result[0] if isinstance(result, tuple) else result).estimate, 5)
    answer = {
        "rows": table.num_rows,
        "event_times": len(by_time),
        "seconds": seconds,
        "estimates": estimates,
        "added_memory_mb": added,
    }
    if options.peer:
        import pandas as pd
        import pyfixest

        small = table_of(1000)
        ours, _ = timed("ours_1000", lambda: impute(read_panel(small)))
        frame = small.to_pandas()
        frame["unit"], frame["period"] = pd.factorize(frame["unit"])[0], frame["period"].astype(int)
        frame["treat"] = frame["adopted"].notna() & (frame["period"] >= frame["adopted"].fillna("999").astype(int))
        theirs = timed(
            "did2s_1000",
            lambda: pyfixest.did2s(
                frame, yname="outcome", first_stage="~ 0 | unit + period", second_stage="~ treat",
                treatment="treat", cluster="unit",
            ),
        )  # fmt: skip
        found = float(theirs.coef().iloc[0])
        answer |= {
            "ours_1000": ours.estimate,
            "did2s_1000": found,
            "relative_difference": abs(ours.estimate - found) / abs(found),
            "error_ratio": ours.error / float(theirs.se().iloc[0]),
        }
    return answer


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
    parsers.add_parser("all")
    parsers.add_parser("sun")
    rollout_options = parsers.add_parser("rollout")
    rollout_options.add_argument("--peer", action="store_true", help="also 1,000 officers beside pyfixest's did2s")
    threshold_options = parsers.add_parser("threshold")
    threshold_options.add_argument("counts")
    threshold_options.add_argument("state")
    options = parser.parse_args()
    if options.what == "all":
        for work in (
            ["veil"],
            ["veil", "--rows", "10000000", "--peer", "glum"],
            ["sun"],
            ["rollout", "--peer"],
        ):
            subprocess.run([sys.executable, __file__, *work], check=True)
        return
    result = {"veil": veil, "sun": sun, "rollout": rollout, "threshold": threshold}[options.what](options)
    print(json.dumps({"what": options.what, **result}))


if __name__ == "__main__":
    main()
