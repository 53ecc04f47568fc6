"""Samples have the chances that they say, and nobody is invited whom a letter could put in danger."""

from __future__ import annotations

import stat
from collections import Counter
from datetime import date

import pytest

from comity.errors import ComityError
from comity.estimates import Design, Survey, estimate_total, outcome_rates
from comity.site.surveys.sampling import (
    ContactRules,
    Frame,
    FrameError,
    Plan,
    count_outcomes,
    draw_follow_up,
    draw_numbers,
    draw_sample,
    read_frame,
    reminder_list,
    select_contacts,
    write_private_csv,
)


@pytest.fixture(scope="module")
def town():
    """1,000 addresses in three strata and 60 blocks of unequal size; `people` differs between blocks."""
    rows = []
    for at in range(1000):
        block = min(at * 7 % 83, 59)
        area = "north" if block < 10 else "south" if block < 35 else "east"
        rows.append(
            {"address": f"{at} Example St", "area": area, "block": f"b{block:02}", "people": str(1 + block % 5)}
        )
    return Frame(("address", "area", "block", "people"), rows)


def test_the_sample_has_the_sizes_that_were_planned(town):
    sample = draw_sample(town, Plan(n=120, strata=("area",), oversample={"north": 3}), seed=1)

    sizes = {name: len([row for row in town.rows if row["area"] == name]) for name in ("north", "south", "east")}
    rates = {name: drawn / size for name, (size, drawn) in sample.sizes.items()}
    assert len(sample.rows) == sum(drawn for _, drawn in sample.sizes.values()) == 120
    assert {name: size for name, (size, _) in sample.sizes.items()} == sizes
    assert rates["north"] == pytest.approx(3 * rates["south"], rel=0.05)
    assert len({row["address"] for row in sample.rows}) == 120
    assert sorted(row["case"] for row in sample.rows) == [f"{at:03}" for at in range(1, 121)]


def test_the_same_seed_draws_the_same_sample_and_another_does_not(town):
    plan = Plan(n=50, strata=("area",))

    assert draw_sample(town, plan, seed=5) == draw_sample(town, plan, seed=5)
    assert draw_sample(town, plan, seed=5) != draw_sample(town, plan, seed=6)


@pytest.mark.slow
@pytest.mark.parametrize(
    "plan",
    [
        Plan(n=60, strata=("area",), oversample={"north": 2}),
        Plan(n=60, strata=("area",), psu="block", per_psu=3),
    ],
)
def test_every_address_is_drawn_as_often_as_its_probability_says(town, plan):
    times: Counter[str] = Counter()
    stated = {}
    draws = 400
    for seed in range(draws):
        for row in draw_sample(town, plan, seed=seed).rows:
            times[row["address"]] += 1
            stated[row["address"]] = float(row["probability"])

    z = [
        (times[address] - draws * p) / (draws * p * (1 - p)) ** 0.5
        for address, p in stated.items()
        if 0.001 < p < 0.999
    ]
    assert len(z) > 900
    assert sum(abs(each) > 1.96 for each in z) / len(z) == pytest.approx(0.05, abs=0.025)
    assert max(map(abs, z)) < 5


@pytest.mark.slow
def test_estimates_from_the_sample_cover_the_truth(town):
    truth = sum(int(row["people"]) for row in town.rows)
    covered = 0
    for seed in range(200):
        rows = draw_sample(town, Plan(n=90, strata=("area",), psu="block", per_psu=3), seed=seed).rows
        columns = {name: [row[name] for row in rows] for name in ("stratum", "psu")}
        columns |= {name: [float(row[name]) for row in rows] for name in ("weight", "people")}
        survey = Survey.read(columns, Design(weights="weight", strata="stratum", clusters=("psu",)))
        found = estimate_total(survey, "people")[0]
        covered += found.low <= truth <= found.high

    assert 0.9 <= covered / 200 <= 1.0


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (Plan(n=2000), "2,000 addresses were asked for, and the list has 1,000"),
        (Plan(n=10, strata=("aera",)), "Did you mean 'area'"),
        (Plan(n=10, strata=("area",), oversample={"nroth": 2}), "'nroth', which is not in the list"),
        (Plan(n=5, strata=("area",)), "need at least 6"),
        (Plan(n=100, strata=("area",), psu="block", per_psu=500), "fewer than 500 addresses"),
    ],
)
def test_what_cannot_be_drawn_is_refused(town, plan, sentence):
    with pytest.raises(FrameError, match=sentence):
        draw_sample(town, plan, seed=1)


@pytest.mark.parametrize("wrong", [{"n": 0}, {"n": 5, "psu": "block"}, {"n": 5, "oversample": {"north": 0}}])
def test_an_impossible_plan_is_refused(wrong):
    with pytest.raises(ComityError):
        Plan(**wrong)


def test_random_numbers_come_from_the_blocks_and_never_from_the_do_not_call_list():
    never = [f"612555{last:04}" for last in range(100, 150)]

    sample = draw_numbers(["612-555-01", "61255502"], 120, seed=3, never=never)

    numbers = [row["telephone"] for row in sample.rows]
    assert len(set(numbers)) == 120
    assert {number[:8] for number in numbers} == {"61255501", "61255502"}
    assert not set(numbers) & set(never)
    assert sample.sizes == {"all": (150, 120)}
    with pytest.raises(FrameError, match="eight digits"):
        draw_numbers(["555"], 1, seed=1)


