"""Questions that hide what each person did: the share behind a list experiment or a randomised response."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from comity.estimates import (
    RandomisedResponse,
    Survey,
    check_list_experiment,
    estimate_list_experiment,
    estimate_randomised_response,
)
from comity.site.surveys.questionnaire import Questionnaire, SensitiveItem
from comity.site.surveys.results.columns import NUMBER
from comity.site.surveys.results.findings.finding import CHANCE_ONLY, SurveyFinding, figure, percent
from comity.wording import Message, message


def sensitive_share(
    questionnaire: Questionnaire, item: SensitiveItem, survey: Survey, languages: Sequence[str]
) -> SurveyFinding | None:
    """The share behind a list experiment or a randomised response; None where too few answered or there is no interval."""
    if not survey.has_margin_of_error:
        return None
    columns = survey.columns
    if item.method == "list_experiment":
        parts = [columns.numbers(NUMBER.format(question=item.questions[arm])) for arm in ("control", "treated")]
        counts = np.where(np.isnan(parts[0]), parts[1], parts[0])
        arms = columns.categories(item.split)
        treated = [None if code < 0 else str(int(arms.labels[code] == "treated")) for code in arms.codes.tolist()]
        with_counts = replace(
            survey, columns=columns.with_column("count", counts).with_column("treated", np.array(treated, object))
        )
        if min(int((~np.isnan(part)).sum()) for part in parts) < survey.design.minimum_n:
            return None
        estimate = estimate_list_experiment(with_counts, "count", treated="treated")[0]
        test = check_list_experiment(with_counts, "count", treated="treated", items=item.items)
        passes = test.passes
    else:
        column = item.questions["all"]
        given = columns.categories(column)
        if item.yes not in given.labels:
            return None
        only = np.array(
            [
                given.labels[code] if code >= 0 and given.labels[code] in ("yes", "no") else None
                for code in given.codes.tolist()
            ],
            object,
        )
        device = _device(item)
        estimate = estimate_randomised_response(
            replace(survey, columns=columns.with_column("hidden", only)), "hidden", device, yes=item.yes
        )[0]
        passes = True
    if estimate.estimate is None:
        return None
    inside = estimate.low is not None and estimate.low > 0
    said = _SENSITIVE if passes else _SENSITIVE_FAILED
    values = {"share": percent(min(max(estimate.estimate, 0), 1)), "low": percent(max(estimate.low or 0, 0)), "high": percent(min(estimate.high or 1, 1)), "n": f"{estimate.n:,}"}  # fmt: skip
    return SurveyFinding(
        id=f"sensitive:{item.name}",
        method="survey_sensitive",
        question=item.label,
        sentence=Message(said.text, values).in_languages(languages),
        verdict=("shows" if inside else "does not show") if passes else "cannot tell",
        reason=None if passes else _LIST_FAILED.in_languages(languages),
        unit="share",
        n=estimate.n,
        estimate=estimate.estimate,
        low=estimate.low,
        high=estimate.high,
        limits=(CHANCE_ONLY.in_languages(languages),),
        figures=(figure(item.label, estimate, n=estimate.n),),
    )


def _device(item: SensitiveItem) -> RandomisedResponse:
    chances = dict(item.probabilities)
    if item.method == "warner":
        return RandomisedResponse.warner(chances["truth"])
    if item.method == "forced_response":
        return RandomisedResponse.forced_response(chances["truth"], chances["forced_yes"])
    return RandomisedResponse.unrelated_question(chances["sensitive"], chances["prevalence"])


_SENSITIVE = message(
    "{share} of people (95% interval {low} to {high}; n = {n}). No single answer tells what that person did."
)
_SENSITIVE_FAILED = message(
    "The method gives {share} (95% interval {low} to {high}; n = {n}), and its assumption did not hold."
)
_LIST_FAILED = message(
    "The sensitive item changed the answers to the harmless ones, so the difference is not its share."
)
