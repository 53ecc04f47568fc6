"""AAPOR's outcome rates are those of the Standard Definitions; the disclosure statement says what is not disclosed."""

from __future__ import annotations

import pytest

from comity.errors import ComityError
from comity.estimates import Design, Rake, Survey, weigh
from comity.estimates.aapor import Dispositions, count_dispositions, outcome_rates
from comity.estimates.columns import read_columns
from comity.estimates.statement import ITEMS, About, disclosure_statement

CASES = Dispositions(
    complete=500, partial=50, refusal=150, non_contact=200, other=100, unknown_household=300, unknown_other=100,
    ineligible=250,
)  # fmt: skip


def test_the_rates_are_those_worked_by_hand():
    found = outcome_rates(CASES, e=0.5).rates

    assert found["RR1"] == 500 / 1400
    assert found["RR2"] == 550 / 1400
    assert found["RR3"] == 500 / 1200
    assert found["RR4"] == 550 / 1200
    assert found["RR5"] == 500 / 1000
    assert found["RR6"] == 550 / 1000
    assert found["COOP1"] == 500 / 800
    assert found["COOP2"] == 550 / 800
    assert found["COOP3"] == 500 / 700
    assert found["COOP4"] == 550 / 700
    assert (found["REF1"], found["REF2"], found["REF3"]) == (150 / 1400, 150 / 1200, 150 / 1000)
    assert (found["CON1"], found["CON2"], found["CON3"]) == (800 / 1400, 800 / 1200, 800 / 1000)


def test_e_is_estimated_from_the_known_cases_and_says_so():
    found = outcome_rates(CASES)

    assert found.e == 1000 / 1250
    assert "estimated" in str(found.e_choice)
    assert found.rates["RR1"] < found.rates["RR3"] < found.rates["RR5"]


def test_a_rate_over_nobody_is_none():
    assert outcome_rates(Dispositions(complete=0, unknown_household=5)).rates["RR5"] is None


def test_final_codes_are_counted():
    columns = read_columns({"code": ["1.1", "1.1", "2.10", "2.2", "3.1", "4.5", "1.2"]})

    assert count_dispositions(columns, "code") == Dispositions(
        complete=2, partial=1, refusal=1, non_contact=1, unknown_household=1, ineligible=1
    )


def test_an_unknown_disposition_is_refused_with_the_nearest():
    with pytest.raises(ComityError, match="Did you mean 'refusal'"):
        count_dispositions(read_columns({"code": ["complete", "refusl"]}), "code")


def test_the_statement_has_eleven_items_and_admits_what_is_missing():
    survey = weigh(Survey.read({"sex": ["f", "m"] * 30}, Design()), Rake({"sex": {"f": 60, "m": 40}}))

    found = disclosure_statement(survey, About(sponsor="City of Springfield"), CASES)

    texts = {item.key: item.text() for item in found}
    assert [item.name for item in found] == list(ITEMS.values())
    assert len(found) == 11
    assert texts["modes"] == "Not disclosed."
    assert texts["who"] == "Sponsor: City of Springfield."
    assert texts["weighting"].startswith("By raking to sex. Kish design effect")
    assert "RR1 35.7%" in texts["precision"]


def test_an_opt_in_sample_discloses_that_it_has_no_margin_of_error():
    survey = Survey.read({"x": [1.0] * 20}, Design(kind="opt-in"))

    assert "no margin of error" in disclosure_statement(survey)[7].text()
