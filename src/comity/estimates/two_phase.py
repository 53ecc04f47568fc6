"""Two-phase samples: a second sample drawn from the first, such as the people followed up after they did not answer.

Phase-2 weights are phase-1 weights over the probability of being drawn again. The variance is that of phase 1,
estimated from the phase-2 rows by their joint probabilities, and that of phase 2 given phase 1: Särndal, Swensson and
Wretman, *Model Assisted Survey Sampling* (1992), 9.3; Hansen and Hurwitz (1946, JASA 41:517) for follow-up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from comity.errors import ComityError
from comity.estimates.chain import FittedStep
from comity.estimates.columns import Columns, Floats
from comity.estimates.design import SecondPhase, Survey
from comity.estimates.variance import first_phase_covariance, weight_of_own_square

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FittedSecondPhase(FittedStep):
    """The rows drawn in phase 2 and their probabilities, given phase 1.

    stratum: phase-2 stratum of each row; sampled, present: rows drawn and rows there, per stratum. Where probabilities
    came from a column, rows were drawn independently and there are no strata (sampled is empty).
    """

    name: str
    before: Floats
    after: Floats
    record: Mapping[str, object]
    drawn: Mask
    probability: Floats
    stratum: npt.NDArray[np.int64]
    sampled: npt.NDArray[np.int64]
    present: npt.NDArray[np.int64]

    def backward(self, adjoint: Floats, direct: Floats) -> tuple[Floats, Floats]:
        return np.where(self.drawn[:, None], adjoint / self.probability[:, None], 0.0), direct

    def replay(self, multiplicity: Floats, weights: Floats) -> Floats:
        return np.where(self.drawn, weights / self.probability, 0.0)

    def sampling_variance(self, survey: Survey, scores: Floats) -> Floats:
        inside = scores[self.drawn]
        own = weight_of_own_square(survey)[self.drawn]
        if not len(self.sampled):  # drawn independently: joint probabilities are products
            lost = 1 - self.probability[self.drawn]
            return _products(inside, lost - lost * own)
        total = np.zeros((scores.shape[1], scores.shape[1]))
        for h, (n, size) in enumerate(zip(self.sampled.tolist(), self.present.tolist(), strict=True)):
            if n == size:
                continue
            # Pairs of one stratum are drawn together more rarely than independence says.
            pairs = n * (size - 1) / (size * (n - 1))
            here = self.drawn & (self.stratum == h)
            part = np.where(here[:, None], scores, 0.0)
            total += (pairs - 1) * first_phase_covariance(survey, part)
            total += _products(scores[here], (n / size - pairs) * own[self.stratum[self.drawn] == h])
            centred = scores[here] - scores[here].mean(axis=0)
            total += (1 - n / size) * n / (n - 1) * centred.T @ centred
        return total


def fit_second_phase(survey: Survey, phase: SecondPhase) -> FittedSecondPhase:
    """Give the rows drawn in phase 2 their weights, and the others none. Raises ComityError naming what does not fit."""
    drawn = _drawn(survey.columns, phase.selected)
    if phase.probabilities is not None:
        probability = survey.columns.numbers(phase.probabilities)
        wrong = drawn & ~((probability > 0) & (probability <= 1))
        if wrong.any():
            raise ComityError(
                f"The probability '{phase.probabilities}' is {probability[wrong][0]:g} in a row that was drawn.",
                "Give the probability of being drawn in phase 2, above 0 and at most 1.",
            )
        probability = np.where(drawn, probability, 1.0)
        stratum = sampled = present = np.zeros(0, np.int64)
    else:
        stratum, labels = _strata(survey.columns, phase.strata)
        sampled = np.bincount(stratum[drawn], minlength=len(labels))
        present = np.bincount(stratum, minlength=len(labels))
        for label, n, size in zip(labels, sampled.tolist(), present.tolist(), strict=True):
            if n < 2 and n < size:
                raise ComityError(
                    f"Only {n} of {size} rows of the phase-2 stratum '{label}' were drawn.",
                    "Merge it with a similar one: a variance needs two.",
                )
        probability = (sampled / present)[stratum]
    after = np.where(drawn, survey.weights / probability, 0.0)
    record = {
        "step": "second phase", "selected": phase.selected, "drawn": int(drawn.sum()), "of": survey.rows,
        "largest_factor": float((1 / probability[drawn]).max()),
    }  # fmt: skip
    return FittedSecondPhase(
        "second phase", survey.weights, after, record, drawn, probability, stratum, sampled, present
    )


def _drawn(columns: Columns, name: str) -> Mask:
    drawn = columns.yes(name)
    if not drawn.any():
        raise ComityError(f"Column '{name}' says that nobody was drawn in phase 2.", "Check its coding: 1 or yes.")
    return drawn


def _strata(columns: Columns, name: str | None) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    if name is None:
        return np.zeros(columns.rows, np.int64), ("all",)
    found = columns.categories(name)
    if found.has_missing:
        raise ComityError(
            f"The phase-2 stratum '{name}' is missing in {int((found.codes < 0).sum())} rows.",
            "Every row of phase 1 needs its phase-2 stratum.",
        )
    return found.codes.astype(np.int64), found.labels


def _products(scores: Floats, weights: Floats) -> Floats:
    return scores.T @ (scores * weights[:, None])
