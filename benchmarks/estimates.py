"""Estimates side by side with their peers, in one run: ratio, agreement, and versions, as a table for
benchmarks/README.md.

Run: PYTHONPATH=src python benchmarks/estimates.py --peers FOLDER [--only NAME ...] [--repeat 3]
FOLDER has an environment for each peer: est (svy, rimpy, weightipy, polars, pandas, pyarrow), sae (svy-sae) and bambi
(bambi, nutpie, pyarrow). R is found on the path, with the packages survey and arrow-free CSV reading. All run with
one thread. The data are made here from a fixed seed. Each peer's part of the work is a small program of its own, below.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.csv  # noqa: E402
import pyarrow.parquet  # noqa: E402

from comity.estimates import (  # noqa: E402
    Calibrate,
    Design,
    Rake,
    Survey,
    estimate_mean,
    weigh,
    with_replicates,
)
from comity.estimates.mrp import MultilevelModel, estimate_mrp  # noqa: E402
from comity.estimates.small_area import fit_fay_herriot  # noqa: E402

Work = tuple[Callable[[], object], Callable[[object], np.ndarray], dict[str, str]]


def sample(n: int, sizes: list[int], seed: int = 7) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    columns = {f"m{at}": rng.integers(0, size, n).astype(np.int32) for at, size in enumerate(sizes)}
    columns["w"] = rng.uniform(0.5, 2.0, n)
    return columns


def targets(columns: dict[str, np.ndarray], sizes: list[int], seed: int = 8) -> dict[str, dict[str, float]]:
    """Margins of a population like the sample, moved by up to a fifth."""
    rng = np.random.default_rng(seed)
    n = float(len(columns["w"]))
    found = {}
    for at, size in enumerate(sizes):
        counts = np.bincount(columns[f"m{at}"], minlength=size) * rng.uniform(0.8, 1.2, size)
        found[f"m{at}"] = {str(level): float(count) for level, count in enumerate(counts * n / counts.sum())}
    return found


SIX = [2, 4, 5, 6, 8, 10]
MANY = [12, 14, 15, 16, 18, 20]  # 14.5 million combinations


def raking(sizes: list[int], *, base: bool, tolerance: float) -> Callable[[Path, int], Work]:
    def make(folder: Path, n: int) -> Work:
        columns = sample(n, sizes)
        if not base:
            columns["w"] = np.ones(n)
        goal = targets(columns, sizes)
        pyarrow.parquet.write_table(pa.table(columns), folder / "data.parquet")
        (folder / "targets.json").write_text(json.dumps({"targets": goal, "tolerance": tolerance, "n": n}))
        table = pa.table(columns)

        def run() -> object:
            return weigh(Survey.read(table, Design(weights="w")), Rake(goal, tolerance=tolerance)).weights

        peers = {
            "rimpy": RIMPY if not base else "",
            "weightipy": WEIGHTIPY if not base else "",
            "svy": SVY_RAKE,
            "R survey": R_RAKE if sizes is SIX else "",
        }
        return run, lambda weights: np.asarray(weights), {name: code for name, code in peers.items() if code}

    return make


def greg(folder: Path, n: int) -> Work:
    sizes = SIX[:4]
    columns = sample(n, sizes)
    rng = np.random.default_rng(9)
    columns["x1"], columns["x2"] = rng.gamma(3, 10, n), rng.normal(50, 10, n)
    goal = targets(columns, sizes)
    totals = {"x1": 31.0 * n, "x2": 50.5 * n}
    pyarrow.parquet.write_table(pa.table(columns), folder / "data.parquet")
    (folder / "targets.json").write_text(json.dumps({"targets": goal, "totals": totals, "n": n}))
    table = pa.table(columns)
    step = Calibrate(totals, margins=goal)
    run = lambda: weigh(Survey.read(table, Design(weights="w")), step).weights  # noqa: E731
    return run, np.asarray, {"svy": SVY_GREG, "R survey": R_GREG}


def many_domains(folder: Path, n: int) -> Work:
    rng = np.random.default_rng(10)
    columns: dict[str, np.ndarray] = {"w": rng.uniform(0.5, 2.0, n)}
    columns["psu"] = rng.integers(0, 2000, n).astype(np.int32)
    columns["h"] = (columns["psu"] % 40).astype(np.int32)
    columns["area"] = rng.integers(0, 50, n).astype(np.int32)
    for at in range(20):
        columns[f"y{at}"] = rng.integers(1, 6, n).astype(float)
    pyarrow.parquet.write_table(pa.table(columns), folder / "data.parquet")
    (folder / "targets.json").write_text("{}")
    table, items = pa.table(columns), [f"y{at}" for at in range(20)]
    design = Design(weights="w", strata="h", clusters="psu")
    run = lambda: estimate_mean(Survey.read(table, design), items, by="area")  # noqa: E731

    def numbers(found: object) -> np.ndarray:
        order = sorted(found, key=lambda each: (int(each.variable[1:]), int(each.domain_name)))  # type: ignore[attr-defined]
        return np.array([[each.estimate, each.se] for each in order]).ravel()

    return run, numbers, {"svy": SVY_DOMAINS, "R survey": R_DOMAINS}


def bootstrap(folder: Path, n: int) -> Work:
    columns = sample(n, SIX)
    rng = np.random.default_rng(11)
    columns["psu"] = rng.integers(0, 1000, n).astype(np.int32)
    columns["h"] = (columns["psu"] % 20).astype(np.int32)
    columns["y"] = rng.normal(5, 2, n) + columns["m5"] * 0.1
    goal = targets(columns, SIX)
    pyarrow.parquet.write_table(pa.table(columns), folder / "data.parquet")
    (folder / "targets.json").write_text(json.dumps({"targets": goal, "tolerance": 1e-8, "n": n}))
    table = pa.table(columns)

    def run() -> object:
        survey = Survey.read(table, Design(weights="w", strata="h", clusters="psu"))
        raked = weigh(with_replicates(survey, "bootstrap", count=500, seed=1), Rake(goal, tolerance=1e-8))
        return estimate_mean(raked, "y")[0]

    return run, lambda found: np.array([found.estimate, found.se]), {"svy": SVY_BOOTSTRAP}  # type: ignore[attr-defined]


def fay_herriot(folder: Path, n: int) -> Work:
    rng = np.random.default_rng(12)
    x, sampling = rng.normal(size=(n, 2)), rng.uniform(0.2, 1.5, n)
    y = 10 + x @ [1.0, -0.5] + rng.normal(0, 0.8, n) + rng.normal(size=n) * np.sqrt(sampling)
    columns = {"y": y, "v": sampling, "x1": x[:, 0], "x2": x[:, 1], "area": np.array([f"a{at}" for at in range(n)])}
    pyarrow.parquet.write_table(pa.table(columns), folder / "data.parquet")
    (folder / "targets.json").write_text("{}")
    matrix = np.column_stack([np.ones(n), x])
    run = lambda: fit_fay_herriot(y, sampling, matrix).estimates  # noqa: E731
    return run, np.asarray, {"svy-sae": SVY_SAE}


def mrp(folder: Path, n: int) -> Work:
    rng = np.random.default_rng(1)
    sizes = {"age": 4, "race": 4, "educ": 4, "area": 48, "sex": 2}
    effects = {k: rng.normal(0, s, m) for (k, m), s in zip(sizes.items(), [0.4, 0.5, 0.3, 0.3, 0], strict=True)}
    both, poverty = rng.normal(0, 0.25, (4, 4)), rng.normal(0, 1, 48)
    people = {k: rng.integers(0, m, n) for k, m in sizes.items()}

    def odds(cells: dict[str, np.ndarray]) -> np.ndarray:
        varying = sum(effects[k][cells[k]] for k in ("age", "race", "educ", "area"))
        return -0.3 + varying + 0.3 * cells["sex"] + both[cells["age"], cells["race"]] + 0.3 * poverty[cells["area"]]

    yes = rng.random(n) < 1 / (1 + np.exp(-odds(people)))
    grid = np.stack(np.meshgrid(*[np.arange(m) for m in sizes.values()], indexing="ij"), -1).reshape(-1, 5)
    cells = {k: grid[:, at] for at, k in enumerate(sizes)}
    survey = Survey.read({**people, "poverty": poverty[people["area"]], "y": np.where(yes, "yes", "no")})
    population = {**cells, "poverty": poverty[cells["area"]], "count": rng.poisson(50, len(grid)).astype(float)}
    pyarrow.parquet.write_table(survey.columns.table, folder / "data.parquet")
    pyarrow.parquet.write_table(pa.table(population), folder / "population.parquet")
    (folder / "targets.json").write_text("{}")
    model = MultilevelModel(varying=["age", "race", "educ", "area", ("age", "race")], fixed=["sex", "poverty"])

    def run() -> object:
        return estimate_mrp(
            survey, "y", category="yes", model=model, population=population, count="count", by="area", seed=1
        )

    return run, lambda found: np.array([a.estimate for a in found.areas[1:]]), {"Bambi, nutpie": BAMBI}  # type: ignore[attr-defined]


READ = """
import json, time, resource, sys
import numpy as np
folder = sys.argv[1]
given = json.load(open(folder + "/targets.json"))
def best(work, repeat=int(sys.argv[2])):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result, times = None, []
    for _ in range(repeat):
        start = time.perf_counter(); result = work(); times.append(time.perf_counter() - start)
    return result, min(times), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
