"""Small random elections with whole costs and many ties."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from comity.priorities import Ballot, Election, Project


def election_of(costs, approvals, budget, *, kind="approval"):
    """costs: {id: cost}. approvals: one set of ids, or mapping from id to score, a voter."""
    projects = tuple(Project(each, Fraction(cost)) for each, cost in costs.items())
    ballots = tuple(
        Ballot(str(at), {each: Fraction(score) for each, score in given.items()})
        for at, given in enumerate(
            each if isinstance(each, dict) else dict.fromkeys(sorted(each), 1) for each in approvals
        )
    )
    return Election(Fraction(budget), projects, ballots, kind)


@st.composite
def elections(draw, *, most_projects=6, most_voters=8, most_score=1):
    names = [str(at) for at in range(1, draw(st.integers(2, most_projects)) + 1)]
    costs = {name: draw(st.integers(1, 12)) for name in names}
    score = st.integers(1, most_score)
    ballots = draw(st.lists(st.dictionaries(st.sampled_from(names), score), min_size=1, max_size=most_voters))
    return election_of(costs, ballots, draw(st.integers(1, 40)), kind="approval" if most_score == 1 else "scoring")
