"""Row-level files: only listed columns, made coarser, and only rows that are lost in a crowd.

Every row of the result shares its place, time and age with at least k - 1 others (Sweeney 2002), and each such group
has at least l different values of the sensitive column (Machanavajjhala et al. 2007). Free text is never published.
Victims are found by the relationship of fields, because filters on offence codes alone failed in practice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from comity.errors import ComityError, nearest

_POINTS = ("lat", "lng", "latitude", "longitude", "location", "address")
_LONGEST_CODE = 40  # a column with longer values is free text


@dataclass(frozen=True)
class VictimRule:
    """Rows that point to a victim: all of `when` hold, {column: values}; then `blank` columns say nothing.

    when: relationships, such as {"relationship": ("spouse", "child"), "location_type": ("residence",)}, in columns that
    need not be published.
    """

    when: Mapping[str, tuple[str, ...]]
    blank: tuple[str, ...]


@dataclass(frozen=True)
class RowPolicy:
    """allowed: the columns that may be published; nothing else ever is. place, time, age: which of them say where,
    when (ISO 8601) and how old. also_identifying: others that an outsider may know. areas: {finer code: coarser code} in
    steps, finest first: each step stays within the boundaries of the next (beat to district), never a point moved at
    random over one. sensitive: the column that must vary within each group, with at least `l` values. victims: what is
    blanked before anything else.
    """

    allowed: tuple[str, ...]
    place: str | None = None
    time: str | None = None
    age: str | None = None
    areas: tuple[Mapping[str, str], ...] = ()
    also_identifying: tuple[str, ...] = ()
    sensitive: str | None = None
    k: int = 10
    l: int = 2
    victims: tuple[VictimRule, ...] = ()

    def __post_init__(self) -> None:
        if self.k < 2 or self.l < 1:
            raise ComityError(f"The policy's k is {self.k} and its l {self.l}.", "Use k of 2 or more, l of 1 or more.")
        for column in self.allowed:
            if column.casefold() in _POINTS:
                raise ComityError(
                    f"{column!r} says where a record is to the point, which may be somebody's home.",
                    "Take it off the list, and name a column of areas as `place`.",
                )
        for name in (self.place, self.time, self.age, self.sensitive, *self.also_identifying):
            if name is not None and name not in self.allowed:
                close = nearest(name, self.allowed)
                hint = f"Did you mean {close!r}?" if close else "Add it there, or leave it out."
                raise ComityError(f"{name!r} is not in the list of allowed columns.", hint)

    @property
    def identifying(self) -> tuple[str, ...]:
        named = (self.place, self.time, self.age, *self.also_identifying)
        return tuple(name for name in named if name is not None)


@dataclass(frozen=True)
class ProtectedRows:
    """rows: what may be published. published, withheld: numbers of rows. steps: how coarse each column became.
    blanked: values blanked by victim rules. smallest_group and fewest_sensitive: what k and l came out as."""

    rows: pa.Table
    published: int
    withheld: int
    steps: Mapping[str, str]
    blanked: int
    smallest_group: int | None
    fewest_sensitive: int | None = field(default=None)


def protect_rows(rows: pa.Table, policy: RowPolicy, *, most_withheld: float = 0.05) -> ProtectedRows:
    """The allowed columns of `rows` (strings), made coarser until at most `most_withheld` (0-1) of them stand out.

    Those are withheld. Raises ComityError when even the coarsest form leaves more, or an allowed column is free text.
    """
    for name in policy.allowed:
        if name not in rows.column_names:
            raise ComityError(f"There is no column {name!r}.", f"Columns are {', '.join(rows.column_names)}.")
    columns = {name: [None if v is None else str(v) for v in rows[name].to_pylist()] for name in policy.allowed}
    for name, values in columns.items():
        if name not in policy.identifying and any(v is not None and len(v) > _LONGEST_CODE for v in values):
            raise ComityError(
                f"Column {name!r} holds free text.", "Free text is never published; take it off the list."
            )
    blanked = _blank_victims(rows, columns, policy.victims)
    for steps in _ladder(policy):
        coarse = {name: _coarser(values, name, steps, policy) for name, values in columns.items()}
        kept, smallest, fewest = _in_a_crowd(coarse, policy)
        withheld = rows.num_rows - len(kept)
        if withheld <= most_withheld * rows.num_rows:
            table = pa.table({n: pa.array([v[at] for at in kept], pa.string()) for n, v in coarse.items()})
            # Sorted, so that the order of the source cannot be matched with another list.
            table = table.sort_by([(name, "ascending") for name in policy.allowed])
            return ProtectedRows(table, len(kept), withheld, steps, blanked, smallest, fewest)
    raise ComityError(
        f"Even at its coarsest, more than {most_withheld:.0%} of the rows stand out.",
        "Allow fewer identifying columns, give coarser areas, or publish a table of counts instead.",
    )


def _blank_victims(rows: pa.Table, columns: dict[str, list[str | None]], rules: Sequence[VictimRule]) -> int:
    blanked = 0
    for rule in rules:
        for name in rule.when:
            if name not in rows.column_names:
                raise ComityError(f"A victim rule looks at {name!r}, which is no column.", "Correct the rule.")
        matching = zip(*(rows[name].to_pylist() for name in rule.when), strict=True)
        for at, values in enumerate(matching):
            if all(str(value) in wanted for value, wanted in zip(values, rule.when.values(), strict=True)):
                for name in rule.blank:
                    if name in columns and columns[name][at] is not None:
                        columns[name][at] = None
                        blanked += 1
    return blanked


def _ladder(policy: RowPolicy) -> list[dict[str, str]]:
    """From fine to coarse; time gives way first, then age, then place."""
    times = ["day", "month", "quarter", "year", "none"] if policy.time else ["none"]
    ages = ["5 years", "10 years", "20 years", "none"] if policy.age else ["none"]
    places = [*map(str, range(len(policy.areas) + 1)), "none"] if policy.place else ["none"]
    ladder, at = [], [0, 0, 0]
    scales = (times, ages, places)
    while True:
        ladder.append({"time": times[at[0]], "age": ages[at[1]], "place": places[at[2]]})
        ahead = [axis for axis in range(3) if at[axis] + 1 < len(scales[axis])]
        if not ahead:
            return ladder
        at[min(ahead, key=lambda axis: ((at[axis] + 1) / len(scales[axis]), axis))] += 1


def _coarser(values: Sequence[str | None], name: str, steps: Mapping[str, str], policy: RowPolicy) -> list[str | None]:
    if name == policy.time:
        return [None if value is None else _time(value, steps["time"]) for value in values]
    if name == policy.age:
        return [None if value is None else _age(value, steps["age"]) for value in values]
    if name == policy.place:
        if steps["place"] == "none":
            return [None] * len(values)
        for area in policy.areas[: int(steps["place"])]:
            values = [None if value is None else area.get(value) for value in values]
    return list(values)


def _time(value: str, step: str) -> str | None:
    if step == "quarter":
        return f"{value[:4]}-q{(int(value[5:7]) + 2) // 3}"
    return {"day": value[:10], "month": value[:7], "year": value[:4]}.get(step)


def _age(value: str, step: str) -> str | None:
    if step == "none" or not value.isdecimal():
        return None
    size = int(step.split()[0])
    least = int(value) // size * size
    return "80 and over" if least >= 80 else f"{least}-{least + size - 1}"


def _in_a_crowd(
    columns: Mapping[str, Sequence[str | None]], policy: RowPolicy
) -> tuple[list[int], int | None, int | None]:
    """The rows whose group is large and varied enough; the smallest such group; the fewest sensitive values in one."""
    size = len(next(iter(columns.values())))
    keys = list(zip(*(columns[name] for name in policy.identifying), strict=True)) or [()] * size
    groups = Counter(keys)
    varied: dict[object, set[str | None]] = defaultdict(set)
    if policy.sensitive is not None:
        for key, value in zip(keys, columns[policy.sensitive], strict=True):
            varied[key].add(value)
    good = {
        key
        for key, count in groups.items()
        if count >= policy.k and (policy.sensitive is None or len(varied[key]) >= policy.l)
    }
    kept = [at for at, key in enumerate(keys) if key in good]
    fewest = min((len(varied[key]) for key in good), default=None) if policy.sensitive is not None else None
    return kept, min((groups[key] for key in good), default=None), fewest
