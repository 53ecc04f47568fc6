"""What a release must hide: the threshold rule, how wide a hidden count must stay, and what may never be hidden.

Rules: Hundepool et al., *Statistical Disclosure Control* (2012), chapter 4 (minimum frequency, protection interval).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from comity.disclosure.cell_key import Perturbation
from comity.errors import ComityError, nearest

METHODS = ("none", "suppress", "cell-key", "dp")
NOISY_METHODS = ("cell-key", "dp")
"""Methods that change every count a little; the others publish a count as it is or not at all."""
COSTS = ("cells", "log", "count")
ANY = "*"
_KINDS: tuple[tuple[str, type | tuple[type, ...]], ...] = (
    ("method", str),
    ("minimum", int),
    ("width", int),
    ("cost", str),
    ("reason", str),
    ("epsilon", (int, float)),
    ("epsilon_total", (int, float)),
    ("most_records_a_person", int),
)


@dataclass(frozen=True)
class Policy:
    """How one dataset's counts are protected, and why.

    method: "suppress"; "cell-key" (`cell_key`) or "dp" (`differential_privacy`), for tables too wide to suppress;
    "none", where counts concern no person. minimum: counts of 1 to minimum - 1 are hidden; 0 is published as 0. width:
    no hidden count may be computed to an interval narrower than this (high - low); None means `minimum`. distinct:
    {column: least}: a count that rests on fewer different values of that column, such as officers, is hidden too.
    perturbation: settings of `cell_key.Perturbation`. epsilon: of each table, and epsilon_total: of all tables of the
    dataset for ever, where the method is "dp"; one person has at most `most_records_a_person` records. never_hide: conditions of totals that are always published, {dimension:
    code or "*"}, beside the grand total of every table: `{"month": "*"}` keeps every monthly total. cost: what hiding
    a cell costs when there is a choice: "cells" (1 each), "log" (log of 1 + count) or "count". cost_factors:
    ({dimension: code or "*"}, factor) pairs that make cells with these conditions dearer or cheaper to hide. reason:
    the sentence that is printed with the release.
    """

    method: str = "suppress"
    minimum: int = 10
    width: int | None = None
    never_hide: tuple[Mapping[str, str], ...] = ()
    cost: str = "log"
    cost_factors: tuple[tuple[Mapping[str, str], float], ...] = ()
    distinct: Mapping[str, int] = field(default_factory=dict)
    perturbation: Perturbation = field(default_factory=Perturbation)
    epsilon: float | None = None
    epsilon_total: float | None = None
    most_records_a_person: int = 1
    reason: str = "Small counts could identify a person."

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            close = nearest(self.method, METHODS)
            hint = f"Did you mean {close!r}?" if close else f"Use one of {', '.join(METHODS)}."
            raise ComityError(f"The policy's method {self.method!r} is not known.", hint)
        if self.minimum < 1:
            raise ComityError(f"The policy's minimum is {self.minimum}.", "Use 1 (hide nothing) or more; 10 is usual.")
        if self.width is not None and self.width < 1:
            raise ComityError(f"The policy's width is {self.width}.", "Use 1 or more, or leave it out for the minimum.")
        if self.cost not in COSTS:
            close = nearest(self.cost, COSTS)
            hint = f"Did you mean {close!r}?" if close else f"Use one of {', '.join(COSTS)}."
            raise ComityError(f"The policy's cost {self.cost!r} is not known.", hint)
        for column, least in self.distinct.items():
            if isinstance(least, bool) or not isinstance(least, int) or least < 2:
                raise ComityError(
                    f"The policy asks for {least!r} different values of {column!r}.", "Use a whole number of 2 or more."
                )
        if self.method == "dp" and not (self.epsilon and self.epsilon_total and 0 < self.epsilon <= self.epsilon_total):
            raise ComityError(
                f"The policy's method is 'dp', its epsilon {self.epsilon} and its epsilon_total {self.epsilon_total}.",
                "Give both: epsilon of each table, and epsilon_total of all tables ever; 1 and 10, for instance.",
            )
        if self.most_records_a_person < 1:
            raise ComityError(f"The policy's most_records_a_person is {self.most_records_a_person}.", "Use 1 or more.")
        for _, factor in self.cost_factors:
            if not factor > 0:
                raise ComityError(
                    f"A cost factor of the policy is {factor}.", "Use a number above 0; 1 changes nothing."
                )

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Policy:
        """A policy from plain settings (TOML or YAML); a misspelt key is named with the nearest valid one."""
        valid = tuple(each.name for each in fields(cls))
        for key in settings:
            if key not in valid:
                close = nearest(str(key), valid)
                hint = f"Did you mean {close!r}?" if close else f"Settings are {', '.join(valid)}."
                raise ComityError(f"The disclosure policy has no setting {key!r}.", hint)
        values = dict(settings)
        for key, kind in _KINDS:
            if values.get(key) is not None and (not isinstance(values[key], kind) or isinstance(values[key], bool)):
                noun = "a whole number" if kind is int else "text" if kind is str else "a number"
                raise ComityError(f"The disclosure policy's {key} is {values[key]!r}.", f"Write {noun}.")
        if "never_hide" in values:
            values["never_hide"] = tuple(_conditions(each, "never_hide") for each in values["never_hide"])
        if "cost_factors" in values:
            values["cost_factors"] = tuple(_cost_factor(each) for each in values["cost_factors"])
        for key in ("distinct", "perturbation"):
            if not isinstance(values.get(key, {}), Mapping):
                raise ComityError(f"The disclosure policy's {key} is {values[key]!r}.", "Write {name = number}.")
        if "perturbation" in values:
            values["perturbation"] = _perturbation(values["perturbation"])
        return cls(**values)

    def as_record(self) -> dict[str, Any]:
        """Plain data for release.json; `from_dict` reads it back."""
        return {
            "method": self.method,
            "minimum": self.minimum,
            "width": self.required_width,
            "never_hide": [dict(each) for each in self.never_hide],
            "cost": self.cost,
            "cost_factors": [{"where": dict(where), "factor": factor} for where, factor in self.cost_factors],
            "distinct": dict(self.distinct),
            **({"perturbation": asdict(self.perturbation)} if self.method == "cell-key" else {}),
            **(
                {
                    "epsilon": self.epsilon,
                    "epsilon_total": self.epsilon_total,
                    "most_records_a_person": self.most_records_a_person,
                }
                if self.method == "dp"
                else {}
            ),
            "reason": self.reason,
        }

    @property
    def is_noisy(self) -> bool:
        """Whether published counts differ a little from the true ones, so that no sum of them is exact."""
        return self.method in NOISY_METHODS

    @property
    def required_width(self) -> int:
        """The narrowest interval, high - low, to which a hidden count may be computed."""
        return self.minimum if self.width is None else self.width

    def hides(self, count: int) -> bool:
        """Whether the threshold rule alone hides this count."""
        return 0 < count < self.minimum

    def never_hides(self, own: frozenset[tuple[str, str]]) -> bool:
        """Whether a cell with these conditions, beside those fixed for its whole table, must be published."""
        return not own or any(matches_exactly(own, each) for each in self.never_hide)


def matches_exactly(conditions: frozenset[tuple[str, str]], pattern: Mapping[str, str]) -> bool:
    """Whether `conditions` are on the dimensions of `pattern` and no others, with its codes ("*" is any)."""
    return len(conditions) == len(pattern) and all(pattern.get(name) in (code, ANY) for name, code in conditions)


def _conditions(given: object, key: str) -> Mapping[str, str]:
    if not isinstance(given, Mapping) or not all(isinstance(each, str) for pair in given.items() for each in pair):
        raise ComityError(
            f"The disclosure policy's {key} holds {given!r}.", 'Write conditions as {dimension = "code"}.'
        )
    return dict(given)


def _perturbation(given: Mapping[str, Any]) -> Perturbation:
    valid = tuple(each.name for each in fields(Perturbation))
    for key, value in given.items():
        if key not in valid:
            close = nearest(str(key), valid)
            hint = f"Did you mean {close!r}?" if close else f"Settings are {', '.join(valid)}."
            raise ComityError(f"The disclosure policy's perturbation has no setting {key!r}.", hint)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ComityError(f"The perturbation's {key} is {value!r}.", "Write a number.")
    return Perturbation(**given)


def _cost_factor(given: object) -> tuple[Mapping[str, str], float]:
    if isinstance(given, Mapping) and set(given) == {"where", "factor"} and isinstance(given["factor"], int | float):
        return _conditions(given["where"], "cost_factors"), float(given["factor"])
    raise ComityError(
        f"The disclosure policy's cost_factors holds {given!r}.", 'Write {where = {dimension = "code"}, factor = 5}.'
    )
