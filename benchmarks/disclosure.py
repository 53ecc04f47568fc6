"""Disclosure control measured: attacks on random releases and chains, loss against the optimum, time by size.

PYTHONPATH=src python benchmarks/disclosure.py attack --releases 1000
PYTHONPATH=src python benchmarks/disclosure.py chains --chains 20
PYTHONPATH=src python benchmarks/disclosure.py loss --releases 40
PYTHONPATH=src python benchmarks/disclosure.py time --large
PYTHONPATH=src python benchmarks/disclosure.py all

`all` is a sample of everything, in under four minutes on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from unittest.mock import patch

from random_tables import cube_release, grid_release, publish_chain, random_chain, random_release, with_random_keys

from comity.disclosure import CannotProtect, CountTable, Policy, audit, protect
from comity.disclosure.optimum import MOST_CELLS, least_loss
from comity.disclosure.suppression import Problem, choose_hidden

protect_module = sys.modules["comity.disclosure.protect"]  # the package has a function of the same name


def attack(releases: int) -> dict[str, object]:
    """Every hidden count's very bounds, over many random releases."""
    found: Counter[str] = Counter()
    narrowest = []
    for seed in range(releases):
        try:
            protected = protect(random_release(seed), Policy())
        except CannotProtect:
            found["refused"] += 1
            continue
        result = audit(protected.published, minimum=10, all_bounds=True)
        found.update(released=1, hidden=result.hidden, exact=result.exact, short=result.short)
        found.update(small_differences=len(result.small_differences), incomplete=not result.complete)
        if result.narrowest is not None:
            narrowest.append(result.narrowest)
    return {**found, "narrowest": min(narrowest)}


def chains(count: int) -> dict[str, object]:
    """Twelve months with late corrections and their year, attacked together."""
    found: Counter[str] = Counter()
    for seed in range(count):
        releases, held_back = publish_chain(random_chain(seed, records=(6_000, 12_000, 24_000)[seed % 3]), Policy())
        last = releases[-1]
        result = audit(last.tables, minimum=10, period=last.period, earlier=releases[:-1], all_bounds=True)
        found.update(chains=1, releases=len(releases), held_back=len(held_back))
        found.update(hidden=result.hidden, exact=result.exact, short=result.short)
    return dict(found)


def loss(releases: int, most_rounds: int) -> dict[str, object]:
    """The heuristic's loss over the optimum, or over the best proven bound, on systems of up to 500 cells."""
    problems: list[Problem] = []

    def kept(problem: Problem, **settings: object) -> object:
        problems.append(problem)
        return choose_hidden(problem)

    ratios, proven = [], 0
    with patch.object(protect_module, "choose_hidden", kept):
        for seed in range(releases):
            try:
                protected = protect(random_release(seed), Policy())
            except CannotProtect:
                continue
            if protected.report.secondary and len(problems[-1].counts) <= MOST_CELLS:
                best = least_loss(problems[-1], most_rounds=most_rounds)
                proven += best.is_proven
                ratios.append(protected.report.loss / best.bound)
    return {
        "systems": len(ratios),
        "optimum_proven": proven,
        "loss_over_bound_mean": round(statistics.mean(ratios), 4),
        "loss_over_bound_median": round(statistics.median(ratios), 4),
        "loss_over_bound_most": round(max(ratios), 4),
        "within_1.10": sum(ratio <= 1.10 for ratio in ratios),
    }


def timed(*, large: bool) -> list[dict[str, object]]:
    """CPU seconds of `protect`, audit included, by number of cells; large: 100,000 cells too."""
    sizes = [(80, 10, 12_000, 10), (80, 10, 60_000, 10), (600, 14, 100_000, 40), (600, 14, 500_000, 40)]
    found = [
        _timed(grid_release(1, places=places, groups=groups, records=records, districts=districts), Policy())
        for places, groups, records, districts in [*sizes, *([(6_000, 14, 1_000_000, 400)] if large else [])]
    ]
    found += [{**_timed(cube_release(1, mean=mean), Policy()), "crossed": 3} for mean in (6.0, 25.0)]
    wide = grid_release(1, places=6_000, groups=14, records=1_000_000, districts=400)
    return [*found, _timed([with_random_keys(1, each) for each in wide], Policy(method="cell-key"))]


def _timed(tables: list[CountTable], policy: Policy) -> dict[str, object]:
    start = time.process_time()
    report = protect(tables, policy).report
    return {
        "method": policy.method,
        "cells": report.cells,
        "primary": report.primary,
        "secondary": report.secondary,
        "exact": report.audit.exact,
        "short": report.audit.short,
        "cpu_seconds": round(time.process_time() - start, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("attack", "chains", "loss", "time", "all"))
    parser.add_argument("--large", action="store_true", help="time 100,000 cells too; takes minutes")
    parser.add_argument("--releases", type=int, default=100)
    parser.add_argument("--chains", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=70, help="of Benders' decomposition, for each system")
    given = parser.parse_args()
    start = time.process_time()
    result: object
    if given.what == "attack":
        result = attack(given.releases)
    elif given.what == "chains":
        result = chains(given.chains)
    elif given.what == "loss":
        result = loss(given.releases, given.rounds)
    elif given.what == "time":
        result = timed(large=given.large)
    else:
        result = {"attack": attack(200), "chains": chains(4), "loss": loss(7, 40), "time": timed(large=False)}
    print(json.dumps({"result": result, "cpu_seconds": round(time.process_time() - start, 1)}, indent=2))


if __name__ == "__main__":
    main()
