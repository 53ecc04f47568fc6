"""The least possible loss of a suppression, for systems of up to 500 cells: what the heuristic is measured against.

Benders' decomposition after Fischetti and Salazar (2001): a master program chooses cells; linear programs attack the
choice; the dual solution of a successful attack is a cut that every protected choice satisfies. HiGHS solves both.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from comity.disclosure.suppression import Problem
from comity.errors import ComityError

MOST_CELLS = 500
_RELAXED_ROUNDS = 20
_MOST_NODES = 3000  # of one master program; then its bound is kept, and its best choice attacked
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Optimum:
    """hidden: which cells. loss: of the secondary ones. bound: no protection costs less; equal to `loss` when
    `is_proven`."""

    hidden: npt.NDArray[np.bool_]
    loss: float
    bound: float
    is_proven: bool
    rounds: int


def least_loss(problem: Problem, *, most_rounds: int = 400, start: npt.NDArray[np.bool_] | None = None) -> Optimum:
    """The cheapest cells to hide beside the primary ones. start: a protected choice to fall back on.

    The criterion is that of `choose_hidden`: every hidden cell can move, up and down together, by the width. Raises
    ComityError above 500 cells. Stops after `most_rounds` with the best bound so far.
    """
    size = len(problem.counts)
    if size > MOST_CELLS:
        raise ComityError(f"The system has {size:,} cells.", f"The optimum is computed up to {MOST_CELLS}.")
    given = problem.primary | problem.unseen
    free = problem.may_hide & ~given
    master = _Master(problem, free)
    attacker = _Attacker(problem)
    bound = 0.0
    for round_number in range(1, most_rounds + 1):
        chosen, reached = master.solve()
        bound = max(bound, reached)
        cuts = attacker.cuts(np.where(given, 1.0, chosen))
        if not cuts and master.is_whole:
            hidden = given | (chosen > 0.5)
            return Optimum(
                hidden & ~problem.unseen, float(problem.costs[chosen > 0.5].sum()), bound, True, round_number
            )
        if cuts:
            master.add(cuts)
        if len(cuts) == 0 or (not master.is_whole and round_number >= _RELAXED_ROUNDS):
            master.ask_for_whole_cells()
    fallback = given | free if start is None else start
    loss = float(problem.costs[fallback & free].sum())
    return Optimum(fallback & ~problem.unseen, loss, bound, loss - bound < _TOLERANCE, most_rounds)


@dataclass(frozen=True)
class _Cut:
    """Sum of weights x (cell is hidden) >= needed, where `place` is hidden (or always, if it is a primary cell)."""

    place: int
    weights: npt.NDArray[np.float64]
    needed: float


class _Master:
    def __init__(self, problem: Problem, free: npt.NDArray[np.bool_]) -> None:
        self.problem, self.free = problem, free
        self.columns = np.flatnonzero(free)
        self.solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("mip_rel_gap", 1e-7),
            ("mip_max_nodes", _MOST_NODES),
        ):
            self.solver.setOptionValue(option, value)
        for place in self.columns.tolist():
            self.solver.addCol(float(problem.costs[place]), 0.0, 1.0, 0, np.array([], np.int32), np.array([]))
        self.is_whole = False

    def ask_for_whole_cells(self) -> None:
        """From now on a cell is hidden or not; before, parts of cells made first cuts cheap to find."""
        if not self.is_whole and len(self.columns):
            kinds = np.array([highspy.HighsVarType.kInteger] * len(self.columns))
            self.solver.changeColsIntegrality(len(self.columns), np.arange(len(self.columns), dtype=np.int32), kinds)
        self.is_whole = True

    def solve(self) -> tuple[npt.NDArray[np.float64], float]:
        """How much of each cell is hidden, and what no choice can cost less than."""
        self.solver.run()
        status = self.solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            raise ComityError("No choice of hidden cells protects these tables.", "Use coarser categories.")
        chosen = np.zeros(len(self.problem.counts))
        info = self.solver.getInfo()
        values = np.array(self.solver.getSolution().col_value)
        chosen[self.columns] = np.rint(values) if self.is_whole else values
        return chosen, float(info.mip_dual_bound if self.is_whole else info.objective_function_value)

    def add(self, cuts: list[_Cut]) -> None:
        given = ~self.free & (self.problem.primary | self.problem.unseen)
        for cut in cuts:
            needed = cut.needed - float(cut.weights[given].sum())
            # A weight above what is needed cuts no more than the need itself (Fischetti and Salazar 2001, section 4).
            weights = np.minimum(cut.weights, max(needed, 0.0)) * self.free
            right = needed
            if self.free[cut.place]:  # only where the cell is hidden
                weights[cut.place] -= needed
                right = 0.0
            places = np.flatnonzero(np.abs(weights[self.columns]) > 1e-9).astype(np.int32)
            self.solver.addRow(right, highspy.kHighsInf, len(places), places, weights[self.columns][places])


class _Attacker:
    """For one hidden cell: how far apart can two possible tables set it? y and z move up and down, all else equal."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.size = len(problem.counts)
        self.room = (problem.counts - problem.floors).astype(np.float64)
        self.limit = 10.0 * problem.width  # of one cell's move; the moves that matter are about as large as the width
        starts, indices, values = [0], [], []
        for total, parts in problem.equations:
            for place, sign in ((total, 1.0), *((part, -1.0) for part in parts)):
                indices.append(place)
                values.append(sign)
            starts.append(len(indices))
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = self.size, len(problem.equations)
        program.col_cost_ = np.zeros(self.size)
        program.col_lower_ = program.col_upper_ = np.zeros(self.size)
        program.row_lower_ = program.row_upper_ = np.zeros(len(problem.equations))
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_ = np.array(starts, dtype=np.int32)
        program.a_matrix_.index_ = np.array(indices, dtype=np.int32)
        program.a_matrix_.value_ = np.array(values)
        self.solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off")):
            self.solver.setOptionValue(option, value)
        self.solver.passModel(program)

    def cuts(self, hidden: npt.NDArray[np.float64]) -> list[_Cut]:
        """One cut for each cell that moves less than the width, as far as it is hidden; none: it is protected."""
        down, up = hidden * np.minimum(self.room, self.limit), hidden * self.limit
        self.solver.changeColsBounds(self.size, np.arange(self.size, dtype=np.int32), -down, up)
        found = []
        protected = ~self.problem.unseen | self.problem.primary
        for place in np.flatnonzero((hidden > _TOLERANCE) & protected).tolist():
            spread, weights = 0.0, np.zeros(self.size)
            for direction in (1.0, -1.0):
                reached, prices = self._furthest(place, direction)
                spread += reached
                weights += prices
            if spread < self.problem.width * hidden[place] - 1e-4:
                found.append(_Cut(place, weights, float(self.problem.width)))
        return found

    def _furthest(self, place: int, direction: float) -> tuple[float, npt.NDArray[np.float64]]:
        """How far `place` moves, and how much further each cell could let it move at most, hidden too (dual prices)."""
        self.solver.changeColCost(place, -direction)
        self.solver.run()
        solution = self.solver.getSolution()
        duals = np.array(solution.col_dual)
        reached = -float(self.solver.getInfo().objective_function_value)
        self.solver.changeColCost(place, 0.0)
        # Weak duality: reached <= sum over cells of (positive dual x room down + negative dual x room up).
        prices = np.maximum(duals, 0.0) * np.minimum(self.room, self.limit) + np.maximum(-duals, 0.0) * self.limit
        return reached, prices
