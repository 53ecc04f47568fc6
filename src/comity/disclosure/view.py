"""What published tables say to an outsider: known counts, hidden cells, and every sum that must hold between them.

Part of the audit's own code path: nothing here is used to choose what to hide. Between two versions, or between a year
and its months, an outsider presumes that a hidden count did not change where its total and the parts of it that can be
compared did not: late records add, so an unchanged total hides no change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from comity.disclosure.tables import ALL, PERIOD, PUBLISHED, Cell, PublishedTable, cell_of, periods_above
from comity.errors import ComityError

Pair = tuple[str, str]
Sum = tuple[Cell, tuple[Cell, ...]]
_LEAST_TOTAL = 10  # below it, two conditions have equal totals by chance
_LEAST_COMPARED = 3


class Contradiction(ComityError):
    """Published counts that no table of whole numbers can have."""


@dataclass(frozen=True)
class Source:
    """Tables that were published together; `period` is what they cover, where known."""

    label: str
    tables: Sequence[PublishedTable]
    period: str | None = None


@dataclass
class View:
    """known: counts. hidden: cells that some table hides; those also in `known` are given away. unknown: cell -> its
    column. rows: (columns, signs, right-hand side) of every sum with an unknown in it."""

    known: dict[Cell, int]
    hidden: set[Cell]
    unknown: dict[Cell, int] = field(default_factory=dict)
    rows: list[tuple[list[int], list[float], float]] = field(default_factory=list)

    def add(self, total: Cell, parts: Iterable[Cell]) -> None:
        """Note that `parts` add up to `total`. Raises ComityError when published counts contradict that."""
        columns, signs, right = [], [], 0.0
        for cell, sign in ((total, 1.0), *((part, -1.0) for part in parts)):
            if cell in self.known:
                right -= sign * self.known[cell]
            else:
                columns.append(self.unknown.setdefault(cell, len(self.unknown)))
                signs.append(sign)
        if columns:
            self.rows.append((columns, signs, right))
        elif right:
            raise Contradiction(
                f"The published parts of {total} do not add up to it.", "The tables contradict each other."
            )


def look_at(sources: Sequence[Source], *, presume: bool = True) -> View:
    """What an outsider makes of `sources`, oldest first. presume: what seems unchanged between them is one count."""
    read = [_Reader(source) for source in sources]
    if len(read) == 1:
        reader = read[0]
        view = View(reader.known, set(reader.hidden))
        for total, parts in reader.sums:
            view.add(total, parts)
        return _complete(view)
    return _combine(read, presume)


def _complete(view: View) -> View:
    for cell in sorted(view.hidden - view.unknown.keys() - view.known.keys(), key=str):  # in no sum: nothing bounds it
        view.unknown[cell] = len(view.unknown)
    return view


class _Reader:
    """One source: its counts, its hidden cells and its sums."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.known: dict[Cell, int] = {}
        self.hidden: dict[Cell, None] = {}  # in the order of the tables, so that every run is the same
        sums: dict[Sum, None] = {}
        for table in source.tables:
            self._read(table)
        self.synonyms = self._find_synonyms()
        self._rename()
        for table in source.tables:
            sums.update(dict.fromkeys(self._sums_within(table)))
        sums.update(dict.fromkeys(self._sums_across(sums)))
        self.sums = list(sums)

    def _read(self, table: PublishedTable) -> None:
        columns = [table.rows[name].to_pylist() for name in table.dimensions]
        fixed = self._fixed(table)
        counts, statuses = table.rows["count"].to_pylist(), table.rows["status"].to_pylist()
        for *codes, count, status in zip(*columns, counts, statuses, strict=True):
            own = [pair for pair in zip(table.dimensions, codes, strict=True) if pair[1] != ALL]
            cell = cell_of(table.measure, [*fixed, *own])
            if status != PUBLISHED:
                self.hidden[cell] = None
            elif self.known.setdefault(cell, count) != count:
                raise Contradiction(
                    f"Table {table.name!r} publishes {count:,} for {cell}, another table {self.known[cell]:,}.",
                    "The tables contradict each other; nothing can be said of what they hide.",
                )

    def _fixed(self, table: PublishedTable) -> list[Pair]:
        return [*table.where.items(), *([(PERIOD, self.source.period)] if self.source.period else [])]

    def _sums_within(self, table: PublishedTable) -> Iterator[Sum]:
        """Each code is the sum of the codes right below it, whatever the other dimensions are."""
        fixed = self._fixed(table)
        below = {name: _codes_below(table, name) for name in table.dimensions}
        columns = [table.rows[name].to_pylist() for name in table.dimensions]
        for codes in zip(*columns, strict=True):
            pairs = list(zip(table.dimensions, codes, strict=True))
            for name, code in pairs:
                if code in below[name]:
                    others = fixed + [pair for pair in pairs if pair[0] != name and pair[1] != ALL]
                    total = others if code == ALL else [*others, (name, code)]
                    yield (
                        self._named(cell_of(table.measure, total)),
                        tuple(
                            self._named(cell_of(table.measure, [*others, (name, part)])) for part in below[name][code]
                        ),
                    )

    def _sums_across(self, sums: Iterable[Sum]) -> list[Sum]:
        """A count under a fixed condition is part of the same count without it; the rest of that is 0 or more."""
        fixed = {
            frozenset(self.synonyms.get(pair, pair)[0] for pair in table.where.items())
            for table in self.source.tables
            if table.where
        }
        if not fixed:
            return []
        subsets = sorted(
            {each for names in fixed for each in _subsets(names)}, key=lambda each: (len(each), sorted(each))
        )
        parent_of: dict[str, dict[str, str]] = defaultdict(dict)
        categories: dict[tuple[str, str], set[str]] = {}
        for table in self.source.tables:
            for name in table.dimensions:
                parent_of[name].update(table.hierarchies.get(name, {}))
                categories.setdefault((table.measure, name), set(_codes_below(table, name)[ALL]))
        whole = {(total, frozenset(_added(total, parts))) for total, parts in sums}
        cells = [*self.known, *(cell for cell in self.hidden if cell not in self.known)]
        shown = set(cells)
        families: dict[tuple[Cell, frozenset[str]], dict[frozenset[Pair], Cell]] = defaultdict(dict)
        linked: dict[Cell, list[frozenset[str]]] = defaultdict(list)
        for names in subsets:
            for cell in cells:
                dropped = frozenset(pair for pair in cell.conditions if pair[0] in names)
                if len(dropped) != len(names) or any(each < names for each in linked[cell]):
                    continue
                total = Cell(cell.measure, cell.conditions - dropped)
                if total in shown:
                    linked[cell].append(names)
                    if (total, names) not in whole:
                        families[total, names][dropped] = cell
        found = []
        for (total, names), by_code in families.items():
            name = next(iter(names))
            codes = {code for pairs in by_code for _, code in pairs}
            parts = [
                cell
                for pairs, cell in by_code.items()
                if len(names) > 1 or not _is_below(next(iter(pairs))[1], codes, parent_of[name])
            ]
            if len(names) > 1 or not categories.get((total.measure, name), {""}) <= codes:
                parts.append(Cell(f"the rest of {total} by {', '.join(sorted(names))}", frozenset()))
            found.append((total, tuple(parts)))
        return found

    def _find_synonyms(self) -> dict[Pair, Pair]:
        """Conditions that an outsider takes for the same, because every published count with the one agrees with the
        count with the other: `type=vehicular` and `reason=traffic`, a precinct and a parent of neighbourhoods."""
        by_total: dict[tuple[str, int], list[Pair]] = defaultdict(list)
        with_pair: dict[Pair, list[Cell]] = defaultdict(list)
        for cell, count in self.known.items():
            own = [pair for pair in cell.conditions if pair[0] != PERIOD]
            if len(own) == 1 and count >= _LEAST_TOTAL:
                by_total[cell.measure, count] += own
            for pair in sorted(own):
                with_pair[pair].append(cell)
        synonyms: dict[Pair, Pair] = {}
        for pairs in by_total.values():
            for earlier, pair in combinations(pairs, 2):
                if pair not in synonyms and earlier[0] != pair[0] and self._never_differ(pair, earlier, with_pair):
                    synonyms[pair] = synonyms.get(earlier, earlier)
        return synonyms

    def _never_differ(self, pair: Pair, earlier: Pair, with_pair: Mapping[Pair, list[Cell]]) -> bool:
        """Whether enough published counts can be compared, and all of them agree."""
        compared = 0
        for cell in with_pair[pair]:
            without = cell.conditions - {pair}
            if earlier in without or all(name != earlier[0] for name, _ in without):
                count = self.known.get(Cell(cell.measure, without | {earlier}))
                if count is not None and count != self.known[cell]:
                    return False
                compared += bool(count)
        return compared > _LEAST_COMPARED

    def _rename(self) -> None:
        known: dict[Cell, int] = {}
        for cell, count in self.known.items():
            if known.setdefault(self._named(cell), count) != count:  # a coincidence of totals after all
                self.synonyms = {}
                return
        self.known, self.hidden = known, {self._named(cell): None for cell in self.hidden}

    def _named(self, cell: Cell) -> Cell:
        if not self.synonyms:
            return cell
        return Cell(cell.measure, frozenset(self.synonyms.get(pair, pair) for pair in cell.conditions))


