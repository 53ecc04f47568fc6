"""Means, proportions, totals and ratios, of everyone or of domains, with design-based standard errors and t intervals.

Each is a ratio of two weighted totals, linearised (Woodruff 1971, JASA 66:411); a domain keeps the full design.
Proportions have logit intervals; where none or all answered so, the Clopper-Pearson interval at the effective sample
size (Korn and Graubard 1998, Survey Methodology 24:193). Degrees of freedom are PSUs less strata among the PSUs with
a member of the domain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from comity.errors import ComityError, nearest
from comity.estimates import notes
from comity.estimates.chain import scores_through
from comity.estimates.columns import Floats, joint_codes
from comity.estimates.design import Survey
from comity.estimates.many_domains import can_use_tables, domain_means, summer_of
from comity.estimates.results import Estimate, Estimates
from comity.estimates.variance import covariance_of_totals

BLOCK = 32  # columns of scores held at once
MANY_ROWS = 200_000  # items x rows from which tables pay

Mask = npt.NDArray[np.bool_]


def estimate_mean(
    survey: Survey, variables: str | Sequence[str], *, by: str | Sequence[str] = (), confidence: float = 0.95
) -> Estimates:
    """Weighted means of numeric columns, of everyone or of each category of `by`. Missing values are left out, and n
    says so."""
    names = _names(variables)
    if by and (quick := _means_by_tables(survey, names, _names(by), confidence)) is not None:
        return quick
    within = domains(survey, by)
    terms = [mean_term(survey, name, domain) for name in names for domain in within]
    return estimate_ratios(survey, terms, confidence=confidence)


def estimate_total(
    survey: Survey, variables: str | Sequence[str], *, by: str | Sequence[str] = (), confidence: float = 0.95
) -> Estimates:
    """Weighted totals of numeric columns. Rows with a missing value add nothing; n counts the others."""
    within = domains(survey, by)
    terms = [
        replace(mean_term(survey, name, domain), statistic="total", denominator=None)
        for name in _names(variables)
        for domain in within
    ]
    return estimate_ratios(survey, terms, confidence=confidence)


def estimate_ratio(
    survey: Survey, numerator: str, denominator: str, *, by: str | Sequence[str] = (), confidence: float = 0.95
) -> Estimates:
    """Ratio of two weighted totals, over the rows where both columns have a value."""
    above, below = survey.columns.numbers(numerator), survey.columns.numbers(denominator)
    observed = ~np.isnan(above) & ~np.isnan(below)
    above, below = np.where(observed, above, 0.0), np.where(observed, below, 0.0)
    name = f"{numerator} / {denominator}"
    terms = [Term(name, "ratio", domain, above, observed, denominator=below) for domain in domains(survey, by)]
    return estimate_ratios(survey, terms, confidence=confidence)


def estimate_proportion(
    survey: Survey,
    variable: str,
    *,
    categories: Sequence[str] | None = None,
    by: str | Sequence[str] = (),
    confidence: float = 0.95,
) -> Estimates:
    """Share (0-1) of each category of a column (or of those in `categories`) among the rows with a value; logit
    intervals."""
    wanted = list(survey.columns.categories(variable).labels) if categories is None else list(categories)
    within = domains(survey, by)
    terms = [share_term(survey, variable, label, domain) for label in wanted for domain in within]
    return estimate_ratios(survey, terms, confidence=confidence)


@dataclass(frozen=True)
class Domain:
    """Part of the sample: its name by column, and which rows are in it (None: all)."""

    name: dict[str, str]
    inside: Mask | None


def domains(survey: Survey, by: str | Sequence[str]) -> list[Domain]:
    """Everyone, or one domain for each combination of the categories of `by` that occurs."""
    names = _names(by)
    if not names:
        return [Domain({}, None)]
    codes, found = _domain_codes(survey, names)
    return [Domain(name, codes == at) for at, name in enumerate(found)]


def _domain_codes(survey: Survey, names: Sequence[str]) -> tuple[npt.NDArray[np.int64], list[dict[str, str]]]:
    """The domain of each row (-1: none) among the combinations that occur, and each one's name."""
    parts = [survey.columns.categories(name) for name in names]
    joint, size = joint_codes([part.codes for part in parts], [len(part.labels) for part in parts])
    if size <= 1_000_000:
        present = np.flatnonzero(np.bincount(joint[joint >= 0] if (joint < 0).any() else joint, minlength=size))
    else:
        present = np.unique(joint[joint >= 0])
    found = []
    for code in present:
        rest, name = int(code), {}
        for part in reversed(parts):
            rest, at = divmod(rest, len(part.labels))
            name[part.name] = part.labels[at]
        found.append(dict(reversed(name.items())))
    if not found:
        raise ComityError(f"Column '{names[0]}' is missing in every row.", "Choose another column for the domains.")
    if len(present) == size:
        return joint, found
    places = np.searchsorted(present, joint)
    places[joint < 0] = -1
    return places, found


