"""Estimates side by side with their peers, in one run: seconds, ratios, agreement and memory, as a table for
benchmarks/README.md.

Run: PYTHONPATH=src python benchmarks/estimates.py --peers FOLDER [--only NAME ...] [--repeat 3] [--with-bambi]
FOLDER has an environment for each peer: est (svy, rimpy, weightipy, polars, pandas, pyarrow), sae (svy-sae, polars)
and bambi (bambi, nutpie, pyarrow; MRP takes minutes, so only on request). R is found on the path, with the packages
survey and jsonlite. Every side runs in a process of its own with one thread, on the same data made here from a fixed
seed; each peer's part of the work is a small program in estimates_peers/. Ratios are of wall time and, because a busy
machine stretches that, of processor time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
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
from comity.estimates.mrp import estimate_mrp  # noqa: E402
from comity.estimates.multilevel import MultilevelModel  # noqa: E402
from comity.estimates.small_area import fit_fay_herriot  # noqa: E402

PROGRAMS = Path(__file__).with_name("estimates_peers")


class Work(NamedTuple):
    """One piece of work: our side (a call, and its result as numbers), and each peer's program."""

    run: Callable[[], object]
    numbers: Callable[[object], np.ndarray]
    peers: dict[str, str]


def leave(folder: Path, columns: pa.Table, **given: object) -> None:
    """Leave the data and what is asked of it where the programs find them."""
    pyarrow.parquet.write_table(columns, folder / "data.parquet")
    (folder / "given.json").write_text(json.dumps(given))


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
        table = pa.table(columns)
        leave(folder, table, targets=goal, tolerance=tolerance, n=n)

        def run() -> object:
            return weigh(Survey.read(table, Design(weights="w")), Rake(goal, tolerance=tolerance)).weights

        peers = {} if base else {"rimpy": "rimpy_rake.py", "weightipy": "weightipy_rake.py"}
        if base:
            peers = {"svy": "svy_rake.py", "R survey": "r_rake.R"}
        return Work(run, lambda weights: np.asarray(weights), peers)

    return make


def greg(folder: Path, n: int) -> Work:
    sizes = SIX[:4]
    columns = sample(n, sizes)
    rng = np.random.default_rng(9)
    columns["x1"], columns["x2"] = rng.gamma(3, 10, n), rng.normal(50, 10, n)
    goal = targets(columns, sizes)
    totals = {"x1": 31.0 * n, "x2": 50.5 * n}
    table = pa.table(columns)
    leave(folder, table, targets=goal, totals=totals, n=n)
    step = Calibrate(totals, margins=goal)
    run = lambda: weigh(Survey.read(table, Design(weights="w")), step).weights  # noqa: E731
    return Work(run, np.asarray, {"svy": "svy_greg.py", "R survey": "r_greg.R"})


def many_domains(folder: Path, n: int) -> Work:
    rng = np.random.default_rng(10)
    columns: dict[str, np.ndarray] = {"w": rng.uniform(0.5, 2.0, n)}
    columns["psu"] = rng.integers(0, 2000, n).astype(np.int32)
    columns["h"] = (columns["psu"] % 40).astype(np.int32)
    columns["area"] = rng.integers(0, 50, n).astype(np.int32)
    for at in range(20):
        columns[f"y{at}"] = rng.integers(1, 6, n).astype(float)
    table, items = pa.table(columns), [f"y{at}" for at in range(20)]
    leave(folder, table)
    design = Design(weights="w", strata="h", clusters="psu")
    run = lambda: estimate_mean(Survey.read(table, design), items, by="area")  # noqa: E731

    def numbers(found: object) -> np.ndarray:
        order = sorted(found, key=lambda each: (int(each.variable[1:]), int(each.domain_name)))  # type: ignore[attr-defined]
        return np.array([[each.estimate, each.se] for each in order]).ravel()

    return Work(run, numbers, {"svy": "svy_domains.py", "R survey": "r_domains.R"})


