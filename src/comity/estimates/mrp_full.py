"""The multilevel model of `multilevel` by full sampling of its posterior, through Bambi (extra `bayes`).

The same model and priors; minutes instead of a second. For checking the fast approximation, and where its
`effective_points` are few.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from comity.errors import ComityError
from comity.estimates.columns import Floats
from comity.estimates.multilevel import Grouped, MultilevelModel, Posterior

CHAINS = 4
WORST_RHAT = 1.05


def sample_multilevel(data: Grouped, model: MultilevelModel, *, draws: int, seed: int) -> Posterior:
    """Draws from the posterior of the coefficients by the No-U-Turn sampler.

    Raises ComityError where Bambi is missing, or where the chains disagree (R-hat above 1.05).
    """
    try:
        arviz, bambi, pandas = (import_module(name) for name in ("arviz", "bambi", "pandas"))
    except ImportError as error:
        raise ComityError(
            "The full multilevel model needs the package bambi.",
            'Install Comity with its extra: comity[bayes]; or leave out engine="full" for the fast approximation.',
        ) from error
    fixed = [f"f{at}" for at in range(data.fixed.shape[1])]
    groups = [f"g{at}" for at in range(len(data.sizes))]
    frame = pandas.DataFrame({"yes": data.yes.astype(int), "asked": data.total.astype(int)})
    for name, values in zip(fixed, data.fixed.T, strict=True):
        frame[name] = values
    for name, codes in zip(groups, data.levels.T, strict=True):
        frame[name] = codes.astype(str)
    spread = bambi.Prior("HalfNormal", sigma=model.spread_sd)
    priors = {f"1|{name}": bambi.Prior("Normal", mu=0, sigma=spread) for name in groups}
    priors |= {name: bambi.Prior("Normal", mu=0, sigma=model.fixed_sd) for name in fixed}
    priors["Intercept"] = bambi.Prior("Normal", mu=0, sigma=model.intercept_sd)
    formula = "p(yes, asked) ~ " + " + ".join(["1", *fixed, *(f"(1|{name})" for name in groups)])
    built = bambi.Model(formula, frame, family="binomial", priors=priors, auto_scale=False, center_predictors=False)
    fitted = built.fit(
        draws=-(-draws // CHAINS), tune=1000, chains=CHAINS, cores=1, random_seed=seed, progressbar=False,
        inference_method="nutpie",
    )  # fmt: skip
    summary = arviz.summary(fitted, kind="diagnostics")
    worst = float(summary["r_hat"].max())
    if worst > WORST_RHAT:
        raise ComityError(
            f"The chains of the full model disagree (largest R-hat {worst:.3f}).",
            "Ask for more draws, or drop a varying column that has few answers.",
        )
    posterior = fitted.posterior.to_dataset().stack(draw_=("chain", "draw"))
    rng = np.random.default_rng(seed)
    parts = [posterior["Intercept"].values[None], *(posterior[name].values[None] for name in fixed)]
    spreads = [posterior[f"1|{name}_sigma"].values for name in groups]
    for name, size, each in zip(groups, data.sizes, spreads, strict=True):
        parts.append(_levels(posterior[f"1|{name}"], f"{name}__factor_dim", size, each, rng))
    return Posterior(np.vstack(parts), np.array([each.mean() for each in spreads]), float(summary["ess_bulk"].min()))


def _levels(effects: Any, dimension: str, size: int, spread: Floats, rng: np.random.Generator) -> Floats:
    """Draws (levels, draws) of every level's effect; one nobody in the sample has is drawn from its distribution."""
    found = rng.normal(size=(size, len(spread))) * spread
    known = effects.coords[dimension].values.astype(int)
    found[known] = effects.transpose(dimension, "draw_").values
    return found
