"""How a sample was drawn: strata, clusters in stages, finite populations, weights; and a survey checked against it.

Follows Lohr, *Sampling: Design and Analysis* (3rd ed.), chapters 3 to 7 and 9, and Lumley, *Complex Surveys* (2010),
whose R package `survey` is the oracle of the tests. An opt-in sample is a kind of its own: it has no margin of error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from comity.errors import ComityError
from comity.estimates import notes
from comity.estimates.columns import Columns, Floats, joint_codes, read_columns
from comity.wording import Message

if TYPE_CHECKING:
    from comity.estimates.chain import FittedStep
    from comity.estimates.replicates import Replicates

LonelyRule = Literal["error", "certainty", "adjust", "average"]
Kind = Literal["probability", "opt-in"]


@dataclass(frozen=True, kw_only=True)
class SecondPhase:
    """A sample drawn from the sample: the table has every row of phase 1, and column `selected` says who was drawn.

    strata: column within whose categories rows were drawn by simple random sampling. probabilities: instead, column of
    each row's probability where rows were drawn independently of each other.
    """

    selected: str
    strata: str | None = None
    probabilities: str | None = None

    def __post_init__(self) -> None:
        if self.strata is not None and self.probabilities is not None:
            raise ComityError("Both strata and probabilities of the second phase are given.", "Give one of them.")


@dataclass(frozen=True, kw_only=True)
class Design:
    """Which columns say how the sample was drawn.

    weights: column of base weights (1 / probability of selection). None: from `fpc` where given, otherwise 1 for
    everyone.
    strata: column of the first-stage strata. clusters: columns of the sampling units, outermost first; empty: each
    row is one.
    fpc: per stage, the column of how many units its stratum (first stage) or parent unit (later) has in the population;
        values of at most 1 are sampling fractions.
    lonely: what to do with a stratum of one PSU: "error"; "certainty" (no variance from it); "adjust" (its distance
        from the mean of all PSUs); "average" (the average variance of the other strata).
    nested: True where cluster names start again in each stratum; otherwise a PSU in two strata is an error.
    kind: "probability" or "opt-in". quasi_randomisation: for opt-in samples, give intervals under the stated
    assumptions.
    minimum_n: the fewest answers a number may rest on.
    design_effect: for a sample in clusters that rows do not name: what every variance is multiplied by (Kish 1965, 5.4).
    second_phase: a second sample drawn from this one; only its rows have answers.
    """

    weights: str | None = None
    strata: str | None = None
    clusters: Sequence[str] = ()
    fpc: Sequence[str] = ()
    lonely: LonelyRule = "error"
    nested: bool = False
    kind: Kind = "probability"
    quasi_randomisation: bool = False
    minimum_n: int = 10
    design_effect: float = 1.0
    second_phase: SecondPhase | None = None

    def __post_init__(self) -> None:
        for name in ("clusters", "fpc"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) if isinstance(value, str) else tuple(value))
        if self.lonely not in ("error", "certainty", "adjust", "average"):
            raise ComityError(
                f"The rule for lonely PSUs is '{self.lonely}'.", "It is one of: error, certainty, adjust, average."
            )
        if self.kind not in ("probability", "opt-in"):
            raise ComityError(f"The kind of sample is '{self.kind}'.", "It is 'probability' or 'opt-in'.")
        if self.design_effect < 1 or (self.design_effect > 1 and (self.clusters or self.fpc)):
            raise ComityError(
                f"The design effect is {self.design_effect:g}, beside clusters {list(self.clusters)} and fpc {list(self.fpc)}.",
                "It is 1 or more, and stands for clusters that no column names; leave it out where one does.",
            )
        if self.quasi_randomisation and self.kind != "opt-in":
            raise ComityError("quasi_randomisation is for opt-in samples only.", "Remove it, or set kind to 'opt-in'.")


@dataclass(frozen=True)
class Stage:
    """One stage of sampling at the level of its units.

    unit: the unit of each row. stratum: the stratum of each unit. sampled: units drawn per stratum. fraction: sampling
    fraction per stratum (0 where there is no finite population correction). multiplier: per stratum, what its
    variance counts: the design effect times the sampling fractions of the stages above.
    """

    unit: npt.NDArray[np.int64]
    stratum: npt.NDArray[np.int64]
    sampled: npt.NDArray[np.int64]
    fraction: Floats
    multiplier: Floats


class Sampling:
    """The stages of a sample. Read at once where there is something to check, otherwise when a variance needs them."""

    def __init__(self, columns: Columns, design: Design) -> None:
        self._columns, self._design = columns, design
        if design.strata or design.clusters or design.fpc:
            _ = self.stages

    @property
    def stages(self) -> tuple[Stage, ...]:
        return self._read[0]

    @property
    def stratum_labels(self) -> tuple[str, ...]:
        return self._read[1]

    @cached_property
    def _read(self) -> tuple[tuple[Stage, ...], tuple[str, ...]]:
        return _read_stages(self._columns, self._design)


@dataclass(frozen=True, eq=False)
class Survey:
    """A table checked against its design, with the weights so far. Make one with `Survey.read`.

    weights: final weights, one a row (0 for rows that a weighting step ruled out). sampling: the stages. steps: the fitted weighting chain.
    replicates: replicate weights, where variance is to come from them instead of linearisation.
    """

    columns: Columns
    design: Design
    base_weights: Floats
    weights: Floats
    sampling: Sampling
    steps: tuple[FittedStep, ...] = ()
    replicates: Replicates | None = None
    notes: tuple[str, ...] = field(default=())

    @staticmethod
    def read(data: Any, design: Design | None = None) -> Survey:
        """Check `data` (Arrow, Polars, pandas or a dict of columns) against `design`. Raises ComityError naming what
        is wrong."""
        return _read_survey(read_columns(data), design or Design())

    @property
    def rows(self) -> int:
        return self.columns.rows

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of sampling, outermost first."""
        return self.sampling.stages

    @property
    def stratum_labels(self) -> tuple[str, ...]:
        return self.sampling.stratum_labels

    @property
    def has_margin_of_error(self) -> bool:
        return self.design.kind == "probability" or self.design.quasi_randomisation

    @property
    def caveat(self) -> Message | None:
        """What must stand beside every interval of this survey."""
        return notes.QUASI_RANDOMISATION if self.design.quasi_randomisation else None

    @cached_property
    def all_weighted(self) -> bool:
        """True where no row was ruled out by a weighting step."""
        return not self.steps or bool(np.all(self.weights))  # base weights are positive

    @cached_property
    def weights_count_people(self) -> bool:
        """True where weights add up to a population; files such as the ESS scale them to the sample instead."""
        used = self.weights != 0
        return bool(self.design.fpc) or float(self.weights.sum()) > 1.5 * float(used.sum())

    @cached_property
    def psu(self) -> npt.NDArray[np.int64]:
        """The first-stage unit of each row."""
        return self.stages[0].unit

    @cached_property
    def stratum(self) -> npt.NDArray[np.int64]:
        """The first-stage stratum of each row."""
        return self.stages[0].stratum[self.psu]

    @cached_property
    def degrees_of_freedom(self) -> int:
        """PSUs less strata; of replicate weights given as columns, what they carry."""
        return self.domain_degrees_of_freedom(self.weights != 0)

    def domain_degrees_of_freedom(self, inside: npt.NDArray[np.bool_]) -> int:
        """PSUs less strata, counting only those with a member of the domain."""
        if self.replicates is not None and self.replicates.degrees_of_freedom is not None:
            return self.replicates.degrees_of_freedom
        stage = self.stages[0]
        used = np.zeros(len(stage.stratum), bool)
        used[stage.unit[inside & (self.weights != 0)]] = True
        strata = np.zeros(len(stage.sampled), bool)
        strata[stage.stratum[used]] = True
        return int(used.sum() - strata.sum())

    @cached_property
    def cell_chain(self) -> Any:
        """The chain on its cells (see replicates), built once; None where rows are needed."""
        from comity.estimates.replicates import build_cell_chain

        return build_cell_chain(self)

    def with_weights(self, weights: Floats, step: FittedStep) -> Survey:
        return replace(self, weights=weights, steps=(*self.steps, step))