def done(values, seconds, memory=0, **more):
    np.save(folder + "/values.npy", np.asarray(values, float)); print(json.dumps({"seconds": seconds, "kib": memory,
    **more}))
"""
RIMPY = (
    READ
    + """
import polars as pl, rimpy
df = pl.read_parquet(folder + "/data.parquet")
goal = {m: {int(k): v / given["n"] for k, v in t.items()} for m, t in given["targets"].items()}
out, s, kib = best(lambda: rimpy.rake(df, goal, convergence_threshold=given["tolerance"], total=given["n"]))
done(out["weight"].to_numpy(), s, kib)
"""
)
WEIGHTIPY = (
    READ
    + """
import pandas as pd, weightipy as wp
df = pd.read_parquet(folder + "/data.parquet")
goal = {m: {int(k): 100 * v / given["n"] for k, v in t.items()} for m, t in given["targets"].items()}
scheme = wp.scheme_from_dict(goal, rim_params={"convcrit": given["tolerance"]})
out, s, kib = best(lambda: wp.weight_dataframe(df, scheme))
w = out["weights"].to_numpy()
done(w * given["n"] / w.sum(), s, kib)
"""
)
SVY = (
    READ
    + """
import polars as pl, svy
df = pl.read_parquet(folder + "/data.parquet")
"""
)
SVY_RAKE = (
    SVY
    + """
