"""De-identified responses as a file of rows: only coarse facts and numbered answers, and only rows that are lost in a crowd.

The policy of `disclosure.rows` decides; free text, days, ways of answering and weights are never in it. docs/methods/rows.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from comity.disclosure.rows import ProtectedRows, RowPolicy, protect_rows
from comity.site.surveys.questionnaire import Questionnaire
from comity.site.surveys.results.columns import NUMBER, STRATUM, Response, ResultsError, response_columns


def microdata(
    questionnaire: Questionnaire,
    responses: Sequence[Response],
    *,
    identifying: Sequence[str],
    k: int = 10,
    most_withheld: float = 0.2,
) -> ProtectedRows:
    """The answers of the scales, beside the questions that an outsider may know about a neighbour.

    identifying: names of such questions with one answer, such as age_group and gender; every combination of them that is published
    is shared by at least `k` rows. Raises ResultsError for a question that is none, or ComityError when too many rows stand out.
    """
    for name in identifying:
        question = questionnaire.questions.get(name)
        if question is None or question.kind != "select_one":
            raise ResultsError(
                f"'{name}' is not a question with one answer.", "Name such questions; others are never in the file."
            )
    table = response_columns(questionnaire, responses)
    opinions = [question.name for question in questionnaire.questions.values() if question.scale]
    columns = {name: table[name].to_pylist() for name in identifying}
    columns |= {name: _whole(table[NUMBER.format(question=name)].to_pylist()) for name in opinions}
    columns[STRATUM] = table[STRATUM].to_pylist()
    rows = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    policy = RowPolicy(
        allowed=(*identifying, STRATUM, *opinions), place=STRATUM, also_identifying=tuple(identifying), k=k, l=1
    )
    return protect_rows(rows, policy, most_withheld=most_withheld)


def _whole(values: Sequence[float | None]) -> list[str | None]:
    return [None if value is None else f"{value:g}" for value in values]
