"""Questions with one answer or several: the share of each, weighted beside unweighted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from comity.estimates import Estimate, Survey, estimate_mean, estimate_proportion
from comity.site.surveys.questionnaire import Question, Questionnaire, Texts
from comity.site.surveys.results.columns import NUMBER, PICKED, SHOWN, Shown
from comity.site.surveys.results.findings.finding import (
    CHANCE_ONLY,
    FEW,
    OPT_IN,
    WEIGHTS_RIGHT,
    WORDS,
    SurveyFinding,
    count_of,
    effective_n,
    excludes_zero,
    figure,
    in_each,
    percent,
)
from comity.wording import Message, message


def topline(
    questionnaire: Questionnaire, question: Question, shown: Sequence[Shown], survey: Survey, languages: Sequence[str]
) -> SurveyFinding:
    """The answers to a question with one answer, over the table `topline_QUESTION`."""
    column = SHOWN.format(question=question.name)
    found = estimate_proportion(survey, column, categories=[each.code for each in shown])
    raw = survey.columns.categories(column)
    n = int((raw.codes >= 0).sum())
    figures = []
    for each, estimate in zip(shown, found, strict=True):
        k = int((raw.codes == raw.labels.index(each.code)).sum())
        figures.append(figure(each.label, estimate, k=k, n=n, unweighted=k / n, effective_n=effective_n(estimate)))
    cells = tuple({"table": f"topline_{question.name}", "where": {question.name: each.code}} for each in shown)
    largest = max(range(len(shown)), key=lambda at: found[at].estimate or 0.0)
    best = found[largest]
    finding = SurveyFinding(
        id=f"topline:{question.name}",
        method="survey_topline",
        question=question.label,
        sentence={},
        verdict="cannot tell",
        reason=None if survey.has_margin_of_error else OPT_IN.in_languages(languages),
        unit="share",
        n=n,
        estimate=best.estimate,
        low=best.low,
        high=best.high,
        counts=cells,
        assumptions=(WEIGHTS_RIGHT.in_languages(languages),),
        limits=(CHANCE_ONLY.in_languages(languages), WORDS.in_languages(languages)),
        figures=tuple(figures),
    )
    if not survey.has_margin_of_error:
        return replace(finding, sentence=_filled(_LARGEST_OPT_IN, best, figures[largest], languages))
    if question.scale:
        return _with_side(finding, questionnaire, question, survey, languages)
    order = sorted(range(len(shown)), key=lambda at: -(found[at].estimate or 0.0))
    codes = [raw.labels.index(shown[at].code) for at in order[:2]]
    lead = np.where(raw.codes < 0, np.nan, (raw.codes == codes[0]).astype(float) - (raw.codes == codes[1]))
    return replace(
        finding,
        verdict=excludes_zero(_lead(survey, lead, len(shown))),
        headline=_filled(_LARGEST, best, figures[largest], languages),
        sentence=_filled(_RESTS_ON, best, figures[largest], languages),
    )


def several(question: Question, survey: Survey, languages: Sequence[str], *, minimum: int) -> SurveyFinding | None:
    """A question with several answers: the share of each among those who said anything. Answers that fewer than `minimum` gave, or
    left out, are not shown; None when that leaves none."""
    figures, cells, n = [], [], 0
    picked: dict[str, Any] = {}
    for choice in question.choices:
        column = PICKED.format(question=question.name, choice=choice.name)
        raw = survey.columns.categories(column)
        n_here = int((raw.codes >= 0).sum())
        k = int((raw.codes == raw.labels.index("yes")).sum()) if "yes" in raw.labels else 0
        if choice.is_missing or k < minimum or n_here - k < minimum:
            continue
        estimate = estimate_proportion(survey, column, categories=["yes"])[0]
        figures.append(
            figure(choice.label, estimate, k=k, n=n_here, unweighted=k / n_here, effective_n=effective_n(estimate))
        )
        is_yes = (raw.codes == raw.labels.index("yes")).astype(float)
        picked[repr(figures[-1]["label"])] = np.where(raw.codes < 0, np.nan, is_yes)
        table = picked_table(question, choice.name)
        cells += [{"table": table, "where": {column_name(question, choice.name): "yes"}}]
        n = n_here
    if not figures:
        return None
    cells.append({"table": cells[0]["table"], "where": {}})
    figures.sort(key=lambda each: -(each["estimate"] or 0))
    first = figures[0]
    verdict = "shows" if survey.has_margin_of_error else "cannot tell"
    if len(figures) > 1 and survey.has_margin_of_error:
        lead = picked[repr(first["label"])] - picked[repr(figures[1]["label"])]
        verdict = excludes_zero(_lead(survey, lead, len(figures)))
    said = message("Most named: {answer}, by {share} of the {n} people who answered.")
    sentence = {
        language: Message(
            said.text, {"answer": first["label"][language], "share": percent(first["estimate"]), "n": f"{n:,}"}
        ).in_language(language)
        for language in languages
    }
    return SurveyFinding(
        id=f"topline:{question.name}",
        method="survey_topline",
        question=question.label,
        sentence=sentence,
        verdict=verdict,
        reason=None if survey.has_margin_of_error else OPT_IN.in_languages(languages),
        unit="share",
        n=n,
        estimate=first["estimate"],
        low=first["low"],
        high=first["high"],
        counts=tuple(cells),
        assumptions=(WEIGHTS_RIGHT.in_languages(languages),),
        limits=(CHANCE_ONLY.in_languages(languages), WORDS.in_languages(languages)),
        figures=tuple(figures),
    )


def column_name(question: Question, choice: str) -> str:
    """The dimension of one choice of a question with several answers."""
    return f"{question.name}_{choice}"


def picked_table(question: Question, choice: str) -> str:
    return f"picked_{question.name}_{choice}"


_ABOVE = message("Above the middle, of those who gave an opinion")
_SIDES = message("{above} answered above the middle (95% interval {low} to {high}) and {below} below it.")
_SIDES_REST_ON = message("Unweighted: {unweighted}. n = {n} who gave an opinion, effective n {effective}.")


def _with_side(
    finding: SurveyFinding, questionnaire: Questionnaire, question: Question, survey: Survey, languages: Sequence[str]
) -> SurveyFinding:
    """Upper against lower half of an opinion: the estimate is the share above the middle."""
    scale = next(each for each in questionnaire.scales if each.name == question.scale)
    values = survey.columns.numbers(NUMBER.format(question=question.name))
    middle = (scale.low + scale.high) / 2
    said = ~np.isnan(values)
    upper = np.where(said, (values > middle).astype(float), np.nan)
    side = np.where(said, np.sign(values - middle), np.nan)
    with_side = replace(survey, columns=survey.columns.with_column("upper", upper).with_column("side", side))
    above, balance = (estimate_mean(with_side, name)[0] for name in ("upper", "side"))
    if above.estimate is None or above.low is None or above.high is None or balance.estimate is None:
        return replace(
            finding, verdict="cannot tell", reason=FEW.in_languages(languages), sentence=FEW.in_languages(languages)
        )
    below = above.estimate - balance.estimate
    parts = {
        "above": percent(above.estimate), "low": percent(above.low), "high": percent(above.high), "below": percent(below),
        "unweighted": percent(float(np.nanmean(upper))), "n": f"{above.n:,}", "effective": count_of(effective_n(above) or above.n),
    }  # fmt: skip
    return replace(
        finding,
        headline=in_each(_SIDES, parts, languages),
        sentence=in_each(_SIDES_REST_ON, parts, languages),
        figures=(
            *finding.figures,
            {
                **figure(_ABOVE.in_languages(languages), above, effective_n=effective_n(above)),
                "part": "comparison",
                "k": int(np.nansum(upper)),
                "n": above.n,
            },
        ),
        verdict=excludes_zero(balance),
        estimate=above.estimate,
        low=above.low,
        high=above.high,
    )


_LARGEST = message("{share} answered “{answer}” (95% interval {low} to {high}).")
_RESTS_ON = message("Unweighted: {unweighted}. n = {n}, effective n {effective}.")
_LARGEST_OPT_IN = message("{share} answered “{answer}”. Unweighted: {unweighted}. n = {n}; no margin of error.")


def _filled(sentence: Message, best: Estimate, figure: Mapping[str, Any], languages: Sequence[str]) -> Texts:
    """A sentence about the most common answer, in each language."""
    values = {
        "answer": figure["label"], "share": percent(best.estimate), "low": percent(best.low), "high": percent(best.high),
        "unweighted": percent(figure["unweighted"]), "n": f"{figure['n']:,}",
        "effective": count_of(effective_n(best) or figure["n"]),
    }  # fmt: skip
    return in_each(sentence, values, languages)


def _lead(survey: Survey, values: Any, answers: int) -> Estimate:
    """The mean of `values` (1, 0, -1), at a level for the largest lead among all pairs of `answers`."""
    pairs = max(1, answers * (answers - 1) // 2)
    leading = replace(survey, columns=survey.columns.with_column("lead", values))
    return estimate_mean(leading, "lead", confidence=1 - 0.05 / pairs)[0]
