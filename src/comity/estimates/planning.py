"""How many people to ask: sample sizes, power and allocation, with design effects and non-response.

Cochran, *Sampling Techniques* (3rd ed.), chapters 4 and 5; Kish, *Survey Sampling* (1965); Valliant, Dever and Kreuter,
chapters 3 and 4. Sizes are rounded up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, inf, sqrt
from typing import Literal

from scipy.stats import norm

from comity.errors import ComityError


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What a plan assumes. deff: variance over that of a simple random sample. response_rate: completed / invited
    (0-1)."""

    confidence: float = 0.95
    deff: float = 1.0
    response_rate: float = 1.0
    population: float = inf

    def __post_init__(self) -> None:
        _check("Confidence", self.confidence, 0, 1)
        _check("The response rate", self.response_rate, 0, 1, or_top=True)
        if not 0 < self.deff < inf:
            raise ComityError(f"The design effect is {self.deff}.", "It is positive; 1 is a simple random sample.")
        if not self.population > 0:
            raise ComityError(f"The population is {self.population}.", "It is a positive number of people.")


@dataclass(frozen=True)
class Plan:
    """completes: answers needed. invitations: people to invite for them. margin: half of the interval's width, or
    None."""

    completes: int
    invitations: int
    margin: float | None
    power: float | None


def plan_proportion(
    share: float, margin: float, conditions: Conditions | None = None, *, domain_share: float = 1.0
) -> Plan:
    """Answers for a share known to +- `margin`. domain_share: part of the sample in the domain the promise is about."""
    conditions = conditions or Conditions()
    _check("The share", share, 0, 1)
    _check("The margin", margin, 0, 1)
    _check("The domain's share", domain_share, 0, 1, or_top=True)
    z = float(norm.ppf(0.5 + conditions.confidence / 2))
    simple = z**2 * share * (1 - share) / margin**2
    n = _finite(simple, conditions.population * domain_share) * conditions.deff / domain_share
    completes = min(ceil(n - 1e-9), _whole(conditions.population))
    return Plan(completes, _invitations(completes, conditions), margin, None)


def margin_of_proportion(share: float, n: float, conditions: Conditions | None = None) -> float:
    """Half of the width of the interval of a share from `n` answers."""
    conditions = conditions or Conditions()
    _check("The share", share, 0, 1)
    if not n > 0:
        raise ComityError(f"n is {n}.", "Give a positive number of answers.")
    z = float(norm.ppf(0.5 + conditions.confidence / 2))
    finite = max(0.0, 1 - n / conditions.population)
    return z * sqrt(share * (1 - share) * conditions.deff / n * finite)


def plan_change(
    before: float,
    after: float,
    conditions: Conditions | None = None,
    *,
    power: float = 0.8,
    overlap: float = 0.0,
    correlation: float = 0.0,
    domain_share: float = 1.0,
) -> Plan:
    """Answers in each of two waves to notice a change of a share from `before` to `after`, two-sided, with `power`.

    overlap: part of the sample asked in both waves; correlation: of the same person's answers between waves.
    """
    conditions = conditions or Conditions()
    _check("The power", power, 0, 1)
    _check("The domain's share", domain_share, 0, 1, or_top=True)
    if before == after:
        raise ComityError(f"Both waves have the share {before}.", "Give the smallest change worth noticing.")
    spread = _change_variance(before, after, overlap, correlation)
    z = float(norm.ppf(0.5 + conditions.confidence / 2) + norm.ppf(power))
    completes = ceil(z**2 * spread * conditions.deff / (after - before) ** 2 / domain_share - 1e-9)
    if completes > conditions.population:
        raise ComityError(
            f"{completes:,} answers are needed, and the population is {conditions.population:,.0f}.",
            "Accept less power, or look for a larger change.",
        )
    reached = power_of_change(
        before, after, completes * domain_share, conditions, overlap=overlap, correlation=correlation
    )
    return Plan(completes, _invitations(completes, conditions), None, reached)


def power_of_change(
    before: float,
    after: float,
    n: float,
    conditions: Conditions | None = None,
    *,
    overlap: float = 0.0,
    correlation: float = 0.0,
) -> float:
    """Chance of noticing a change of a share with `n` answers in each wave."""
    conditions = conditions or Conditions()
    se = sqrt(_change_variance(before, after, overlap, correlation) * conditions.deff / n)
    z = float(norm.ppf(0.5 + conditions.confidence / 2))
    shift = abs(after - before) / se
    return float(norm.cdf(shift - z) + norm.cdf(-shift - z))


@dataclass(frozen=True)
class Allocation:
    """n of each stratum, the deff of the weights it causes (Kish), and each stratum's weight relative to the lowest."""

    n: Mapping[str, int]
    deff_of_weights: float
    relative_weights: Mapping[str, float]


