"""Multilevel regression with post-stratification, by fast empirical Bayes: Gelman and Little (1997), Park, Gelman and
Bafumi (2004).

A logistic model with an intercept, fixed columns and a normal effect for each level of the varying columns predicts
every cell of the population; areas are sums over their cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from comity.errors import ComityError
from comity.estimates.columns import read_columns
from comity.estimates.design import Survey
from comity.estimates.mrp_cells import Spaces
from comity.estimates.multilevel import MultilevelModel, fit_multilevel
from comity.estimates.notes import MODEL_ALONE, POOLED
from comity.estimates.small_area import DIRECT_N, AreaEstimate


@dataclass(frozen=True)
class MrpResult:
    """areas: estimates of each area and, first, of everyone. spreads: posterior mean of each varying column's spread.

    effective_points: of the importance sample (of the chains, where sampled in full); few mean that the numbers are poor.
    """

    areas: tuple[AreaEstimate, ...]
    spreads: Mapping[str, float]
    effective_points: float


def estimate_mrp(
    survey: Survey,
    variable: str,
    *,
    category: str,
    model: MultilevelModel,
    population: Any,
    count: str,
    by: str,
    seed: int,
    draws: int = 1000,
    confidence: float = 0.95,
    model_alone: Literal["refuse", "label"] = "refuse",
    engine: Literal["fast", "full"] = "fast",
) -> MrpResult:
    """Share of `category` of `variable` in each level of `by`, from respondents and the cells of a population.

    population: a table with every column of the model and `by`, one row a cell, and its people in `count`. seed: of the
    posterior draws. engine: "fast", or "full" sampling through Bambi (extra `bayes`), which takes minutes. Raises ComityError where a level of the population has nobody in the sample and `model_alone` is
    "refuse".
    """
    target = read_columns(population)
    people = target.numbers(count)
    if np.isnan(people).any() or (people < 0).any() or people.sum() == 0:
        raise ComityError(
            f"Column '{count}' of the population has missing or negative counts.", "Give people per cell."
        )
    answers = survey.columns.categories(variable)
    if category not in answers.labels:
        raise ComityError(
            f"Column '{variable}' has no category '{category}'.", f"It has: {', '.join(answers.labels[:12])}."
        )
    used = (answers.codes >= 0) & (survey.weights != 0)
    spaces = Spaces.read(survey.columns, target, model, used)
    used &= spaces.complete
    n = int(used.sum())
    if n < max(survey.design.minimum_n, 30):
        raise ComityError(f"{n} respondents have every column of the model.", "A multilevel model needs at least 30.")
    yes = (answers.codes == answers.labels.index(category))[used].astype(float)
    fit = fit_multilevel
    if engine == "full":
        from comity.estimates.mrp_full import sample_multilevel as fit
    posterior = fit(spaces.grouped(used, yes), model, draws=draws, seed=seed)
    areas = target.categories(by)
    members = np.where(areas.codes < 0, len(areas.labels), areas.codes)
    sums = spaces.sums_of_shares(posterior.draws, people, members, len(areas.labels) + 1)
    weight = np.bincount(members, weights=people, minlength=len(areas.labels) + 1)
    here = survey.columns.categories(by)
    in_sample = np.bincount(here.codes[used & (here.codes >= 0)], minlength=len(here.labels))
    n_by_area = dict(zip(here.labels, in_sample.tolist(), strict=True))
    empty = [label for label in areas.labels if not n_by_area.get(label, 0)]
    if empty and model_alone == "refuse":
        raise ComityError(
            f"Nobody was asked in {len(empty)} categories of '{by}', such as '{empty[0]}'.",
            'Merge them, or pass model_alone="label" to show the model\'s guess, labelled.',
        )
    tail = (1 - confidence) / 2
    items = []
    for code, label in [(-1, "everyone"), *enumerate(areas.labels)]:
        spread = sums[code] / weight[code] if code >= 0 else sums.sum(axis=0) / weight.sum()
        low, high = np.quantile(spread, [tail, 1 - tail])
        size = n if code < 0 else int(n_by_area.get(label, 0))
        note = MODEL_ALONE if size == 0 else POOLED if size < DIRECT_N else None
        own = float(yes[here.codes[used] == here.labels.index(label)].mean()) if code >= 0 and size else None
        items.append(
            AreaEstimate(
                label, float(spread.mean()), float(spread.std()), float(low), float(high), size, float(size),
                size / (size + DIRECT_N), own, note,
            )
        )  # fmt: skip
    names = [_title(each) for each in model.varying]
    return MrpResult(
        tuple(items), dict(zip(names, posterior.spreads.tolist(), strict=True)), posterior.effective_points
    )


def _title(column: str | tuple[str, ...]) -> str:
    return column if isinstance(column, str) else " x ".join(column)
