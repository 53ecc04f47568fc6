"""A finding must not say what the tables hide: no number over a hidden cell, no count that published cells do not give.

A finding names the cells that its numbers follow from. When one of them is hidden, its numbers are withheld, with the reason.
Otherwise each count in it leaves only if it is a sum of those cells. A finding that names no cell is about conditions that
no table has (the clock minute and the light, for instance); its counts leave unless they are below the policy's minimum.
Estimates and intervals come rounded to three significant digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from comity.disclosure import Protected
from comity.wording import message


def withhold_hidden(
    findings: Iterable[Mapping[str, Any]], protected: Protected, *, minimum: int, languages: Sequence[str]
) -> list[dict[str, Any]]:
    """`findings` (in the form of release-format.md) as they may be published, over the tables of `protected`."""
    return [_as_published(finding, protected, minimum, languages) for finding in findings]


def cell_count(table: pa.Table, where: Mapping[str, str]) -> int | None:
    """The count of the one cell of `table` at `where` (other dimensions: all); None where it is hidden or not there."""
    dimensions = [name for name in table.column_names if name not in ("count", "status")]
    if set(where) - set(dimensions):
        return None
    rows = table
    for name in dimensions:
        rows = rows.filter(pc.equal(rows[name], where.get(name, "all")))
    count: int | None = rows["count"][0].as_py() if rows.num_rows == 1 else None
    return count


def _as_published(
    finding: Mapping[str, Any], protected: Protected, minimum: int, languages: Sequence[str]
) -> dict[str, Any]:
    cells = [
        cell_count(protected.tables[cell["table"]], cell["where"]) if cell["table"] in protected.tables else None
        for cell in finding["counts"]
    ]
    known = [count for count in cells if count is not None]
    if len(known) < len(cells):
        return _withheld(finding, languages)
    sums = {sum(some) for size in range(1, len(known) + 1) for some in combinations(known, size)}

    def may_leave(count: int | None) -> bool:
        if count is None or count == 0:
            return True
        return count in sums if cells else count >= minimum

    return {
        **finding,
        "n": finding["n"] if may_leave(finding["n"]) else None,
        "figures": [
            {**figure, **{key: figure[key] if may_leave(figure[key]) else None for key in ("k", "n") if key in figure}}
            for figure in finding["figures"]
        ],
    }


def _withheld(finding: Mapping[str, Any], languages: Sequence[str]) -> dict[str, Any]:
    reason = message("Counts that this finding rests on are too small to publish, so its numbers are withheld.")
    texts = reason.in_languages(languages)
    nothing = dict.fromkeys(("headline", "estimate", "low", "high", "n", "chart"))
    return {**finding, **nothing, "sentence": texts, "verdict": "cannot tell", "reason": texts, "figures": []}