def allocate(
    sizes: Mapping[str, float],
    n: int,
    *,
    method: Literal["proportional", "optimal", "equal"] = "proportional",
    deviations: Mapping[str, float] | None = None,
    costs: Mapping[str, float] | None = None,
    minimum: int = 2,
) -> Allocation:
    """Spread `n` answers over strata of `sizes` (people).

    optimal: in proportion to size x deviation / sqrt(cost) (Neyman 1934), with no stratum above its size. minimum: of
    every stratum, so that small ones can be reported (oversampling); the others share the rest.
    """
    if not sizes or min(sizes.values()) <= 0:
        raise ComityError("A stratum has no people.", "Give each stratum a positive size.")
    if method not in ("proportional", "optimal", "equal"):
        raise ComityError(f"The method of allocation is '{method}'.", "It is one of: proportional, optimal, equal.")
    floors = {name: min(minimum, int(size)) for name, size in sizes.items()}
    if n < sum(floors.values()) or n > sum(int(size) for size in sizes.values()):
        raise ComityError(
            f"{n:,} answers cannot be spread over {len(sizes)} strata with at least {minimum} each.",
            f"Give an n between {sum(floors.values()):,} and the population.",
        )
    if method == "optimal" and deviations is None:
        raise ComityError(
            "Optimal allocation needs the deviation of each stratum.", "Give deviations, or use proportional."
        )
    wish = {
        name: 1.0
        if method == "equal"
        else size * (_of(deviations, name) / sqrt(_of(costs, name)) if method == "optimal" else 1.0)
        for name, size in sizes.items()
    }
    shares = _bounded_shares(wish, floors, {name: int(size) for name, size in sizes.items()}, n)
    counts = _rounded(shares, n)
    weights = {name: sizes[name] / counts[name] for name in sizes if counts[name]}
    total = sum(counts[name] * weight for name, weight in weights.items())
    squares = sum(counts[name] * weight**2 for name, weight in weights.items())
    lowest = min(weights.values())
    return Allocation(counts, n * squares / total**2, {name: weight / lowest for name, weight in weights.items()})


def deff_of_clusters(per_cluster: float, correlation: float) -> float:
    """Design effect 1 + (b - 1) rho of taking `per_cluster` people from each cluster (Kish 1965)."""
    if per_cluster < 1:
        raise ComityError(f"{per_cluster} people a cluster are planned.", "Take at least 1.")
    return 1 + (per_cluster - 1) * correlation


def _check(what: str, value: float, low: float, high: float, *, or_top: bool = False) -> None:
    if not (low < value < high or (or_top and value == high)):
        raise ComityError(
            f"{what} is {value}.", f"It is between {low} and {high}{', or ' + str(high) if or_top else ''}."
        )


def _finite(n: float, population: float) -> float:
    return n if population == inf else n / (1 + n / population)


def _whole(population: float) -> int:
    return 10**15 if population == inf else int(population)


def _invitations(completes: int, conditions: Conditions) -> int:
    needed = ceil(completes / conditions.response_rate - 1e-9)
    if needed > conditions.population:
        raise ComityError(
            f"{needed:,} people would have to be invited, and the population is {conditions.population:,.0f}.",
            "Raise the response rate, or accept a wider margin.",
        )
    return needed


def _change_variance(before: float, after: float, overlap: float, correlation: float) -> float:
    for what, value in (("The share before", before), ("The share after", after)):
        _check(what, value, 0, 1)
    if not 0 <= overlap <= 1 or not -1 < correlation < 1:
        raise ComityError(
            f"The overlap is {overlap} and the correlation {correlation}.",
            "The overlap is between 0 and 1, the correlation between -1 and 1.",
        )
    first, second = before * (1 - before), after * (1 - after)
    return first + second - 2 * overlap * correlation * sqrt(first * second)


def _of(values: Mapping[str, float] | None, name: str) -> float:
    if values is None:
        return 1.0
    if name not in values or not values[name] > 0:
        raise ComityError(f"Stratum '{name}' has no positive deviation or cost.", "Give one for each stratum.")
    return values[name]


def _bounded_shares(
    wish: Mapping[str, float], floors: Mapping[str, int], ceilings: Mapping[str, int], n: int
) -> dict[str, float]:
    """Parts of n in proportion to `wish`, those that hit a bound held there and the rest shared again."""
    held: dict[str, float] = {}
    while True:
        free = [name for name in wish if name not in held]
        rest, mass = n - sum(held.values()), sum(wish[name] for name in free)
        shares = {name: rest * wish[name] / mass for name in free} if free else {}
        high = {name: float(ceilings[name]) for name in free if shares[name] > ceilings[name] + 1e-9}
        low = {name: float(floors[name]) for name in free if shares[name] < floors[name] - 1e-9}
        if not high and not low:
            return held | shares
        excess = sum(shares[name] - ceilings[name] for name in high)
        lack = sum(floors[name] - shares[name] for name in low)
        held |= high if excess > lack else low


def _rounded(shares: Mapping[str, float], n: int) -> dict[str, int]:
    """Whole numbers that add up to n, by largest remainders."""
    counts = {name: int(share + 1e-9) for name, share in shares.items()}
    order = sorted(shares, key=lambda name: counts[name] - shares[name])
    for name in order[: n - sum(counts.values())]:
        counts[name] += 1
    return counts
