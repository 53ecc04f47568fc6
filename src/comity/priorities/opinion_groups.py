"""Opinion groups as in Polis (Small and others 2021): people who vote alike, what each group stands for, what unites all.

Missing votes take the statement's mean, people are placed by two principal components, and k-means with the best
silhouette of 2 to 5 groups parts them. Unlike Polis today, the place of somebody who voted little is not stretched
outwards: see docs/methods/opinion-groups.md. k-means parts any cloud of points, so `are_real` asks whether votes without
any pattern would have been parted as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from comity.priorities.election import PrioritiesError
from comity.priorities.votes import Votes

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

MINIMUM_VOTES = 7  # of a person, or all statements where there are fewer: Polis's rule for taking part
MOST_GROUPS = 5
RESTARTS = 8
MOST_COMPARED = 1000  # people whose silhouettes are measured; a seeded sample of more
Z_90 = 1.2815515655446004  # one-sided, as Polis uses it
MOST_SHOWN = 5


@dataclass(frozen=True)
class Standing:
    """How a group votes on a statement. agree, disagree: shares of `n` votes seen, each with its Wilson interval (95%).

    side: the side that the statement stands for, "agree" or "disagree". elsewhere: the share of that side in all other
    groups together, of n_elsewhere votes.
    """

    statement: str
    text: str
    side: str
    share: float
    low: float
    high: float
    n: int
    elsewhere: float | None
    n_elsewhere: int


@dataclass(frozen=True)
class Tally:
    """Votes on a statement by a group, or by everybody who voted on it (group "all"): counts, of which pass is the rest."""

    statement: str
    text: str
    group: str
    agree: int
    disagree: int
    n: int


@dataclass(frozen=True)
class Group:
    """members: voter ids. representative: what sets the group apart, strongest first."""

    id: str
    members: tuple[str, ...]
    representative: tuple[Standing, ...]


@dataclass(frozen=True)
class OpinionGroups:
    """groups: largest first. without_group: voters with too few votes. positions: {voter: (x, y)} of those placed.

    silhouettes: {number of groups: mean silhouette}. is_real: None where it was not asked; p: share of shuffled votes
    that parted at least as clearly. unites: statements that every group agrees (or disagrees) on. divides: those on which
    the groups differ most. tallies: every statement by everybody, then by each group.
    """

    groups: tuple[Group, ...]
    without_group: tuple[str, ...]
    positions: dict[str, tuple[float, float]]
    silhouettes: dict[int, float]
    unites: tuple[Standing, ...]
    divides: tuple[Standing, ...]
    tallies: tuple[Tally, ...]
    n_votes: int
    p: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the votes show distinct groups: "shows", "does not show" or "cannot tell" (not tested)."""
        return "cannot tell" if self.p is None else "shows" if self.p <= 0.05 else "does not show"

    def as_record(self) -> dict[str, Any]:
        """JSON-ready."""
        from dataclasses import asdict

        return {
            "groups": [
                {
                    "id": group.id,
                    "size": len(group.members),
                    "members": list(group.members),
                    "representative": [asdict(each) for each in group.representative],
                }
                for group in self.groups
            ],
            "unites": [asdict(each) for each in self.unites],
            "divides": [asdict(each) for each in self.divides],
            "statements": [asdict(each) for each in self.tallies],
            "without_group": list(self.without_group),
            "votes": self.n_votes,
            "silhouettes": {str(k): round(value, 4) for k, value in self.silhouettes.items()},
            "distinct_groups": {"verdict": self.verdict, "p": self.p},
            "positions": {voter: [round(x, 4), round(y, 4)] for voter, (x, y) in self.positions.items()},
        }


