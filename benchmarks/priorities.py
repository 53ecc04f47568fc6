"""The budgeting rules and opinion groups timed against their goals, and beside a plain implementation; see README.md.

Run: PYTHONPATH=src python benchmarks/priorities.py [--repeat 5]
The elections and votes are made here from fixed seeds. With COMITY_NUMBA=0 it measures the code without the extra `fast`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from comity.priorities import Ballot, Election, Project, equal_shares, find_groups, gather_votes, greedy, phragmen
from comity.priorities.votes import Votes

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reference"))


def election(voters: int, projects: int, budget: int, *, seed: int) -> Election:
    """Projects of uneven fame and cost, about six approvals a voter."""
    generator = np.random.default_rng(seed)
    fame = generator.beta(1, 3, projects)
    likes = generator.random((voters, projects)) < fame * 6 / fame.sum()
    costs = np.minimum(generator.lognormal(0, 0.8, projects) * budget / projects * 3, budget / 2).astype(int) + 1
    one = Fraction(1)
    return Election(
        Fraction(budget),
        tuple(Project(str(at), Fraction(int(cost))) for at, cost in enumerate(costs)),
        tuple(Ballot(str(at), {str(each): one for each in np.flatnonzero(row)}) for at, row in enumerate(likes)),
    )


def conversation(people: int, statements: int, votes: int, *, seed: int) -> Votes:
    """Three camps, each with its own leanings."""
    generator = np.random.default_rng(seed)
    camp, lean = generator.integers(0, 3, people), generator.random((3, statements))
    given = {}
    for cell in generator.choice(people * statements, votes, replace=False).tolist():
        person, statement = divmod(cell, statements)
        given[str(person), str(statement)] = 1 if generator.random() < lean[camp[person], statement] else -1
    return gather_votes(given)


def seconds(work: Callable[[], object], repeat: int) -> tuple[float, float]:
    """(median, slowest) after one run to warm up."""
    work()
    taken = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken), max(taken)


def fresh(voters: int, projects: int, budget: int) -> Callable[[], Election]:
    """A function that gives the election without anything worked out before: counting ballots is part of the time."""
    made = election(voters, projects, budget, seed=1)
    return lambda: Election(made.budget, made.projects, made.ballots)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    small, large = fresh(2_000, 40, 1_000_000), fresh(47_000, 22, 1_000_000)
    talk = conversation(1_000, 100, 50_000, seed=1)
    rows = [
        ("equal shares, 2,000 voters x 40 projects, add1 then greedy", 0.1, lambda: equal_shares(small())),
        ("the same without completion", 0.1, lambda: equal_shares(small(), completion="none")),
        ("equal shares, 47,000 voters x 22 projects, add1 then greedy", 1.0, lambda: equal_shares(large())),
        ("the same without completion", 1.0, lambda: equal_shares(large(), completion="none")),
        ("greedy, 47,000 x 22", None, lambda: greedy(large())),
        ("Phragmen, 47,000 x 22", None, lambda: phragmen(large())),
        ("opinion groups, 50,000 votes of 1,000 people on 100 statements", 1.0, lambda: find_groups(talk, seed=1)),
        ("the same with 19 shuffles", None, lambda: find_groups(talk, seed=1, shuffles=19)),
    ]
    print("| Work | Goal | Median | Slowest |\n|---|---|---|---|")
    for name, goal, work in rows:
        median, slowest = seconds(work, repeat)
        print(f"| {name} | {f'{goal} s' if goal else '-'} | {median:.3f} s | {slowest:.3f} s |")
    from priorities import equal_shares as slow

    tiny = election(400, 20, 200_000, seed=1)
    costs, scores = {each.id: each.cost for each in tiny.projects}, [ballot.scores for ballot in tiny.ballots]
    start = time.perf_counter()
    found, _ = slow(costs, scores, tiny.budget / 400, worth=costs.get, first=tiny.first)
    taken = time.perf_counter() - start
    ours, _ = seconds(
        lambda: equal_shares(Election(tiny.budget, tiny.projects, tiny.ballots), completion="none"), repeat
    )
    assert list(equal_shares(tiny, completion="none").selected) == found
    print(f"\nOne run of 400 voters x 20 projects: {taken / ours:.0f} times as fast as plain fractions, same result.")


if __name__ == "__main__":
    main()
