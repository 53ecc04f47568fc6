"""Questions people may not answer truthfully: randomised response and list experiments, with their estimators and
tests.

Warner (1965, JASA 60:63); Greenberg et al. (1969) for the unrelated question; Boruch (1971) for forced response;
Blair and Imai (2012, Political Analysis 20:47) for the list experiment and the test of its assumptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from comity.errors import ComityError
from comity.estimates import notes
from comity.estimates.change import estimate_difference
from comity.estimates.columns import Floats
from comity.estimates.design import Survey
from comity.estimates.estimators import Domain, Term, domains, estimate_proportion, estimate_ratios
from comity.estimates.results import Estimate, Estimates
from comity.wording import Message, message

_LIST_ASSUMES = message(
    "Assumes that the sensitive item does not change the other answers, and that people answer it truthfully."
)
_ASSUMPTION_FAILS = message("The estimate is outside 0-1: by chance, or because an assumption fails.")
_DEVICE_FAILS = message("The estimate is outside 0-1: by chance, or because the device was not followed.")


@dataclass(frozen=True)
class RandomisedResponse:
    """How chance hides an answer: P(yes) = `slope` x share + `floor`.

    Make one with `warner`, `forced_response` or `unrelated_question`; all probabilities belong to the device, not to
    people.
    """

    name: Message
    slope: float
    floor: float

    @staticmethod
    def warner(truth: float) -> RandomisedResponse:
        """With probability `truth` people answer the question, otherwise its opposite."""
        _check(truth)
        if abs(truth - 0.5) < 1e-9:
            raise ComityError(
                "Warner's device with probability 0.5 hides everything.", "Use another probability, such as 0.7."
            )
        return RandomisedResponse(message("Warner's design"), 2 * truth - 1, 1 - truth)

    @staticmethod
    def forced_response(truth: float, forced_yes: float) -> RandomisedResponse:
        """With `truth` people answer truthfully, with `forced_yes` they say yes, otherwise no."""
        _check(truth)
        if forced_yes < 0 or truth + forced_yes > 1:
            raise ComityError(f"The probabilities {truth} and {forced_yes} exceed 1.", "They share one device.")
        return RandomisedResponse(message("forced response"), truth, forced_yes)

    @staticmethod
    def unrelated_question(sensitive: float, prevalence: float) -> RandomisedResponse:
        """With `sensitive` people answer the question, otherwise a harmless one whose share of yes is `prevalence`."""
        _check(sensitive)
        if not 0 <= prevalence <= 1:
            raise ComityError(f"The prevalence is {prevalence}.", "It is between 0 and 1.")
        return RandomisedResponse(message("unrelated question"), sensitive, (1 - sensitive) * prevalence)


def estimate_randomised_response(
    survey: Survey, variable: str, device: RandomisedResponse, *, yes: str, by: str | Sequence[str] = ()
) -> Estimates:
    """Share with the sensitive trait, from answers hidden by `device`. An estimate outside 0-1 is shown as it is,
    with a note."""
    found = estimate_proportion(survey, variable, categories=[yes], by=by)
    return Estimates(tuple(_unhidden(each, device) for each in found))


def estimate_list_experiment(survey: Survey, count: str, *, treated: str, by: str | Sequence[str] = ()) -> Estimates:
    """Share with the sensitive item: mean count in the list with it less that in the list without.

    count: number of items each person said yes to; treated: column that is 1 or yes for people who saw the sensitive
    item.
    """
    names = [by] if isinstance(by, str) else list(by)
    labels = _arms(survey, treated)
    items: list[Estimate] = []
    for domain in domains(survey, names):
        inside = survey if domain.inside is None else _only(survey, count, domain)
        found = estimate_difference(inside, count, by=treated, between=labels)[0]
        outside = found.estimate is not None and not 0 <= found.estimate <= 1
        note = notes.together(_LIST_ASSUMES, _ASSUMPTION_FAILS if outside else None, found.note)
        items.append(replace(found, statistic="list experiment", domain=domain.name, note=note))
    return Estimates(tuple(items))


@dataclass(frozen=True)
class ListTest:
    """Blair and Imai's test: `p` for "the sensitive item does not change the other answers"; floor and ceiling shares.

    smallest: the smallest estimated share of a type of person, which cannot truly be negative. at_ceiling, at_floor:
    shares of the treated who said yes to all or to none, and so may have hidden the sensitive answer.
    """

    p: float
    smallest: float
    passes: bool
    at_ceiling: float
    at_floor: float


def check_list_experiment(survey: Survey, count: str, *, treated: str, items: int, level: float = 0.05) -> ListTest:
    """Test the assumptions of a list experiment with `items` harmless items (Bonferroni over all types of people)."""
    labels = _arms(survey, treated)
    values, arm = survey.columns.numbers(count), survey.columns.categories(treated)
    if bool(np.any((values > items + 1) | (values < 0))):
        raise ComityError(f"Column '{count}' has counts outside 0 to {items + 1}.", "Check the number of items.")
    is_treated = arm.codes == arm.labels.index(labels[1])
    observed = ~np.isnan(values)
    terms, signs = [], []
    for limit in range(-1, items + 1):
        for side, label in ((is_treated, "treated"), (~is_treated, "control")):
            at_most = (values <= limit).astype(float)
            terms.append(
                Term(f"{label} <= {limit}", "mean", Domain({}, side), np.where(observed, at_most, 0.0), observed)
            )
    shares = estimate_ratios(survey, terms)
    if shares.covariance is None:
        raise ComityError(f"{items} items are too many for the test.", "A list has at most a handful of items.")
    index = {(limit, side): 2 * (limit + 1) + side for limit in range(-1, items + 1) for side in (0, 1)}
    for limit in range(items + 1):
        with_item, without = np.zeros(len(terms)), np.zeros(len(terms))
        with_item[index[limit, 1]], with_item[index[limit, 0]] = 1, -1  # types (limit, 1)
        without[index[limit, 0]], without[index[limit - 1, 1]] = 1, -1  # types (limit, 0)
        signs += [with_item, without]
    points: Floats = np.array([each.estimate for each in shares], float)
    smallest, p = 1.0, 1.0
    for contrast in signs:
        value = float(contrast @ points)
        variance = float(contrast @ shares.covariance @ contrast)
        se = max(variance, 0.0) ** 0.5
        smallest = min(smallest, value)
        if se > 1e-12:
            p = min(p, float(stats.norm.cdf(value / se)))
    p = min(1.0, p * len(signs))
    weights = survey.weights * is_treated * observed
    total = weights.sum()
    return ListTest(
        p,
        smallest,
        p >= level,
        float(weights[values == items + 1].sum() / total),
        float(weights[values == 0].sum() / total),
    )


def _check(probability: float) -> None:
    if not 0 < probability <= 1:
        raise ComityError(f"The device's probability is {probability}.", "It is above 0 and at most 1.")


def _unhidden(each: Estimate, device: RandomisedResponse) -> Estimate:
    if each.estimate is None:
        return each
    point = (each.estimate - device.floor) / device.slope
    hidden = message("Answers were hidden by chance: {device}.", device=device.name)
    note = notes.together(hidden, None if 0 <= point <= 1 else _DEVICE_FAILS, each.note)
    if each.se is None or each.df is None:
        return replace(each, statistic="randomised response", estimate=point, note=note)
    se = each.se / abs(device.slope)
    margin = float(stats.t.ppf(0.5 + each.confidence / 2, each.df)) * se
    return replace(
        each, statistic="randomised response", estimate=point, se=se, low=point - margin, high=point + margin,
        deff=None,
        note=note,
    )  # fmt: skip


def _arms(survey: Survey, treated: str) -> tuple[str, str]:
    labels = survey.columns.categories(treated).labels
    yes = [label for label in labels if label.casefold() in ("1", "true", "yes", "treatment", "treated")]
    if len(labels) != 2 or len(yes) != 1:
        raise ComityError(
            f"Column '{treated}' has the categories {', '.join(labels[:6])}.",
            "It has two: 1 or yes for the treated, 0 or no.",
        )
    return next(label for label in labels if label != yes[0]), yes[0]


def _only(survey: Survey, count: str, domain: Domain) -> Survey:
    """The same survey with the count missing outside the domain, so that the design stays whole."""
    assert domain.inside is not None
    values = np.where(domain.inside, survey.columns.numbers(count), np.nan)
    return replace(survey, columns=survey.columns.with_column(count, values))
