"""A town whose neighbours think alike, sampled in two stages again and again: how often do 95% intervals hold the truth?

Run: python tests/reference/clustered_town.py 400
"""

from __future__ import annotations

import sys

import numpy as np

from comity.estimates import Design, Survey, estimate_mean
from comity.site.surveys.sampling import Plan, draw_sample, token_group
from comity.site.surveys.sampling.frame import Frame

RHO, PER_PSU, ANSWERS = 0.1, 10, 0.6
BLOCKS = {"north": 260, "south": 180}


def town(seed):
    """(frame, what each household thinks (0-100), share of variance between blocks of about 0.1)."""
    chance = np.random.default_rng(seed)
    rows, opinions = [], []
    for stratum, blocks in BLOCKS.items():
        for block in range(blocks):
            size = int(chance.integers(12, 40))
            level = (58 if stratum == "north" else 46) + chance.normal(0, 20 * RHO**0.5)
            for _ in range(size):
                rows.append({"home": str(len(rows)), "area": stratum, "block": f"{stratum}-{block}"})
                opinions.append(level + chance.normal(0, 20 * (1 - RHO) ** 0.5))
    return Frame(("home", "area", "block"), rows), np.array(opinions)


def covers(frame, opinions, seed, group_of=100):
    """Whether the interval holds the truth: {with groups, with a stated design effect, with neighbours ignored}, and half-widths."""
    plan = Plan(n=1200, strata=("area",), psu="block", per_psu=PER_PSU, group_of=group_of)
    drawn = draw_sample(frame, plan, seed=seed)
    chance = np.random.default_rng((seed, 7))
    answered = [row for row in drawn.rows if chance.random() < ANSWERS]
    weight = {name: listed / n for name, (listed, n) in drawn.sizes.items()}
    table = {
        "stratum": [row["stratum"] for row in answered],
        "group": [token_group(row["stratum"], row["group"]) for row in answered],
        "weight": [weight[row["stratum"]] for row in answered],
        "opinion": [float(opinions[int(row["home"])]) for row in answered],
    }
    effect = 1 + (PER_PSU * ANSWERS - 1) * RHO
    designs = {
        "groups": Design(weights="weight", strata="stratum", clusters=("group",)),
        "stated": Design(weights="weight", strata="stratum", design_effect=effect),
        "ignored": Design(weights="weight", strata="stratum"),
    }
    truth = float(opinions.mean())
    found = {name: estimate_mean(Survey.read(table, design), "opinion")[0] for name, design in designs.items()}
    return {name: (each.low <= truth <= each.high, (each.high - each.low) / 2) for name, each in found.items()}


def coverage(draws, *, group_of=100):
    """{kind: (share of draws whose interval holds the truth, mean half-width)}."""
    frame, opinions = town(1)
    results = [covers(frame, opinions, seed, group_of) for seed in range(draws)]
    return {
        kind: (float(np.mean([each[kind][0] for each in results])), float(np.mean([each[kind][1] for each in results])))
        for kind in ("groups", "stated", "ignored")
    }


if __name__ == "__main__":
    for kind, (share, width) in coverage(int(sys.argv[1])).items():
        print(f"{kind:8} {share:.3f}  ±{width:.2f}")