CONTACTS = [
    # person, role, offense, relationship, day, age, and whether a letter may go out
    ("p01", "driver", "speeding", "", "2026-02-01", "30", True),
    ("p02", "caller", "noise complaint", "", "2026-02-01", "41", True),
    ("p03", "victim", "23F theft from vehicle", "ST", "2026-02-01", "41", True),
    ("p04", "victim", "13A", "ST", "2026-02-01", "41", False),
    ("p05", "Victim 1", "Robbery", "", "2026-02-01", "41", False),
    ("p06", "suspect", "13B", "ST", "2026-02-01", "41", True),
    ("p07", "suspect", "13B", "SE", "2026-02-01", "41", False),
    ("p08", "witness", "Domestic disturbance", "", "2026-02-01", "41", False),
    ("p09", "victim", "vandalism", "Ex-girlfriend", "2026-02-01", "41", False),
    ("p10", "", "assault", "", "2026-02-01", "41", False),
    ("p11", "victim", "", "", "2026-02-01", "41", False),
    ("p12", "driver", "speeding", "", "2026-02-01", "17", False),
    ("p13", "driver", "speeding", "", "2025-02-01", "30", False),
    ("p14", "driver", "speeding", "", "2026-02-01", "30", False),  # asked not to be contacted
    ("p15", "driver", "speeding", "", "2026-02-01", "30", False),  # and a victim of an assault the week after
    ("p15", "victim", "assault", "", "2026-02-08", "30", False),
    ("p01", "driver", "parking", "", "2026-02-09", "30", False),  # one invitation a person
    ("", "driver", "speeding", "", "2026-02-01", "30", False),
    ("p16", "caller", "violation of order for protection", "", "2026-02-01", "41", False),
    ("p17", "victim", "burglary", "stranger", "2026-02-01", "", False),
]


def contacts(rows=CONTACTS):
    columns = ("person", "role", "offense", "relationship", "day", "age")
    return Frame(columns, [dict(zip(columns, row[:6], strict=True)) for row in rows])


RULES = ContactRules(
    person="person", role="role", offense="offense", relationship="relationship", day="day", age="age",
    from_day=date(2026, 1, 1), to_day=date(2026, 3, 1), never=frozenset({"p14"}),
)  # fmt: skip


def test_nobody_is_invited_whom_a_letter_could_put_in_danger():
    sample, account = select_contacts(contacts(), RULES)

    assert sorted(row["person"] for row in sample.rows) == sorted(row[0] for row in CONTACTS if row[6])
    assert sum(account.values()) == len(CONTACTS)
    assert account["invited"] == 4
    assert account["domestic violence or the home"] == 4
    assert account["victim of a violent crime"] == 4
    assert account["the list does not say what happened"] == 1


def test_a_list_that_cannot_say_who_was_a_victim_is_refused():
    columns = ("person", "role", "offense")
    blind = Frame(columns, [{"person": "p1", "role": "driver", "offense": "speeding"}])

    with pytest.raises(FrameError, match="no column 'relationship'"):
        select_contacts(blind, RULES)


def test_some_of_the_contacts_can_be_drawn():
    sample, account = select_contacts(contacts(), RULES, drawn=2, seed=4)

    assert len(sample.rows) == 2
    assert {row["probability"] for row in sample.rows} == {"0.5"}
    assert (account["invited"], account["not drawn"]) == (2, 2)
    assert sum(account.values()) == len(CONTACTS)


def test_reminders_go_to_those_who_may_still_answer():
    sample = [{"case": str(at), "stratum": "all", "probability": "0.1"} for at in range(6)]
    outcomes = {"1": "RF", "2": "NC", "3": "NE", "4": "  "}

    left = reminder_list(sample, answered={"0"}, outcomes=outcomes)
    visited = draw_follow_up(left, share=0.34, seed=2)

    assert [row["case"] for row in left] == ["2", "4", "5"]
    assert len(visited) == 1
    assert float(visited[0]["probability"]) == pytest.approx(0.1 / 3)


def test_outcomes_become_the_rates_of_aapor():
    cases = count_outcomes({"I": 50, "P": 5, "RF": 10, "NC": 10, "none": 20, "NE": 5})

    assert outcome_rates(cases).rates["RR1"] == pytest.approx(50 / 95)
    with pytest.raises(ComityError, match="'XX' is not an outcome"):
        count_outcomes({"XX": 1})


def test_files_with_addresses_are_private_and_read_back(town, tmp_path):
    path = tmp_path / "sample.csv"
    sample = draw_sample(town, Plan(n=10), seed=1)

    write_private_csv(path, sample.columns, sample.rows)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [row["case"] for row in read_frame(path).rows] == [row["case"] for row in sample.rows]
    assert [each.name for each in tmp_path.iterdir()] == ["sample.csv"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no header"),
        (b"a,a\n1,2\n", "occurs twice"),
        (b"a,b\n1\n", "Row 2"),
        (b"a,b\n", "no rows"),
        (b"\xff\xfe\x00", "not a CSV file in UTF-8"),
    ],
)
def test_a_list_that_is_none_is_refused_without_its_content(tmp_path, content, sentence):
    (tmp_path / "list.csv").write_bytes(content)

    with pytest.raises(FrameError, match=sentence):
        read_frame(tmp_path / "list.csv")