def find_groups(
    votes: Votes, *, seed: int, number: int | None = None, minimum_votes: int = MINIMUM_VOTES, shuffles: int = 0
) -> OpinionGroups:
    """The opinion groups of the people with at least `minimum_votes` votes.

    number: how many groups, instead of the best silhouette. shuffles: how many times votes are shuffled within each
    statement to ask whether the groups are real; with 19, p is .05 at the least. Raises PrioritiesError where fewer than
    four people or two statements are left. The same votes and seed always give the same groups, in whatever order they come.
    """
    needed = min(minimum_votes, len(votes.statements))
    placed = np.flatnonzero(votes.seen.sum(axis=1) >= needed)
    if len(placed) < 4 or len(votes.statements) < 2:
        raise PrioritiesError(
            f"{len(placed)} people have at least {needed} votes on {len(votes.statements)} statements.",
            "Groups need four such people and two statements: gather more votes, or ask for fewer with --minimum-votes.",
        )
    if number is not None and not 2 <= number <= len(placed):
        raise PrioritiesError(f"{number} groups cannot be made of {len(placed)} people.", "Ask for 2 or more.")
    values, seen = votes.values[placed].astype(float), votes.seen[placed]
    positions, labels, silhouettes = _part(values, seen, number, np.random.default_rng(seed), RESTARTS)
    labels = _largest_first(labels)
    p = None
    if shuffles:
        best = silhouettes[int(labels.max()) + 1]
        generator = np.random.default_rng([seed, 1])
        above = 0
        for _ in range(shuffles):
            _, chance, chances = _part(_shuffled(values, seen, generator), seen, number, generator, 4)
            above += chances[int(chance.max()) + 1] >= best
        p = (above + 1) / (shuffles + 1)
    return OpinionGroups(
        groups=tuple(
            Group(
                _name(group),
                tuple(votes.voters[placed[at]] for at in np.flatnonzero(labels == group)),
                _representative(votes, placed, labels, group),
            )
            for group in range(int(labels.max()) + 1)
        ),
        without_group=tuple(votes.voters[at] for at in np.setdiff1d(np.arange(len(votes.voters)), placed)),
        positions={votes.voters[row]: (float(x), float(y)) for row, (x, y) in zip(placed, positions, strict=True)},
        silhouettes=silhouettes,
        unites=_unites(votes, placed, labels),
        divides=_divides(votes, placed, labels),
        tallies=tuple(_tallies(votes, placed, labels)),
        n_votes=votes.n,
        p=p,
    )


def _part(
    values: Floats, seen: npt.NDArray[np.bool_], number: int | None, generator: np.random.Generator, restarts: int
) -> tuple[Floats, Labels, dict[int, float]]:
    """(positions, labels, silhouette by number of groups) of people by their votes."""
    positions = _positions(values, seen)
    distinct = len(np.unique(positions.round(9), axis=0))
    if distinct < 2:
        raise PrioritiesError("Everybody votes alike.", "There are no groups to find.")
    most = min(MOST_GROUPS, 2 + len(values) // 12, distinct)
    sample = np.arange(len(values))
    if len(values) > MOST_COMPARED:
        sample = np.sort(generator.permutation(len(values))[:MOST_COMPARED])
    gaps = np.sqrt(np.maximum(_squares(positions[sample], positions[sample]), 0.0))
    tried = {
        k: _k_means(positions, k, generator, restarts)
        for k in ([min(number, distinct)] if number else range(2, most + 1))
    }
    silhouettes = {k: _silhouette(gaps, labels[sample]) for k, labels in tried.items()}
    chosen = max(silhouettes, key=lambda k: (silhouettes[k], -k))
    return positions, tried[chosen], silhouettes


def _positions(values: Floats, seen: npt.NDArray[np.bool_]) -> Floats:
    """(people, 2): principal components of the votes, missing ones at the statement's mean."""
    counts = np.maximum(seen.sum(axis=0), 1)
    means = np.where(seen, values, 0.0).sum(axis=0) / counts
    centred = np.where(seen, values - means, 0.0)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :2]
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), range(axes.shape[1])] < 0, -1.0, 1.0)
    found: Floats = centred @ axes
    return found


def _squares(one: Floats, other: Floats) -> Floats:
    found: Floats = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None, :] - 2 * one @ other.T
    return found