def _combine(read: Sequence[_Reader], presume: bool) -> View:
    """Several sources: their cells are told apart by label, and those that seem unchanged are one."""
    holders: dict[Cell, list[int]] = defaultdict(list)
    for number, reader in enumerate(read):
        for cell in {**reader.known, **reader.hidden}:
            holders[cell].append(number)
    first: dict[tuple[int, Cell], tuple[int, Cell]] = {}

    def one(number: int, cell: Cell) -> Cell:
        key = (number, cell)
        while key in first:
            key = first[key]
        return Cell(f"{key[1].measure} ({read[key[0]].source.label})", key[1].conditions)

    pairs = sorted({pair for numbers in holders.values() for pair in pairwise(numbers)})
    if presume:
        for older, newer in pairs:
            for cell in _unchanged(read[older], read[newer]):
                first[newer, cell] = (older, cell)
    view = View({}, set())
    for number, reader in enumerate(read):
        for cell, count in reader.known.items():
            view.known.setdefault(one(number, cell), count)
        view.hidden |= {one(number, cell) for cell in reader.hidden}
    for number, reader in enumerate(read):
        for total, parts in reader.sums:
            view.add(one(number, total), [one(number, part) for part in parts])
    if presume:
        for whole, shares in _sums_over_time(read, holders):
            view.add(one(*whole), [one(*share) for share in shares])
    return _complete(view)