@dataclass(frozen=True, eq=False)
class Term:
    """One estimate to make: the sum of weight x `values` over the domain's observed rows, over that of `denominator`.

    denominator: an array, "rows" for a mean, None for a total.
    """

    variable: str
    statistic: str
    domain: Domain
    values: Floats
    observed: Mask
    denominator: Floats | Literal["rows"] | None = "rows"

    def used(self) -> Mask:
        return self.observed if self.domain.inside is None else self.observed & self.domain.inside


def mean_term(survey: Survey, variable: str, domain: Domain) -> Term:
    """The mean of a numeric column in a domain."""
    values = survey.columns.numbers(variable)
    observed = ~np.isnan(values)
    return Term(variable, "mean", domain, values if observed.all() else np.where(observed, values, 0.0), observed)


def share_term(survey: Survey, variable: str, category: str, domain: Domain) -> Term:
    """The share of a category of a column in a domain. Raises ComityError where there is no such category."""
    found = survey.columns.categories(variable)
    if category not in found.labels:
        near = nearest(category, found.labels)
        hint = f"Did you mean '{near}'?" if near else f"The categories are: {', '.join(found.labels[:20])}."
        raise ComityError(f"Column '{variable}' has no category '{category}'.", hint)
    inside = (found.codes == found.labels.index(category)).astype(float)
    return Term(f"{variable}={category}", "proportion", domain, inside, found.codes >= 0)


def estimate_ratios(survey: Survey, terms: Sequence[Term], *, confidence: float = 0.95) -> Estimates:
    """The estimates of `terms`, with their covariance where there are at most 400."""
    _check_confidence(confidence)
    weights = survey.weights
    used = [term.used() & (weights != 0) for term in terms]
    counts = [int(mask.sum()) for mask in used]
    usable = [at for at, n in enumerate(counts) if n >= survey.design.minimum_n]
    if not usable:
        _refuse_small(survey, terms, counts)
    points = np.full(len(terms), np.nan)
    variances = np.full(len(terms), np.nan)
    covariance = np.full((len(terms), len(terms)), np.nan) if len(terms) <= 400 else None
    for at in usable:
        points[at] = _point(terms[at], used[at], weights)
    if survey.has_margin_of_error:
        _fill_covariance(survey, terms, used, usable, points, variances, covariance)
    items = []
    for term, mask, n, point, variance in zip(terms, used, counts, points, variances, strict=True):
        raw = _Raw(term.variable, term.statistic, term.domain.name, n, float(point), float(variance), 0.0, 0)
        if survey.has_margin_of_error and not np.isnan(point):
            simple = _simple_variance(term, mask, survey, float(point))
            raw = raw._replace(simple=simple, df=survey.domain_degrees_of_freedom(mask))
        items.append(_estimate(survey, raw, confidence))
    return Estimates(tuple(items), covariance)


