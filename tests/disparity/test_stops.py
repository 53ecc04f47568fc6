"""Minneapolis 2017: the findings name the published numbers, and say what cannot be answered."""

from __future__ import annotations

import json
import re

import pytest

from comity.disparity.finding import Verdict
from comity.disparity.pictures import picture
from comity.disparity.rates import Benchmark
from comity.disparity.stops import stop_findings


@pytest.fixture(scope="module")
def findings(minneapolis):
    stops, minutes, people = minneapolis
    found = stop_findings(
        stops,
        minutes=minutes,
        benchmarks=[Benchmark("residents", people, "City of Minneapolis", 2015)],
        location=(44.98, -93.27),
        time_zone="America/Chicago",
        tables={"stops": "stops_by_group", "searches": "searches_by_group"},
    )
    return {finding.id: finding for finding in found}


def test_search_rates_are_the_published_counts(findings):
    finding = findings["search-rate:black:white"]

    groups = [(f.k, f.n) for f in finding.figures if f.part == "group"]
    assert groups == [(1344, 9762), (323, 8167)]
    assert finding.estimate == pytest.approx((1344 / 9762) / (323 / 8167))
    assert finding.verdict is Verdict.SHOWS
    assert "1,344" in str(finding.sentence)


def test_clustered_intervals_are_wider_than_wilson(findings):
    for figure in findings["search-rate:black:white"].figures[:2]:
        assert figure.high - figure.low > 1.5 * (figure.more["wilson_high"] - figure.more["wilson_low"])


def test_the_outcome_test_says_which_column_would_answer(findings):
    finding = findings["outcome-test"]

    assert (finding.verdict, finding.estimate, finding.low) == (Verdict.CANNOT_TELL, None, None)
    assert "contraband_found" in str(finding.reason)


def test_a_group_without_denominator_is_missing_not_zero(findings):
    finding = findings["stop-rate-residents:missing"]

    assert finding.verdict is Verdict.CANNOT_TELL
    assert "East African" in str(finding.reason)
    assert finding.figures == ()


def test_a_sum_over_part_of_the_places_gives_no_counts_away(findings):
    finding = findings["stop-rate-residents:black:white"]

    assert {figure.k for figure in finding.figures} == {None}
    assert finding.n == 25000
    assert finding.estimate == 4.4


def test_stops_without_a_known_group_are_said(findings):
    assert any("In 34% of the stops" in str(limit) for limit in findings["stop-rate-residents:black:white"].limits)


def test_findings_name_only_totals_by_group(findings):
    counts = findings["search-rate:black:white"].counts

    assert counts == tuple(
        {"table": "searches_by_group", "where": {"subject_race": race, "search_person": searched}}
        for race in ("black", "white")
        for searched in ("false", "true")
    )


def test_the_veil_of_darkness_keeps_every_exclusion(findings):
    finding = findings["veil-of-darkness:black:white"]

    left_out = {str(f.label).split(" (")[0]: f.n for f in finding.figures if str(f.label).startswith("left out")}
    unused = [
        left_out.pop(f"left out: {why}")
        for why in (
            "between sunset and dusk",
            "at hours that are light, or dark, all year",
            "in places where only one of the two groups was stopped",
        )
    ]
    assert sum(left_out.values()) == 26098 - 17929  # traffic stops less those of Black and White people
    assert finding.n == 17929 - sum(unused)
    assert finding.verdict is Verdict.DOES_NOT_SHOW
    assert 0.7 < finding.estimate < 1.3


def test_records_and_pictures_exist_in_both_languages_and_sizes(findings):
    for finding in findings.values():
        record = json.loads(json.dumps(finding.as_record(["en", "es"])))
        assert set(record["sentence"]) == {"en", "es"}
        assert record["sentence"]["en"] != record["sentence"]["es"]
        if finding.id in ("search-rate:black:white", "veil-of-darkness:black:white"):
            for size in ("wide", "narrow"):
                for language in ("en", "es"):
                    spec = picture(finding, language, size).to_dict()
                    assert spec["vconcat"][0]["width"] < {"wide": 720, "narrow": 360}[size]
                    numbers = re.findall(r'"numbers": "([^"]*)"', json.dumps(spec, ensure_ascii=False))
                    assert numbers
                    assert all(re.fullmatch(r"[\d.%]+ \([\d.%]+–[\d.%]+\)", each) for each in numbers)
    assert len({finding.chart for finding in findings.values() if finding.chart}) == sum(
        1 for finding in findings.values() if finding.chart
    )


def test_without_times_or_place_the_veil_of_darkness_says_so(minneapolis):
    stops, minutes, _ = minneapolis

    without_times = stop_findings(stops, methods=["veil_of_darkness"])[0]
    without_location = stop_findings(stops, minutes=minutes, methods=["veil_of_darkness"])[0]

    assert (without_times.id, without_times.verdict) == ("veil-of-darkness", Verdict.CANNOT_TELL)
    assert "location" in str(without_location.reason)
