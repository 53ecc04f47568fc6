"""What people wrote, by theme: coded like a question with several answers, and counted like one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from comity.estimates import Survey
from comity.site.surveys.free_text import NamedTheme, NamedThemes, coded_themes
from comity.site.surveys.free_text.themes import NOTE
from comity.site.surveys.questionnaire import Choice, Question
from comity.site.surveys.results.columns import PICKED
from comity.site.surveys.results.findings.finding import SurveyFinding
from comity.site.surveys.results.findings.toplines import several
from comity.wording import message


def code_answers(
    survey: Survey, question: Question, texts: Sequence[str | None], named: NamedThemes
) -> tuple[Survey, Question, list[NamedTheme]]:
    """The survey with one yes-or-no column a theme (missing where nothing was written), the question as one with several answers, and
    its themes in the same order. texts: approved, one a row."""
    written = np.array([bool(text and text.strip()) for text in texts])
    columns, choices, themes = survey.columns, [], []
    for name, theme in coded_themes(survey, texts, named):
        choice = Choice(name=theme.name, label=name.name)
        values = np.where(written, np.where(theme.members, "yes", "no"), None)
        columns = columns.with_column(PICKED.format(question=question.name, choice=choice.name), values)
        choices.append(choice)
        themes.append(name)
    coded = replace(question, kind="select_multiple", choices=tuple(choices))
    return replace(survey, columns=columns), coded, themes


def themes_finding(
    coded: Question, themes: Sequence[NamedTheme], survey: Survey, languages: Sequence[str], *, minimum: int
) -> SurveyFinding | None:
    """The share of each theme among those who wrote something, with the quotes that were chosen for the themes that are shown."""
    finding = several(coded, survey, languages, minimum=minimum)
    if finding is None:
        return None
    shown = [each["label"] for each in finding.figures]
    quotes = [quote for theme in themes if dict(theme.name) in shown for quote in theme.quotes]
    said = " ".join(f"“{quote}”" for quote in quotes)
    more = {language: f" {_IN_OWN_WORDS.in_language(language)} {said}" if quotes else "" for language in languages}
    return replace(
        finding,
        id=f"themes:{coded.name}",
        method="survey_themes",
        sentence={language: finding.sentence[language] + more[language] for language in languages},
        limits=(NOTE.in_languages(languages), *finding.limits),
    )


_IN_OWN_WORDS = message("In people’s own words, with what could identify somebody hidden:")
