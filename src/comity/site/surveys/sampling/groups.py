"""Random groups of PSUs: what an answer may say of its block without telling the block.

Neighbours are alike, so intervals need to know which answers come from the same PSU; a PSU of ten households would nearly name a
person. So the PSUs of a stratum are put together at random into a few groups, each whole and of many people, and a token says its
group. Totals of such groups vary as much as the PSUs do (the method of random groups: Hansen, Hurwitz and Madow 1953, I ch. 10;
Wolter, *Introduction to Variance Estimation*, 2nd ed., ch. 2). docs/methods/random-groups.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

FEWEST_IN_GROUP = 100  # invited; the code page refuses fewer than 50 of anything that an answer says
MOST_GROUPS = 25  # in a stratum: more would narrow intervals by less than one hundredth
_LABEL = re.compile(r"(?P<stratum>.+) \[g(?P<group>\d+)\]")


def assign_groups(
    drawn: Mapping[str, int], *, fewest: int, chance: np.random.Generator, most: int = MOST_GROUPS
) -> dict[str, int]:
    """PSU -> number of its group, from 1. drawn: PSU -> how many people were drawn in it.

    Every group holds at least `fewest` people, unless all are in the one group that is left; groups have the same number of PSUs,
    or nearly, because a larger group would look like a difference. Of four in five possible numbers, the one that divides best.
    """
    psus = sorted(drawn)
    dealt = [psus[at] for at in chance.permutation(len(psus)).tolist()]
    largest = max(1, min(len(psus), sum(drawn.values()) // fewest, most))
    for groups in sorted(range(1, largest + 1), key=lambda each: _preference(each, largest, len(psus))):
        group_of = {psu: at % groups + 1 for at, psu in enumerate(dealt)}
        sizes = np.bincount([group_of[psu] for psu in psus], weights=[drawn[psu] for psu in psus])[1:]
        if groups == 1 or sizes.min() >= fewest:
            return group_of
    raise AssertionError("one group always does")


def token_group(stratum: str, group: str) -> str:
    """What a token of this stratum and group says; the stratum alone where there is no group."""
    return f"{stratum} [g{int(group):02}]" if group else stratum


def read_token_group(label: str) -> tuple[str, str | None]:
    """(stratum, group) of what a token says; no group where it says none."""
    found = _LABEL.fullmatch(label)
    return (found["stratum"], found["group"]) if found else (label, None)


def _preference(groups: int, largest: int, psus: int) -> tuple[bool, int, int]:
    return groups < 0.8 * largest, psus % groups if groups >= 0.8 * largest else 0, -groups