def _k_means(positions: Floats, k: int, generator: np.random.Generator, restarts: int) -> Labels:
    """Lloyd's algorithm from k-means++ starts; the best of `restarts`."""
    best: tuple[float, Labels] | None = None
    squares = (positions**2).sum()
    while best is None or restarts > 0:
        restarts -= 1
        centres = _spread_out(positions, k, generator)
        labels = np.full(len(positions), -1)
        for _ in range(100):
            # of |x - c|^2 only what depends on c decides
            nearest = (positions @ (2 * centres.T) - (centres**2).sum(axis=1)).argmax(axis=1)
            if (nearest == labels).all():
                break
            labels = nearest
            counts = np.bincount(labels, minlength=k)
            sums = np.stack([np.bincount(labels, positions[:, axis], k) for axis in range(positions.shape[1])], axis=1)
            centres = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)
        inertia = float(squares - (counts[:, None] * centres**2).sum())
        if counts.all() and (best is None or inertia < best[0] * (1 - 1e-12)):
            best = inertia, labels
    return best[1]


def _spread_out(positions: Floats, k: int, generator: np.random.Generator) -> Floats:
    centres = positions[[generator.integers(len(positions))]]
    while len(centres) < k:
        distances = np.maximum(_squares(positions, centres).min(axis=1), 0.0)
        distances[distances < 1e-18] = 0.0
        chosen = generator.choice(len(positions), p=distances / distances.sum())
        centres = np.vstack([centres, positions[[chosen]]])
    return centres


def _silhouette(gaps: Floats, labels: Labels) -> float:
    """Rousseeuw 1987: mean of (b - a) / max(a, b); 0 for somebody alone in a group."""
    kinds, labels = np.unique(labels, return_inverse=True)
    if len(kinds) < 2:
        return 0.0
    member = np.eye(len(kinds))[labels]
    sizes = member.sum(axis=0)
    sums = gaps @ member
    own = sizes[labels]
    inside = sums[np.arange(len(labels)), labels] / np.maximum(own - 1, 1)
    outside = np.where(member > 0, np.inf, sums / sizes).min(axis=1)
    scale = np.maximum(inside, outside)
    values = np.where((own > 1) & (scale > 0), (outside - inside) / np.where(scale > 0, scale, 1.0), 0.0)
    return float(values.mean())


def _shuffled(values: Floats, seen: npt.NDArray[np.bool_], generator: np.random.Generator) -> Floats:
    """Each statement's votes dealt out anew among those who voted on it."""
    dealt = values.copy()
    for column in range(values.shape[1]):
        rows = np.flatnonzero(seen[:, column])
        dealt[rows, column] = values[generator.permutation(rows), column]
    return dealt


def _largest_first(labels: Labels) -> Labels:
    kinds, first, counts = np.unique(labels, return_index=True, return_counts=True)
    order = sorted(range(len(kinds)), key=lambda at: (-counts[at], first[at]))
    place = np.empty(int(kinds.max()) + 1, np.int64)
    place[kinds[order]] = np.arange(len(kinds))
    found: Labels = place[labels]
    return found


def _name(group: int) -> str:
    return chr(ord("A") + group) if group < 26 else f"group {group + 1}"


def _counts(votes: Votes, rows: Labels, side: int) -> tuple[Labels, Labels]:
    """(votes for `side`, votes seen) of each statement among `rows`."""
    seen = votes.seen[rows]
    return ((votes.values[rows] == side) & seen).sum(axis=0), seen.sum(axis=0)


def _tallies(votes: Votes, placed: Labels, labels: Labels) -> Iterator[Tally]:
    kinds = [("all", np.arange(len(votes.voters)))]
    kinds += [(_name(group), placed[labels == group]) for group in range(int(labels.max()) + 1)]
    counted = [(name, _counts(votes, rows, 1), _counts(votes, rows, -1)[0]) for name, rows in kinds]
    for at, statement in enumerate(votes.statements):
        for name, (agree, n), disagree in counted:
            yield Tally(statement, votes.texts.get(statement, ""), name, int(agree[at]), int(disagree[at]), int(n[at]))


