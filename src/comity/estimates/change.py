"""Differences between domains of one survey, and change between waves with the covariance of what they share.

Waves that share PSUs, or people, are not independent: Var(change) = V1 + V2 - 2 Cov, with the covariance from the
shared first-stage units (Kish 1965, 12.4; Qualité and Tillé 2008, Survey Methodology 34:173). Leaving it out makes a
panel blind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from comity.errors import ComityError, nearest
from comity.estimates import notes
from comity.estimates.columns import Floats
from comity.estimates.design import Survey
from comity.estimates.estimators import (
    Domain,
    Term,
    domains,
    linearise,
    mean_term,
    replicate_estimates,
    share_term,
)
from comity.estimates.results import Estimate, Estimates
from comity.estimates.variance import covariance_of_totals, sum_by
from comity.wording import message


def estimate_difference(
    survey: Survey,
    variable: str,
    *,
    by: str,
    between: tuple[str, str],
    category: str | None = None,
    confidence: float = 0.95,
) -> Estimates:
    """Mean (or share of `category`) in the second domain of `between` less that in the first, with their covariance.

    by: the column whose categories `between` names. Domains of one sample share PSUs, so their estimates are
    correlated.
    """
    found = {domain.name[by]: domain for domain in domains(survey, by)}
    for label in between:
        if label not in found:
            near = nearest(label, list(found))
            raise ComityError(
                f"Column '{by}' has no category '{label}'.",
                f"Did you mean '{near}'?" if near else f"It has: {', '.join(found)}.",
            )
    name = {by: f"{between[1]} less {between[0]}"}
    terms = [_term(survey, variable, category, found[label]) for label in between]
    return Estimates((_difference(survey, variable, category, name, terms, confidence),))


def estimate_change(
    first: Survey,
    second: Survey,
    variable: str,
    *,
    category: str | None = None,
    by: str | Sequence[str] = (),
    link: str | None = None,
    confidence: float = 0.95,
) -> Estimates:
    """Mean (or share of `category`) in `second` less that in `first`, of everyone or of each domain that both waves
    have.

    Shared first-stage units are recognised by their stratum and by the label in the first cluster column, or in
    `link`, such as the number of a panel member where people were sampled directly. Each wave keeps its own weighting
    chain.
    """
    if not (first.has_margin_of_error and second.has_margin_of_error):
        raise ComityError(
            "A wave is an opt-in sample, so its change has no margin of error.",
            "Show both numbers without a test, or set quasi_randomisation and accept its assumptions.",
        )
    before = {tuple(domain.name.items()): domain for domain in domains(first, by)}
    items = []
    for domain in domains(second, by):
        earlier = before.get(tuple(domain.name.items()))
        if earlier is not None:
            terms = _term(first, variable, category, earlier), _term(second, variable, category, domain)
            items.append(_change(first, second, terms, category, domain.name, link, confidence))
    if not items:
        raise ComityError(
            "The waves have no category in common.", "Code the column of the domains the same way in both."
        )
    return Estimates(tuple(items))


def _term(survey: Survey, variable: str, category: str | None, domain: Domain) -> Term:
    return mean_term(survey, variable, domain) if category is None else share_term(survey, variable, category, domain)


def _difference(
    survey: Survey,
    variable: str,
    category: str | None,
    name: dict[str, str],
    terms: Sequence[Term],
    confidence: float,
) -> Estimate:
    parts = [linearise(survey, term) for term in terms]
    point, n = parts[1][0] - parts[0][0], parts[0][2] + parts[1][2]
    statistic = "difference in means" if category is None else "difference in proportions"
    title = variable if category is None else f"{variable}={category}"
    if not survey.has_margin_of_error:
        return Estimate(
            title, statistic, name, point, None, None, None, None, n, None, confidence, "none", notes.OPT_IN
        )
    if survey.replicates is None:
        variance, method = covariance_of_totals(survey, (parts[1][1] - parts[0][1])[:, None])[0, 0], "linearised"
    else:
        replicated = replicate_estimates(survey, terms)
        deviations = survey.replicates.deviations(replicated, np.array([parts[0][0], parts[1][0]]))
        variance, method = float(((deviations[:, 1] - deviations[:, 0]) ** 2).sum()), survey.replicates.name
    se = float(np.sqrt(variance))
    df = survey.domain_degrees_of_freedom(terms[0].used() | terms[1].used())
    margin = float(stats.t.ppf(0.5 + confidence / 2, max(df, 1))) * se
    return Estimate(
        title, statistic, name, point, se, df, point - margin, point + margin, n, None, confidence, method,
        survey.caveat,
    )  # fmt: skip


class _Shared(NamedTuple):
    """The units two waves share: their number in each wave. of_first, of_second: each wave's units, as the stratum each
    is in (numbered as in the first wave; -1 where the first wave has no such stratum)."""

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    of_first: npt.NDArray[np.int64]
    of_second: npt.NDArray[np.int64]


def _change(
    first: Survey,
    second: Survey,
    terms: tuple[Term, Term],
    category: str | None,
    name: dict[str, str],
    link: str | None,
    confidence: float,
) -> Estimate:
    earlier, later = linearise(first, terms[0]), linearise(second, terms[1])
    shared = _shared_units(first, second, link)
    method = "linearised" if second.replicates is None else second.replicates.name
    if first.replicates is None and second.replicates is None:
        variances = [
            float(covariance_of_totals(survey, scores[:, None])[0, 0])
            for survey, (_, scores, _) in ((first, earlier), (second, later))
        ]
        totals = _totals_by_label(first, earlier[1], link), _totals_by_label(second, later[1], link)
        covariance = _covariance_of_totals_by_unit(first, shared, *totals)
    else:
        deviations = [
            _deviations(survey, term, point)
            for survey, term, point in ((first, terms[0], earlier[0]), (second, terms[1], later[0]))
        ]
        variances = [float(each @ each) for each in deviations]
        covariance = _replicated_covariance(first, second, deviations, shared, link)
    limit = float(np.sqrt(variances[0] * variances[1]))
    variance = sum(variances) - 2 * float(np.clip(covariance, -limit, limit))
    dfs = [survey.domain_degrees_of_freedom(term.used()) for survey, term in ((first, terms[0]), (second, terms[1]))]
    if len(shared.first):
        df: float = min(dfs)
    else:  # Satterthwaite's degrees of freedom for two independent samples
        df = sum(variances) ** 2 / sum(v**2 / max(f, 1) for v, f in zip(variances, dfs, strict=True))
    point, se = later[0] - earlier[0], float(np.sqrt(max(variance, 0.0)))
    margin = float(stats.t.ppf(0.5 + confidence / 2, max(df, 1))) * se
    shares = message(
        "{count:,} sampling units are in both waves; their covariance is taken into account.", count=len(shared.first)
    )
    note = notes.together(shares, second.caveat or first.caveat)
    statistic = "change in mean" if category is None else "change in proportion"
    return Estimate(
        terms[1].variable, statistic, name, point, se, df, point - margin, point + margin, earlier[2] + later[2], None,
        confidence, method, note,
    )  # fmt: skip


def _deviations(survey: Survey, term: Term, point: float) -> Floats:
    if survey.replicates is None:
        raise ComityError(
            "One wave has replicates and the other has none.", "Give both the same kind of replicates, or neither."
        )
    return survey.replicates.deviations(replicate_estimates(survey, [term]), np.array([point]))[:, 0]


def _replicated_covariance(
    first: Survey, second: Survey, deviations: Sequence[Floats], shared: _Shared, link: str | None
) -> float:
    """Covariance of two waves' estimates from what their replicates share.

    Jackknife replicates belong to a unit: those of shared units are multiplied. Replicate weights that came with the
    data, and other replicates over the same units, are the same draw in both waves.
    """
    one, two = first.replicates, second.replicates
    assert one is not None and two is not None
    if one.weights is not None and two.weights is not None:
        if one.count != two.count or one.name != two.name:
            raise ComityError(
                f"The waves have {one.count} {one.name} and {two.count} {two.name} replicates.",
                "Change needs replicates made for both waves together, as their producer documents.",
            )
        return float(deviations[0] @ deviations[1])
    if {one.name, two.name} <= {"JK1", "JKn"} and one.weights is None and two.weights is None:
        totals = [
            _totals_by_jackknife(survey, each, link)
            for survey, each in ((first, deviations[0]), (second, deviations[1]))
        ]
        return _covariance_of_totals_by_unit(first, shared, totals[0], totals[1])
    if not len(shared.first):
        return 0.0
    draws = one.multiplicity, two.multiplicity
    if link is None and draws[0] is not None and draws[1] is not None:
        ours, theirs = draws[0][shared.first], draws[1][shared.second]
        if len(ours) == len(draws[0]) == len(draws[1]) and np.array_equal(ours, theirs):
            return float(deviations[0] @ deviations[1])
    raise ComityError(
        f"{two.name} replicates of waves that share only some units, or were drawn with other seeds, cannot be matched.",
        "Use JKn replicates or linearised standard errors for change.",
    )


def _totals_by_jackknife(survey: Survey, deviations: Floats, link: str | None) -> Floats:
    """What the linearised totals of linked units would be, from the deviations of the units' jackknife replicates."""
    labels, unit = _unit_labels(survey, link)
    if not labels:
        return np.zeros(0)
    of_label = np.empty(len(labels), np.int64)
    of_label[unit] = survey.psu
    stage = survey.stages[0]
    n = np.maximum(stage.sampled, 2)
    scale = np.sqrt(n / (n - 1) * (1 - stage.fraction))[stage.stratum]
    totals = np.divide(deviations, scale, out=np.zeros_like(deviations), where=scale > 0)
    found: Floats = totals[of_label]
    return found


