"""The Method of Equal Shares (Peters and Skowron 2020; Peters, Pierczynski and Skowron 2021), exact.

Every voter gets the same share of the budget. Again and again the project is bought whose supporters pay the least for
what they get, each the same price for the same score, and those who have less left pay what they have. What the rule
leaves over is completed first by giving every voter one more unit of money at a time until the result would cost more than
the budget (add1), then greedily.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from comity.priorities.election import Election, Grouped, PrioritiesError, id_order
from comity.priorities.greedy import complete_greedily
from comity.priorities.kernels import compiled_steps
from comity.priorities.outcome import NearlyWon, Outcome, Purchase
from comity.priorities.purses import Purses

WORTHS = ("cost", "votes")
COMPLETIONS = ("add1 then greedy", "add1", "greedy", "none")


@dataclass(frozen=True)
class _Run:
    """Equal shares with one share of money. bought: (project, price per unit of score, paid in full, paid the rest)."""

    share: Fraction
    bought: tuple[tuple[int, Fraction, int, int], ...]
    purses: Purses

    def cost(self, costs: Sequence[Fraction]) -> Fraction:
        return sum((costs[project] for project, *_ in self.bought), Fraction(0))


def equal_shares(election: Election, *, worth: str = "cost", completion: str = "add1 then greedy") -> Outcome:
    """The projects that equal shares funds, with what the supporters of each paid.

    worth: what a funded project is worth to a supporter: "cost", its cost times the score (what cities use and Pabulib
    records as equalshares), or "votes", the score alone. completion: what to do with money that is left, one of COMPLETIONS.
    Ties: more supporters first, then the lower project id. Exact: no rounding decides anything.
    """
    if worth not in WORTHS:
        raise PrioritiesError(f"The worth is '{worth}'.", f"It must be one of {', '.join(WORTHS)}.")
    if completion not in COMPLETIONS:
        raise PrioritiesError(f"The completion is '{completion}'.", f"It must be one of {', '.join(COMPLETIONS)}.")
    if not election.ballots:
        return Outcome("equal-shares", election, (), (), share=None, nearly_won=())
    ballots, costs = election.grouped, [project.cost for project in election.projects]
    worths = costs if worth == "cost" else [Fraction(1)] * len(costs)
    run = _run(election, ballots, costs, worths, election.budget / len(election.ballots))
    if "add1" in completion:
        run = _add_one(election, ballots, costs, worths, run)
    purchases = [
        Purchase(
            project=election.projects[project],
            supporters=election.supporters[election.projects[project].id],
            price=price * (1 if election.kind in ("approval", "choose-1", "knapsack") else ballots.unit),
            paid_in_full=full,
            paid_the_rest=rest,
            how="equal shares" if run.share <= election.budget / len(election.ballots) else "equal shares, add1",
        )
        for project, price, full, rest in run.bought
    ]
    selected = [each.project.id for each in purchases]
    lacking = tuple(
        NearlyWon(
            election.projects[at],
            election.supporters[election.projects[at].id],
            lacks=costs[at] - run.purses.left_of_supporters(at),
        )
        for at in range(len(costs))
        if election.projects[at].id not in selected
    )
    if "greedy" in completion:
        purchases += complete_greedily(election, selected)
    funded = {each.project.id for each in purchases}
    nearly = sorted((each for each in lacking if each.project.id not in funded), key=lambda each: each.lacks)
    return Outcome(
        "equal-shares",
        election,
        tuple(each.project.id for each in purchases),
        tuple(purchases),
        run.share,
        tuple(nearly),
    )


def _run(
    election: Election, ballots: Grouped, costs: Sequence[Fraction], worths: Sequence[Fraction], share: Fraction
) -> _Run:
    purses = Purses(ballots, costs, share)
    least = dict.fromkeys(range(len(costs)), 0.0)  # prices only rise, so an old guess is a lower bound
    bought: list[tuple[int, Fraction, int, int]] = []
    while least:
        fresh: dict[int, float] = {}
        lowest = np.inf
        for project in sorted(least, key=least.__getitem__):
            if least[project] > lowest:
                break
            price, error = purses.guess(project)
            if price == np.inf:
                del least[project]
                continue
            value, error = price / float(worths[project]), error / float(worths[project])
            error += value * 1e-14
            least[project] = fresh[project] = max(0.0, value - error)
            lowest = min(lowest, value + error)
        exact = {}
        for project, value in fresh.items():
            if value <= lowest:
                found = purses.price(project)
                if found is None:
                    del least[project]
                else:
                    exact[project] = found / worths[project]
        if not exact:
            if fresh:
                continue  # those that seemed affordable were not by a hair: look again without them
            break
        best = min(exact.values())
        tied = [election.projects[project].id for project, value in exact.items() if value == best]
        winner = election.first(tied)
        chosen = next(project for project in exact if election.projects[project].id == winner)
        price_paid = exact[chosen] * worths[chosen]
        bought.append((chosen, price_paid, *purses.buy(chosen, price_paid)))
        del least[chosen]
    return _Run(share, tuple(bought), purses)


def _add_one(
    election: Election, ballots: Grouped, costs: Sequence[Fraction], worths: Sequence[Fraction], first: _Run
) -> _Run:
    """The last run before the first that costs more than the budget, as each voter gets one more unit at a time.

    Cities whose records can be checked do not stop earlier, where no further project fits (Wieliczka 2023).
    The compiled steps leave to the exact ones every share at which they could not tell two numbers apart.
    """
    order = sorted(election.by_id, key=lambda each: (-election.supporters[each], id_order(each)))
    steps = compiled_steps(ballots, costs, worths, [order.index(project.id) for project in election.projects])
    best, best_bought = first, [each[0] for each in first.bought]
    unit = math.lcm(*(cost.denominator for cost in costs))
    whole = [int(cost * unit) for cost in costs]  # adds up faster than fractions do
    ready = {
        project: math.ceil(cost / count)
        for project, (cost, count) in enumerate(zip(costs, ballots.voters_for.tolist(), strict=True))
        if count
    }
    share = first.share.__floor__()
    while len(best_bought) < len(ready) and share <= election.budget:
        share = _next_share(share, min(ready[project] for project in ready.keys() - best_bought))
        bought = steps(share) if steps else None
        run = None
        if bought is None:
            run = _run(election, ballots, costs, worths, Fraction(share))
            bought = [each[0] for each in run.bought]
        if sum(whole[project] for project in bought) > election.budget * unit:
            break
        best_bought = bought
        best = run or _Run(Fraction(share), (), first.purses)
    return best if best.bought or not best_bought else _run(election, ballots, costs, worths, best.share)


def _next_share(share: int, ready: int) -> int:
    """The next share that add1 has to look at: one unit more, or one of the fourth digit where a share has more digits.

    ready: the least share at which a project that is not bought yet could be. Before all shares of its supporters together
    reach its cost it cannot, and while that is so for all of them nothing can cost too much: the shares up to the last
    such one are passed over.
    """
    step: int = 10 ** max(0, len(str(share)) - 4)
    return share + step * max(1, (ready - 1 - share) // step)
