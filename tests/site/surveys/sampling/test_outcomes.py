"""What became of every case comes from two stores: who sent answers, who gave up, and whom nobody reached."""

from __future__ import annotations

import pytest

from comity.errors import ComityError
from comity.estimates import Dispositions, outcome_rates
from comity.site.surveys.questionnaire import complete_answers, is_blank, relevant_questions
from comity.site.surveys.questionnaire.bank import standard_questionnaire
from comity.site.surveys.sampling import count_outcomes
from comity.site.surveys.sampling.outcomes import outcome_of, settle_outcomes


def answered(share):
    """A response with about `share` of the questions that apply answered."""
    import numpy as np

    from comity.site.surveys.sample_town import generated_answers

    form = standard_questionnaire()
    answers = generated_answers(form, "north", np.random.default_rng(3))
    kept = dict(list(answers.items())[: max(1, round(share * len(answers)))])
    return complete_answers(form, kept)


def response(stratum, share=1.0):
    return {"stratum": stratum, "answers": answered(share)}


def test_a_used_code_without_a_response_is_a_break_off_among_the_refusals():
    counted = {"north": {"used": 5, "RF": 2, "none": 3}, "south": {"used": 1, "NC": 1, "NE": 1}}
    came = [response("north"), response("north"), response("north", 0.3), response("south")]

    settled = settle_outcomes(counted, came, standard_questionnaire())

    assert settled == {"I": 3, "P": 1, "BO": 2, "RF": 2, "NC": 1, "NE": 1, "none": 3}
    cases = count_outcomes(settled)
    assert cases == Dispositions(complete=3, partial=1, refusal=4, non_contact=1, unknown_household=3, ineligible=1)
    assert outcome_rates(cases).rates["RR1"] == 3 / 12
    assert outcome_rates(cases).rates["REF1"] == 4 / 12


def test_more_responses_than_used_codes_are_refused():
    with pytest.raises(ComityError, match="2 responses and 1 used codes"):
        settle_outcomes({"north": {"used": 1}}, [response("north")] * 2, standard_questionnaire())


@pytest.mark.parametrize(("share", "outcome"), [(1.0, "I"), (0.85, "I"), (0.5, "P"), (0.0, "P")])
def test_four_fifths_of_what_applied_make_it_complete(share, outcome):
    form, answers = standard_questionnaire(), answered(share)
    asked = [each.name for each in relevant_questions(form, answers) if each.has_answer]
    given = sum(not is_blank(answers.get(name)) for name in asked)

    assert outcome_of(form, answers) == outcome
    assert (given / len(asked) >= 0.8) == (outcome == "I")
