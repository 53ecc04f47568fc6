"""`weigh` applies the steps of weighting in order, verifies each, and records it.

A step that cannot do what it says raises ComityError that names the margin; convergence flags are not trusted, the
weights are added up again.
"""

from __future__ import annotations

from comity.estimates.calibration_steps import fit_calibration, fit_post_strata, fit_rake
from comity.estimates.chain import FittedStep
from comity.estimates.design import Survey
from comity.estimates.response import fit_eligibility, fit_propensity, fit_response_classes
from comity.estimates.steps import AdjustEligibility, AdjustNonresponse, Calibrate, PostStratify, Rake, Step
from comity.estimates.trimming import fit_trim


def weigh(survey: Survey, *steps: Step) -> Survey:
    """Apply the steps in order. The result carries the new weights and how they came about; `survey` is unchanged.

    Raises ComityError that names the margin, category or class when a step cannot be done or does not verify.
    """
    for step in steps:
        fitted = _fit(survey, step)
        survey = survey.with_weights(fitted.after, fitted)
    return survey


def _fit(survey: Survey, step: Step) -> FittedStep:
    if isinstance(step, Rake):
        return fit_rake(survey, step)
    if isinstance(step, PostStratify):
        return fit_post_strata(survey, step)
    if isinstance(step, Calibrate):
        return fit_calibration(survey, step)
    if isinstance(step, AdjustEligibility):
        return fit_eligibility(survey, step)
    if isinstance(step, AdjustNonresponse):
        return fit_propensity(survey, step) if step.propensity else fit_response_classes(survey, step)
    return fit_trim(survey, step)
