"""De-identified responses as a file of rows: only coarse facts and answers of scores, and only rows that are lost in a crowd.

The policy of `disclosure.rows` decides; free text, days, ways of answering, groups and weights are never in it. The tables of the release
count everybody, so their difference to the file would tell what the rows that stand out say: as many others are left out by chance,
and an opinion that a whole crowd shares is left blank. docs/methods/survey-rows.md.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from comity.disclosure.rows import ProtectedRows, RowPolicy, protect_rows
from comity.site.surveys.questionnaire import Questionnaire
from comity.site.surveys.results.columns import SHOWN, STRATUM, Response, ResultsError, response_columns

LEAST_LEFT_OUT = 0.05  # share of rows left out by chance


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
    columns = answer_columns(questionnaire, responses, identifying)
    opinions = tuple(name for name in columns if name not in (*identifying, STRATUM))
    policy = RowPolicy(
        allowed=(*identifying, STRATUM, *opinions), place=STRATUM, also_identifying=tuple(identifying), k=k, l=1
    )
    rows = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    # Those that stand out are known once to leave as many others out, then again, because fewer may stand in a crowd.
    stands_out = protect_rows(rows, policy, most_withheld=most_withheld).withheld
    more = max(stands_out, k, round(LEAST_LEFT_OUT * rows.num_rows))
    kept = np.sort(_chance(responses).permutation(rows.num_rows)[more:])
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
    """Chance that the same responses give again and that nobody without them knows."""
    lines = sorted(json.dumps(each, sort_keys=True, ensure_ascii=False) for each in responses)
    return np.random.default_rng(int.from_bytes(hashlib.sha256("\n".join(lines).encode()).digest()))


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
