"""Questionnaires: what is asked, in which order and language, and what a valid answer is. Needs no web server."""

from comity.site.surveys.questionnaire.answers import (
    Problem,
    choices_for,
    complete_answers,
    first_answers,
    form_values_to_answers,
    is_blank,
    relevant_groups,
    relevant_questions,
    text_with_answers,
    validate,
)
from comity.site.surveys.questionnaire.arrange import arms, arrange, arrange_group
from comity.site.surveys.questionnaire.model import (
    Choice,
    Group,
    Question,
    Questionnaire,
    QuestionnaireError,
    Scale,
    SensitiveItem,
    Split,
    Texts,
    read_questionnaire,
)

__all__ = [
    "Choice",
    "Group",
    "Problem",
    "Question",
    "Questionnaire",
    "QuestionnaireError",
    "Scale",
    "SensitiveItem",
    "Split",
    "Texts",
    "arms",
    "arrange",
    "arrange_group",
    "choices_for",
    "complete_answers",
    "first_answers",
    "form_values_to_answers",
    "is_blank",
    "read_questionnaire",
    "relevant_groups",
    "relevant_questions",
    "text_with_answers",
    "validate",
]
