"""De-identified responses as a file of rows: only coarse facts and answers of scores, and only rows that are lost in a crowd.

The policy of `disclosure.rows` decides; free text, days, ways of answering, groups and weights are never in it. The tables of the release
count everybody, so their difference to the file would tell what the rows that stand out say: as many others are left out by chance,
and an opinion that a whole crowd shares is left blank. docs/methods/survey-rows.md.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from comity.disclosure.rows import ProtectedRows, RowPolicy, protect_rows
from comity.site.surveys.questionnaire import Questionnaire
from comity.site.surveys.results.columns import SHOWN, STRATUM, Response, ResultsError, in_order, response_columns

LEAST_LEFT_OUT = 0.05  # share of rows left out by chance
Rows = npt.NDArray[np.int64]


def microdata(
    questionnaire: Questionnaire,
    responses: Sequence[Response],
    *,
    identifying: Sequence[str],
    k: int = 10,
    most_withheld: float = 0.2,
) -> ProtectedRows:
    """The answers of the scales as the tables show them, beside the questions that an outsider may know about a neighbour.

    identifying: names of such questions with one answer, such as age_group and gender; every combination of them that is published
    is shared by at least `k` rows. Raises ResultsError for a question that is none, or ComityError when too many rows stand out.
    """
    responses = in_order(responses)
    columns = answer_columns(questionnaire, responses, identifying)
    opinions = tuple(name for name in columns if name not in (*identifying, STRATUM))
    policy = RowPolicy(
        allowed=(*identifying, STRATUM, *opinions), place=STRATUM, also_identifying=tuple(identifying), k=k, l=1
    )
    rows = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    kept = np.sort(_without_some_of_the_crowd(columns, (*identifying, STRATUM), k, _chance(responses)))
    found = protect_rows(rows.take(pa.array(kept)), policy, most_withheld=most_withheld)
    table = _without_shared_opinions(found.rows, (*identifying, STRATUM), opinions)
    return replace(found, rows=table, withheld=rows.num_rows - found.published)


def answer_columns(
    questionnaire: Questionnaire, responses: Sequence[Response], identifying: Sequence[str]
) -> dict[str, list[str | None]]:
    """Stratum, `identifying` questions and the questions of scores, as the tables show them: joined where few gave an answer."""
    for name in identifying:
        question = questionnaire.questions.get(name)
        if question is None or question.kind != "select_one":
            raise ResultsError(
                f"'{name}' is not a question with one answer.", "Name such questions; others are never in the file."
            )
    table = response_columns(questionnaire, responses)
    asked_in_secret = {name for item in questionnaire.sensitive for name in item.questions.values()}
    opinions = [
        each.name for each in questionnaire.questions.values()
        if each.scale and each.kind == "select_one" and each.name not in (*identifying, *asked_in_secret)
    ]  # fmt: skip
    shown = {name: table[SHOWN.format(question=name)].to_pylist() for name in (*identifying, *opinions)}
    return {STRATUM: table[STRATUM].to_pylist(), **shown}


def _chance(responses: Sequence[Response]) -> np.random.Generator:
    """Chance that the same responses, in order, give again and that nobody without them knows."""
    lines = (json.dumps(each, sort_keys=True, ensure_ascii=False) for each in responses)
    return np.random.default_rng(int.from_bytes(hashlib.sha256("\n".join(lines).encode()).digest()))


def _without_some_of_the_crowd(
    columns: Mapping[str, Sequence[str | None]], identifying: Sequence[str], k: int, chance: np.random.Generator
) -> Rows:
    """All rows but as many of those in a crowd as there are rows that stand out, and never fewer than k or `LEAST_LEFT_OUT`."""
    keys = list(zip(*(columns[name] for name in identifying), strict=True))
    sizes = Counter(keys)
    in_crowd = np.array([sizes[key] >= k for key in keys])
    fewest = max(int((~in_crowd).sum()), k, round(LEAST_LEFT_OUT * len(keys)))
    left_out = chance.permutation(np.flatnonzero(in_crowd))[:fewest]
    return np.setdiff1d(np.arange(len(keys)), left_out)


def _without_shared_opinions(rows: pa.Table, identifying: Sequence[str], opinions: Sequence[str]) -> pa.Table:
    """`rows` without an opinion wherever all who are alike say the same: there it would be known of each of them."""
    groups: Mapping[tuple[str | None, ...], list[int]] = defaultdict(list)
    for at, key in enumerate(zip(*(rows[name].to_pylist() for name in identifying), strict=True)):
        groups[key].append(at)
    columns = {name: rows[name].to_pylist() for name in rows.column_names}
    for members in groups.values():
        for name in opinions:
            if len({columns[name][at] for at in members} - {None}) < 2:
                for at in members:
                    columns[name][at] = None
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