goal = {m: {int(k): v for k, v in t.items()} for m, t in given["targets"].items()}
work = lambda: svy.Sample(df, svy.Design(wgt="w")).weighting.rake(controls=goal, tol=given["tolerance"], max_iter=1000)
out, s, kib = best(work)
done(out.data["rk_wgt"].to_numpy(), s, kib)
"""
)
SVY_GREG = (
    SVY
    + """
goal = {svy.Cat(m): {int(k): v for k, v in t.items()} for m, t in given["targets"].items()} | given["totals"]
work = lambda: svy.Sample(df, svy.Design(wgt="w")).weighting.calibrate(controls=goal)
out, s, kib = best(work)
done(out.data["calib_wgt"].to_numpy(), s, kib)
"""
)
SVY_DOMAINS = (
    SVY
    + """
def work():
    sample = svy.Sample(df, svy.Design(wgt="w", stratum="h", psu="psu"))
    return sample.estimation.mean([f"y{at}" for at in range(20)], by="area")
out, s, kib = best(work)
rows = []
for item in out:
    frame = item.to_polars()
    rows.append(frame)
table = pl.concat(rows, how="diagonal")
value = [c for c in table.columns if c in ("est", "estimate")][0]
table = table.with_columns(pl.col("area").cast(pl.Int64), pl.Series("item", np.repeat(np.arange(20),
50))).sort("item", "area") done(table.select(value, "se").to_numpy().ravel(), s, kib)
"""
)
SVY_BOOTSTRAP = (
    SVY
    + """
goal = {m: {int(k): v for k, v in t.items()} for m, t in given["targets"].items()}
def work():
    sample = svy.Sample(df, svy.Design(wgt="w", stratum="h", psu="psu"))
    sample = sample.weighting.create_bs_wgts(500, rep_prefix="bs", rstate=1)
    sample = sample.weighting.rake(controls=goal, tol=given["tolerance"], max_iter=1000)
    return sample.estimation.mean("y", method="replication")
