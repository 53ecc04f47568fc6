"""Rows beside a release: an attacker with the tables, the rows and a list of everybody learns of nobody; what is left of use is measured."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from comity.site.surveys.questionnaire.bank import standard_questionnaire
from comity.site.surveys.results import microdata, synthetic_rows
from comity.site.surveys.results.microdata import answer_columns

sys.path.insert(0, str(Path(__file__).parent))

from town import town

ABOUT = ["age_group", "gender"]
KEY = ["stratum", *ABOUT]
OPINIONS = ["trust_police", "trust_right", "trust_values", "trust_obey"]


def real(responses):
    return pa.table(
        {
            name: pa.array(values, pa.string())
            for name, values in answer_columns(standard_questionnaire(), responses, ABOUT).items()
        }
    )


def rows_of(table):
    return [tuple(row[name] for name in (*KEY, *OPINIONS)) for row in table.to_pylist()]


def coupled(seed):
    """An invented town in which whoever trusts not at all or completely also thinks so of what the police do: answers go together."""
    made = town(seed)
    for each in made:
        if each["answers"].get("trust_police") in ("1", "5"):
            each["answers"] = {**each["answers"], "trust_right": each["answers"]["trust_police"]}
    return made


@pytest.fixture(scope="module")
def responses():
    return coupled(3)


def test_the_rows_left_out_are_not_only_those_that_stand_out(responses):
    found = microdata(standard_questionnaire(), responses, identifying=ABOUT)

    everybody = Counter(zip(*(real(responses)[name].to_pylist() for name in KEY), strict=True))
    published = Counter(zip(*(found.rows[name].to_pylist() for name in KEY), strict=True))
    missing = everybody - published
    stand_out = sum(count for key, count in everybody.items() if count < 10)
    in_crowds = sum(count for key, count in missing.items() if everybody[key] >= 10)
    assert min(published.values()) >= 10
    assert in_crowds >= max(10, stand_out)


def test_no_opinion_is_shared_by_a_whole_group(responses):
    same = [{**each, "answers": {**each["answers"], "trust_obey": "5"}} for each in responses]

    found = microdata(standard_questionnaire(), same, identifying=ABOUT)

    assert found.rows["trust_obey"].null_count == found.rows.num_rows
    said = defaultdict(set)
    for row in found.rows.to_pylist():
        said[tuple(row[name] for name in KEY)].add(row["trust_police"])
    assert all(len(each - {None}) != 1 for each in said.values())


def test_the_same_responses_give_the_same_rows_and_the_same_seed_the_same_inventions(responses):
    asked = standard_questionnaire()

    assert (
        microdata(asked, responses, identifying=ABOUT).rows == microdata(asked, responses[::-1], identifying=ABOUT).rows
    )
    assert synthetic_rows(asked, responses, identifying=ABOUT, seed=1) == synthetic_rows(
        asked, responses, identifying=ABOUT, seed=1
    )
    assert synthetic_rows(asked, responses, identifying=ABOUT, seed=1) != synthetic_rows(
        asked, responses, identifying=ABOUT, seed=2
    )


def test_invented_rows_say_so_and_resemble_the_answers(responses):
    table, invented = real(responses), synthetic_rows(standard_questionnaire(), responses, identifying=ABOUT, seed=1)

    assert set(invented["synthetic"].to_pylist()) == {"yes"}
    assert invented.num_rows == table.num_rows
    for name in (*KEY, *OPINIONS):
        shares = [Counter(each[name].to_pylist()) for each in (table, invented)]
        assert max(abs(shares[0][key] - shares[1][key]) for key in shares[0]) < 0.07 * table.num_rows
    agree = [
        np.mean(
            [
                one == other
                for one, other in zip(each["trust_police"].to_pylist(), each["trust_right"].to_pylist(), strict=True)
            ]
        )
        for each in (table, invented)
    ]
    assert agree[1] == pytest.approx(agree[0], abs=0.1)
    independent = np.mean(
        np.array(table["trust_police"].to_pylist())
        == np.random.default_rng(0).permutation(np.array(table["trust_right"].to_pylist()))
    )
    assert agree[1] > independent + 0.1


def membership(published, members, others):
    """How well distance to the nearest published row tells members from others: the area under the curve, 0.5 is chance."""
    public = np.array([list(map(str, row)) for row in published])

    def nearest(rows):
        return np.array([(public != np.array(list(map(str, row)))).sum(axis=1).min() for row in rows])

    inside, outside = nearest(members), nearest(others)
    return float((inside[:, None] < outside[None]).mean() + 0.5 * (inside[:, None] == outside[None]).mean())


def test_nobody_can_tell_who_answered_from_invented_rows_but_could_from_a_careless_copy(responses):
    half, found, copied = len(responses) // 2, [], []
    for seed in range(4):
        chance = np.random.default_rng(seed).permutation(len(responses))
        asked_in, asked_not = ([responses[at] for at in part] for part in (chance[:half], chance[half:]))
        members, others = rows_of(real(asked_in)), rows_of(real(asked_not))
        invented = synthetic_rows(standard_questionnaire(), asked_in, identifying=ABOUT, seed=seed)
        found.append(membership(rows_of(invented), members, others))
        copied.append(membership(members, members, others))

    assert abs(np.mean(found) - 0.5) < 0.04
    assert np.mean(copied) > 0.65  # the copy that the test must be able to catch


def test_a_person_alone_in_the_answers_is_matched_little_more_often_than_somebody_who_was_never_asked():
    """0.17 against 0.10 of rows that are alone among the answers; a copy of the answers matches all. Whoever can look for such a row knows
    every answer in it already."""
    hits, strangers = [], []
    for seed in (3, 4, 5):
        answers = coupled(seed)
        everybody = rows_of(real(answers))
        alone = {row for row, count in Counter(everybody).items() if count == 1}
        others = {row for row, count in Counter(rows_of(real(coupled(90 + seed)))).items() if count == 1} - set(
            everybody
        )
        invented = set(rows_of(synthetic_rows(standard_questionnaire(), answers, identifying=ABOUT, seed=seed)))
        hits.append(len(alone & invented) / len(alone))
        strangers.append(len(others & invented) / len(others))

    assert np.mean(hits) < 0.25
    assert np.mean(hits) < np.mean(strangers) + 0.1
