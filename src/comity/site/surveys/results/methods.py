"""What each kind of finding of a survey asks, how it answers, and what it cannot tell, in words for residents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from comity.estimates import DisclosureItem
from comity.wording import Message, message

_ALIKE = message("Among people alike in what the weights use, those who answered think as those who did not.")
_TRUE = message("People answered what they think and did.")
_NOT_WHY = message("An answer says what people think, not why, and not whether they are right.")

_METHODS: Mapping[str, tuple[Message, Message, Message, tuple[Message, ...], tuple[Message, ...], str]] = {
    "survey_topline": (
        message("Shares of answers"),
        message("How many people would give each answer if everybody were asked?"),
        message(
            "Each answer counts for as many people as its weight says. Intervals come from the design of the sample and every step of "
            "the weighting. The share without weights stands beside it. Answers that too few people gave are joined with the next."
        ),
        (_ALIKE, _TRUE),
        (_NOT_WHY, message("The exact wording and the order of the questions matter.")),
        "Lohr, Sampling: Design and Analysis (3rd ed.)",
    ),
    "survey_scale": (
        message("Scores from several questions"),
        message("How high is a score made of several questions about the same thing?"),
        message(
            "The mean of the answered questions, from 0 to 100, for people who answered at least two thirds of them. “I don't know” counts "
            "as no answer. Alpha says how well the questions belong together."
        ),
        (_ALIKE, message("The questions of a score measure one thing.")),
        (_NOT_WHY, message("A change of a few points may be real and still not matter.")),
        "Cronbach (1951), Psychometrika 16:297",
    ),
    "survey_places": (
        message("Scores by place"),
        message("Do scores differ between the parts of the city?"),
        message(
            "The same score within each part, where its answers are worth at least a hundred of a simple random sample."
        ),
        (_ALIKE,),
        (message("Comparing many places finds some differences by chance."),),
        "Rao and Molina, Small Area Estimation (2nd ed.)",
    ),
    "survey_change": (
        message("Change between waves"),
        message("Did answers change since the survey was done before?"),
        message(
            "The same number in both waves, each weighted as it was then, and the interval of the difference from the error of both samples. "
            "Only questions with the same words and the same answers are compared. For one question among several of a score, the level "
            "allows for all of them."
        ),
        (_ALIKE, message("Those who did not answer differ in the same way in both waves.")),
        (message("A change after something happened is not a change because of it."),),
        "Kish (1965), Survey Sampling, 12.4",
    ),
    "survey_themes": (
        message("What people wrote"),
        message("What do people write about in their own words?"),
        message(
            "A person who is not police hides what could identify somebody. Words that go together in the texts make themes, which a person "
            "names; a text can have several. Shares are of those who wrote something, weighted like any other answer."
        ),
        (_ALIKE,),
        (
            message("People who write differ from people who do not."),
            message("Themes are found in the texts that they are counted in."),
        ),
        "Lee and Seung (1999), Nature 401:788; Salton and Buckley (1988), Information Processing & Management 24:513",
    ),
    "survey_modes": (
        message("Differences by way of answering"),
        message("Do people answer otherwise on the web, on paper or to an interviewer?"),
        message(
            "The difference between the two most common ways, as it is and among people of the same place who say the same about "
            "themselves (a weighted regression)."
        ),
        (_ALIKE,),
        (
            message(
                "People chose their way of answering, so what is left is never proof of an effect of the way itself."
            ),
        ),
        "Binder (1983), International Statistical Review 51:279",
    ),
    "survey_sensitive": (
        message("Questions that hide the answer"),
        message("How many people did something that few would admit?"),
        message(
            "Chance or a list hides what each person did; the share comes from comparing groups. A test says whether the list itself "
            "changed the answers."
        ),
        (message("People follow the instructions, and the added item does not change the other answers."),),
        (message("Intervals are wide, because hiding the answer costs precision."),),
        "Blair and Imai (2012), Political Analysis 20:47; Boruch (1971), The American Sociologist 6:308",
    ),
    "survey_response": (
        message("Response"),
        message("How many of the people asked answered, and how?"),
        message("Response rates as the American Association for Public Opinion Research defines them."),
        (),
        (message("A high rate does not make a survey right, nor a low one wrong; the question is who is missing."),),
        "AAPOR, Standard Definitions (10th ed., 2023)",
    ),
}


def methods_of(statement: Sequence[DisclosureItem], languages: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Every method as releases store it, and how this survey was made, as a method of its own that heads the page."""
    found: dict[str, dict[str, Any]] = {
        key: {
            "title": title.in_languages(languages),
            "question": question.in_languages(languages),
            "how": how.in_languages(languages),
            "assumptions": [each.in_languages(languages) for each in assumptions],
            "limits": [each.in_languages(languages) for each in limits],
            "source": source,
        }
        for key, (title, question, how, assumptions, limits, source) in _METHODS.items()
    }
    found["survey_statement"] = {
        "title": message("How this survey was made").in_languages(languages),
        "question": message("Who asked whom what, when, how and for whom?").in_languages(languages),
        "how": {
            language: " ".join(f"{item.name.in_language(language)}: {item.text(language)}" for item in statement)
            for language in languages
        },
        "assumptions": [],
        "limits": [],
        "source": "AAPOR Code of Professional Ethics and Practices (2021)",
    }
    return found
