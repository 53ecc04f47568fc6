"""Invented responses that resemble the real ones: for trying out programs and for teaching, never for a result.

Each value is drawn, one question after the other, from people who gave the same answers to the questions that it goes with most
(sequential synthesis: Rubin 1993; Drechsler, *Synthetic Datasets for Statistical Disclosure Control*, 2011), from at least
`DONORS` of them; where there are fewer, the weakest of these conditions is dropped. docs/methods/survey-rows.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from comity.site.surveys.questionnaire import Questionnaire
from comity.site.surveys.results.columns import Response, in_order
from comity.site.surveys.results.microdata import answer_columns

# Measured in tests/site/surveys/results/test_rows.py: three conditions, or ten donors, tell who answered a little better than chance.
CONDITIONS, DONORS = 2, 30
Codes = npt.NDArray[np.int64]


def synthetic_rows(
    questionnaire: Questionnaire, responses: Sequence[Response], *, identifying: Sequence[str], seed: int
) -> pa.Table:
    """As many invented rows as there are responses, with the columns of `microdata` after a column `synthetic` that says yes."""
    real = answer_columns(questionnaire, in_order(responses), identifying)
    codes, labels = {}, {}
    for name, values in real.items():
        labels[name] = sorted({each for each in values if each is not None})
        place = {each: at for at, each in enumerate(labels[name])}
        codes[name] = np.array([place.get(each, -1) if each is not None else -1 for each in values], np.int64)
    invented = _invent(codes, np.random.default_rng(seed))
    rows = {"synthetic": ["yes"] * len(responses)}
    rows |= {
        name: [labels[name][code] if code >= 0 else None for code in found.tolist()] for name, found in invented.items()
    }
    table = pa.table({name: pa.array(values, pa.string()) for name, values in rows.items()})
    return table.sort_by([(name, "ascending") for name in table.column_names])


def _invent(real: Mapping[str, Codes], chance: np.random.Generator) -> dict[str, Codes]:
    invented: dict[str, Codes] = {}
    size = len(next(iter(real.values())))
    for name, values in real.items():
        before = sorted(invented, key=lambda other: (-_association(values, real[other]), other))[:CONDITIONS]
        drawn = np.empty(size, np.int64)
        for key, rows in _groups([invented[other] for other in before], size).items():
            donors = _donors(values, [real[other] for other in before], key)
            drawn[rows] = chance.choice(donors, size=len(rows))
        invented[name] = drawn
    return invented


def _donors(values: Codes, conditions: Sequence[Codes], key: tuple[int, ...]) -> Codes:
    """The values of at least `DONORS` real people who are alike in as many conditions as possible, the strongest first."""
    for length in range(len(key), 0, -1):
        alike = np.all([condition == code for condition, code in zip(conditions[:length], key, strict=False)], axis=0)
        if int(alike.sum()) >= DONORS:
            return values[alike]
    return values


def _groups(columns: Sequence[Codes], size: int) -> dict[tuple[int, ...], list[int]]:
    found: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for at in range(size):
        found[tuple(int(column[at]) for column in columns)].append(at)
    return found


def _association(one: Codes, other: Codes) -> float:
    """Cramér's V of two columns, 0 to 1."""
    table = np.zeros((int(one.max()) + 2, int(other.max()) + 2))
    np.add.at(table, (one + 1, other + 1), 1)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    used = expected > 0
    chi = float(((table[used] - expected[used]) ** 2 / expected[used]).sum())
    least = min((table.sum(axis=1) > 0).sum(), (table.sum(axis=0) > 0).sum()) - 1
    return (chi / table.sum() / least) ** 0.5 if least > 0 else 0.0
