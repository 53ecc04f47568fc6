"""What a budgeting rule works on: projects with costs, a budget, and what each voter gave to which project.

Costs, scores and the budget are exact (integers or fractions), so that a tie is a tie and not a rounding error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import lcm

import numpy as np
import numpy.typing as npt

from comity.errors import ComityError

Integers = npt.NDArray[np.int64]
LARGEST = 2**40  # of a score times the voters who share a ballot: sums stay far inside 64 bits


class PrioritiesError(ComityError):
    """Ballots, votes or comparisons cannot be used as they are."""


@dataclass(frozen=True)
class Project:
    """A proposal with its price. fields: what its file says besides, such as its category."""

    id: str
    cost: Fraction
    name: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ballot:
    """What one voter gave. scores: {project id: score > 0}; 1 each for approvals. choices: the ids as written, in order."""

    id: str
    scores: Mapping[str, Fraction]
    choices: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Election:
    """Projects, ballots and the budget they compete for. kind: approval, choose-1, cumulative, scoring, ordinal or knapsack."""

    budget: Fraction
    projects: tuple[Project, ...]
    ballots: tuple[Ballot, ...]
    kind: str = "approval"
    meta: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.projects:
            raise PrioritiesError("There are no projects.", "Add at least one under PROJECTS.")
        if self.budget <= 0:
            raise PrioritiesError(f"The budget is {show(self.budget)}.", "It must be more than 0.")
        seen: set[str] = set()
        for project in self.projects:
            if project.id in seen:
                raise PrioritiesError(f"The project '{project.id}' appears twice.", "Keep one line for each project.")
            seen.add(project.id)
            if project.cost <= 0:
                raise PrioritiesError(
                    f"The project '{project.id}' costs {show(project.cost)}.",
                    "A cost must be more than 0; carry out what is free without a vote.",
                )
        named = set[str]().union(*(ballot.scores for ballot in self.ballots))
        for project_id in sorted(named - seen):
            raise PrioritiesError(
                f"A ballot names the project '{project_id}', which is not listed.", "List it or mend the ballot."
            )
        if any(score <= 0 for score in self._distinct_scores.values()):
            raise PrioritiesError("A ballot gives a score of 0 or less.", "Leave out what a voter gives nothing to.")

    @cached_property
    def _distinct_scores(self) -> dict[int, Fraction]:
        """Score objects by identity: readers share them, so that millions of ones are looked at once."""
        return {id(score): score for ballot in self.ballots for score in ballot.scores.values()}

    @cached_property
    def by_id(self) -> dict[str, Project]:
        return {project.id: project for project in self.projects}

    @cached_property
    def supporters(self) -> dict[str, int]:
        """Voters who gave each project anything."""
        return {project.id: int(count) for project, count in zip(self.projects, self.grouped.voters_for, strict=True)}

    @cached_property
    def totals(self) -> dict[str, Fraction]:
        """The sum of the scores of each project; for approvals the number of votes."""
        sums = self.grouped.weights @ self.grouped.scores
        return {
            project.id: Fraction(int(total), self.grouped.unit)
            for project, total in zip(self.projects, sums, strict=True)
        }

    @cached_property
    def grouped(self) -> Grouped:
        """The ballots with identical ones counted once, as arrays; columns in the order of `projects`."""
        column = {project.id: at for at, project in enumerate(self.projects)}
        unit = lcm(*{Fraction(score).denominator for score in self._distinct_scores.values()}, 1)
        whole = {key: int(score * unit) for key, score in self._distinct_scores.items()}
        if max(whole.values(), default=0) * len(self.ballots) > LARGEST:
            raise PrioritiesError(
                "The scores are too large or too finely divided to add up exactly.", "Use whole scores below 1,000,000."
            )
        matrix = np.zeros((len(self.ballots), len(column)), np.int64)
        rows = np.repeat(np.arange(len(self.ballots)), [len(ballot.scores) for ballot in self.ballots])
        columns = [column[project_id] for ballot in self.ballots for project_id in ballot.scores]
        matrix[rows, columns] = [whole[id(score)] for ballot in self.ballots for score in ballot.scores.values()]
        order = np.lexsort(matrix.T)
        ordered = matrix[order]
        starts = np.flatnonzero(np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)][: len(ordered)])
        weights = np.diff(np.r_[starts, len(ordered)]).astype(np.int64)
        return Grouped(ordered[starts], weights, unit)

    def first(self, tied: list[str]) -> str:
        """Who goes first among projects that a rule finds equal: more supporters, then the lower id (numbers as numbers)."""
        return min(tied, key=lambda project_id: (-self.supporters[project_id], id_order(project_id)))


@dataclass(frozen=True)
class Grouped:
    """Distinct ballots. scores: (ballots, projects), in units of 1/unit. weights: voters with each ballot."""

    scores: Integers
    weights: Integers
    unit: int

    @property
    def voters_for(self) -> Integers:
        found: Integers = self.weights @ (self.scores > 0)
        return found


def id_order(project_id: str) -> tuple[int, int, str]:
    """Sorts ids that are numbers as numbers, before the others."""
    return (0, int(project_id), "") if project_id.isascii() and project_id.isdigit() else (1, 0, project_id)


def show(value: Fraction | int) -> str:
    """An amount for people: whole where it is whole, otherwise with up to two decimals."""
    value = Fraction(value)
    return f"{value.numerator:,}" if value.denominator == 1 else f"{float(value):,.2f}"