out, s, kib = best(work, 1)
frame = out.to_polars()
value = [c for c in frame.columns if c in ("est", "estimate")][0]
done([frame[value][0], frame["se"][0]], s, kib)
"""
)
SVY_SAE = (
    READ
    + """
import polars as pl, svy_sae
df = pl.read_parquet(folder + "/data.parquet")
work = lambda: svy_sae.AreaLevel(df).fh(y="y", x=["x1", "x2"], area="area", variance="v", tol=1e-10)
work()
out, s, kib = best(work)
frame = out.prediction if isinstance(out.prediction, pl.DataFrame) else out.prediction.to_polars()
column = [c for c in frame.columns if c in ("est", "eblup", "estimate", "pred")][0]
frame = df.select("area").join(frame, on="area", how="left", maintain_order="left")
done(frame[column].to_numpy(), s, kib)
"""
)
BAMBI = (
    READ
    + """
import pandas as pd, bambi as bmb
df, pop = pd.read_parquet(folder + "/data.parquet"), pd.read_parquet(folder + "/population.parquet")
centre, spread = df.poverty.mean(), df.poverty.std(ddof=0)
for frame in (df, pop):
    for name in ("age", "race", "educ", "area"):
        frame[name] = frame[name].astype(str)
    frame["both"] = frame.age + "_" + frame.race
    frame["poverty"] = (frame.poverty - centre) / spread
df["yes"] = (df.y == "yes").astype(int)
groups = ["age", "race", "educ", "area", "both"]
priors = {f"1|{g}": bmb.Prior("Normal", mu=0, sigma=bmb.Prior("HalfNormal", sigma=1)) for g in groups}
priors |= {name: bmb.Prior("Normal", mu=0, sigma=2.5) for name in ("Intercept", "sex", "poverty")}
def work():
    terms = " + ".join(f"(1|{g})" for g in groups)
    model = bmb.Model("yes ~ 1 + sex + poverty + " + terms, df, family="bernoulli", priors=priors, auto_scale=False)
    fit = model.fit(draws=1000, tune=1000, chains=4, cores=1, inference_method="nutpie", random_seed=1,
    progressbar=False) return model, fit
(model, fit), s, kib = best(work, 1)
shares = model.predict(fit, data=pop, kind="response_params", inplace=False).posterior["p"].stack(s=("chain",
"draw")).values areas = sorted(pop.area.unique())
draws = np.array([pop["count"].values[pop.area == a] @ shares[(pop.area == a).values] / pop["count"].values[pop.area
== a].sum() for a in areas]) order = np.argsort([int(a) for a in areas])
done(draws.mean(axis=1)[order], s, kib, sd=draws.std(axis=1)[order].tolist())
"""
)
R_READ = """
suppressMessages(library(survey)); args <- commandArgs(trailingOnly = TRUE); folder <- args[1]
given <- jsonlite::fromJSON(file.path(folder, "targets.json"), simplifyVector = TRUE)
df <- read.csv(file.path(folder, "data.csv"))
for (m in names(given$targets)) df[[m]] <- factor(df[[m]], levels = names(given$targets[[m]]))
done <- function(values, seconds) {
  con <- file(file.path(folder, "values.bin"), "wb"); writeBin(as.double(values), con); close(con)
  cat(sprintf('{"seconds": %.4f, "kib": 0}\\n', seconds))
}
margins <- lapply(names(given$targets), function(m) { d <- data.frame(names(given$targets[[m]]),
  unlist(given$targets[[m]])); names(d) <- c(m, "Freq"); d[[m]] <- factor(d[[m]], levels = names(given$targets[[m]]));
  d })
formulas <- lapply(names(given$targets), function(m) as.formula(paste0("~", m)))
"""
R_RAKE = (
    R_READ
    + """
d <- svydesign(id = ~1, weights = ~w, data = df)
t <- system.time(r <- rake(d, formulas, margins, control = list(maxit = 1000, epsilon = given$tolerance)))[["elapsed"]]
done(weights(r), t)
"""
)
R_GREG = (
    R_READ
    + """
