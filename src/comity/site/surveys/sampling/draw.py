"""Draws a sample of addresses with known chances: stratified, in one stage or in two, with oversamples.

One stage: simple random sampling within strata. Two stages: PSUs with probability proportional to their number of addresses
(systematic), then the same number of addresses
in each; PSUs so large that they are certain are drawn from at the rate of the others. PSUs go into random groups (`groups`). Lohr, *Sampling: Design and Analysis* (3rd ed.),
chapters 3 and 6. Every random choice follows from `seed`, so that anyone who holds the list can draw it again.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from comity.errors import ComityError
from comity.site.surveys.sampling.frame import Frame, FrameError
from comity.site.surveys.sampling.groups import FEWEST_IN_GROUP, assign_groups, read_token_group

EVERYONE = "all"
ADDED = ("case", "stratum", "psu", "group", "stratum_size", "probability", "weight")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """n: addresses to draw in all. strata: columns whose combinations are the strata. oversample: {stratum: factor}, how many
    times the rate of the others, such as {"north": 2}; a stratum of several columns is "north, renter".

    psu: column of the first-stage units (blocks), per_psu: addresses to draw in each; both or neither. group_of: the least number of
    people in a random group of PSUs, 0 to make none. fewest: the least a stratum gets, so that its variance can be estimated.
    """

    n: int
    strata: tuple[str, ...] = ()
    oversample: Mapping[str, float] = field(default_factory=dict)
    psu: str | None = None
    per_psu: int = 0
    group_of: int = FEWEST_IN_GROUP
    fewest: int = 2

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ComityError(f"A sample of {self.n} was asked for.", "Ask for at least 1.")
        if (self.psu is None) != (self.per_psu == 0) or self.per_psu < 0:
            raise ComityError(
                f"The PSU column is '{self.psu}' and {self.per_psu} addresses are drawn in each.",
                "Give both or neither.",
            )
        if self.group_of and self.group_of < 50:
            raise ComityError(
                f"Groups of {self.group_of} people were asked for.", "Ask for 50 or more, or for 0 to make none."
            )
        for stratum, factor in self.oversample.items():
            if not factor > 0 or not math.isfinite(factor):
                raise ComityError(f"The oversample of '{stratum}' is {factor}.", "Give a factor above 0, such as 2.")


@dataclass(frozen=True)
class Sample:
    """rows: those drawn, with the columns of the list and `ADDED`: case (a number in random order), stratum, psu, group, how many
    addresses the stratum has, the probability of being drawn, and 1 over it. sizes: {stratum: (in the list, drawn)}."""

    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, object]]
    sizes: Mapping[str, tuple[int, int]]


def draw_sample(frame: Frame, plan: Plan, *, seed: int) -> Sample:
    """Draw `plan` from `frame`. Raises FrameError when a column, a stratum or enough addresses are not there."""
    frame.need(*plan.strata, *([plan.psu] if plan.psu else []))
    clash = sorted(set(ADDED) & set(frame.columns))
    if clash:
        raise FrameError(f"The list has a column '{clash[0]}', which the sample adds itself.", "Rename it in the list.")
    members: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(frame.rows):
        members[", ".join(row[name] for name in plan.strata) or EVERYONE].append(at)
    looks_grouped = sorted(name for name in members if read_token_group(name)[1])
    if looks_grouped:
        raise FrameError(
            f"The stratum '{looks_grouped[0]}' ends as groups of PSUs do.",
            "Rename it in the list, without the bracket.",
        )
    stray = sorted(set(plan.oversample) - set(members))
    if stray:
        raise FrameError(
            f"The oversample names the stratum '{stray[0]}', which is not in the list.",
            f"Strata are: {_some(members)}.",
        )
    sizes = _allocate({name: len(each) for name, each in members.items()}, plan)
    chance = np.random.default_rng(seed)
    drawn: list[tuple[int, str, str, float]] = []
    for stratum in sorted(members):
        if plan.psu is None:
            probability = sizes[stratum] / len(members[stratum])
            chosen = chance.choice(len(members[stratum]), size=sizes[stratum], replace=False)
            drawn += [(members[stratum][at], stratum, "", probability) for at in sorted(chosen.tolist())]
        else:
            drawn += _two_stages(frame, stratum, members[stratum], sizes[stratum], plan, chance)
    group_of = _groups(drawn, plan, chance)
    digits = len(str(len(drawn)))
    rows = []
    for case, at in enumerate(chance.permutation(len(drawn)).tolist(), 1):
        row, stratum, psu, probability = drawn[at]
        added = (
            f"{case:0{digits}}",
            stratum,
            psu,
            group_of.get((stratum, psu), ""),
            len(members[stratum]),
            f"{probability:.10g}",
            f"{1 / probability:.10g}",
        )
        rows.append({**frame.rows[row], **dict(zip(ADDED, added, strict=True))})
    counted = {
        name: (len(each), sum(stratum == name for _, stratum, _, _ in drawn)) for name, each in sorted(members.items())
    }
    return Sample((*ADDED, *frame.columns), rows, counted)


def _allocate(sizes: Mapping[str, int], plan: Plan) -> dict[str, int]:
    """Proportional to size times the oversample, at least `fewest`, never more than there are; whole numbers that add up to n."""
    if plan.n > sum(sizes.values()):
        raise FrameError(
            f"{plan.n:,} addresses were asked for, and the list has {sum(sizes.values()):,}.", "Ask for fewer."
        )
    shares = {name: size * plan.oversample.get(name, 1.0) for name, size in sorted(sizes.items())}
    low = {name: min(plan.fewest, sizes[name]) for name in shares}
    if sum(low.values()) > plan.n:
        raise FrameError(
            f"{len(sizes)} strata need at least {sum(low.values())} addresses, and {plan.n} were asked for.",
            "Ask for more, or use fewer strata.",
        )
    exact = _between(shares, low, sizes, plan.n)
    found = {name: math.floor(each + 1e-9) for name, each in exact.items()}
    by_rest = sorted(exact, key=lambda name: (found[name] - exact[name], name))
    for name in by_rest[: plan.n - sum(found.values())]:
        found[name] += 1
    return found


def _between(
    shares: Mapping[str, float], low: Mapping[str, int], high: Mapping[str, int], total: int
) -> dict[str, float]:
    """Multiples of `shares`, held between `low` and `high`, that add up to `total` (by bisection on the multiple)."""

    def at(rate: float) -> dict[str, float]:
        return {name: min(max(share * rate, low[name]), high[name]) for name, share in shares.items()}

    least, most = 0.0, max(high[name] / share for name, share in shares.items())
    for _ in range(200):
        middle = (least + most) / 2
        least, most = (middle, most) if sum(at(middle).values()) < total else (least, middle)
    return at(most)


def _groups(
    drawn: Sequence[tuple[int, str, str, float]], plan: Plan, chance: np.random.Generator
) -> dict[tuple[str, str], int]:
    """(stratum, PSU) -> number of its group; none where there are no PSUs, or no groups were asked for."""
    if plan.psu is None or not plan.group_of:
        return {}
    people = Counter((stratum, psu) for _, stratum, psu, _ in drawn)
    found = {}
    for name in sorted({stratum for stratum, _ in people}):
        inside = {psu: n for (stratum, psu), n in people.items() if stratum == name}
        groups = assign_groups(inside, fewest=plan.group_of, chance=chance)
        found |= {(name, psu): group for psu, group in groups.items()}
    return found


def _two_stages(
    frame: Frame, stratum: str, rows: Sequence[int], n: int, plan: Plan, chance: np.random.Generator
) -> list[tuple[int, str, str, float]]:
    """PSUs proportional to size, then `per_psu` addresses in each; in those that are certain, as many as keeps all chances alike."""
    assert plan.psu is not None
    blocks: dict[str, list[int]] = defaultdict(list)
    for at in rows:
        blocks[frame.rows[at][plan.psu]].append(at)
    small = sorted(name for name, each in blocks.items() if len(each) < plan.per_psu)
    if small:
        raise FrameError(
            f"{len(small)} PSUs of the stratum '{stratum}' have fewer than {plan.per_psu} addresses, such as '{small[0]}'.",
            "Merge small PSUs with their neighbours, or draw fewer addresses in each.",
        )
    if len(blocks) < 2:
        raise FrameError(f"The stratum '{stratum}' has one PSU, and two are needed.", "Join it with another stratum.")
    names = sorted(blocks)
    sizes = {name: len(blocks[name]) for name in names}
    chances, rate = _chances(sizes, n / len(rows), plan.per_psu)
    order = chance.permutation(len(names)).tolist()
    chosen = _systematic([names[at] for at in order], chances, float(chance.random()))
    drawn = []
    for name in sorted(chosen):
        take = plan.per_psu if chances[name] < 1 else max(1, round(sizes[name] * rate))
        probability = chances[name] * take / sizes[name]
        inside = chance.choice(sizes[name], size=take, replace=False)
        drawn += [(blocks[name][at], stratum, name, probability) for at in sorted(inside.tolist())]
    return drawn


def _chances(sizes: Mapping[str, int], rate: float, per_psu: int) -> tuple[dict[str, float], float]:
    """The chance of each PSU, in proportion to its size, and the rate at which every address is drawn in the end.

    A PSU from which that rate takes `per_psu` or more is certain.
    """
    certain = {name for name, size in sizes.items() if size * rate >= per_psu * (1 - 1e-12)}
    while rest := {name: size for name, size in sizes.items() if name not in certain}:
        wanted = max(1 if certain else 2, round(sum(rest.values()) * rate / per_psu))
        share = wanted / sum(rest.values())
        large = {name for name, size in rest.items() if size * share >= 1 - 1e-12}
        if not large:
            return {name: rest[name] * share if name in rest else 1.0 for name in sizes}, share * per_psu
        certain |= large
    return dict.fromkeys(sizes, 1.0), rate


def _systematic(names: Sequence[str], chances: Mapping[str, float], start: float) -> list[str]:
    """Those in whose stretch of the line a tick falls; ticks stand 1 apart from `start` (0-1)."""
    chosen, reached = [], 0.0
    for name in names:
        before, reached = reached, reached + chances[name]
        if math.floor(reached - start + 1e-9) > math.floor(before - start + 1e-9):
            chosen.append(name)
    return chosen


def _some(members: Mapping[str, object]) -> str:
    names = sorted(members)
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
