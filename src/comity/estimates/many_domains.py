"""Means of many items over many domains at once: rows are read once an item, everything else happens on small tables.

The same numbers as `estimators` gives one by one (the tests compare them): sums per first-stage unit and domain carry
both the estimate and its linearised variance. For surveys without a weighting chain, whose variance comes from the
first stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from comity.estimates import kernels
from comity.estimates.columns import Floats
from comity.estimates.design import Survey
from comity.estimates.variance import sum_by, unit_deviations

MOST_CELLS = 20_000_000


@dataclass(frozen=True, eq=False)
class DomainMeans:
    """One item over all domains, each (domains,): point and variance are NaN where n is below the floor."""

    n: npt.NDArray[np.int64]
    point: Floats
    variance: Floats
    simple: Floats
    df: npt.NDArray[np.int64]


def can_use_tables(survey: Survey, domain_count: int) -> bool:
    """True where sums per first-stage unit and domain say everything."""
    stage = survey.stages[0]
    return (
        not survey.steps
        and survey.replicates is None
        and survey.has_margin_of_error
        and len(stage.stratum) * domain_count <= MOST_CELLS
        and len(stage.stratum) < survey.rows / 4
        and not any(each.multiplier.any() for each in survey.stages[1:])
    )


def summer_of(survey: Survey, domain: npt.NDArray[np.integer[Any]], count: int) -> kernels.UnitSummer:
    """What all items share over `count` domains; rows whose domain is -1 are in none."""
    return kernels.UnitSummer(survey.psu, domain, survey.weights, len(survey.stages[0].stratum), count)


def domain_means(survey: Survey, values: Floats, summer: kernels.UnitSummer) -> DomainMeans:
    """Means of `values` (NaN is missing) in each of the summer's domains."""
    stage = survey.stages[0]
    sums = summer.sums(values)
    mass, total = sums.mass.sum(axis=0), sums.total.sum(axis=0)
    n = sums.n.sum(axis=0).astype(np.int64)
    usable = n >= survey.design.minimum_n
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = np.where(usable, total / mass, np.nan)
        scores = np.where(usable, (sums.total - centred * sums.mass) / mass, 0.0)
        deviations, _ = unit_deviations(stage, scores, survey.design.lonely, 0)
        variance = np.where(usable, (deviations**2).sum(axis=0), np.nan)
        # Of a simple random sample without replacement from sum(weights) people; see estimators.
        spread = (sums.squares / mass - centred**2) * n / (n - 1)
        finite = np.where(mass > n, (mass - n) / mass, 1.0) if survey.weights_count_people else 1.0
        simple = spread / n * finite
    present = sums.n > 0
    strata = sum_by(stage.stratum, present.astype(float), len(stage.sampled)) > 0
    df = present.sum(axis=0) - strata.sum(axis=0)
    return DomainMeans(n, centred + sums.centre, variance, np.nan_to_num(simple), df.astype(np.int64))
