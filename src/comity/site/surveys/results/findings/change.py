"""What changed since the waves before: only between the same words, with the error of both samples.

Waves are samples of their own, in which nobody can be followed: their variances add up. Where they share blocks, change is known better
than that, so the interval errs on the wide side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from comity.estimates import Estimate, Survey, estimate_change, estimate_mean
from comity.site.surveys.questionnaire import Question, Questionnaire, Scale, Texts
from comity.site.surveys.results.columns import NUMBER, survey_scale
from comity.site.surveys.results.findings.finding import (
    CHANCE_ONLY,
    FEW,
    OPT_IN,
    SurveyFinding,
    effective_n,
    excludes_zero,
    figure,
    in_each,
)
from comity.site.surveys.results.findings.scores import scored
from comity.site.surveys.results.inputs import Wave
from comity.wording import Message, message


def scale_change(questionnaire: Questionnaire, scale: Scale, now: Wave, earlier: Sequence[Wave]) -> SurveyFinding:
    """The change of a score since the last wave, and over all waves that asked the same words. earlier: oldest first, not empty."""
    languages = questionnaire.languages
    items = _items(questionnaire, scale.name)
    finding = SurveyFinding(
        id=f"change:{scale.name}",
        method="survey_change",
        question=in_each(_SCORE_QUESTION, {"name": _label(scale.label, scale.name, languages)}, languages),
        sentence={},
        verdict="cannot tell",
        unit="points",
        n=now.survey.rows,
        assumptions=(_APART.in_languages(languages),),
        limits=(CHANCE_ONLY.in_languages(languages), _context(now, earlier[-1]).in_languages(languages)),
    )
    last = earlier[-1]
    other = changed_words(questionnaire, last.questionnaire, items)
    if other or _bounds(questionnaire, scale.name) != _bounds(last.questionnaire, scale.name):
        return _untold(finding, _OTHER_WORDS, languages)
    known = survey_scale(questionnaire, scale.name)
    alike = [each for each in earlier if not changed_words(questionnaire, each.questionnaire, items)]
    waves = [(each.period, scored(each.survey, known)) for each in (*alike, now)]
    return _told(finding, waves, "score", 0.05, languages)


def opinion_change(
    questionnaire: Questionnaire, question: Question, now: Wave, earlier: Sequence[Wave]
) -> SurveyFinding:
    """The change of the share above the middle, at a level that allows for all questions of the same scale."""
    languages = questionnaire.languages
    finding = SurveyFinding(
        id=f"change:{question.name}",
        method="survey_change",
        question=in_each(_SHARE_QUESTION, {"name": question.label}, languages),
        sentence={},
        verdict="cannot tell",
        unit="difference",
        n=now.survey.rows,
        assumptions=(_APART.in_languages(languages),),
        limits=(CHANCE_ONLY.in_languages(languages), _context(now, earlier[-1]).in_languages(languages)),
    )
    if changed_words(questionnaire, earlier[-1].questionnaire, [question]):
        return _untold(finding, _OTHER_WORDS, languages)
    scale = next(each for each in questionnaire.scales if each.name == question.scale)
    alike = [each for each in earlier if not changed_words(questionnaire, each.questionnaire, [question])]
    waves = [(each.period, _upper(each.survey, question, scale)) for each in (*alike, now)]
    return _told(finding, waves, "upper", 0.05 / len(_items(questionnaire, scale.name)), languages)


def changed_words(now: Questionnaire, before: Questionnaire, questions: Sequence[Question]) -> list[str]:
    """The questions that `before` did not ask in the same words, in every language, with the same answers in the same order."""
    asked = before.questions
    return [each.name for each in questions if each.name not in asked or _asked(each) != _asked(asked[each.name])]


def _told(
    finding: SurveyFinding,
    waves: Sequence[tuple[str, Survey | None]],
    variable: str,
    level: float,
    languages: Sequence[str],
) -> SurveyFinding:
    known = [(period, survey) for period, survey in waves if survey is not None]
    if len(known) < 2 or known[-1][1] is not waves[-1][1]:
        return _untold(finding, FEW, languages)
    if not all(survey.has_margin_of_error for _, survey in known):
        return _untold(finding, OPT_IN, languages)
    means = [estimate_mean(survey, variable)[0] for _, survey in known]
    (before, _), (_, last) = known[-2], known[-1]
    change = estimate_change(known[-2][1], last, variable)[0]
    strict = estimate_change(known[-2][1], last, variable, confidence=1 - level)[0]
    if change.estimate is None or any(each.estimate is None for each in means):
        return _untold(finding, FEW, languages)
    factor, sign = (100, "%") if finding.unit == "difference" else (1, "")
    values: dict[str, Any] = {
        "change": f"{change.estimate * factor:+.1f}", "low": f"{(change.low or 0) * factor:+.1f}", "high": f"{(change.high or 0) * factor:+.1f}",
        "was": f"{(means[-2].estimate or 0) * factor:.1f}{sign}", "now": f"{(means[-1].estimate or 0) * factor:.1f}{sign}", "before": before,
    }  # fmt: skip
    figures = [
        figure(
            dict.fromkeys(languages, period),
            each,
            n=each.n,
            effective_n=effective_n(each),
            unweighted=float(np.nanmean(survey.columns.numbers(variable))),
            **({"unit": "share"} if finding.unit == "difference" else {}),
        )
        for (period, survey), each in zip(known, means, strict=True)
    ]
    figures.append({**figure(_CHANGE.in_languages(languages), change, n=change.n), "part": "comparison"})
    sentence = in_each(_CHANGED, values, languages)
    if len(known) > 2:
        slope = _line(means)
        over = {
            "slope": f"{(slope.estimate or 0) * factor:+.1f}", "low": f"{(slope.low or 0) * factor:+.1f}",
            "high": f"{(slope.high or 0) * factor:+.1f}",
        }  # fmt: skip
        figures.append({**figure(_A_WAVE.in_languages(languages), slope, n=None), "part": "comparison"})
        line = in_each(_TREND, over, languages)
        sentence = {language: f"{sentence[language]} {line[language]}" for language in languages}
    return replace(
        finding, sentence=sentence, verdict=excludes_zero(strict), n=change.n, estimate=change.estimate,
        low=change.low, high=change.high, figures=tuple(figures),
    )  # fmt: skip


def _line(means: Sequence[Estimate]) -> Estimate:
    """The slope a wave of the line through independent waves, each weighted by its precision."""
    at = np.arange(len(means), dtype=float)
    values = np.array([each.estimate or 0.0 for each in means])
    precision = 1 / np.array([(each.se or 1e-9) ** 2 for each in means])
    centred = at - precision @ at / precision.sum()
    information = float(precision @ centred**2)
    slope, se = float((precision * centred) @ values) / information, information**-0.5
    df = min(each.df or 1 for each in means)
    margin = float(stats.t.ppf(0.975, df)) * se
    return Estimate("slope", "slope", {}, slope, se, df, slope - margin, slope + margin, sum(each.n for each in means), None)  # fmt: skip


def _untold(finding: SurveyFinding, reason: Message, languages: Sequence[str]) -> SurveyFinding:
    text = reason.in_languages(languages)
    return replace(finding, sentence=text, reason=text)


def _upper(survey: Survey, question: Question, scale: Scale) -> Survey | None:
    column = NUMBER.format(question=question.name)
    if column not in survey.columns.names:
        return None
    values = survey.columns.numbers(column)
    upper = np.where(np.isnan(values), np.nan, (values > (scale.low + scale.high) / 2).astype(float))
    enough = int((~np.isnan(upper)).sum()) >= survey.design.minimum_n
    return replace(survey, columns=survey.columns.with_column("upper", upper)) if enough else None


def _items(questionnaire: Questionnaire, scale: str) -> list[Question]:
    return [each for each in questionnaire.questions.values() if each.scale == scale]


def _bounds(questionnaire: Questionnaire, scale: str) -> Any:
    items = {each.name for each in _items(questionnaire, scale)}
    return next(((each.low, each.high, items) for each in questionnaire.scales if each.name == scale), None)


def _asked(question: Question) -> Any:
    """What people read and could answer."""
    choices = [(each.name, dict(each.label), each.is_missing) for each in question.choices]
    return question.kind, dict(question.label), dict(question.hint), choices, question.scale, question.reverse


def _context(now: Wave, before: Wave) -> Message:
    return _SAME_FORM if now.questionnaire.digest == before.questionnaire.digest else _OTHER_FORM


def _label(label: Texts, name: str, languages: Sequence[str]) -> Texts:
    return {language: label.get(language, name) for language in languages}


_SCORE_QUESTION = message("Did the score of “{name}” change since the wave before?")
_SHARE_QUESTION = message("Did answers change since the wave before? {name}")
_CHANGE = message("Change since the wave before")
_A_WAVE = message("Change a wave, over all waves")
_CHANGED = message("{was} in {before}, {now} now: a change of {change} points (95% interval {low} to {high}).")
_TREND = message("Over all waves that asked the same, {slope} points a wave (95% interval {low} to {high}).")
_OTHER_WORDS = message(
    "The words or the answers to choose from were others in the wave before, so the two cannot be compared."
)
_APART = message(
    "Each wave is a sample of its own, in which nobody can be followed. Where waves share blocks, the interval is wider than it need be."
)
_SAME_FORM = message("The whole questionnaire was the same in both waves.")
_OTHER_FORM = message("Other questions of the questionnaire changed, and what is asked before can move an answer.")
