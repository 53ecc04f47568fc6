"""Random telephone numbers: list-assisted random digit dialling over blocks of a hundred numbers that are in use.

Brick and Tucker (2007), Public Opinion Quarterly 71:703. Numbers within a block are drawn without replacement, each of all
numbers with the same chance.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import numpy as np

from comity.site.surveys.sampling.draw import Sample
from comity.site.surveys.sampling.frame import FrameError

IN_A_BLOCK = 100


def draw_numbers(blocks: Iterable[str], n: int, *, seed: int, never: Collection[str] = ()) -> Sample:
    """`n` different numbers from `blocks` (the first eight digits of ten, such as "61255501").

    never: numbers that must not be called; they are left out of the population, so every other keeps the same chance.
    """
    known = sorted({_digits(each) for each in blocks})
    wrong = [each for each in known if len(each) != 8 or each[0] in "01" or each[3] in "01"]
    if wrong or not known:
        raise FrameError(
            f"{len(wrong) or 'No'} blocks are right: a block is eight digits, and neither the area code nor the exchange begins "
            "with 0 or 1.",
            "Give blocks such as 61255501.",
        )
    left_out = {_digits(each) for each in never}
    population = [
        f"{block}{last:02}" for block in known for last in range(IN_A_BLOCK) if f"{block}{last:02}" not in left_out
    ]
    if not 1 <= n <= len(population):
        raise FrameError(
            f"{n:,} numbers were asked for; there are {len(population):,}.", "Ask for at least 1 and no more."
        )
    chosen = np.random.default_rng(seed).choice(len(population), size=n, replace=False).tolist()
    probability = n / len(population)
    digits = len(str(n))
    rows = [
        {
            "case": f"{case:0{digits}}", "stratum": "all", "psu": "", "stratum_size": len(population),
            "probability": f"{probability:.10g}", "weight": f"{1 / probability:.10g}", "telephone": population[at],
        }
        for case, at in enumerate(chosen, 1)
    ]  # fmt: skip
    return Sample(tuple(rows[0]), rows, {"all": (len(population), n)})


def _digits(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return digits[1:] if len(digits) in (9, 11) and digits[0] == "1" else digits