def _read_survey(columns: Columns, design: Design) -> Survey:
    if columns.rows == 0:
        raise ComityError("The table has no rows.", "Check the file.")
    sampling = Sampling(columns, design)
    base = _base_weights(columns, design, sampling)
    survey = Survey(columns, design, base, base, sampling)
    if design.second_phase is None:
        return survey
    from comity.estimates.two_phase import fit_second_phase

    drawn = fit_second_phase(survey, design.second_phase)
    return survey.with_weights(drawn.after, drawn)


def _base_weights(columns: Columns, design: Design, sampling: Sampling) -> Floats:
    if design.weights is None:
        weights = np.ones(columns.rows)
        if design.fpc:
            for stage in sampling.stages:
                share = stage.fraction[stage.stratum[stage.unit]]
                weights = weights / np.where(share > 0, share, 1.0)
        return weights
    weights = columns.numbers(design.weights)
    if weights.min() > 0 and weights.max() < np.inf:  # false where any is missing
        return weights
    missing = int(np.isnan(weights).sum())
    if missing:
        raise ComityError(
            f"Weights in column '{design.weights}' are missing in {missing} rows.",
            "Give every row a weight, or leave it out.",
        )
    wrong = ~(weights > 0) | ~np.isfinite(weights)
    raise ComityError(
        f"Weights in '{design.weights}' are zero, negative or not finite in {int(wrong.sum())} rows "
        f"(first: {weights[wrong][0]:g}).",
        "A base weight is 1 / probability of selection: correct it, or leave out rows that were not sampled.",
    )


