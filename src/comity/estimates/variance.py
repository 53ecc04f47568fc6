"""Variance of totals of scores over the stages of a sample, by linearisation (Taylor series).

Between-unit variance at each stage with its finite population correction, added down the stages: Lohr, *Sampling*,
6.6 and 9.1; Särndal, Swensson and Wretman, *Model Assisted Survey Sampling* (1992), 4.3. Rows outside a domain stay,
with a score of 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from comity.errors import ComityError
from comity.estimates.columns import Floats
from comity.estimates.design import LonelyRule, Stage, Survey


def covariance_of_totals(survey: Survey, scores: Floats) -> Floats:
    """Covariance (k, k) of the totals of `scores` (n, k), which carry the weights already."""
    scores = scores.reshape(len(scores), -1)
    total = first_phase_covariance(survey, scores)
    for step in survey.steps:
        total += step.sampling_variance(survey, scores)
    return total


def first_phase_covariance(survey: Survey, scores: Floats) -> Floats:
    """The part of `covariance_of_totals` from the stages of the design, without what weighting steps add."""
    total = np.zeros((scores.shape[1], scores.shape[1]))
    for at, stage in enumerate(survey.stages):
        if at and not stage.multiplier.any():
            break
        deviations, _ = unit_deviations(stage, sum_by(stage.unit, scores, len(stage.stratum)), survey.design.lonely, at)
        total += deviations.T @ deviations
    return total


def weight_of_own_square(survey: Survey) -> Floats:
    """What each row's squared score counts in `first_phase_covariance`, (rows,)."""
    weight = np.zeros(survey.rows)
    for at, stage in enumerate(survey.stages):
        if at and not stage.multiplier.any():
            break
        factor, _ = _factors(stage, survey.design.lonely, at)
        weight += (factor * (1 - 1 / np.maximum(stage.sampled, 1)))[stage.stratum[stage.unit]]
    return weight


def unit_deviations(stage: Stage, totals: Floats, lonely: LonelyRule, at: int) -> tuple[Floats, Floats]:
    """Scaled deviations of unit totals (units, k) whose cross-product is the stage's covariance; and the stratum
    means."""
    factor, alone = _factors(stage, lonely, at)
    means = sum_by(stage.stratum, totals, len(factor)) / np.maximum(stage.sampled, 1)[:, None]
    if lonely == "adjust" and at == 0 and alone.any():
        means[alone] = totals.mean(axis=0)
    return (totals - means[stage.stratum]) * np.sqrt(factor)[stage.stratum, None], means


def _factors(stage: Stage, lonely: LonelyRule, at: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """What the squared deviations of each stratum count, by the rule for lonely units; and which strata have one."""
    sampled = np.maximum(stage.sampled, 1)
    alone = (stage.sampled == 1) & (stage.fraction < 1)
    factor: Floats = stage.multiplier * (1 - stage.fraction) * sampled / np.maximum(sampled - 1, 1)
    if not alone.any():
        return factor, alone
    if lonely == "error" and at == 0:
        raise ComityError("A stratum has only one PSU.", "Choose a rule for lonely PSUs: certainty, adjust or average.")
    if not (lonely == "adjust" and at == 0):
        factor[alone] = 0.0
    if lonely == "average" and at == 0:
        usable = int(np.sum((stage.sampled > 1) | (stage.fraction >= 1)))
        if usable == 0:
            raise ComityError("Every stratum has only one PSU.", "Merge strata: there is nothing to average.")
        factor = factor * (usable + alone.sum()) / usable
    return factor, alone


def sum_by(group: npt.NDArray[np.integer[Any]], values: Floats, groups: int) -> Floats:
    """Sums (groups, k) of `values` (n, k) by `group`."""
    if len(group) == groups and groups and (group[0] == 0) and np.array_equal(group, np.arange(groups)):
        return values
    return np.stack(
        [np.bincount(group, weights=values[:, column], minlength=groups) for column in range(values.shape[1])], axis=1
    )
