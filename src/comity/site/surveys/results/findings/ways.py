"""How people answered, and whether answers differ by it among people alike in what is known of them.

People chose their way, so a difference may be one of people or of the way; it stays *cannot tell* however large it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from comity.errors import ComityError
from comity.estimates import Survey, estimate_adjusted_difference
from comity.site.surveys.questionnaire import Questionnaire, Scale, Texts
from comity.site.surveys.results.columns import MODE, SHOWN, STRATUM, survey_scale
from comity.site.surveys.results.findings.finding import CHANCE_ONLY, SurveyFinding, figure, in_each, rounded
from comity.site.surveys.results.findings.scores import scored
from comity.wording import message


def modes(survey: Survey, languages: Sequence[str], *, labels: Mapping[str, Texts]) -> SurveyFinding | None:
    """How people answered, over the table `by_mode`, unweighted; None where there was one way only."""
    found = survey.columns.categories(MODE)
    sizes = {mode: int((found.codes == at).sum()) for at, mode in enumerate(found.labels)}
    if len(sizes) < 2 or min(sizes.values()) < survey.design.minimum_n:
        return None
    figures = [
        {
            "label": labels[mode], "part": "group", "estimate": rounded(k / survey.rows), "low": None, "high": None, "k": k,
            "n": survey.rows,
        }
        for mode, k in sizes.items()
    ]  # fmt: skip
    return SurveyFinding(
        id="modes",
        method="survey_response",
        question=message("How did people answer?").in_languages(languages),
        sentence=in_each(_WAYS, {"n": f"{survey.rows:,}"}, languages),
        verdict="cannot tell",
        reason=message("Who answers in which way differs, and so may the answers.").in_languages(languages),
        unit="share",
        n=survey.rows,
        counts=tuple({"table": "by_mode", "where": {MODE: mode}} for mode in sizes),
        limits=(
            message("People answer some questions otherwise to a person than to a screen.").in_languages(languages),
        ),
        figures=tuple(figures),
    )


def mode_difference(
    questionnaire: Questionnaire, scale: Scale, survey: Survey, *, labels: Mapping[str, Texts]
) -> SurveyFinding | None:
    """The score of those who answered in the second most common way less that of those who answered in the most common one: as it is, and
    among people of the same stratum who say the same about themselves. None where a way has too few answers."""
    languages = questionnaire.languages
    with_score = scored(survey, survey_scale(questionnaire, scale.name))
    if with_score is None:
        return None
    found = with_score.columns.categories(MODE)
    has_score = ~np.isnan(with_score.columns.numbers("score"))
    sizes = Counter(found.labels[code] for code in found.codes[has_score].tolist())
    if len(sizes) < 2:
        return None
    first, second = sorted(sizes, key=lambda mode: (-sizes[mode], mode))[:2]
    about = [
        SHOWN.format(question=each.name)
        for each in questionnaire.questions.values()
        if each.construct == "about_you" and SHOWN.format(question=each.name) in survey.columns.names
    ]
    controls = [STRATUM, *(name for name in about if len(survey.columns.categories(name).labels) > 1)]
    try:
        raw, adjusted = (
            estimate_adjusted_difference(with_score, "score", by=MODE, between=(first, second), controls=names)
            for names in ((), controls)
        )
    except ComityError:  # too few answers in a way, or the way follows from who people are
        return None
    has_margin = survey.has_margin_of_error
    values = {
        "scale": {language: scale.label.get(language, scale.name) for language in languages},
        "first": labels[first], "second": labels[second], "raw": f"{raw.estimate:+.1f}", "adjusted": f"{adjusted.estimate:+.1f}",
        "low": "" if adjusted.low is None else f"{adjusted.low:+.1f}", "high": "" if adjusted.high is None else f"{adjusted.high:+.1f}",
    }  # fmt: skip
    return SurveyFinding(
        id=f"modes:{scale.name}",
        method="survey_modes",
        question=in_each(_QUESTION, values, languages),
        sentence=in_each(_DIFFERENCE if has_margin else _DIFFERENCE_OPT_IN, values, languages),
        verdict="cannot tell",
        reason=_CHOSEN.in_languages(languages),
        unit="points",
        n=adjusted.n,
        estimate=adjusted.estimate,
        low=adjusted.low,
        high=adjusted.high,
        assumptions=(_ALIKE.in_languages(languages),),
        limits=(CHANCE_ONLY.in_languages(languages),),
        figures=(
            {**figure(_AS_IS.in_languages(languages), raw, n=raw.n), "part": "comparison"},
            {**figure(_AMONG_ALIKE.in_languages(languages), adjusted, n=adjusted.n), "part": "comparison"},
        ),
    )


_WAYS = message("{n} people answered, in more than one way; shares here are not weighted.")
_QUESTION = message("Does the score of “{scale}” differ by the way of answering?")
_DIFFERENCE = message(
    "“{second}” less “{first}”: {raw} points as it is; {adjusted} (95% interval {low} to {high}) among people of the same place who say the "
    "same about themselves."
)
_DIFFERENCE_OPT_IN = message(
    "“{second}” less “{first}”: {raw} points as it is; {adjusted} among people of the same place who say the same about themselves."
)
_CHOSEN = message(
    "People chose how to answer. What is left may come from the way of answering, or from people who differ in what was not asked."
)
_ALIKE = message(
    "Among people alike in what they say about themselves, those who chose one way think as those who chose another."
)
_AS_IS = message("Difference as it is")
_AMONG_ALIKE = message("Difference among people alike")
