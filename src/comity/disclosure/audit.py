"""Attack what is about to be public, or is: how closely can anybody compute each hidden count?

Reads nothing but published tables, and shares no code with suppression except the definition of a table. For every
hidden count two linear programs would give its feasible interval (whole numbers, 1 or more: zeros are published);
one solution bears witness for many counts at once, so far fewer are solved. HiGHS solves them.
Method: docs/methods/audit.md; Salazar (2008), "Statistical confidentiality: optimization techniques to protect tables".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, inf
from typing import Any

import highspy
import numpy as np

from comity.disclosure.tables import Cell, PublishedRelease, PublishedTable
from comity.disclosure.view import Contradiction, Source, View, look_at
from comity.errors import ComityError

Progress = Callable[[str, float], None]
_TOLERANCE = 1e-6
_NEAR = 2  # times the width: how far from a first solution the pushes for many counts at once may go


class AuditIncomplete(ComityError):
    """The attack did not finish, so nobody knows whether the tables leak; they must not be published."""


class TooNarrow(ComityError):
    """A hidden count can be computed more closely than the policy allows."""


@dataclass(frozen=True)
class Interval:
    """What an outsider can say of one hidden count. `is_exact_range`: low and high are the very bounds; otherwise the
    count can take both values, and perhaps values further out."""

    low: float
    high: float
    is_exact_range: bool

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True)
class Audit:
    """hidden: cells hidden in the tables. exact: those an outsider computes exactly. short: those whose interval is
    narrower than `width` (exact ones included). narrowest: the least width found, None when nothing is hidden.
    small_differences: counts of 1 to minimum - 1 that no table shows but that follow from published ones.
    """

    hidden: int
    exact: int
    short: int
    narrowest: float | None
    complete: bool
    width: int
    programs: int
    intervals: Mapping[Cell, Interval] = field(repr=False)
    small_differences: tuple[str, ...] = ()

    def as_record(self) -> dict[str, Any]:
        """Plain data for release.json and for `--json`."""
        return {
            "hidden": self.hidden,
            "exact": self.exact,
            "short": self.short,
            "narrowest": None if self.narrowest == inf else self.narrowest,
            "width": self.width,
            "complete": self.complete,
            "small_differences": len(self.small_differences),
            "programs": self.programs,
        }


def audit(
    tables: Sequence[PublishedTable],
    *,
    minimum: int,
    width: int | None = None,
    period: str | None = None,
    earlier: Sequence[PublishedRelease] = (),
    all_bounds: bool = False,
    program_limit: int | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Attack `tables` together, and with the `earlier` releases (oldest first) that are public already.

    period: what `tables` cover, needed beside `earlier`. all_bounds: find the very bounds of every hidden count, which
    takes longer. Raises AuditIncomplete when the solver fails or needs more than `program_limit` linear programs.
    """
    sources = [Source(each.label, each.tables, each.period) for each in earlier]
    sources.append(Source("this release", tables, period))
    required = minimum if width is None else width
    try:
        view = look_at(sources)
        attack = _Attack(view, required, all_bounds, program_limit, progress)
        ranges = attack.run()
    except Contradiction:
        if not earlier:
            raise
        # Something did change that seemed not to: the outsider is left with each release by itself.
        view = look_at(sources, presume=False)
        attack = _Attack(view, required, all_bounds, program_limit, progress)
        ranges = attack.run()
    hidden = {
        cell: Interval(view.known[cell], view.known[cell], True) if cell in view.known else ranges[view.unknown[cell]]
        for cell in sorted(view.hidden, key=str)
    }
    revealed = tuple(
        str(cell)
        for cell, at in view.unknown.items()
        if cell not in view.hidden and ranges[at].low > 0 and ranges[at].high < minimum and ranges[at].width < required
    )
    return Audit(
        hidden=len(hidden),
        exact=sum(each.width == 0 for each in hidden.values()),
        short=sum(each.width < required for each in hidden.values()),
        narrowest=min((each.width for each in hidden.values()), default=None),
        complete=True,
        width=required,
        programs=attack.programs,
        intervals=hidden,
        small_differences=revealed,
    )


def refuse_if_narrow(result: Audit) -> None:
    """Raises TooNarrow unless every hidden count is as wide as the policy demands."""
    if result.short:
        worst, interval = min(result.intervals.items(), key=lambda each: each[1].width)
        raise TooNarrow(
            f"{result.short} hidden counts can be computed too closely; {worst} lies within {interval.width:.0f}"
            f" where {result.width} is required.",
            "Nothing was published. Use coarser categories for the tables that hold this cell, or leave one out.",
        )
    if result.small_differences:
        raise TooNarrow(
            f"Subtracting published counts gives {len(result.small_differences)} small ones;"
            f" the first is {result.small_differences[0]}.",
            "Nothing was published. Leave out one of the tables that differ only by this condition.",
        )


