"""The steps of weighting, as plain descriptions that `weigh` carries out.

Base weights -> unknown eligibility -> non-response -> post-stratification, raking or calibration -> trimming:
Valliant, Dever and Kreuter, *Practical Tools for Designing and Weighting Survey Samples* (2nd ed.), chapters 13 and
14.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from comity.estimates.calibration import Distance

Shares = Mapping[str, float] | Mapping[tuple[str, ...], float]
Margins = Mapping[str, Shares] | Mapping[tuple[str, ...], Shares] | Mapping[str | tuple[str, ...], Shares]


@dataclass(frozen=True, kw_only=True)
class Collapse:
    """Merge categories with fewer than `minimum_n` respondents: neighbours where `ordered`, otherwise the smallest
    together."""

    minimum_n: int = 30
    ordered: bool = False


@dataclass(frozen=True)
class Rake:
    """Fit several margins at once. margins: {column: {category: population count}}, or {(columns): {(categories):
    count}}.

    Targets that add up to 1 are shares: of the population of the other margins, or of the present total of weights.
    tolerance: relative, for each category.
    """

    margins: Margins
    collapse: Collapse | None = None
    tolerance: float = 1e-9
    max_sweeps: int = 2000


@dataclass(frozen=True)
class PostStratify:
    """Fit the joint categories of `columns` to `targets`: {category: count}, or {(categories): count} for several
    columns."""

    columns: str | tuple[str, ...]
    targets: Shares
    collapse: Collapse | None = None


@dataclass(frozen=True)
class Calibrate:
    """Calibrate to margins, to totals of numeric columns, and to the population's size.

    distance: "linear" (the generalised regression estimator; weights may go negative), "raking", or, with `bounds` on
    the factors, "logit" or "truncated". tolerance: relative, for each total.
    """

    totals: Mapping[str, float] = field(default_factory=dict)
    margins: Margins = field(default_factory=dict)
    population: float | None = None
    collapse: Collapse | None = None
    distance: Distance = "linear"
    bounds: tuple[float, float] | None = None
    tolerance: float = 1e-9
    max_steps: int = 100


@dataclass(frozen=True)
class AdjustEligibility:
    """Spread the weight of cases whose eligibility is unknown over those where it is known, within classes.

    status: column; `unknown`: its categories that mean unknown. Known ineligible cases keep their share and leave at
    the end: `ineligible` lists their categories.
    """

    status: str
    unknown: Sequence[str]
    ineligible: Sequence[str] = ()
    within: str | Sequence[str] = ()


@dataclass(frozen=True)
class AdjustNonresponse:
    """Make respondents stand for non-respondents.

    responded: column that is 1, true or "yes" for respondents. within: classes whose respondents carry the class's
    whole weight. propensity: columns of a logistic model of response, whose inverse fitted probabilities multiply the
    weights;
    floor: the least probability.
    """

    responded: str
    within: str | Sequence[str] = ()
    propensity: Sequence[str] = ()
    floor: float = 0.01


@dataclass(frozen=True)
class Trim:
    """Cap weights at `cap`, or at `times_median` x the median weight, and give the excess to the others in
    proportion."""

    cap: float | None = None
    times_median: float | None = None
    redistribute: bool = True


Step = Rake | PostStratify | Calibrate | AdjustEligibility | AdjustNonresponse | Trim
