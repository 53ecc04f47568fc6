"""The columns of a multilevel model coded alike in the sample and in the population's cells, and sums over those cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from comity.errors import ComityError
from comity.estimates.columns import Columns, Floats, joint_codes
from comity.estimates.multilevel import Codes, Grouped, MultilevelModel


@dataclass(frozen=True, eq=False)
class Spaces:
    """The model's columns, coded alike in the sample and the population."""

    sample_levels: Codes
    sample_fixed: Floats
    target_levels: Codes
    target_fixed: Floats
    sizes: tuple[int, ...]
    complete: npt.NDArray[np.bool_]

    @staticmethod
    def read(sample: Columns, target: Columns, model: MultilevelModel, used: npt.NDArray[np.bool_]) -> Spaces:
        if not model.varying:
            raise ComityError("The model has no varying column.", "Name at least one, such as the area.")
        parts = [_shared_levels(sample, target, each) for each in model.varying]
        fixed = [_shared_numbers(sample, target, name, used) for name in model.fixed]
        complete = np.all([codes[0] >= 0 for codes in parts], axis=0)
        for here, _ in fixed:
            complete &= ~np.isnan(here)
        return Spaces(
            np.column_stack([here for here, _, _ in parts]),
            np.column_stack([here for here, _ in fixed]) if fixed else np.zeros((sample.rows, 0)),
            np.column_stack([there for _, there, _ in parts]),
            np.column_stack([there for _, there in fixed]) if fixed else np.zeros((target.rows, 0)),
            tuple(size for _, _, size in parts),
            complete,
        )

    def grouped(self, used: npt.NDArray[np.bool_], yes: Floats) -> Grouped:
        levels, fixed = self.sample_levels[used], self.sample_fixed[used]
        keys = np.column_stack([levels, *(np.unique(column, return_inverse=True)[1] for column in fixed.T)])
        code = np.zeros(len(keys), np.int64)
        for column in keys.T:
            code = np.unique(code * (int(column.max()) + 1) + column, return_inverse=True)[1]
        first = np.unique(code, return_index=True)[1]
        return Grouped(
            levels[first], fixed[first], self.sizes, np.bincount(code, weights=yes), np.bincount(code).astype(float)
        )

    def sums_of_shares(self, draws: Floats, people: Floats, groups: npt.NDArray[np.integer[Any]], count: int) -> Floats:
        """People who say yes in each group (count, draws): sums over the population's cells, a few thousand at a
        time."""
        dense = np.column_stack([np.ones(len(people)), self.target_fixed])
        starts = dense.shape[1] + np.cumsum([0, *self.sizes[:-1]])
        result = np.zeros((count, draws.shape[1]))
        chunk = max(1, 400_000 // draws.shape[1])
        for start in range(0, len(people), chunk):
            part = slice(start, start + chunk)
            eta = dense[part] @ draws[: dense.shape[1]]
            for at, first in enumerate(starts):
                eta += draws[first + self.target_levels[part, at]]
            np.negative(eta, out=eta)
            np.exp(eta, out=eta)
            eta += 1.0
            np.divide(people[part, None], eta, out=eta)
            rows = len(eta)
            result += sparse.csr_array((np.ones(rows), (groups[part], np.arange(rows))), shape=(count, rows)) @ eta
        return result


def _shared_levels(sample: Columns, target: Columns, column: str | tuple[str, ...]) -> tuple[Codes, Codes, int]:
    names = (column,) if isinstance(column, str) else column
    here, there, sizes = [], [], []
    for name in names:
        ours, theirs = sample.categories(name), target.categories(name)
        unknown = [label for label in ours.labels if label not in theirs.labels]
        if unknown:
            raise ComityError(
                f"The sample has '{unknown[0]}' in '{name}', and the population does not.", "Code both the same way."
            )
        if (theirs.codes < 0).any():
            raise ComityError(f"Column '{name}' of the population has missing values.", "Complete the cells.")
        lookup = np.array([theirs.labels.index(label) for label in ours.labels] + [-1])
        here.append(lookup[ours.codes])
        there.append(theirs.codes.astype(np.int64))
        sizes.append(len(theirs.labels))
    one, total = joint_codes(here, sizes)
    two, _ = joint_codes(there, sizes)
    if len(names) == 1:
        return one, two, total
    used, two = np.unique(two, return_inverse=True)
    place = np.searchsorted(used, one)
    place[(one < 0) | (used[np.minimum(place, len(used) - 1)] != one)] = -1
    return place, two, len(used)


def _shared_numbers(sample: Columns, target: Columns, name: str, used: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """A numeric column on the sample's scale, or a two-level one as 0 and 1."""
    if sample.is_numeric(name):
        here, there = sample.numbers(name), target.numbers(name)
        known = here[used & ~np.isnan(here)]
        centre, spread = (known.mean(), known.std() or 1.0) if len(np.unique(known)) > 2 else (0.0, 1.0)
        if np.isnan(there).any():
            raise ComityError(f"Column '{name}' of the population has missing values.", "Complete the cells.")
        return (here - centre) / spread, (there - centre) / spread
    ours, theirs = sample.categories(name), target.categories(name)
    if len(theirs.labels) != 2 or any(label not in theirs.labels for label in ours.labels):
        raise ComityError(f"Fixed column '{name}' has {len(theirs.labels)} categories.", "Make it varying.")
    lookup = np.array([theirs.labels.index(label) for label in ours.labels] + [np.nan], float)
    return lookup[ours.codes], theirs.codes.astype(float)
