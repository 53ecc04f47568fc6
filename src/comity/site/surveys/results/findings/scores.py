"""Scores of several questions, for everybody and for each place that has enough answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from comity import estimates
from comity.estimates import Survey, estimate_alpha, estimate_mean, score_scale
from comity.site.surveys.questionnaire import Questionnaire, Scale, Texts
from comity.site.surveys.results.columns import STRATUM, survey_scale
from comity.site.surveys.results.findings.finding import (
    CHANCE_ONLY,
    OPT_IN,
    WEIGHTS_RIGHT,
    SurveyFinding,
    count_of,
    effective_n,
    figure,
    in_each,
    leaves_out,
)
from comity.wording import Message, message

PLACE_FLOOR = 100  # effective n under which a place has no score of its own


def scale_score(
    questionnaire: Questionnaire,
    scale: Scale,
    survey: Survey,
    languages: Sequence[str],
) -> SurveyFinding | None:
    """The mean score (0-100) of a scale, and its reliability."""
    items = survey_scale(questionnaire, scale.name)
    with_score = scored(survey, items)
    if with_score is None:
        return None
    mean = estimate_mean(with_score, "score")[0]
    if mean.estimate is None:
        return None
    alpha = estimate_alpha(survey, items).estimate if mean.n > len(items.items) + survey.design.minimum_n else None
    raw = with_score.columns.numbers("score")
    values = {
        "scale": {language: scale.label.get(language, scale.name) for language in languages},
        "mean": f"{mean.estimate:.1f}", "low": f"{mean.low or 0:.1f}", "high": f"{mean.high or 0:.1f}", "n": f"{mean.n:,}",
        "unweighted": f"{np.nanmean(raw):.1f}", "effective": count_of(effective_n(mean) or mean.n),
        "alpha": "–" if alpha is None else f"{alpha:.2f}",
    }  # fmt: skip
    rests_on = _SCORE_RESTS_ON if survey.has_margin_of_error else _SCORE_OPT_IN
    return SurveyFinding(
        id=f"scale:{scale.name}",
        method="survey_scale",
        question=in_each(_SCORE_QUESTION, values, languages),
        sentence=in_each(rests_on, values, languages),
        verdict=leaves_out(mean, 50.0) if survey.has_margin_of_error else "cannot tell",
        reason=None if survey.has_margin_of_error else OPT_IN.in_languages(languages),
        headline=in_each(_SCORE, values, languages) if survey.has_margin_of_error else None,
        unit="points",
        n=mean.n,
        estimate=mean.estimate,
        low=mean.low,
        high=mean.high,
        assumptions=(WEIGHTS_RIGHT.in_languages(languages),),
        limits=(CHANCE_ONLY.in_languages(languages),),
        figures=(
            figure(scale.label, mean, n=mean.n, effective_n=effective_n(mean), unweighted=float(np.nanmean(raw))),
        ),
    )


def scale_by_place(
    questionnaire: Questionnaire, scale: Scale, survey: Survey, languages: Sequence[str], *, labels: Mapping[str, Texts]
) -> SurveyFinding | None:
    """The score of each stratum that has an effective n of `PLACE_FLOOR` or more, over the table `by_stratum`; the others are said
    to have too few. None where there is one stratum."""
    items = survey_scale(questionnaire, scale.name)
    strata = survey.columns.categories(STRATUM)
    with_score = scored(survey, items)
    if len(strata.labels) < 2 or with_score is None:
        return None
    raw = with_score.columns.numbers("score")
    figures, cells, shown = [], [], []
    for each in estimate_mean(with_score, "score", by=STRATUM):
        place = each.domain[STRATUM]
        n = int((strata.codes == strata.labels.index(place)).sum())
        effective = effective_n(each) or 0
        label = labels.get(place) or dict.fromkeys(languages, place)
        if each.estimate is None or effective < PLACE_FLOOR or n < survey.design.minimum_n:
            figures.append({**figure(label, replace(each, estimate=None, low=None, high=None)), "status": "suppressed"})
            continue
        cells.append({"table": "by_stratum", "where": {STRATUM: place}})
        unweighted = float(np.nanmean(raw[strata.codes == strata.labels.index(place)]))
        figures.append(figure(label, each, n=n, effective_n=effective, unweighted=unweighted))
        shown.append(each)
    if not shown:
        return None
    low, high = min(shown, key=lambda each: each.estimate or 0), max(shown, key=lambda each: each.estimate or 0)
    apart = low.high is not None and high.low is not None and low.high < high.low
    return SurveyFinding(
        id=f"places:{scale.name}",
        method="survey_places",
        question={
            language: Message(_PLACE_QUESTION.text, {"scale": scale.label.get(language, scale.name)}).in_language(language)
            for language in languages
        },
        sentence={
            language: Message(
                _PLACE_SENTENCE.text,
                {"low": f"{low.estimate:.1f}", "high": f"{high.estimate:.1f}",  "floor": PLACE_FLOOR},
            ).in_language(language)
            for language in languages
        },
        verdict=("shows" if apart else "does not show") if survey.has_margin_of_error else "cannot tell",
        reason=None if survey.has_margin_of_error else OPT_IN.in_languages(languages),
        unit="points",
        n=sum(each["n"] for each in figures if each.get("n")),
        counts=tuple(cells),
        assumptions=(WEIGHTS_RIGHT.in_languages(languages),),
        limits=(CHANCE_ONLY.in_languages(languages), message("Comparing many places finds some differences by chance.").in_languages(languages)),
        figures=tuple(figures),
    )  # fmt: skip


def scored(survey: Survey, items: estimates.Scale) -> Survey | None:
    """The survey with the column `score`; None where fewer than its minimum_n have one."""
    if len(items.items) < 2 or any(name not in survey.columns.names for name in items.items):
        return None
    scores = score_scale(survey, items)
    enough = int((~np.isnan(scores)).sum()) >= survey.design.minimum_n
    return replace(survey, columns=survey.columns.with_column("score", scores)) if enough else None


_SCORE_QUESTION = message("How high is the score of “{scale}”, from 0 to 100, and on which side of the middle?")
_SCORE = message("“{scale}” scores {mean} of 100 (95% interval {low} to {high}).")
_SCORE_RESTS_ON = message("Unweighted {unweighted}; n = {n}, effective n {effective}; alpha {alpha}.")
_SCORE_OPT_IN = message(
    "The mean score is {mean} of 100 (unweighted {unweighted}; n = {n}; alpha {alpha}); no margin of error."
)
_PLACE_QUESTION = message("Does the score of “{scale}” differ between places?")
_PLACE_SENTENCE = message(
    "Scores run from {low} to {high} among the places with an effective n of {floor} or more; others have too few answers for a score "
    "of their own."
)