def _representative(votes: Votes, placed: Labels, labels: Labels, group: int) -> tuple[Standing, ...]:
    """Polis's rule: the group leans to a side, more than the others do, both at 90%; ranked by both strengths."""
    found = []
    for side, name in ((1, "agree"), (-1, "disagree")):
        inside, n = _counts(votes, placed[labels == group], side)
        outside, n_out = _counts(votes, placed[labels != group], side)
        share, other = (inside + 1) / (n + 2), (outside + 1) / (n_out + 2)
        lean = 2 * np.sqrt(n + 1) * ((inside + 1) / (n + 1) - 0.5)
        pooled = (inside + outside + 2) / (n + n_out + 2)
        spread = np.sqrt(np.maximum(pooled * (1 - pooled) * (1 / (n + 1) + 1 / (n_out + 1)), 1e-12))
        apart = ((inside + 1) / (n + 1) - (outside + 1) / (n_out + 1)) / spread
        strength = share / other * share * lean * apart
        found += [
            (-float(strength[at]), at, _standing(votes, at, name, inside, n, outside, n_out))
            for at in np.flatnonzero((lean > Z_90) & (apart > Z_90) & (n > 0)).tolist()
        ]
    return tuple(standing for _, _, standing in sorted(found, key=lambda each: each[:2])[:MOST_SHOWN])


def _unites(votes: Votes, placed: Labels, labels: Labels) -> tuple[Standing, ...]:
    """Statements to which every group leans alike and all together do at 90%; by the product of the groups' shares."""
    found = []
    for side, name in ((1, "agree"), (-1, "disagree")):
        together, n = _counts(votes, placed, side)
        product, leans = np.ones(len(n)), 2 * np.sqrt(n + 1) * ((together + 1) / (n + 1) - 0.5) > Z_90
        for group in range(int(labels.max()) + 1):
            inside, n_in = _counts(votes, placed[labels == group], side)
            share = (inside + 1) / (n_in + 2)
            product, leans = product * share, leans & (share > 0.5)
        nothing = np.zeros_like(together)
        found += [
            (-float(product[at]), at, _standing(votes, at, name, together, n, nothing, nothing))
            for at in np.flatnonzero(leans).tolist()
        ]
    return tuple(standing for _, _, standing in sorted(found, key=lambda each: each[:2])[:MOST_SHOWN])


def _divides(votes: Votes, placed: Labels, labels: Labels) -> tuple[Standing, ...]:
    """Statements by how far the shares that agree lie apart between a group and all others, in standard errors."""
    found: dict[int, tuple[float, Standing]] = {}
    for group in range(int(labels.max()) + 1):
        inside, n = _counts(votes, placed[labels == group], 1)
        outside, n_out = _counts(votes, placed[labels != group], 1)
        pooled = (inside + outside + 1) / (n + n_out + 2)
        spread = np.sqrt(pooled * (1 - pooled) * (1 / np.maximum(n, 1) + 1 / np.maximum(n_out, 1)))
        apart = np.abs(inside / np.maximum(n, 1) - outside / np.maximum(n_out, 1)) / spread
        for at in np.flatnonzero((n > 1) & (n_out > 1) & (apart > 1.96)).tolist():
            if -float(apart[at]) < found.get(at, (0.0,))[0]:
                found[at] = (
                    -float(apart[at]),
                    _standing(votes, at, "agree", inside, n, outside, n_out),
                )
    ordered = sorted(found.items(), key=lambda each: (each[1][0], each[0]))
    return tuple(standing for _, (_, standing) in ordered[:MOST_SHOWN])


def _standing(votes: Votes, at: int, side: str, inside: Labels, n: Labels, outside: Labels, n_out: Labels) -> Standing:
    statement = votes.statements[at]
    share = float(inside[at] / n[at])
    low, high = _wilson(int(inside[at]), int(n[at]))
    return Standing(
        statement,
        votes.texts.get(statement, ""),
        side,
        round(share, 4),
        round(low, 4),
        round(high, 4),
        int(n[at]),
        round(float(outside[at] / n_out[at]), 4) if n_out[at] else None,
        int(n_out[at]),
    )


def _wilson(k: int, n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    centre, spread = (k + z * z / 2) / (n + z * z), z / (n + z * z) * math.sqrt(k * (n - k) / n + z * z / 4)
    return max(0.0, centre - spread), min(1.0, centre + spread)