d <- svydesign(id = ~1, weights = ~w, data = df)
known <- c(`(Intercept)` = given$n)
for (m in names(given$targets)) { k <- unlist(given$targets[[m]])[-1]; names(k) <- paste0(m, names(k)); known <-
c(known, k) } known <- c(known, unlist(given$totals))
t <- system.time(r <- calibrate(d, as.formula(paste("~", paste(c(names(given$targets), names(given$totals)), collapse
= "+"))), known))[["elapsed"]] done(weights(r), t)
"""
)
R_DOMAINS = (
    R_READ
    + """
items <- paste0("y", 0:19)
t <- system.time({ d <- svydesign(id = ~psu, strata = ~h, weights = ~w, data = df)
  r <- svyby(as.formula(paste("~", paste(items, collapse = "+"))), ~area, d, svymean) })[["elapsed"]]
r <- r[order(as.integer(as.character(r$area))), ]
values <- c(); for (i in items) values <- c(values, as.vector(rbind(r[[i]], r[[paste0("se.", i)]])))
done(values, t)
"""
)

TASKS: dict[str, tuple[Callable[[Path, int], Work], int]] = {
    "raking 1M x 6 margins, base weights": (raking(SIX, base=True, tolerance=1e-8), 1_000_000),
    "raking 1M x 6 margins, equal base weights": (raking(SIX, base=False, tolerance=1e-8), 1_000_000),
    "raking 1M, 14.5M combinations": (raking(MANY, base=False, tolerance=1e-8), 1_000_000),
    "GREG 1M": (greg, 1_000_000),
    "50 domains x 20 items, 1M": (many_domains, 1_000_000),
    "bootstrap 500 x 100k, re-raked": (bootstrap, 100_000),
    "Fay-Herriot 300 areas": (fay_herriot, 300),
    "MRP 5,000 x 6 predictors": (mrp, 5_000),
}
ENVIRONMENTS = {"svy-sae": "sae", "Bambi, nutpie": "bambi"}


def run_peer(name: str, code: str, folder: Path, peers: Path, repeat: int) -> dict[str, object]:
    if name == "R survey":
        if not (folder / "data.csv").exists():
            pyarrow.csv.write_csv(pyarrow.parquet.read_table(folder / "data.parquet"), folder / "data.csv")
        command = ["Rscript", "-e", code, str(folder)]
        (folder / "peer.R").write_text(code)
        command = ["Rscript", str(folder / "peer.R"), str(folder)]
    else:
        (folder / "peer.py").write_text(code)
        python = peers / ENVIRONMENTS.get(name, "est") / "bin" / "python"
        command = [str(python), str(folder / "peer.py"), str(folder), str(repeat)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if result.returncode:
        return {"error": result.stderr.strip().splitlines()[-1][:200] if result.stderr else "failed"}
    found = json.loads(result.stdout.strip().splitlines()[-1])
    if name == "R survey":
        found["values"] = np.fromfile(folder / "values.bin")
    else:
        found["values"] = np.load(folder / "values.npy")
    return found


def measure(title: str, peers: Path, repeat: int) -> list[str]:
    make, n = TASKS[title]
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run, numbers, codes = make(folder, n)
        run()  # warm
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        times = []
        for _ in range(max(repeat, 3)):
            start = time.perf_counter()
            result = run()
            times.append(time.perf_counter() - start)
        ours, memory = numbers(result), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        for peer, code in codes.items():
            found = run_peer(peer, code, folder, peers, repeat)
            if "error" in found:
                lines.append(f"| {title} | {peer} | {min(times):.4g} | failed: {found['error']} | | |")
                continue
            theirs = found["values"]
            gap = float(np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-12)))
            said = f"largest relative gap {gap:.1e}"
            if "sd" in found:
                said = f"largest gap {np.max(np.abs(ours - theirs) / np.array(found['sd'])):.2f} posterior sd"
            ratio = float(found["seconds"]) / min(times)
            lines.append(f"| {title} | {peer} | {min(times):.4g} | {found['seconds']:.4g} | {ratio:.0f}x | {said} |")
            print(lines[-1], f"| extra memory {memory} against {found['kib']} KiB", flush=True)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    lines = ["| Work | Peer | Comity, s | Peer, s | Ratio | Agreement |", "|---|---|---|---|---|---|"]
    for title in TASKS:
        if not options.only or any(word in title for word in options.only):
            lines += measure(title, options.peers, options.repeat)
    print("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
