"""Every kind of bad input that the field knows: each verb answers with a clear sentence, and no number."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from comity.cli.disparity import command
from comity.errors import ComityError

HEADER = "place,group,stops,searches,hits\n"
GOOD = [
    f"p{place},{group},{900 + place},{120 - place},{30 + place}"
    for place in range(4)
    for group in ("black", "white")
]  # fmt: skip


def counts(*, instead=None, rows=GOOD):
    return HEADER + "\n".join([instead, *rows[1:]] if instead else rows) + "\n"


COUNTS = {
    "negative": (counts(instead="p0,black,-5,1,0"), "'stops' is -5 for place 'p0', group 'black'"),
    "hits above searches": (counts(instead="p0,black,900,20,21"), "21 hits but only 20 searches"),
    "searches above stops": (counts(instead="p0,black,900,901,1"), "901 searches but only 900 stops"),
    "one group": (counts(rows=GOOD[1::2]), "one group only ('white')"),
    "one place": (counts(rows=GOOD[:2]), "one place only ('p0')"),
    "all zero": (counts(rows=["p0,black,0,0,0", "p0,white,0,0,0", "p1,black,0,0,0", "p1,white,0,0,0"]), "is zero"),
    "a group twice": (counts(rows=[*GOOD, GOOD[0]]), "Place 'p0' and group 'black' appear 2 times"),
    "a fraction": (counts(instead="p0,black,900.5,20,3"), "'stops' is 900.5"),
    "no number": (counts(instead="p0,black,many,20,3"), "'stops' holds text"),
    "missing": (counts(instead="p0,black,,20,3"), "'stops' is missing"),
    "no rows": (HEADER, "no rows"),
}


@pytest.fixture
def run(tmp_path):
    def call(verb, text, *options):
        (tmp_path / "counts.csv").write_text(text)
        return CliRunner().invoke(command, [verb, str(tmp_path / "counts.csv"), *options], catch_exceptions=True)

    return call


@pytest.mark.parametrize("verb", ["rates", "outcome", "threshold", "bounds"])
@pytest.mark.parametrize("kind", sorted(COUNTS))
def test_counts_that_cannot_be_are_one_sentence(run, verb, kind):
    text, said = COUNTS[kind]

    result = run(verb, text, "--json")

    assert isinstance(result.exception, ComityError), result.exception
    assert said in str(result.exception)
    assert result.exception.next_step
    assert result.output == ""


def stops(day="2017-05-{:02d}", minute="{}", rows=60):
    lines = [
        f"{day.format(1 + at % 28)},{minute.format(1080 + at)},p{at % 2},{('black', 'white')[at % 3 == 0]}"
        for at in range(rows)
    ]
    return "date,minute_of_day,place,group\n" + "\n".join(lines) + "\n"


HERE = ["--lat", "44.98", "--lng", "-93.27", "--time-zone", "America/Chicago"]


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        (stops(day="2017-01-01"), HERE, "January 1"),
        (stops(minute="0"), HERE, "midnight"),
        (stops(day="2017-06-{:02d}"), ["--lat", "69.65", "--lng", "18.96", "--time-zone", "Europe/Oslo"], "does not set"),
        (stops(minute="").replace(",,", ",,"), HERE, "No stop has a time"),
    ],
    ids=["years of January 1", "all midnight", "polar summer", "no times"],
)  # fmt: skip
def test_times_that_say_nothing_give_no_number(run, text, where, said):
    result = run("veil", text, *where, "--json")

    (finding,) = json.loads(result.output)["findings"]
    assert (finding["verdict"], finding["estimate"], finding["low"]) == ("cannot tell", None, None)
    assert said in finding["reason"]["en"]


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        (stops(), ["--lat", "44.98", "--lng", "93.27", "--time-zone", "America/Chicago"], "do not belong together"),
        (stops(), ["--lat", "144.98", "--lng", "-93.27", "--time-zone", "America/Chicago"], "latitude 144.98"),
        (stops(), ["--lat", "44.98", "--lng", "-93.27", "--time-zone", "America/Chicgo"], "no time zone"),
        (stops(), [], "when it is dark"),
        (stops(minute="1440{}"), HERE, "minute"),
        (stops(day="May {}"), HERE, "cannot be read"),
        (stops().replace("black", "white"), HERE, "no group 'black'"),
    ],
    ids=["another continent", "not on Earth", "misspelt zone", "no place", "no minute", "no date", "one group"],
)
def test_places_and_times_that_cannot_be_are_one_sentence(run, text, where, said):
    result = run("veil", text, *where, "--group", "black")

    assert isinstance(result.exception, ComityError), result.exception
    assert said in str(result.exception)
    assert result.output == ""


@pytest.mark.parametrize(
    ("verb", "text", "said"),
    [
        ("change", "period,count\n2017-q1,3\n", "Give at least two"),
        ("change", "period,count\n2017-q1,3\n2017-q1,4\n", "named twice"),
        ("officers", "officer,cell,stops,events\na,x,60,-5\nb,x,60,2\n", "'events' is -5"),
        ("officers", "officer,cell,stops,events\na,x,60,5\nb,x,60,2\n", "Only 2 officers"),
        ("officers", "officer,cell,stops,events\na,x,many,5\nb,x,60,2\n", "'stops' holds text"),
        ("rollout", "unit,period,outcome,adopted\na,1,2.0,\na,2,2.0,\nb,1,2.0,1\nb,2,x,1\n", "'outcome' holds text"),
        ("change", "period,count\n2017-q1,3\n2017-q2,x\n", "'count' holds text"),
    ],
)
def test_other_files_that_cannot_be_are_one_sentence(run, verb, text, said):
    result = run(verb, text)

    assert isinstance(result.exception, ComityError), result.exception
    assert said in str(result.exception)


def test_a_roll_out_without_a_comparison_causes_nothing(run):
    rows = [f"u{unit},{period},{unit + period}.5,3" for unit in range(8) for period in range(1, 7)]

    result = run("rollout", "unit,period,outcome,adopted\n" + "\n".join(rows) + "\n", "--json")

    (finding,) = json.loads(result.output)["findings"]
    assert (finding["verdict"], finding["estimate"]) == ("cannot tell", None)
    assert "nothing is said to be caused" in finding["sentence"]["en"]