def _read_stages(columns: Columns, design: Design) -> tuple[tuple[Stage, ...], tuple[str, ...]]:
    rows = columns.rows
    if design.strata is None:
        strata = np.zeros(rows, np.int64)
        labels: tuple[str, ...] = ("all",)
    else:
        found = columns.categories(design.strata)
        _refuse_missing(found.codes, design.strata)
        strata, labels = found.codes.astype(np.int64), found.labels
    names: list[str | None] = list(design.clusters) or [None]
    if len(design.fpc) > len(names):
        raise ComityError(
            f"{len(design.fpc)} fpc columns are given for {len(names)} stages of sampling.",
            "Name one cluster column for each stage; the last may be the row's own number.",
        )
    stages: list[Stage] = []
    parent, multiplier = strata, np.full(len(labels), design.design_effect)
    for at, name in enumerate(names):
        unit = _units(columns, name, parent, nested=design.nested or at > 0)
        stratum = parent if name is None else parent[_any_rows(unit)]
        if at == 0 and name is not None and design.strata is not None:
            _refuse_crossing(unit, strata, stratum, columns, name, labels)
        groups = len(multiplier)
        sampled = np.bincount(stratum, minlength=groups) if groups > 1 else np.array([len(stratum)])
        fraction = _fraction(columns, design.fpc[at], parent, sampled) if at < len(design.fpc) else np.zeros(groups)
        stages.append(Stage(unit, stratum, sampled, fraction, multiplier))
        if at + 1 < len(names):
            multiplier = (multiplier * fraction)[stratum]
            parent = unit
    if design.lonely == "error":
        _refuse_lonely(stages[0], labels)
    return tuple(stages), labels


def _units(columns: Columns, name: str | None, parent: npt.NDArray[np.int64], *, nested: bool) -> npt.NDArray[np.int64]:
    if name is None:
        return np.arange(columns.rows)
    found = columns.categories(name)
    _refuse_missing(found.codes, name)
    if not nested:
        return found.codes.astype(np.int64)
    joint, _ = joint_codes([parent, found.codes], [int(parent.max()) + 1, len(found.labels)])
    return np.unique(joint, return_inverse=True)[1]


def _any_rows(unit: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """One row of each unit."""
    rows = np.empty(int(unit.max()) + 1, np.int64)
    rows[unit] = np.arange(len(unit))
    return rows


def _refuse_missing(codes: npt.NDArray[np.integer[Any]], name: str) -> None:
    missing = int((codes < 0).sum())
    if missing:
        raise ComityError(
            f"Design column '{name}' is missing in {missing} rows.",
            "Every row needs its stratum and cluster: complete it.",
        )


def _refuse_crossing(
    unit: npt.NDArray[np.int64],
    strata: npt.NDArray[np.int64],
    of_unit: npt.NDArray[np.int64],
    columns: Columns,
    name: str,
    labels: tuple[str, ...],
) -> None:
    crossing = strata != of_unit[unit]
    if crossing.any():
        row = int(np.argmax(crossing))
        psu = columns.categories(name).labels[columns.categories(name).codes[row]]
        one, other = sorted((int(of_unit[unit[row]]), int(strata[row])))
        raise ComityError(
            f"PSU '{psu}' of '{name}' is in two strata, '{labels[one]}' and '{labels[other]}'.",
            "Correct the data, or set nested to true if cluster names start again in each stratum.",
        )


def _fraction(columns: Columns, name: str, parent: npt.NDArray[np.int64], sampled: npt.NDArray[np.int64]) -> Floats:
    values = columns.numbers(name)
    if np.isnan(values).any() or (values <= 0).any():
        raise ComityError(
            f"The fpc column '{name}' has missing or non-positive values.",
            "Give the population count of units in every row.",
        )
    low, high = np.full(len(sampled), np.inf), np.zeros(len(sampled))
    np.minimum.at(low, parent, values)
    np.maximum.at(high, parent, values)
    if not np.allclose(low, high, rtol=1e-12):
        raise ComityError(
            f"The fpc column '{name}' changes within a stratum ({low[low != high][0]:g} and {high[low != high][0]:g}).",
            "All rows of a stratum (or of a parent unit, at later stages) share one population count.",
        )
    fraction = np.where(high <= 1, high, sampled / high)
    if (fraction > 1 + 1e-12).any():
        at = int(np.argmax(fraction))
        raise ComityError(
            f"The fpc column '{name}' says {high[at]:g} units exist where {sampled[at]} were sampled.",
            "The population cannot be smaller than the sample: correct it.",
        )
    return np.minimum(fraction, 1.0)


def _refuse_lonely(stage: Stage, labels: tuple[str, ...]) -> None:
    lonely = np.flatnonzero((stage.sampled == 1) & (stage.fraction < 1))
    if len(lonely):
        named = ", ".join(f"'{labels[at]}'" for at in lonely[:5]) + (", ..." if len(lonely) > 5 else "")
        raise ComityError(
            f"{len(lonely)} strata have only one PSU ({named}), so their variance cannot be estimated.",
            "Merge them with similar strata, or choose a rule for lonely PSUs: certainty, adjust or average.",
        )
