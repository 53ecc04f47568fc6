"""What became of every case, from two stores that nothing links: the code page counts codes, the answer page has the responses.

A form that is given up sends nothing, so a break-off shows only as a code that was used without a response (AAPOR 2.12, among
the refusals). Who sent less than four fifths of the questions that applied answered partly (2.1 of the same standard leaves the
line to the survey, and asks that it be said). AAPOR, *Standard Definitions* (10th ed., 2023).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from comity.errors import ComityError
from comity.site.surveys.questionnaire import Questionnaire, is_blank, relevant_questions

USED = "used"
COMPLETE_SHARE = 0.8


def settle_outcomes(
    strata: Mapping[str, Mapping[str, int]], responses: Sequence[Mapping[str, Any]], questionnaire: Questionnaire
) -> dict[str, int]:
    """{outcome: cases}, for `count_outcomes`: I and P from `responses`, BO for codes that brought none, the rest as noted.

    strata: stratum -> {outcome or "used": cases}, as the code page counted them. Raises ComityError where a stratum has more
    responses than used codes.
    """
    came = Counter(str(each["stratum"]) for each in responses)
    for stratum in sorted(set(came) | set(strata)):
        used = strata.get(stratum, {}).get(USED, 0)
        if came[stratum] > used:
            raise ComityError(
                f"In stratum '{stratum}' there are {came[stratum]:,} responses and {used:,} used codes.",
                "Count the codes again once the survey has closed; if it stays so, somebody made tokens without codes.",
            )
    settled: Counter[str] = Counter(outcome_of(questionnaire, each["answers"]) for each in responses)
    for counts in strata.values():
        settled.update({outcome: cases for outcome, cases in counts.items() if outcome != USED})
    settled["BO"] += sum(counts.get(USED, 0) for counts in strata.values()) - len(responses)
    return {outcome: cases for outcome, cases in sorted(settled.items()) if cases}


def outcome_of(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> str:
    """I when at least `COMPLETE_SHARE` of the questions that applied were answered, else P."""
    asked = [each.name for each in relevant_questions(questionnaire, answers) if each.has_answer]
    answered = sum(not is_blank(answers.get(name)) for name in asked)
    return "I" if answered >= COMPLETE_SHARE * len(asked) else "P"
