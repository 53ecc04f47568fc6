"""Choose which cells to hide besides the small ones, so that no hidden count can be computed to a narrow interval.

Steps: peel (every equation with a hidden cell gets enough hidden company), repair (for each hidden cell that can still
move too little, a linear program finds the cheapest company), drop back (publish again whatever is not needed).
A *move* is the proof for a cell: a change y of hidden cells with A y = 0, which leaves every published count as it is.
Methods: Fischetti and Salazar (2001); Kelly, Golden and Assad (1992) for one linear program a cell;
docs/methods/suppression.md.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import copysign, floor

import highspy
import numpy as np
import numpy.typing as npt

from comity.disclosure.system import Equation
from comity.errors import ComityError

Progress = Callable[[str, float], None]

_TOLERANCE = 1e-6
_LEAST_PRICE = 0.05  # of moving any cell, where the mean price is 1: keeps moves short
_TWO_STARTS = 1000  # cells up to which repair also starts without the peel; now and then it does much better
_NEAR_BY = 250  # cells of the small programs that are tried first in large systems
_LARGE = 1500  # hidden cells from which a system is large in that sense
_VERY_LARGE = 5_000  # hidden cells from which cells are proven wide many at a time, and nothing is published again
_SMALL = 500  # cells up to which two more starts and a local search are tried
_MOST_ATTEMPTS = 24  # of the local search
_DISCOUNT, _LOW_DISCOUNT = (
    0.3,
    0.05,
)  # on moving a cell that is hidden so far: moves keep to the cells that are cheap to hide


class Unprotectable(Exception):
    """The cell at `place` stays computable to a narrow interval even when everything that may be hidden is."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


@dataclass(frozen=True)
class Problem:
    """All arrays have one entry a cell.

    counts: whole numbers that fit everything published. floors: the least an outsider has to assume for a hidden cell.
    primary: must be hidden, and protected. unseen: never published, with no need of protection of its own.
    may_hide: may be hidden beside the primary cells. costs: of hiding each cell, above 0.
    width: how wide, high - low, the interval of every hidden cell has to be.
    """

    counts: npt.NDArray[np.int64]
    floors: npt.NDArray[np.int64]
    equations: Sequence[Equation]
    primary: npt.NDArray[np.bool_]
    unseen: npt.NDArray[np.bool_]
    may_hide: npt.NDArray[np.bool_]
    costs: npt.NDArray[np.float64]
    width: int


def choose_hidden(problem: Problem, *, progress: Progress | None = None) -> npt.NDArray[np.bool_]:
    """Which cells stay hidden (true). Raises Unprotectable when hiding everything allowed is not enough."""
    given = problem.primary | problem.unseen
    searches = [_Search(problem, _peel(problem))]
    if len(problem.counts) <= _TWO_STARTS:
        searches.append(_Search(problem, given))
    if len(problem.counts) <= _SMALL:
        searches += [_Search(problem, given, discount=each, is_reversed=True) for each in (_DISCOUNT, _LOW_DISCOUNT)]
    for number, search in enumerate(searches):
        told = progress if number < 2 else None  # the further starts take a moment
        search.repair(told)
        search.drop_back(told)
    best = min((search.hidden for search in searches), key=lambda hidden: _loss(problem, hidden))
    if len(problem.counts) <= _SMALL:
        best = _improve(problem, best)
    return best & ~problem.unseen


def _loss(problem: Problem, hidden: npt.NDArray[np.bool_]) -> float:
    return float(problem.costs[hidden & ~problem.primary & ~problem.unseen].sum())


