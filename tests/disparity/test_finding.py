"""The verdict follows the fixed rule, and the record has exactly what releases store."""

from __future__ import annotations

import json

import pytest

from comity.disparity.finding import Figure, Finding, Gate, Verdict, decide, rounded
from comity.wording import message


def figure(low, high):
    return Figure(message("a stiffer curve of clock time"), (low + high) / 2, low, high, part="sensitivity")


@pytest.mark.parametrize(
    ("low", "high", "gate", "variants", "verdict"),
    [
        (1.2, 1.9, True, [(1.1, 2.0)], Verdict.SHOWS),
        (0.5, 0.9, True, [(0.4, 0.95)], Verdict.SHOWS),
        (0.9, 1.9, True, [(0.8, 1.2)], Verdict.DOES_NOT_SHOW),
        (1.2, 1.9, False, [(1.1, 2.0)], Verdict.CANNOT_TELL),
        (1.2, 1.9, True, [(0.9, 2.0)], Verdict.CANNOT_TELL),
        (1.2, 1.9, True, [(0.5, 0.9)], Verdict.CANNOT_TELL),
        (0.9, 1.9, True, [(1.1, 2.0)], Verdict.CANNOT_TELL),
        (None, None, True, [], Verdict.CANNOT_TELL),
    ],
)
def test_the_verdict_rule(low, high, gate, variants, verdict):
    gates = [Gate("g", gate, message("No stop has a time of day."))]

    got, reason = decide(
        low=low, high=high, no_difference=1.0, gates=gates, sensitivities=[figure(a, b) for a, b in variants]
    )

    assert got is verdict
    assert (reason is None) == (verdict is Verdict.SHOWS)


def test_a_record_has_the_documented_keys_and_three_digits():
    finding = Finding(
        id="search-rate:black:white",
        method="search_rate",
        question=message("Of the people stopped, is one group searched more often than another?"),
        sentence=message("searches"),
        verdict=Verdict.SHOWS,
        reason=None,
        unit="ratio",
        n=17929,
        estimate=3.48123,
        low=float("nan"),
        counts=({"table": "t", "where": {"subject_race": "black"}},),
        figures=(Figure(message("Black"), 0.137676, k=1344, n=9762, more={"wilson_low": 0.13099}),),
    )

    record = json.loads(json.dumps(finding.as_record(["en", "es"])))

    assert list(record) == [
        *(
            "id",
            "method",
            "question",
            "headline",
            "sentence",
            "verdict",
            "reason",
            "estimate",
            "low",
            "high",
            "confidence",
            "unit",
            "n",
        ),
        *("counts", "assumptions", "limits", "figures", "chart"),
    ]
    assert (record["estimate"], record["low"], record["verdict"]) == (3.48, None, "shows")
    assert record["sentence"] == {"en": "searches", "es": "registros"}
    assert record["figures"] == [
        {
            "label": {"en": "Black", "es": "Negro"},
            "part": "group",
            "estimate": 0.138,
            "low": None,
            "high": None,
            "k": 1344,
            "n": 9762,
            "wilson_low": 0.131,
        }
    ]


def test_cannot_tell_without_a_reason_is_a_bug():
    with pytest.raises(ValueError, match="needs its reason"):
        Finding("x", "m", message("hits"), message("hits"), Verdict.CANNOT_TELL, None, "ratio", 0)


def test_rounding_keeps_three_significant_digits():
    assert [rounded(each) for each in (0.0123456, 123456.0, 0.0, None, float("inf"))] == [
        0.0123,
        123000.0,
        0.0,
        None,
        None,
    ]


def test_a_notebook_shows_verdict_and_limits():
    finding = Finding(
        "x", "m", message("hits"), message("searches"), Verdict.CANNOT_TELL, message("stops"), "ratio", 0,
        limits=(message("No stop has a time of day."),),
    )  # fmt: skip

    shown = finding._repr_html_()

    assert "<strong>cannot tell</strong>: searches" in shown
    assert "No stop has a time of day." in shown