def _unchanged(older: _Reader, newer: _Reader) -> set[Cell]:
    """Cells of both that seem to be the same count."""
    shared = (older.known.keys() | older.hidden.keys()) & (newer.known.keys() | newer.hidden.keys())
    compared = older.known.keys() & newer.known.keys()
    changed = {cell for cell in compared if older.known[cell] != newer.known[cell]}
    unchanged = set(compared - changed)
    waiting = [*older.sums, *newer.sums]
    while True:
        later = []
        for total, parts in waiting:
            if total in unchanged and changed.isdisjoint(parts):
                unchanged.update(shared.intersection(parts))
            else:
                later.append((total, parts))
        if len(later) == len(waiting):
            return unchanged
        waiting = later


def _sums_over_time(
    read: Sequence[_Reader], holders: Mapping[Cell, list[int]]
) -> list[tuple[tuple[int, Cell], list[tuple[int, Cell]]]]:
    """A year is the sum of its months or quarters, where the newest totals say so."""
    families: dict[Cell, dict[str, Cell]] = defaultdict(dict)
    for cell in holders:
        period = dict(cell.conditions).get(PERIOD, "")
        for longer in periods_above(period):
            total = Cell(cell.measure, cell.conditions - {(PERIOD, period)} | {(PERIOD, longer)})
            if total in holders:
                families[total][period] = cell
    complete = {}
    for total, parts in families.items():
        months = {each for each in parts if "q" not in each}
        in_all = 3 if "q" in dict(total.conditions)[PERIOD] else 12
        for chosen, needed in ((months, in_all), (parts.keys() - months, 4)):
            if len(chosen) == needed:
                complete[total, needed] = [(holders[parts[each]][-1], parts[each]) for each in sorted(chosen)]
    agreeing = set()
    for (total, needed), latest in complete.items():
        if len(total.conditions) == 1:
            counts = [read[number].known.get(cell) for number, cell in latest]
            known = read[holders[total][-1]].known.get(total)
            if None not in counts and known == sum(count for count in counts if count is not None):
                agreeing.add((total.measure, dict(total.conditions)[PERIOD], needed))
    return [
        ((holders[total][-1], total), latest)
        for (total, needed), latest in complete.items()
        if (total.measure, dict(total.conditions)[PERIOD], needed) in agreeing
    ]


def _subsets(names: frozenset[str]) -> list[frozenset[str]]:
    return [frozenset(each) for size in range(1, len(names) + 1) for each in combinations(sorted(names), size)]


def _codes_below(table: PublishedTable, name: str) -> dict[str, list[str]]:
    """Code -> the codes right below it, `all` included, from the table's categories and hierarchy."""
    parents = table.hierarchies.get(name, {})
    below: dict[str, list[str]] = defaultdict(list)
    waiting = list(table.categories[name])
    seen = set(waiting)
    for code in waiting:  # grows while it runs
        above = parents.get(code, ALL)
        below[above].append(code)
        if above != ALL and above not in seen:
            seen.add(above)
            waiting.append(above)
    return dict(below)


def _added(total: Cell, parts: tuple[Cell, ...]) -> set[str]:
    """The dimensions by which the parts of `total` are told apart."""
    names = {name for name, _ in total.conditions}
    return {name for part in parts for name, _ in part.conditions} - names


def _is_below(code: str, others: set[str], parents: Mapping[str, str]) -> bool:
    above = parents.get(code)
    while above is not None:
        if above in others:
            return True
        above = parents.get(above)
    return False