def bootstrap(folder: Path, n: int) -> Work:
    columns = sample(n, SIX)
    rng = np.random.default_rng(11)
    columns["psu"] = rng.integers(0, 1000, n).astype(np.int32)
    columns["h"] = (columns["psu"] % 20).astype(np.int32)
    columns["y"] = rng.normal(5, 2, n) + columns["m5"] * 0.1
    goal = targets(columns, SIX)
    table = pa.table(columns)
    leave(folder, table, targets=goal, tolerance=1e-8, n=n)

    def run() -> object:
        survey = Survey.read(table, Design(weights="w", strata="h", clusters="psu"))
        raked = weigh(with_replicates(survey, "bootstrap", count=500, seed=1), Rake(goal, tolerance=1e-8))
        return estimate_mean(raked, "y")[0]

    return Work(run, lambda found: np.array([found.estimate, found.se]), {"svy": "svy_bootstrap.py"})  # type: ignore[attr-defined]


def fay_herriot(folder: Path, n: int) -> Work:
    rng = np.random.default_rng(12)
    x, sampling = rng.normal(size=(n, 2)), rng.uniform(0.2, 1.5, n)
    y = 10 + x @ [1.0, -0.5] + rng.normal(0, 0.8, n) + rng.normal(size=n) * np.sqrt(sampling)
    columns = {"y": y, "v": sampling, "x1": x[:, 0], "x2": x[:, 1], "area": np.array([f"a{at}" for at in range(n)])}
    leave(folder, pa.table(columns))
    matrix = np.column_stack([np.ones(n), x])
    run = lambda: fit_fay_herriot(y, sampling, matrix).estimates  # noqa: E731
    return Work(run, np.asarray, {"svy-sae": "svy_sae_fay_herriot.py"})


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
    leave(folder, survey.columns.table)
    pyarrow.parquet.write_table(pa.table(population), folder / "population.parquet")
    model = MultilevelModel(varying=["age", "race", "educ", "area", ("age", "race")], fixed=["sex", "poverty"])

    def run() -> object:
        return estimate_mrp(
            survey, "y", category="yes", model=model, population=population, count="count", by="area", seed=1
        )

    numbers = lambda found: np.array([a.estimate for a in found.areas[1:]])  # noqa: E731
    return Work(run, numbers, {"Bambi, nutpie": "bambi_mrp.py"})


TASKS: dict[str, tuple[Callable[[Path, int], Work], int]] = {
    "raking 1M x 6 margins, base weights": (raking(SIX, base=True, tolerance=1e-8), 1_000_000),
    "raking 1M x 6 margins, equal base weights": (raking(SIX, base=False, tolerance=1e-8), 1_000_000),
    "raking 1M, 14.5M combinations": (raking(MANY, base=False, tolerance=1e-8), 1_000_000),
    "GREG 1M (4 margins, 2 totals)": (greg, 1_000_000),
    "50 domains x 20 items with standard errors, 1M": (many_domains, 1_000_000),
    "bootstrap, 500 replicates x 100k, re-raked": (bootstrap, 100_000),
    "Fay-Herriot 300 areas": (fay_herriot, 300),
    "MRP, 5,000 x 6 predictors": (mrp, 5_000),
}
GOALS = {
    ("raking 1M x 6 margins, base weights", "svy"): 100,
    ("raking 1M x 6 margins, base weights", "R survey"): 500,
    ("raking 1M x 6 margins, equal base weights", "rimpy"): 10,
    ("raking 1M, 14.5M combinations", "weightipy"): 5,
    ("GREG 1M (4 margins, 2 totals)", "svy"): 100,
    ("GREG 1M (4 margins, 2 totals)", "R survey"): 100,
    ("50 domains x 20 items with standard errors, 1M", "svy"): 150,
    ("50 domains x 20 items with standard errors, 1M", "R survey"): 60,
    ("bootstrap, 500 replicates x 100k, re-raked", "svy"): 20,
    ("Fay-Herriot 300 areas", "svy-sae"): 50,
    ("MRP, 5,000 x 6 predictors", "Bambi, nutpie"): 100,
}
ENVIRONMENTS = {"svy-sae": "sae", "Bambi, nutpie": "bambi"}
SLOW = ("Bambi, nutpie",)


