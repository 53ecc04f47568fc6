"""What a budgeting rule decided, in a form that can be explained: who paid what, what nearly won, who got how much."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from comity.priorities.election import Election, Project


@dataclass(frozen=True)
class Purchase:
    """One funded project. price: what a voter paid for a score of 1; None where the rule has no purses.

    paid_in_full, paid_the_rest: voters who paid the whole price, and voters who paid all that they had left.
    how: the step of the rule that bought it.
    """

    project: Project
    supporters: int
    price: Fraction | None
    paid_in_full: int | None
    paid_the_rest: int | None
    how: str


@dataclass(frozen=True)
class NearlyWon:
    """A project that was not funded. lacks: how much money its supporters (or, without purses, the budget) lacked."""

    project: Project
    supporters: int
    lacks: Fraction


@dataclass(frozen=True)
class Outcome:
    """The result of one rule. selected: ids in the order in which they were bought. share: money a voter had at the end."""

    rule: str
    election: Election
    selected: tuple[str, ...]
    purchases: tuple[Purchase, ...]
    share: Fraction | None
    nearly_won: tuple[NearlyWon, ...]

    @property
    def cost(self) -> Fraction:
        return sum((self.election.by_id[project].cost for project in self.selected), Fraction(0))

    def as_record(self) -> dict[str, Any]:
        """JSON-ready: `selected`, `cost`, and what explains them. Amounts are numbers, whole where they are whole."""
        return {
            "rule": self.rule,
            "selected": list(self.selected),
            "cost": as_number(self.cost),
            "budget": as_number(self.election.budget),
            "voters": len(self.election.ballots),
            "share": None if self.share is None else as_number(self.share),
            "projects": [
                {
                    "id": each.project.id,
                    "name": each.project.name,
                    "cost": as_number(each.project.cost),
                    "supporters": each.supporters,
                    "price": None if each.price is None else as_number(each.price),
                    "paid_in_full": each.paid_in_full,
                    "paid_the_rest": each.paid_the_rest,
                    "how": each.how,
                }
                for each in self.purchases
            ],
            "nearly_won": [
                {
                    "id": each.project.id,
                    "name": each.project.name,
                    "cost": as_number(each.project.cost),
                    "supporters": each.supporters,
                    "lacks": as_number(each.lacks),
                }
                for each in self.nearly_won
            ],
        }


def as_number(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)