def _unit_labels(survey: Survey, link: str | None) -> tuple[list[tuple[str, str]], npt.NDArray[np.int64]]:
    """(stratum, label) of each linked unit, and the unit of each row; none where nothing names the units."""
    column = link or (survey.design.clusters[0] if survey.design.clusters else None)
    if column is None:
        return [], np.zeros(survey.rows, np.int64)
    found = survey.columns.categories(column)
    if (found.codes < 0).any():
        raise ComityError(f"The link '{column}' is missing in some rows.", "Give every row its unit's label.")
    unit, stratum = found.codes.astype(np.int64), survey.stratum
    if not survey.design.nested:
        first = np.empty(len(found.labels), np.int64)
        first[unit] = stratum
        return [(survey.stratum_labels[first[at]], label) for at, label in enumerate(found.labels)], unit
    joint = stratum * len(found.labels) + unit
    present, codes = np.unique(joint, return_inverse=True)
    pairs = [divmod(int(code), len(found.labels)) for code in present]
    return [(survey.stratum_labels[h], found.labels[at]) for h, at in pairs], codes


def _shared_units(first: Survey, second: Survey, link: str | None) -> _Shared:
    before, after = _unit_labels(first, link)[0], _unit_labels(second, link)[0]
    places = {label: at for at, label in enumerate(after)}
    pairs = [(at, places[label]) for at, label in enumerate(before) if label in places]
    columns = np.array(pairs, np.int64).reshape(-1, 2)
    strata = {label: at for at, label in enumerate(first.stratum_labels)}
    of_first, of_second = (np.array([strata.get(h, -1) for h, _ in labels], np.int64) for labels in (before, after))
    return _Shared(columns[:, 0], columns[:, 1], of_first, of_second)


