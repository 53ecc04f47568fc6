"""Do the intervals cover, and does the rule seldom show what is not there? Re-makes docs/methods/calibration.md:

python benchmarks/calibration.py --draws 1000 --out docs/methods/calibration.md

Each method meets data drawn without any difference, again and again; the threshold test also data drawn from its prior.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy import special, stats

from comity.disparity.benchmarks import dark_hours_findings
from comity.disparity.change import change_finding, funnel
from comity.disparity.counts import GroupedCounts
from comity.disparity.finding import Finding, Verdict
from comity.disparity.intervals import clustered_rate, mantel_haenszel_ratio
from comity.disparity.officers import officers_against_peers
from comity.disparity.outcome import outcome_findings
from comity.disparity.rates import Benchmark, search_rate_findings, stop_rate_findings
from comity.disparity.rollout import rollout_finding
from comity.disparity.rollout_estimators import callaway_santanna, impute, roth_santanna, sun_abraham
from comity.disparity.rollout_panel import read_panel
from comity.disparity.selection import selection_bounds
from comity.disparity.threshold import LEVELS, fit_until_converged, threshold_findings, threshold_test
from comity.disparity.threshold_model import ModelOptions
from comity.disparity.veil_model import VeilOptions, fit_veil
from comity.disparity.veil_of_darkness import veil_of_darkness
from comity.disparity.veil_stops import read_stops

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


def veil(rng, days=365, rows=6000, drift=0.3) -> Answer:
    """The verdict is only worked out, with all its variants, where the interval leaves no difference out."""
    table = minutes(rng, days=days, rows=rows, drift=drift)
    stops = read_stops(table, group="black", reference="white", **WHERE)
    low, high = fit_veil(stops, options=VeilOptions(), time_zone=WHERE["time_zone"]).interval()
    if low <= 1 <= high:
        return low, high, False
    return told(veil_of_darkness(table, group="black", reference="white", **WHERE))


def veil_few_days(rng) -> Answer:
    return veil(rng, days=60, rows=3000, drift=0.6)


def rollout(rng) -> Answer:
    """As for the veil of darkness."""
    table = panel(rng)
    effect, _ = impute(read_panel(table))
    return (effect.low, effect.high, False) if effect.low <= 0 <= effect.high else told(rollout_finding(table))


def dark_hours(rng) -> Answer:
    rows = 3000
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
    "stop rate against stops in the dark": (dark_hours, 1.0),
    "outcome test": (lambda rng: told(outcome_findings(places(rng, hits=True), reference="white")[0]), 1.0),
    "veil of darkness, a year": (veil, 1.0),
    "veil of darkness, 60 days": (veil_few_days, 1.0),
    "change over time": (change, 1.0),
    "roll-out: imputation, and the verdict": (rollout, 0.0),
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


def threshold_test_lines(fits: int) -> list[str]:
    """Simulation-based calibration of the threshold test (Talts et al. 2018), and its false alarms, as Markdown."""
    runs = [threshold_ranks(range(first, first + fits)) for first in (0, 1000)]
    alarms = [threshold_without_bias(np.random.default_rng(seed)) for seed in range(fits)]
    lines = [
        "## Threshold test",
        f"Simulation-based calibration (Talts et al. 2018): {fits} times, parameters are drawn from the prior and counts of 12 places and",
        "two groups from the parameters; the rank of the true value among 99 thinned draws must be uniform. Chi-square test on ten",
        f"bins. All of it twice, with other seeds: of {len(runs[0][0])} quantities the smallest p should not be far below",
        f"{1 / len(runs[0][0]):.2f}, and none should be small in both runs. Fits without convergence give no number and are left out:",
        f"{runs[0][2]} and {runs[1][2]}. The 95% interval of the gap covers {runs[0][1]:.1%} and {runs[1][1]:.1%}.",
        "",
        "| Quantity | chi-square (9 df) | p | again | p |",
        "|---|---|---|---|---|",
    ]
    for name in runs[0][0]:
        found = [stats.chisquare(np.bincount(ranks[name] // 10, minlength=10)) for ranks, _, _ in runs]
        lines.append(f"| {name} | {' | '.join(f'{each.statistic:.1f} | {each.pvalue:.3f}' for each in found)} |")
    shows, unsure = (np.mean([each is verdict for each in alarms]) for verdict in (Verdict.SHOWS, Verdict.CANNOT_TELL))
    return [
        *lines,
        "",
        f"No bias: {fits} data sets of 20 places in which both groups are searched above one and the same probability, that",
        f"differs by place, while shares and signals differ by group. Verdict *shows*: {shows:.1%}; *cannot tell*: {unsure:.1%}.",
    ]


def threshold_ranks(seeds: range) -> tuple[dict[str, np.ndarray], float, int]:
    """Ranks (0 to 99) of true values among thinned draws, the share of gaps covered, and how many fits were refused."""
    names = ["sigma", "mu_phi", "mu_delta", "t_1", "t_2", "phi_1", "phi_2", "delta_1", "delta_2"]
    names += ["threshold_1", "threshold_2", "gap"]
    ranks, covered, refused = [], [], 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        n = rng.integers(100, 4000, (12, 2))
        sigma, mu_phi, mu_delta, t_race = abs(rng.normal()), rng.normal(), rng.normal(), rng.normal(size=2)
        phi_race, delta_race = rng.normal(mu_phi, 0.1, 2), rng.normal(mu_delta, 0.1, 2)
        phi, log_delta = (each + rng.normal(0, 0.1, (12, 1)) for each in (phi_race, delta_race))
        t = rng.normal(t_race, sigma, (12, 2))
        s, h, threshold = stops_searched(rng, n, phi, log_delta, t)
        counts = (each.astype(float) for each in (n, s, h))
        draws, gates = fit_until_converged(*counts, ModelOptions(), LEVELS)
        if not all(gate.passed for gate in gates):
            refused += 1
            continue
        weights = n.sum(axis=1) / n.sum()
        pooled, true = np.einsum("idr,d->ir", draws.thresholds, weights), weights @ threshold
        columns = [np.exp(draws.log_sigma)[:, None], draws.globals, pooled, pooled[:, 1:] - pooled[:, :1]]
        values = np.concatenate([[sigma, mu_phi, mu_delta], t_race, phi_race, delta_race, true, [true[1] - true[0]]])
        thinned = np.concatenate(columns, axis=1)[:: len(pooled) // 99][:99]
        # Where a threshold is 0 or 1 as far as doubles go, chance decides between equals.
        ranks.append((thinned < values).sum(axis=0) + rng.integers(0, 1 + (thinned == values).sum(axis=0)))
        low, high = np.quantile(columns[-1], [0.025, 0.975])
        covered.append(low <= values[-1] <= high)
    return dict(zip(names, np.array(ranks).T, strict=True)), float(np.mean(covered)), refused


def threshold_without_bias(rng) -> Verdict:
    """The verdict on two groups whose members are searched above the same probability in each place."""
    n = rng.integers(500, 8000, (20, 2))
    bar = special.expit(rng.normal(-1, 0.4, (20, 1)))
    phi = np.array([-1.8, -2.1]) + rng.normal(0, 0.1, (20, 1))
    log_delta = np.array([0.3, 0.15]) + rng.normal(0, 0.1, (20, 1))
    delta = np.exp(log_delta)
    t = (special.logit(bar) - phi) / delta + delta / 2
    s, h, _ = stops_searched(rng, n, phi, log_delta, t)
    counts = GroupedCounts(tuple(f"p{i}" for i in range(20)), ("black", "white"), n, s, h, {}, int(n.sum()))
    (finding,) = threshold_findings(threshold_test(counts, reference="white", sensitivity=False))
    if finding.verdict is Verdict.SHOWS:  # only then can the sensitivities change anything
        (finding,) = threshold_findings(threshold_test(counts, reference="white"))
    return finding.verdict


def stops_searched(rng, n, phi, log_delta, t):
    """Searches, hits and threshold probabilities of the discriminant model."""
    share, delta = special.expit(phi), np.exp(log_delta)
    hit, missed = share * stats.norm.sf(t - delta), (1 - share) * stats.norm.sf(t)
    s = rng.binomial(n, np.clip(hit + missed, 0, 1))
    return s, rng.binomial(s, hit / (hit + missed)), special.expit(phi + delta * t - 0.5 * delta**2)


def threshold_section(options: argparse.Namespace) -> str:
    if options.fits:
        return "\n".join(threshold_test_lines(options.fits))
    before = options.out.read_text() if options.out and options.out.exists() else ""
    heading = "## Threshold test"
    return (
        heading + before.split(heading)[1].rstrip() if heading in before else f"{heading}\nNot made yet (`--fits 200`)."
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--fits", type=int, default=200, help="of the threshold test; 0 keeps what the page has")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", default="", help="methods whose name contains this")
    options = parser.parse_args()
    lines: list[str] = []
    for name, (draw, truth) in METHODS.items():
        if options.only not in name:
            continue
        start = time.perf_counter()
        answers = [draw(np.random.default_rng(seed)) for seed in range(options.draws)]
        bounds = np.array([answer[:2] for answer in answers], dtype=float)
        known = bounds[np.isfinite(bounds).all(axis=1)]
        covers = np.mean((known[:, 0] <= truth) & (truth <= known[:, 1]))
        verdicts = [answer[2] for answer in answers if answer[2] is not None]
        shows = f"{np.mean(verdicts):.1%}" if verdicts else "-"
        lines.append(f"| {name} | {len(known):,} | {covers:.1%} | {shows} |")
        print(lines[-1], f"{time.perf_counter() - start:.0f} s", flush=True)
    if options.only:
        return
    fewer = max(options.draws // 5, 1)
    flagged, confirmed, false = officers(fewer)
    out = places_that_stand_out(options.draws)
    page = f"""# Calibration

Made by `python benchmarks/calibration.py --draws {options.draws} --out docs/methods/calibration.md`: data without any difference, drawn
again and again. Intervals ought to cover 95%, and the verdict *shows* to come up in at most 5%. Over 1,000 draws the coverage of a perfect
interval lies between 93.6% and 96.4% nineteen times in twenty. A dash: the method gives no verdict of its own. Places' rates are drawn very
unlike (their logarithms with a standard deviation of 0.6), which skews the rate of one group; ratios and differences, which decide, are not.

| Method | data sets | interval covers | verdict *shows* |
|---|---|---|---|
{chr(10).join(lines)}

Officers, {fewer} data sets of 100 officers: without bias, any officer is flagged in {flagged:.1%} and any is confirmed in {confirmed:.1%} of
the data sets (false discoveries are held at 10%). Where ten of them search 15 points more, {false:.1%} of those confirmed are others.
Funnels of 40 places with one rate: {out:.2%} of the places are said to stand out (0.2% lie outside by chance).

{threshold_section(options)}
"""
    if options.out:
        options.out.write_text(page)
    print(page)


if __name__ == "__main__":
    main()
