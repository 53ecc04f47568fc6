"""The difference between two groups among people alike in what is known of them: a weighted linear regression.

The coefficient of the group beside one column for each category of the controls; its variance is that of the design and of the whole
weighting chain, through the scores of the normal equations (Binder 1983, International Statistical Review 51:279).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from comity.errors import ComityError, nearest
from comity.estimates import notes
from comity.estimates.chain import scores_through
from comity.estimates.columns import Floats
from comity.estimates.design import Survey
from comity.estimates.results import Estimate
from comity.estimates.variance import covariance_of_totals


def estimate_adjusted_difference(
    survey: Survey,
    variable: str,
    *,
    by: str,
    between: tuple[str, str],
    controls: Sequence[str] = (),
    confidence: float = 0.95,
) -> Estimate:
    """Mean of `variable` in the second category of `between` less that in the first, among rows alike in `controls`.

    controls: columns of categories; a missing one is a category of its own. Opt-in samples get no interval. Raises ComityError for a
    category that is not there, fewer than minimum_n rows in a group, or controls that tell the groups apart entirely.
    """
    values, found = survey.columns.numbers(variable), survey.columns.categories(by)
    for label in between:
        if label not in found.labels:
            near = nearest(label, found.labels)
            hint = f"Did you mean '{near}'?" if near else f"It has: {', '.join(found.labels)}."
            raise ComityError(f"Column '{by}' has no category '{label}'.", hint)
    first, second = (found.codes == found.labels.index(label) for label in between)
    used = (first | second) & ~np.isnan(values) & (survey.weights != 0)
    fewest = min(int((used & each).sum()) for each in (first, second))
    if fewest < survey.design.minimum_n:
        raise ComityError(
            f"A group of '{by}' has {fewest} rows, below the floor of {survey.design.minimum_n}.",
            "Compare larger groups.",
        )
    model = np.column_stack([second[used].astype(float), *_dummies(survey, controls, used)])
    weighted = model * survey.weights[used, None]
    inverse = np.linalg.pinv(weighted.T @ model, hermitian=True)
    coefficients = inverse @ (weighted.T @ values[used])
    if _is_explained(model):
        raise ComityError(
            f"The controls tell the groups of '{by}' apart entirely.", "Leave out the control that says the same."
        )
    residuals = values[used] - model @ coefficients
    derivative = np.zeros((survey.rows, 1))
    derivative[used, 0] = (model @ inverse[:, 0]) * residuals
    point, n = float(coefficients[0]), int(used.sum())
    name, statistic = {by: f"{between[1]} less {between[0]}"}, "adjusted difference in means"
    if not survey.has_margin_of_error:
        return Estimate(
            variable, statistic, name, point, None, None, None, None, n, None, confidence, "none", notes.OPT_IN
        )
    if survey.replicates is not None:
        raise ComityError("Adjusted differences are linearised.", "Leave replicates out of the design.")
    se = float(np.sqrt(covariance_of_totals(survey, scores_through(survey, derivative))[0, 0]))
    df = survey.domain_degrees_of_freedom(used)
    margin = float(stats.t.ppf(0.5 + confidence / 2, max(df, 1))) * se
    return Estimate(
        variable, statistic, name, point, se, df, point - margin, point + margin, n, None, confidence, "linearised",
        survey.caveat,
    )  # fmt: skip


def _dummies(survey: Survey, controls: Sequence[str], used: npt.NDArray[np.bool_]) -> list[Floats]:
    """One column for everybody, and one for each category of each control."""
    columns: list[Floats] = [np.ones(int(used.sum()))]
    for name in controls:
        codes = survey.columns.categories(name).codes[used]
        columns += [(codes == code).astype(float) for code in np.unique(codes)[1:]]
    return columns


def _is_explained(model: Floats) -> bool:
    """Whether the first column follows from the others."""
    rest, group = model[:, 1:], model[:, 0]
    left = group - rest @ np.linalg.lstsq(rest, group, rcond=None)[0]
    return bool(left @ left < 1e-9 * len(group))