def _improve(problem: Problem, hidden: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Local search: forbid one secondary cell, dearest first, publish it (or also those that share a sum with it), repair
    the rest, and keep what costs less; then start again."""
    attempts = 0
    is_better = True
    while is_better:
        is_better = False
        secondary = np.flatnonzero(hidden & ~problem.primary & ~problem.unseen)
        choices = [
            (place, also_near)
            for place in sorted(secondary.tolist(), key=lambda place: (-problem.costs[place], place))
            for also_near in (False, True)
        ]
        for place, also_near in choices[: _MOST_ATTEMPTS - attempts]:
            attempts += 1
            other = _without(problem, hidden, place, also_near=also_near)
            if other is not None and _loss(problem, other) < _loss(problem, hidden) - _TOLERANCE:
                hidden, is_better = other, True
                break
    return hidden


def _without(
    problem: Problem, hidden: npt.NDArray[np.bool_], place: int, *, also_near: bool
) -> npt.NDArray[np.bool_] | None:
    """A protection that does not hide `place`; None where there is none."""
    may_hide, start = problem.may_hide.copy(), hidden.copy()
    may_hide[place] = start[place] = False
    if also_near:
        near = [each for total, parts in problem.equations if place in (total, *parts) for each in (total, *parts)]
        start[near] &= (problem.primary | problem.unseen)[near]
    search = _Search(replace(problem, may_hide=may_hide), start)
    try:
        search.repair(None)
    except Unprotectable:
        return None
    search.drop_back(None)
    return search.hidden


def _peel(problem: Problem) -> npt.NDArray[np.bool_]:
    """Primary cells, and for every equation the cheapest company that its own arithmetic asks for."""
    hidden = problem.primary | problem.unseen
    counts, floors = problem.counts.tolist(), problem.floors.tolist()
    costs, may_hide = problem.costs.tolist(), problem.may_hide.tolist()
    needs_protection = (~problem.unseen | problem.primary).tolist()
    members = [(total, *parts) for total, parts in problem.equations]
    equations_of: list[list[int]] = [[] for _ in counts]
    for number, places in enumerate(members):
        for place in places:
            equations_of[place].append(number)
    shown_hidden = hidden.tolist()

    def shortage(number: int) -> float:
        """How much the hidden cells of one equation lack; 0 is enough, as far as this equation alone can tell."""
        total, *parts = members[number]
        within = [place for place in parts if shown_hidden[place]]
        if shown_hidden[total]:
            return 0.0 if within or not needs_protection[total] else float(problem.width)
        if not any(needs_protection[place] for place in within):
            return 0.0
        room = sum(counts[place] - floors[place] for place in within)
        lack = float(problem.width - room)
        return max(lack, 1.0) if len(within) == 1 else max(lack, 0.0)

    def price(place: int, lack: float, number: int) -> float:
        """Cost for the part of the lack it covers, dearer when it opens new lacks, cheaper when it fills others."""
        room = max(counts[place] - floors[place], 0.5)
        gain = 1.0 if place == members[number][0] else min(1.0, room / lack)
        others = [other for other in equations_of[place] if other != number]
        opens = sum(not any(shown_hidden[each] for each in members[other]) for other in others)
        fills = sum(shortage(other) > 0 for other in others)
        return float(costs[place]) * (1.0 + 0.6 * opens) / (1.0 + 0.6 * fills) / gain

    waiting = deque(range(len(members)))
    queued = [True] * len(members)
    while waiting:
        number = waiting.popleft()
        queued[number] = False
        while (lack := shortage(number)) > 0:
            candidates = [place for place in members[number] if may_hide[place] and not shown_hidden[place]]
            if not candidates:
                break  # the linear programs look further, and say so if there is no way
            best = min(candidates, key=lambda place: (price(place, lack, number), place))
            shown_hidden[best] = True
            for other in equations_of[best]:
                if not queued[other]:
                    queued[other] = True
                    waiting.append(other)
    return np.array(shown_hidden, dtype=bool)


class _Search:
    """The hidden set under construction, with moves that prove the width of each of its cells."""

    def __init__(
        self,
        problem: Problem,
        hidden: npt.NDArray[np.bool_],
        *,
        discount: float | None = None,
        is_reversed: bool = False,
    ) -> None:
        """discount: on moving a cell that is hidden so far. is_reversed: the last cells are repaired first."""
        self.problem = problem
        self.hidden = hidden.copy()
        self.discount = _DISCOUNT if discount is None else discount
        self.is_reversed = is_reversed
        self.is_large = int(hidden.sum()) > _LARGE
        self.is_very_large = int(hidden.sum()) > _VERY_LARGE
        self.needs_protection = ~problem.unseen | problem.primary
        self.moves: dict[int, dict[int, int]] = {}
        self.moves_of: list[set[int]] = [set() for _ in problem.counts]
        self.high = [0] * len(problem.counts)
        self.low = [0] * len(problem.counts)
        self.next_move = 0
        self.members = [np.array((total, *parts)) for total, parts in problem.equations]
        self.equations_of: list[list[int]] = [[] for _ in problem.counts]
        for number, places in enumerate(self.members):
            for place in places.tolist():
                self.equations_of[place].append(number)

    def repair(self, progress: Progress | None) -> None:
        """Add the cheapest company until every hidden cell has its width."""
        self.movable = np.flatnonzero(self.problem.may_hide | self.hidden)
        waiting = deque(np.flatnonzero(self.hidden & self.needs_protection).tolist()[:: -1 if self.is_reversed else 1])
        if self.is_very_large:
            hidden = np.flatnonzero(self.hidden)
            proven = set(hidden[_MoveProgram(self.problem, hidden, self.hidden).push_many(self.problem.width)].tolist())
            waiting = deque(place for place in waiting if place not in proven)
        done, start = 0, len(waiting)
        while waiting:
            place = waiting.popleft()
            if not self._is_wide(place) and not self._widen(place):
                waiting.extend(self._buy_company(place))
            done += 1
            if progress is not None and done % 16 == 0:
                progress("suppress", min(done / start, 1.0) * 0.5)

    def drop_back(self, progress: Progress | None) -> None:
        """Publish again, dearest first, each secondary cell without which all others keep their width."""
        if self.is_very_large:
            return
        self.movable = np.flatnonzero(self.hidden)
        self.__dict__.pop("program", None)
        secondary = np.flatnonzero(self.hidden & ~self.problem.primary & ~self.problem.unseen)
        order = sorted(secondary.tolist(), key=lambda place: (-self.problem.costs[place], place))
        for done, place in enumerate(order):
            if all(self._equation_allows(number, place) for number in self.equations_of[place]):
                self._try_to_publish(place)
            if progress is not None and done % 16 == 0:
                progress("suppress", 0.5 + 0.5 * done / len(order))

    @cached_property
    def program(self) -> _MoveProgram:
        """Of all cells that may move in this step; made when the small programs do not do."""
        return _MoveProgram(self.problem, self.movable, self.hidden, discount=self.discount)

    def _set_hidden(self, place: int, is_hidden: bool) -> None:
        self.hidden[place] = is_hidden
        if "program" in self.__dict__:
            self.program.set_hidden(place, is_hidden)

    def _is_wide(self, place: int) -> bool:
        return self.high[place] - self.low[place] >= self.problem.width

    def _widen(self, place: int) -> bool:
        """Look for moves among the cells hidden now."""
        width, room = self.problem.width, int(self.problem.counts[place] - self.problem.floors[place])
        for near_by in (True, False) if self.is_large else (False,):
            program = self._program_near(place, self.hidden) if near_by else self.program
            if not self._is_wide(place):
                self._add_move(program.reach(place, 1, width + self.low[place]))
            if not self._is_wide(place) and self.high[place] + room >= width:
                self._add_move(program.reach(place, -1, width - self.high[place]))
            if self.is_very_large:
                break  # company is cheaper than a program of them all
        return self._is_wide(place)

    def _program_near(self, place: int, movable: npt.NDArray[np.bool_]) -> _MoveProgram:
        """Of the movable cells that share a sum with `place`, then of those that share one with these, and so on."""
        cells, seen = [place], {place}
        for cell in cells:  # grows while it runs
            for number in self.equations_of[cell]:
                for other in self.members[number][movable[self.members[number]]].tolist():
                    if other not in seen:
                        seen.add(other)
                        cells.append(other)
            if len(cells) >= _NEAR_BY:
                break
        numbers = sorted({number for cell in cells for number in self.equations_of[cell]})
        equations = [self.problem.equations[number] for number in numbers]
        return _MoveProgram(self.problem, np.array(sorted(cells)), self.hidden, equations, discount=self.discount)

    def _buy_company(self, place: int) -> list[int]:
        """Hide the cheapest cells that let `place` move far enough; returns them."""
        bought: list[int] = []
        for near_by in (True, False) if self.is_large else (False,):
            program = self._program_near(place, self.hidden | self.problem.may_hide) if near_by else self.program
            for direction in (1, -1):
                there = self.low[place] if direction > 0 else -self.high[place]
                move = program.buy(place, direction, self.problem.width + there)
                new = [each for each in move if not self.hidden[each]]
                for each in new:
                    self._set_hidden(each, True)
                    if near_by:
                        program.set_hidden(each, True)
                bought += new
                self._add_move(move)
                if self._is_wide(place) or self._widen(place):
                    return bought
        raise Unprotectable(place)

    def _add_move(self, move: Mapping[int, float]) -> None:
        whole = {each: int(change + copysign(_TOLERANCE, change)) for each, change in move.items()}
        self.moves[self.next_move] = whole
        for place, change in whole.items():
            self.moves_of[place].add(self.next_move)
            self.high[place] = max(self.high[place], change)
            self.low[place] = min(self.low[place], change)
        self.next_move += 1

    def _remove_moves(self, numbers: set[int]) -> list[dict[int, int]]:
        removed = [self.moves.pop(number) for number in numbers]
        touched = {place for move in removed for place in move}
        for place in touched:
            self.moves_of[place] -= numbers
            changes = [self.moves[number][place] for number in self.moves_of[place]]
            self.high[place] = max([0, *changes])
            self.low[place] = min([0, *changes])
        return removed

    def _try_to_publish(self, place: int) -> None:
        self._set_hidden(place, False)
        removed = self._remove_moves(set(self.moves_of[place]))
        touched = {each for move in removed for each in move if each != place and self.needs_protection[each]}
        near = {each for number in self.equations_of[place] for each in self.members[number].tolist()}
        for each in sorted(touched, key=lambda each: (each not in near, self.problem.counts[each], each)):
            if not self._is_wide(each) and not self._widen(each):
                self._set_hidden(place, True)
                for move in removed:
                    self._add_move(move)
                return

    def _equation_allows(self, number: int, place: int) -> bool:
        """Whether one equation's own arithmetic still protects its hidden cells once `place` is published."""
        total, parts = int(self.members[number][0]), self.members[number][1:]
        within = parts[self.hidden[parts] & (parts != place)]
        if self.hidden[total] and total != place:
            return bool(len(within)) or not self.needs_protection[total]
        if not self.needs_protection[within].any():
            return True
        room = int((self.problem.counts[within] - self.problem.floors[within]).sum())
        return len(within) > 1 and room >= self.problem.width


class _MoveProgram:
    """The linear program of the cheapest move: y = up - down, A y = 0, down <= count - floor.

    Solved by the dual simplex from the basis of "nothing moves", which fits every one of these programs.
    """

    def __init__(
        self,
        problem: Problem,
        movable: npt.NDArray[np.int64],
        hidden: npt.NDArray[np.bool_],
        equations: Sequence[Equation] | None = None,
        *,
        discount: float = _DISCOUNT,
    ) -> None:
        self.movable, self.size = movable, len(movable)
        self.column = dict(zip(movable.tolist(), range(self.size), strict=True))
        self.room = (problem.counts - problem.floors)[movable].astype(np.float64)
        prices = problem.costs[movable] / (problem.costs[movable].mean() if self.size else 1.0)
        is_given = (problem.primary | problem.unseen)[movable]
        self.price_hidden = np.where(is_given, 0.0, discount * prices) + _LEAST_PRICE
        self.price_shown = prices + _LEAST_PRICE
        self.is_hidden = hidden[movable].copy()
        self.solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off"), ("simplex_strategy", 1)):
            self.solver.setOptionValue(option, value)
        self.solver.setOptionValue("simplex_scale_strategy", 0)
        self.solver.passModel(self._model(problem.equations if equations is None else equations))

    def _model(self, equations: Sequence[Equation]) -> highspy.HighsLp:
        rows: dict[tuple[int, ...], None] = {}
        for total, parts in equations:
            plus = self.column.get(total, -1)
            minus = [self.column[part] for part in parts if part in self.column]
            if plus >= 0 or minus:
                rows[plus, *minus] = None
        starts, indices, values = [0], [], []
        for plus, *minus in rows:
            for column, sign in [(plus, 1.0)] * (plus >= 0) + [(each, -1.0) for each in minus]:
                indices += [column, column + self.size]
                values += [sign, -sign]
            starts.append(len(indices))
        upper = np.where(self.is_hidden, highspy.kHighsInf, 0.0)
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = 2 * self.size, len(rows)
        program.col_cost_ = self._costs()
        program.col_lower_ = np.zeros(2 * self.size)
        program.col_upper_ = np.concatenate([upper, np.minimum(upper, self.room)])
        program.row_lower_ = program.row_upper_ = np.zeros(len(rows))
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_ = np.array(starts, dtype=np.int32)
        program.a_matrix_.index_ = np.array(indices, dtype=np.int32)
        program.a_matrix_.value_ = np.array(values)
        return program

    def set_hidden(self, place: int, is_hidden: bool) -> None:
        at = self.column[place]
        self.is_hidden[at] = is_hidden
        self._reset(at)

    def reach(self, place: int, direction: int, amount: int) -> dict[int, float]:
        """The shortest move of hidden cells that takes `place` up or down, as far as possible up to `amount`."""
        return self._move(self.column[place], direction, float(amount))

    def buy(self, place: int, direction: int, amount: int) -> dict[int, float]:
        """The cheapest move, of cells still published too, that takes `place` as far as possible up to `amount`."""
        shown = np.flatnonzero(~self.is_hidden)
        columns = np.concatenate([shown, shown + self.size]).astype(np.int32)
        upper = np.concatenate([np.full(len(shown), highspy.kHighsInf), self.room[shown]])
        nothing = np.zeros(len(columns))
        self.solver.changeColsBounds(len(columns), columns, nothing, upper)
        move = self._move(self.column[place], direction, float(amount))
        self.solver.changeColsBounds(len(columns), columns, nothing, nothing)
        return move

    def push_many(self, width: int) -> npt.NDArray[np.bool_]:
        """Which cells move by the width, up and down together, when many are pushed at once, half of them each way."""
        limit, columns = 2.0 * width, np.arange(2 * self.size, dtype=np.int32)
        upper = np.concatenate([np.full(self.size, limit), np.minimum(self.room, limit)])
        self.solver.changeColsBounds(2 * self.size, columns, np.zeros(2 * self.size), upper)
        self.solver.setOptionValue("simplex_strategy", 4)  # the last move stays possible when only the costs change
        low, high = np.zeros(self.size), np.zeros(self.size)
        for attempt in range(60):
            narrow = np.flatnonzero(high - low < width)
            is_up = np.modf((narrow + 1) * 0.6180339887498949 * (attempt // 2 + 1))[0] < 0.5
            pushes = np.zeros(self.size)
            pushes[narrow] = np.where(is_up == (attempt % 2 == 0), 1.0, -1.0)
            self.solver.changeColsCost(2 * self.size, columns, np.concatenate([-pushes, pushes]))
            self.solver.run()
            if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                break
            values = np.array(self.solver.getSolution().col_value)
            change = values[: self.size] - values[self.size :]
            high = np.maximum(high, np.floor(change + _TOLERANCE))
            low = np.minimum(low, np.ceil(change - _TOLERANCE))
            if attempt > 6 and ((high - low < width).sum()) * 50 > len(narrow) * 49:
                break
        return np.asarray(high - low >= width)

    def _move(self, at: int, direction: int, amount: float) -> dict[int, float]:
        column, other = (at, at + self.size) if direction > 0 else (at + self.size, at)
        furthest = amount if direction > 0 else min(amount, float(self.room[at]))
        self.solver.changeColBounds(other, 0.0, 0.0)
        self.solver.changeColBounds(column, furthest, furthest)
        if not self._solve():
            furthest = self._furthest(column, furthest)
            self.solver.changeColBounds(column, furthest, furthest)
            if furthest:
                self._solve()
        values = np.array(self.solver.getSolution().col_value)
        self._reset(at)
        if not furthest:
            return {}
        change = values[: self.size] - values[self.size :]
        support = np.flatnonzero(np.abs(change) > _TOLERANCE)
        return dict(zip(self.movable[support].tolist(), change[support].tolist(), strict=True))

    def _furthest(self, column: int, limit: float) -> float:
        """How far one column can move, in whole numbers."""
        everything = np.arange(2 * self.size, dtype=np.int32)
        costs = np.zeros(2 * self.size)
        costs[column] = -1.0
        self.solver.changeColBounds(column, 0.0, limit)
        self.solver.changeColsCost(len(costs), everything, costs)
        self._solve()
        furthest = floor(self.solver.getSolution().col_value[column] + _TOLERANCE)
        self.solver.changeColsCost(len(costs), everything, self._costs())
        return float(furthest)

    def _solve(self) -> bool:
        """Whether there is a solution."""
        self.solver.clearSolver()
        self.solver.run()
        ends = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible)
        status = self.solver.getModelStatus()
        if status not in ends:  # numerical trouble: the other simplex
            self.solver.clearSolver()
            self.solver.setOptionValue("simplex_strategy", 4)
            self.solver.run()
            status = self.solver.getModelStatus()
            self.solver.setOptionValue("simplex_strategy", 1)
        if status not in ends:
            raise ComityError(
                f"The solver stopped with {self.solver.modelStatusToString(status)!r} while choosing what to hide.",
                "Nothing was published. Use fewer or coarser tables, and report this as a bug.",
            )
        return bool(status == highspy.HighsModelStatus.kOptimal)

    def _costs(self) -> npt.NDArray[np.float64]:
        return np.tile(np.where(self.is_hidden, self.price_hidden, self.price_shown), 2)

    def _reset(self, at: int) -> None:
        upper = highspy.kHighsInf if self.is_hidden[at] else 0.0
        cost = float((self.price_hidden if self.is_hidden[at] else self.price_shown)[at])
        for column, bound in ((at, upper), (at + self.size, min(upper, float(self.room[at])))):
            self.solver.changeColBounds(column, 0.0, bound)
            self.solver.changeColCost(column, cost)
