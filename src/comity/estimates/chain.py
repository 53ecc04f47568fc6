"""The weighting chain: each step multiplies the weights, remembers how, and passes variance back through itself.

With m the multiplicity of each row (1 in the full sample) and v its weight, an estimate is a function of m through
every step. Its derivative by m (the infinitesimal jackknife) is the score whose design variance is the variance of
the estimate, so the *whole* chain is credited, not only its last step. Calibration steps use the residual of the
generalised regression estimator, to which all calibration estimators are asymptotically equivalent (Deville and
Särndal 1992, JASA 87:376).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from comity.estimates.columns import Floats

if TYPE_CHECKING:
    from comity.estimates.design import Survey


class FittedStep(ABC):
    """One step of the chain as it was applied to the full sample.

    before, after: weights per row. record: what was done, as plain data for the report.
    """

    name: str
    before: Floats
    after: Floats
    record: Mapping[str, object]

    @abstractmethod
    def backward(self, adjoint: Floats, direct: Floats) -> tuple[Floats, Floats]:
        """Derivatives by the weights before this step and by the multiplicities, from those after it; all (n, k)."""

    @abstractmethod
    def replay(self, multiplicity: Floats, weights: Floats) -> Floats:
        """Weights after this step for a replicate with these multiplicities and weights before it, all (n,)."""

    def replay_together(self, multiplicities: Floats, weights: Floats) -> Floats:
        """`replay` for many replicates, all (n, r); in one go where that is quicker."""
        found = np.empty_like(weights)
        for at in range(weights.shape[1]):
            found[:, at] = self.replay(
                np.ascontiguousarray(multiplicities[:, at]), np.ascontiguousarray(weights[:, at])
            )
        return found

    def cell_codes(self) -> list[npt.NDArray[np.int64]] | None:
        """Codes (each (n,)) that tell apart all rows this step may treat differently; None where categories do not
        suffice."""
        return None

    def at_rows(self, rows: npt.NDArray[np.int64]) -> FittedStep:
        """The same step on one row of each cell; only where `cell_codes` gives codes."""
        raise NotImplementedError

    def sampling_variance(self, survey: Survey, scores: Floats) -> Floats:
        """Variance (k, k) that the step itself adds: of a second phase of sampling, or of response as one where a finite
        population correction shrinks the first phase too much."""
        return np.zeros((scores.shape[1], scores.shape[1]))


def scores_through(survey: Survey, derivatives: Floats) -> Floats:
    """Scores (n, k) of estimates whose derivatives by the final weights are `derivatives` (n, k)."""
    adjoint = derivatives
    direct = survey.weights[:, None] * derivatives
    for step in reversed(survey.steps):
        adjoint, direct = step.backward(adjoint, direct)
    return direct


def poisson_variance(survey: Survey, scores: Floats, nonresponse: Floats) -> Floats:
    """Responding as a last stage of Poisson sampling: what the first-stage finite population correction takes away
    too much."""
    stage = survey.stages[0]
    fraction = stage.fraction[stage.stratum[stage.unit]]
    if not fraction.any():
        return np.zeros((scores.shape[1], scores.shape[1]))
    return scores.T @ (scores * (fraction * np.clip(nonresponse, 0, 1))[:, None])