def _means_by_tables(survey: Survey, names: Sequence[str], by: Sequence[str], confidence: float) -> Estimates | None:
    """Means by domain from sums per unit and domain, where there are many of them and the design allows it."""
    if len(names) * survey.rows < MANY_ROWS:
        return None
    _check_confidence(confidence)
    codes, found = _domain_codes(survey, by)
    if not can_use_tables(survey, len(found)):
        return None
    items, summer = [], summer_of(survey, codes, len(found))
    for name in names:
        result = domain_means(survey, survey.columns.numbers(name), summer)
        if not (result.n >= survey.design.minimum_n).any():
            _refuse_small(survey, [mean_term(survey, name, Domain({}, None))], [int(result.n.max())])
        for at, domain in enumerate(found):
            numbers = (
                float(result.point[at]),
                float(result.variance[at]),
                float(result.simple[at]),
                int(result.df[at]),
            )
            items.append(_estimate(survey, _Raw(name, "mean", domain, int(result.n[at]), *numbers), confidence))
    return Estimates(tuple(items))


def _names(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ComityError(f"Confidence is {confidence}.", "It is between 0 and 1, such as 0.95.")


def _refuse_small(survey: Survey, terms: Sequence[Term], counts: Sequence[int]) -> None:
    n = max(counts)
    what = f"'{terms[0].variable}' has a value in {n} rows"
    if n == 0:
        raise ComityError(f"{what}: all are missing.", "Check the column and the mapping of its missing codes.")
    raise ComityError(
        f"{what}, below the floor of {survey.design.minimum_n}: no number is given.",
        "Merge categories, collect more answers, or lower minimum_n knowingly.",
    )


def _point(term: Term, used: Mask, weights: Floats) -> float:
    above = float(weights[used] @ term.values[used])
    if term.denominator is None:
        return above
    below = float(weights[used].sum() if isinstance(term.denominator, str) else weights[used] @ term.denominator[used])
    if below == 0:
        raise ComityError(f"The denominator of '{term.variable}' is zero.", "Choose another denominator.")
    return above / below


def _derivative(term: Term, used: Mask, weights: Floats, point: float) -> Floats:
    """Derivative of the estimate by each row's weight; 0 outside the domain."""
    if term.denominator is None:
        return np.where(used, term.values, 0.0)
    if isinstance(term.denominator, str):
        return np.where(used, term.values - point, 0.0) / weights[used].sum()
    return np.where(used, term.values - point * term.denominator, 0.0) / (weights[used] @ term.denominator[used])


def _fill_covariance(
    survey: Survey,
    terms: Sequence[Term],
    used: Sequence[Mask],
    usable: Sequence[int],
    points: Floats,
    variances: Floats,
    covariance: Floats | None,
) -> None:
    if survey.replicates is not None:
        replicated = replicate_estimates(survey, [terms[at] for at in usable])
        found = survey.replicates.covariance_of(replicated, points[list(usable)])
        variances[list(usable)] = np.diag(found)
        if covariance is not None:
            covariance[np.ix_(usable, usable)] = found
        return
    blocks = [list(usable[start : start + BLOCK]) for start in range(0, len(usable), BLOCK)]
    if len(blocks) > 1:
        covariance_needed = covariance is not None and survey.rows * len(usable) <= 5_000_000
        if covariance_needed:
            blocks = [list(usable)]
    for block in blocks:
        derivatives = np.stack([_derivative(terms[at], used[at], survey.weights, points[at]) for at in block], axis=1)
        found = covariance_of_totals(survey, scores_through(survey, derivatives))
        variances[block] = np.diag(found)
        if covariance is not None:
            covariance[np.ix_(block, block)] = found


def linearise(survey: Survey, term: Term) -> tuple[float, Floats, int]:
    """The estimate of one term, its scores through the whole chain (rows,), and its n. Refuses an n below the floor."""
    used = term.used() & (survey.weights != 0)
    n = int(used.sum())
    if n < survey.design.minimum_n:
        _refuse_small(survey, [term], [n])
    point = _point(term, used, survey.weights)
    derivative = _derivative(term, used, survey.weights, point)
    return point, scores_through(survey, derivative[:, None])[:, 0], n


def replicate_estimates(survey: Survey, terms: Sequence[Term]) -> Floats:
    """The estimates (R, k) of `terms` in every replicate."""
    assert survey.replicates is not None
    used = [term.used() & (survey.weights != 0) for term in terms]
    above = [np.where(mask, term.values, 0.0) for term, mask in zip(terms, used, strict=True)]
    shares = [at for at, term in enumerate(terms) if term.denominator is not None]
    below = [
        np.where(used[at], 1.0 if isinstance(each, str) else each, 0.0)
        for at in shares
        if (each := terms[at].denominator) is not None
    ]
    # One call for both, because making the weights of the replicates is most of the work.
    both = survey.replicates.linear_sums(survey, np.stack(above + below, axis=1))
    sums = both[:, : len(terms)]
    sums[:, shares] /= both[:, len(terms) :]
    return sums


class _Raw(NamedTuple):
    """What an estimate is made of; point is NaN where n is below the floor."""

    variable: str
    statistic: str
    domain: Mapping[str, str]
    n: int
    point: float
    variance: float
    simple: float
    df: int


def _estimate(survey: Survey, raw: _Raw, confidence: float) -> Estimate:
    method = "linearised" if survey.replicates is None else survey.replicates.name
    blank = Estimate(
        raw.variable, raw.statistic, raw.domain, None, None, None, None, None, raw.n, None, confidence, method
    )
    if np.isnan(raw.point):
        return replace(blank, note=notes.below_floor(raw.n, survey.design.minimum_n))
    if not survey.has_margin_of_error:
        return replace(blank, estimate=raw.point, variance="none", note=notes.OPT_IN)
    if raw.df < 1:
        return replace(blank, estimate=raw.point, df=raw.df, note=notes.FEW_PSUS)
    point, se = raw.point, float(np.sqrt(max(raw.variance, 0.0)))
    if raw.statistic == "proportion" and not 1e-12 < point < 1 - 1e-12:
        point, se = float(round(point)), 0.0  # rounding noise apart, all or none answered so
    deff = raw.variance / raw.simple if raw.simple > 0 else None
    if raw.statistic == "proportion":
        low, high = proportion_interval(point, se, df=raw.df, n=raw.n, confidence=confidence)
    else:
        margin = _t_quantile(0.5 + confidence / 2, raw.df) * se
        low, high = point - margin, point + margin
    return replace(blank, estimate=point, se=se, df=raw.df, low=low, high=high, deff=deff, note=survey.caveat)


@cache
def _t_quantile(share: float, df: int) -> float:
    return float(stats.t.ppf(share, df))


def proportion_interval(share: float, se: float, *, df: float, n: int, confidence: float) -> tuple[float, float]:
    """Logit interval of a share (0-1); Clopper-Pearson where it is 0 or 1 (or its standard error is 0)."""
    tail = (1 - confidence) / 2
    if 0 < share < 1 and se > 0:
        quantile = float(stats.t.ppf(1 - tail, df))
        centre, spread = np.log(share / (1 - share)), quantile * se / (share * (1 - share))
        return float(1 / (1 + np.exp(spread - centre))), float(1 / (1 + np.exp(-spread - centre)))
    count = share * n
    low = 0.0 if count <= 0 else float(stats.beta.ppf(tail, count, n - count + 1))
    high = 1.0 if count >= n else float(stats.beta.ppf(1 - tail, count + 1, n - count))
    return low, high


def _simple_variance(term: Term, used: Mask, survey: Survey, point: float) -> float:
    """Variance of the same estimate from a simple random sample of the same n, without replacement from sum(weights)
    units."""
    w = survey.weights[used]
    n, population = len(w), float(w.sum())
    if n < 2:
        return 0.0
    values = term.values[used]
    if term.denominator is not None and not isinstance(term.denominator, str):
        values = values - point * term.denominator[used]
    centre = w @ values / population
    spread = float(w @ (values - centre) ** 2) / population * n / (n - 1)
    finite = (population - n) / population if survey.weights_count_people and population > n else 1.0
    simple = spread / n * finite
    if term.denominator is None:
        return simple * population**2
    if isinstance(term.denominator, str):
        return simple
    mean_below = float(w @ term.denominator[used]) / population
    return simple / mean_below**2
