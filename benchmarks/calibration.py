"""Do the intervals cover, and does the rule seldom show what is not there? Re-makes docs/methods/calibration.md:

python benchmarks/calibration.py --draws 1000 --out docs/methods/calibration.md
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy import special, stats

from comity.disparity.change import change_finding
from comity.disparity.counts import GroupedCounts
from comity.disparity.finding import Verdict
from comity.disparity.outcome import outcome_findings
from comity.disparity.rates import search_rate_findings
from comity.disparity.rollout import rollout_finding
from comity.disparity.threshold import LEVELS, fit_until_converged, threshold_findings, threshold_test
from comity.disparity.threshold_model import ModelOptions
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


def threshold_test_lines(fits: int) -> list[str]:
    """Simulation-based calibration of the threshold test (Talts et al. 2018), and its false alarms, as Markdown."""
    ranks, covered, refused = threshold_ranks(fits)
    alarms = [threshold_without_bias(np.random.default_rng(seed)) for seed in range(fits)]
    lines = [
        "## Threshold test",
        f"Simulation-based calibration: {fits} times, parameters are drawn from the prior and counts of 12 places and two",
        "groups from the parameters; the rank of the true value among 99 thinned draws must be uniform. Chi-square test on",
        f"ten bins; with {len(ranks)} quantities the smallest p should not be far below {1 / len(ranks):.2f}.",
        f"Fits without convergence, which give no number: {refused}. The 95% interval of the gap covers {covered:.1%}.",
        "",
        "| Quantity | chi-square (9 df) | p |",
        "|---|---|---|",
    ]
    for name, each in ranks.items():
        bins = np.bincount(each // 10, minlength=10)
        result = stats.chisquare(bins)
        lines.append(f"| {name} | {result.statistic:.1f} | {result.pvalue:.3f} |")
    shows, unsure = (np.mean([each is verdict for each in alarms]) for verdict in (Verdict.SHOWS, Verdict.CANNOT_TELL))
    return [
        *lines,
        "",
        f"No bias: {fits} data sets of 20 places in which both groups are searched above one and the same probability, that",
        f"differs by place, while shares and signals differ by group. Verdict *shows*: {shows:.1%}; *cannot tell*: {unsure:.1%}.",
    ]


def threshold_ranks(fits: int) -> tuple[dict[str, np.ndarray], float, int]:
    """Ranks (0 to 99) of true values among thinned draws, the share of gaps covered, and how many fits were refused."""
    names = ["sigma", "mu_phi", "mu_delta", "t_1", "t_2", "phi_1", "phi_2", "delta_1", "delta_2"]
    names += ["threshold_1", "threshold_2", "gap"]
    ranks, covered, refused = [], [], 0
    for seed in range(fits):
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
        ranks.append((thinned < values).sum(axis=0))
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


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--fits", type=int, default=200, help="of the threshold test")
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
    lines += ["", *threshold_test_lines(options.fits)]
    options.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
