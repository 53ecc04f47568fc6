"""What each group of voters got from a result: who has a funded project of their own, and where the money went.

A project's cost is split evenly among the voters who supported it. Groups of fewer than `minimum` voters are put together,
and hidden where even together they are fewer, because a small group's result comes close to a single ballot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from comity.errors import nearest
from comity.priorities.election import Ballot, Election, PrioritiesError
from comity.priorities.outcome import Outcome

AGES = ((18, "under 18"), (30, "18-29"), (45, "30-44"), (65, "45-64"), (200, "65 and over"))
SMALL = "smaller groups"
NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class GroupShare:
    """One group of voters; all but `group` is None where the group is too small to show.

    with_a_project: voters with at least one funded project that they supported. projects_each: how many of those a voter
    of the group has on average. money: share (0-1) of the spent money that went to projects they supported.
    """

    group: str
    voters: int | None
    share_of_voters: float | None
    with_a_project: int | None
    projects_each: float | None
    money: float | None


def share_out(outcome: Outcome, column: str | None = None, *, minimum: int = 10) -> tuple[GroupShare, ...]:
    """Everybody in one line, or one line for each value of the ballots' `column`; `age` is put into bands.

    Raises PrioritiesError where the ballots have no such column.
    """
    election = outcome.election
    if column is None:
        return (_line("everybody", election.ballots, outcome),)
    names = sorted({name for ballot in election.ballots for name in ballot.fields})
    if column not in names:
        near = nearest(column, names)
        raise PrioritiesError(
            f"The ballots have no column '{column}'.",
            f"Did you mean '{near}'?" if near else f"They have: {', '.join(names) or 'nothing but the votes'}.",
        )
    groups: dict[str, list[Ballot]] = {}
    for ballot in election.ballots:
        groups.setdefault(_group_of(ballot.fields.get(column, ""), column), []).append(ballot)
    small = [ballot for ballots in groups.values() if len(ballots) < minimum for ballot in ballots]
    order = {label: at for at, (_, label) in enumerate(AGES)}
    lines = [
        _line(name, ballots, outcome)
        for name, ballots in sorted(groups.items(), key=lambda each: (order.get(each[0], -1), each[0]))
        if len(ballots) >= minimum
    ]
    if len(small) >= minimum:
        lines.append(_line(SMALL, small, outcome))
    elif small:
        lines.append(GroupShare(SMALL, None, None, None, None, None))
    return tuple(lines)


def prefer(first: Outcome, second: Outcome) -> tuple[int, int, int]:
    """Voters who support more of the money in `first`, in `second`, and the same: the comparison step of some cities."""
    counts = [0, 0, 0]
    for ballot in first.election.ballots:
        worth = [_worth(ballot, outcome) for outcome in (first, second)]
        counts[0 if worth[0] > worth[1] else 1 if worth[0] < worth[1] else 2] += 1
    return counts[0], counts[1], counts[2]


def _worth(ballot: Ballot, outcome: Outcome) -> Fraction:
    by_id = outcome.election.by_id
    funded = set(outcome.selected)
    return sum((by_id[each].cost * score for each, score in ballot.scores.items() if each in funded), Fraction(0))


def _line(name: str, ballots: Iterable[Ballot], outcome: Outcome) -> GroupShare:
    election: Election = outcome.election
    funded = set(outcome.selected)
    each_gets = {
        project: election.by_id[project].cost / election.supporters[project]
        for project in funded
        if election.supporters[project]
    }
    ballots = list(ballots)
    mine = [[project for project in ballot.scores if project in funded] for ballot in ballots]
    supported: dict[str, int] = {}
    for projects in mine:
        for project in projects:
            supported[project] = supported.get(project, 0) + 1
    money = sum((each_gets[project] * count for project, count in supported.items()), Fraction(0))
    return GroupShare(
        name,
        len(ballots),
        round(len(ballots) / len(election.ballots), 4) if election.ballots else None,
        sum(bool(projects) for projects in mine),
        round(sum(map(len, mine)) / len(ballots), 3) if ballots else None,
        round(float(money / outcome.cost), 4) if outcome.cost else None,
    )


def _group_of(value: str, column: str) -> str:
    value = value.strip()
    if column != "age" or not value.isdigit():
        return value or NOT_RECORDED
    return next(label for below, label in AGES if int(value) < below) if int(value) < 200 else NOT_RECORDED
