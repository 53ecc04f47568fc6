"""Design-based regression and the Rao-Scott test, through the package `svy` (extra `svy`).

Binder (1983) for generalised linear models; Rao and Scott (1984, Annals of Statistics 12:46). `svy` credits the final
weights as if they were design weights, so where a weighting chain or replicates matter the replicates made here are
handed to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from comity.errors import ComityError
from comity.estimates.design import Survey
from comity.estimates.results import Estimate, Estimates


@dataclass(frozen=True)
class RaoScott:
    """The second-order corrected test that two columns are independent: F, its degrees of freedom, and p."""

    f: float
    df_numerator: float
    df_denominator: float
    p: float


def estimate_regression(
    survey: Survey,
    outcome: str,
    predictors: Sequence[str],
    *,
    family: Literal["gaussian", "binomial", "poisson"] = "gaussian",
    confidence: float = 0.95,
) -> Estimates:
    """Coefficients of a generalised linear model; text columns are categories, the first of which is the reference."""
    svy, sample = _sample(survey, [outcome, *predictors])
    terms = [name if survey.columns.is_numeric(name) else svy.Cat(name) for name in predictors]
    fitted = sample.glm.fit(
        y=outcome, x=terms, family=family, method=_method(survey), drop_nulls=True, alpha=1 - confidence
    )
    table = fitted.to_polars()
    used = survey.weights != 0
    for name in (outcome, *predictors):
        known = survey.columns.numbers(name) if survey.columns.is_numeric(name) else None
        used &= survey.columns.categories(name).codes >= 0 if known is None else ~np.isnan(known)
    method, n = _variance(survey), int(used.sum())
    items = [
        Estimate(
            str(row["term"]), f"coefficient ({family})", {}, row["estimate"], row["std_err"], float(row["df"]),
            row["conf_low"], row["conf_high"], n, None, confidence, method,
        )
        for row in table.to_dicts()
    ]  # fmt: skip
    return Estimates(tuple(items))


def check_independence(survey: Survey, first: str, second: str) -> RaoScott:
    """Rao and Scott's test of independence of two categorical columns."""
    _, sample = _sample(survey, [first, second])
    found = sample.categorical.tabulate(rowvar=first, colvar=second, method=_method(survey), drop_nulls=True).stats.f
    return RaoScott(float(found.value), float(found.df_num), float(found.df_den), float(found.p_value))


def _method(survey: Survey) -> str:
    return "taylor" if survey.replicates is None else "replication"


def _variance(survey: Survey) -> str:
    return "linearised" if survey.replicates is None else survey.replicates.name


def _sample(survey: Survey, names: Sequence[str]) -> tuple[Any, Any]:
    try:
        import polars
        import svy
    except ImportError as error:
        raise ComityError("Regression needs the package svy.", "Install Comity with its extra: comity[svy].") from error
    if not survey.has_margin_of_error:
        raise ComityError("An opt-in sample has no standard errors.", "Describe it without regression tests.")
    if len(survey.stages) > 1 and any(stage.multiplier.any() for stage in survey.stages[1:]):
        raise ComityError("Regression takes one stage of sampling.", "Use the first stage's clusters alone.")
    if survey.steps and survey.replicates is None:
        raise ComityError(
            "A linearised regression would ignore how the weights were made.",
            "Add replicates with with_replicates, which go through the whole chain.",
        )
    used = survey.weights != 0
    data: dict[str, Any] = {name: survey.columns.table[name].to_numpy(zero_copy_only=False)[used] for name in names}
    data |= {"weight_": survey.weights[used], "stratum_": survey.stratum[used], "psu_": survey.psu[used]}
    options: dict[str, Any] = {"wgt": "weight_", "stratum": "stratum_", "psu": "psu_"}
    replicates = survey.replicates
    if replicates is not None:
        matrix = replicates.row_weights(survey, slice(0, replicates.count))[used]
        data |= {f"rep_{at + 1}": matrix[:, at] for at in range(replicates.count)}
        made = {"JK1": svy.JackknifeWgts, "bootstrap": svy.BootstrapWgts, "BRR": svy.BrrWgts}.get(replicates.name)
        if made is None:
            raise ComityError(f"{replicates.name} replicates cannot be handed to svy.", "Use the bootstrap.")
        options["rep_wgts"] = made(prefix="rep_", n_reps=replicates.count, df=survey.degrees_of_freedom)
    return svy, svy.Sample(polars.DataFrame(data), svy.Design(**options))