def run_ours(title: str, folder: Path, repeat: int) -> None:
    """Our side, in a process of its own: small once, so that compiled kernels are loaded, then in full."""
    sys.argv = ["", str(folder), str(repeat)]
    sys.path.insert(0, str(PROGRAMS))
    from common import best, done

    make, n = TASKS[title]
    with tempfile.TemporaryDirectory() as small:
        make(Path(small), max(n // 20, 300)).run()
    work = make(folder, n)
    result, figures = best(work.run)
    done(work.numbers(result), figures)


def run_side(command: list[str], folder: Path) -> dict[str, object]:
    """The figures one side printed, and its numbers; or its error."""
    result = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if result.returncode:
        return {"error": (result.stderr.strip().splitlines() or ["failed"])[-1][:200]}
    found = dict(json.loads(result.stdout.strip().splitlines()[-1]))
    raw = folder / "values.bin"
    found["values"] = np.fromfile(raw) if raw.exists() else np.load(folder / "values.npy")
    raw.unlink(missing_ok=True)
    return found


def peer_command(peer: str, program: str, folder: Path, peers: Path, repeat: int) -> list[str]:
    if not program.endswith(".R"):
        python = peers / ENVIRONMENTS.get(peer, "est") / "bin" / "python"
        return [str(python), str(PROGRAMS / program), str(folder), str(repeat)]
    table = pyarrow.parquet.read_table(folder / "data.parquet")
    (folder / "columns.json").write_text(json.dumps({"names": table.column_names, "rows": table.num_rows}))
    with (folder / "data.bin").open("wb") as file:
        for name in table.column_names:
            table[name].to_numpy().astype(float).tofile(file)
    whole = folder / "peer.R"
    whole.write_text((PROGRAMS / "common.R").read_text() + (PROGRAMS / program).read_text())
    return ["Rscript", str(whole), str(folder)]


def measure(title: str, peers: Path, repeat: int, with_bambi: bool) -> list[str]:
    make, n = TASKS[title]
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        programs = make(folder, n).peers
        ours_command = [sys.executable, __file__, "--ours", title, str(folder), "--repeat", str(max(repeat, 5))]
        ours = run_side(ours_command, folder)
        if "error" in ours:
            raise SystemExit(f"{title}: {ours['error']}")
        for peer, program in programs.items():
            if peer in SLOW and not with_bambi:
                continue
            theirs = run_side(peer_command(peer, program, folder, peers, repeat), folder)
            lines.append(line_of(title, peer, ours, theirs))
            print(lines[-1], flush=True)
    return lines


def line_of(title: str, peer: str, ours: dict, theirs: dict) -> str:  # type: ignore[type-arg]
    if "error" in theirs:
        return f"| {title} | {peer} | {ours['seconds']:.4g} | failed: {theirs['error']} | | | | | |"
    one, two = ours["values"], theirs["values"]
    said = f"{np.max(np.abs(one - two) / np.maximum(np.abs(two), 1e-12)):.0e}"
    if "sd" in theirs:
        said = f"within {np.max(np.abs(one - two) / np.array(theirs['sd'])):.2f} posterior sd"
    wall, cpu = theirs["seconds"] / ours["seconds"], theirs["cpu"] / ours["cpu"]
    goal = GOALS.get((title, peer))
    memory = f"{ours['kib'] / 1024:.0f} / {theirs['kib'] / 1024:.0f}" if theirs["kib"] else ""
    numbers = f"{ours['seconds']:.4g} | {theirs['seconds']:.4g} | {wall:.0f}x | {cpu:.0f}x"
    return f"| {title} | {peer} | {numbers} | {f'{goal}x' if goal else ''} | {said} | {memory} |"


HEAD = """| Work | Peer | Comity, s | Peer, s | Ratio | Processor time | Goal | Relative gap | Extra memory, MiB |
|---|---|---|---|---|---|---|---|---|"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--with-bambi", action="store_true")
    parser.add_argument("--ours", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        run_ours(options.ours[0], Path(options.ours[1]), options.repeat)
        return
    if options.peers is None:
        parser.error("name the folder of the peers' environments: --peers FOLDER")
    lines = []
    for title in TASKS:
        if not options.only or any(word in title for word in options.only):
            lines += measure(title, options.peers, options.repeat, options.with_bambi)
    print("\n".join([HEAD, *lines]))


if __name__ == "__main__":
    main()