class _Attack:
    """Finds, for every unknown count, how low and how high it can be."""

    def __init__(
        self, view: View, required: int, all_bounds: bool, program_limit: int | None, progress: Progress | None
    ) -> None:
        self.view, self.required, self.all_bounds = view, required, all_bounds
        self.program_limit, self.progress, self.programs = program_limit, progress, 0
        self.least = np.array([float(cell in view.hidden) for cell in view.unknown])
        self.low = np.full(len(view.unknown), inf)  # the lowest and highest value seen in any solution
        self.high = np.full(len(view.unknown), -inf)
        self.bounds: dict[tuple[int, int], float] = {}

    def run(self) -> list[Interval]:
        if not self.view.unknown:
            return []
        self.solver = self._load()
        self._look_at_many()
        waiting = range(len(self.low))
        for at in waiting:
            if self.all_bounds or not self._is_wide(at):
                self._bound(at, 1)
                if self.all_bounds or not self._is_wide(at):
                    self._bound(at, -1)
            if self.progress is not None and at % 64 == 0:
                self.progress("audit", at / len(self.low))
        return [self._interval(at) for at in waiting]

    def _load(self) -> highspy.Highs:
        starts, indices, values, right = [0], [], [], []
        for places, signs, side in self.view.rows:
            indices += places
            values += signs
            right.append(side)
            starts.append(len(indices))
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = len(self.least), len(right)
        program.col_cost_ = np.zeros(len(self.least))
        program.col_lower_ = self.least
        program.col_upper_ = np.full(len(self.least), highspy.kHighsInf)
        program.row_lower_ = program.row_upper_ = np.array(right)
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_ = np.array(starts, dtype=np.int32)
        program.a_matrix_.index_ = np.array(indices, dtype=np.int32)
        program.a_matrix_.value_ = np.array(values)
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off")):
            solver.setOptionValue(option, value)
        _prefer_primal(solver, len(self.least))
        solver.passModel(program)
        return solver

    def _look_at_many(self) -> None:
        """Push all narrow counts at once, half of them up and half down, as long as that shows enough of them to be
        wide. Every solution is a possible table, so the limits that keep it near the first one cost no certainty."""
        size = len(self.low)
        columns = np.arange(size, dtype=np.int32)
        self._solve()
        self._take_note()
        first = np.array(self.solver.getSolution().col_value)
        near = _NEAR * self.required
        self.solver.changeColsBounds(size, columns, np.maximum(self.least, first - near), first + near)
        for attempt in range(60):
            narrow = np.flatnonzero(self.high - self.low < self.required)
            if len(narrow) < 8:
                break
            # Multiples of the golden ratio divide them evenly, the same in every run.
            is_up = np.modf((narrow + 1) * 0.6180339887498949 * (attempt // 2 + 1))[0] < 0.5
            weights = np.zeros(size)
            weights[narrow] = np.where(is_up == (attempt % 2 == 0), -1.0, 1.0)
            self.solver.changeColsCost(size, columns, weights)
            self._solve()
            self._take_note()
            still = int((self.high - self.low < self.required).sum())
            if attempt > 6 and (len(narrow) - still) * 50 < len(narrow):
                break
        self.solver.changeColsCost(size, columns, np.zeros(size))
        self.solver.changeColsBounds(size, columns, self.least, np.full(size, highspy.kHighsInf))

    def _bound(self, at: int, direction: int) -> None:
        self.solver.changeColCost(at, float(-direction))
        if self._solve() == highspy.HighsModelStatus.kUnbounded:
            self.bounds[at, direction] = inf
        else:
            self._take_note()
            bound = float(self.solver.getInfo().objective_function_value) * -direction
            self.bounds[at, direction] = floor(bound + _TOLERANCE) if direction > 0 else ceil(bound - _TOLERANCE)
        self.solver.changeColCost(at, 0.0)

    def _solve(self) -> highspy.HighsModelStatus:
        self.programs += 1
        if self.program_limit is not None and self.programs > self.program_limit:
            raise AuditIncomplete(
                f"The audit stopped after {self.program_limit} linear programs, before it was complete.",
                "Nothing was published. Raise the limit, or use fewer or coarser tables.",
            )
        ends = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnbounded)
        self.solver.run()
        status = self.solver.getModelStatus()
        if status not in ends:  # a stall, or doubt about feasibility: start afresh with the dual simplex
            self.solver.clearSolver()
            self.solver.setOptionValue("simplex_strategy", 1)
            self.solver.setOptionValue("simplex_iteration_limit", highspy.kHighsIInf)
            self.solver.run()
            status = self.solver.getModelStatus()
            _prefer_primal(self.solver, len(self.low))
        if status == highspy.HighsModelStatus.kInfeasible:
            raise Contradiction(
                "The published counts contradict each other.", "No table of whole numbers fits them all."
            )
        if status not in ends:
            raise AuditIncomplete(
                f"The audit's solver ended with {self.solver.modelStatusToString(status)!r}.",
                "Nothing was published. Use fewer or coarser tables, and report this as a bug.",
            )
        return status

    def _take_note(self) -> None:
        values = np.array(self.solver.getSolution().col_value)
        np.minimum(self.low, np.ceil(values - _TOLERANCE), out=self.low)
        np.maximum(self.high, np.floor(values + _TOLERANCE), out=self.high)

    def _is_wide(self, at: int) -> bool:
        return bool(self.high[at] - self.low[at] >= self.required) or self.bounds.get((at, 1)) == inf

    def _interval(self, at: int) -> Interval:
        top, bottom = self.bounds.get((at, 1)), self.bounds.get((at, -1))
        low = float(self.low[at] if bottom is None else bottom)
        high = float(self.high[at] if top is None else top)
        return Interval(low, max(low, high), top is not None and bottom is not None)


def _prefer_primal(solver: highspy.Highs, size: int) -> None:
    """The last basis stays feasible when only the objective changes; the limit ends a stall."""
    solver.setOptionValue("simplex_strategy", 4)
    solver.setOptionValue("simplex_iteration_limit", 5000 + 20 * size)