def _covariance_of_totals_by_unit(first: Survey, shared: _Shared, one: Floats, two: Floats) -> float:
    """Covariance of two waves' totals from the totals (units,) of each wave's units, stratum by stratum.

    With m of n1 and n2 units shared and N in the population: (m - n1 n2 / N) times the covariance of a unit's totals
    (Tam 1984, American Statistician 38:288). Waves that share too few units to estimate it, yet come from one finite
    population, are taken to be as alike as can be, which errs on the wide side.
    """
    strata = len(first.stages[0].sampled)
    n1, n2 = (np.bincount(of[of >= 0], minlength=strata) for of in (shared.of_first, shared.of_second))
    present = first.stages[0].fraction > 0
    population = np.divide(
        first.stages[0].sampled, first.stages[0].fraction, out=np.full(strata, np.inf), where=present
    )
    expected = n1 * n2 / population  # units that two independent draws would share
    stratum = shared.of_first[shared.first]
    m = np.bincount(stratum, minlength=strata)
    centred = [
        values - (np.bincount(stratum, weights=values, minlength=strata) / np.maximum(m, 1))[stratum]
        for values in (one[shared.first], two[shared.second])
    ]
    products = np.bincount(stratum, weights=centred[0] * centred[1], minlength=strata)
    spreads = [_spread_by(of, values, strata) for of, values in ((shared.of_first, one), (shared.of_second, two))]
    alike = np.where(m > 1, products / np.maximum(m - 1, 1), np.sqrt(spreads[0] * spreads[1]))
    return float(np.where(m > 1, m - expected, -expected) @ alike)


def _spread_by(group: npt.NDArray[np.int64], values: Floats, groups: int) -> Floats:
    """Variance of `values` within each group."""
    known = group >= 0
    group, values = group[known], values[known]
    n = np.bincount(group, minlength=groups)
    means = np.bincount(group, weights=values, minlength=groups) / np.maximum(n, 1)
    squares = np.bincount(group, weights=(values - means[group]) ** 2, minlength=groups)
    found: Floats = squares / np.maximum(n - 1, 1)
    return found


def _totals_by_label(survey: Survey, scores: Floats, link: str | None) -> Floats:
    labels, unit = _unit_labels(survey, link)
    return sum_by(unit, scores[:, None], len(labels))[:, 0] if labels else np.zeros(0)
