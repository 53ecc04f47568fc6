"""Nothing beside the tables says what the tables hide: every other number of a release follows from published cells,
concerns what no table counts, or is rounded.

- A finding names the cells that its numbers follow from. When one of them is hidden, its numbers are withheld, with the
  reason. Otherwise each count in it leaves only if it is a sum of those cells.
- A finding that names no cell is about conditions that no table has (the clock minute and the light, for instance). Its
  counts leave unless they are below the policy's minimum, or equal a hidden count: they may be that very count. Where
  its number of records is such a count, all its numbers are withheld.
- Estimates and intervals are rounded to three significant digits, in pictures too.
- Counts in the account of data quality are looked up in the tables that count by the same column. Where no table does, any
  way to spread them over the cells of the tables is possible, so they bound none of them; the rule of the counts of
  findings holds for them.
- Of several source files no number of rows is told: each may hold one month, or one place.
- Where counts are published with noise, exact numbers beside them would undo it: findings are withheld.

docs/methods/suppression.md, "Numbers beside the tables".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import floor, isfinite, log10
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from comity.disclosure import SUPPRESSED, Cell, CountTable, Interval, Policy, Protected
from comity.disclosure.tables import PERIOD, with_margins
from comity.errors import ComityError
from comity.wording import message

_DIGITS = 3  # significant, of everything that is no count
_MOST_NAMED = 14  # cells of which every sum is tried
_CONFIDENCE = 95  # percent
_LEAST_IN_TEXT = 100  # smaller whole numbers in sentences are days, minutes, percent, ages
_ROUND = (100, 1_000, 10_000, 100_000)  # "per 1,000 residents"
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?\s?%?")
_PERIOD = re.compile(r"\b\d{4}-(?:\d{2}(?:-\d{2})?|q\d)\b")  # days, months and quarters are no counts
_TEXTS = ("headline", "sentence", "reason")
_DERIVED_FROM = {"year": "date", "quarter": "date", "month": "date", "hour": "time"}


class TellsHidden(ComityError):
    """A number beside the tables is neither published in them nor rounded, so it might give a hidden count away."""


@dataclass(frozen=True)
class Public:
    """What the tables of a release say, and what they must not: by name, the protected tables; every published count; the
    hidden counts, which only their publisher knows, and the intervals that the audit found for them."""

    tables: Mapping[str, pa.Table]
    where: Mapping[str, Mapping[str, str]]
    counts: frozenset[int]
    hidden: frozenset[int]
    intervals: Mapping[Cell, Interval]
    policy: Policy

    @classmethod
    def of(cls, tables: Sequence[CountTable], protected: Protected, policy: Policy) -> Public:
        shown, hidden = set(), set()
        for table in tables:
            rows = protected.tables[table.name]
            is_hidden = pc.equal(rows["status"], SUPPRESSED).to_numpy(zero_copy_only=False)
            counts = with_margins(table, table.counts["count"].to_numpy()).ravel()
            hidden.update(counts[is_hidden].tolist())
            shown.update(rows["count"].drop_null().to_pylist())
        return cls(
            tables=protected.tables,
            where={each.name: each.where for each in tables},
            counts=frozenset(shown),
            hidden=frozenset(hidden),
            intervals=protected.report.audit.intervals,
            policy=policy,
        )

    def may_leave(self, count: int | None) -> bool:
        """Whether a count of something that no table counts may be published."""
        return count is None or not (self.policy.hides(count) or count in self.hidden)


def findings_as_published(
    findings: Iterable[Mapping[str, Any]], public: Public, *, languages: Sequence[str]
) -> list[dict[str, Any]]:
    """`findings` (in the form of release-format.md) as they may stand beside the tables of `public`."""
    return [_as_published(finding, public, languages) for finding in findings]


def quality_as_published(quality: Mapping[str, Any], public: Public) -> dict[str, Any]:
    """The account of data quality (release-json.md) as it may stand beside the tables of `public`."""
    if not quality:
        return {}
    rows = quality["accounting"]["accepted"]
    missing = []
    for each in quality["missing"]:
        told = {
            key: _looked_up(public, each["column"], code, each[key], rows)
            for key, code in (("not_recorded", "not recorded"), ("unknown", "unknown"))
        }
        missing.append(_with_status({**each, **told}, told.values()))
    reporting = []
    for each in quality["reporting"]:
        number = _looked_up(public, "month", each["period"], each["rows"], rows)
        reporting.append(_with_status({**each, "rows": number}, [number]))
    return {
        **quality,
        "missing": missing,
        "reporting": reporting,
        # One file of several may hold one month or one place; its size tells the number of its rows.
        "files": [
            each if len(quality["files"]) == 1 else {**each, "rows": None, "bytes": None} for each in quality["files"]
        ],
    }


def rounded_picture(specification: Any) -> Any:
    """A Vega-Lite specification whose fractions are rounded: the drawing has many more digits than the table beside it."""
    if isinstance(specification, Mapping):
        return {key: rounded_picture(value) for key, value in specification.items()}
    if isinstance(specification, list | tuple):
        return [rounded_picture(value) for value in specification]
    return rounded(specification) if isinstance(specification, float) else specification


def refuse_what_tells(files: Mapping[str, bytes], public: Public) -> None:
    """The last look at every number in the JSON files of a release. Raises TellsHidden, naming file and place.

    It reads what will be written, by rules of its own: a count beside the tables is published in them, is a sum of cells
    that a finding names, or at least equals no hidden count; everything else has three significant digits.
    """
    findings = json.loads(files["findings.json"])["findings"]
    for finding in findings:
        allowed = _counts_of(finding, public)
        for place, number in _numbers(finding, f"findings.json, {finding['id']}"):
            if place.endswith((", k", ", n")):  # counts in any case
                may_stand = number in allowed if finding["counts"] else public.may_leave(int(number))
            elif isinstance(number, int) or number.is_integer():
                may_stand = _is_allowed(int(number), allowed, finding, public)
            else:
                may_stand = rounded(number) == number
            if number and not may_stand:
                raise _tells(place, number)
        for name, number in _said(finding):
            if not _may_be_said(number, name, allowed, finding, public):
                raise _tells(f"findings.json, {finding['id']}, {name}", number)
    quality = json.loads(files["quality.json"])
    for name, keys in (("missing", ("not_recorded", "unknown")), ("reporting", ("rows",))):
        for at, each in enumerate(quality.get(name, ())):
            for key in keys:
                number = each[key]
                if number is not None and number not in public.counts and number in public.hidden:
                    raise _tells(f"quality.json, {name} {at + 1}, {key}", number)


def rounded(value: float) -> float:
    """`value` to three significant digits; whole numbers as they are."""
    if not isfinite(value) or value == 0 or value.is_integer():
        return value
    return round(value, _DIGITS - 1 - floor(log10(abs(value))))


def cell_count(table: pa.Table, where: Mapping[str, str]) -> int | None:
    """The count of the one cell of `table` at `where` (other dimensions: all); None where it is hidden or not there."""
    dimensions = [name for name in table.column_names if name not in ("count", "status")]
    if set(where) - set(dimensions):
        return None
    rows = table
    for name in dimensions:
        rows = rows.filter(pc.equal(rows[name], where.get(name, "all")))
    count: int | None = rows["count"][0].as_py() if rows.num_rows == 1 else None
    return count


def _as_published(finding: Mapping[str, Any], public: Public, languages: Sequence[str]) -> dict[str, Any]:
    told = [
        finding["estimate"],
        finding["n"],
        *finding["figures"],
        *_in_text(finding["headline"]),
        *_in_text(finding["sentence"]),
    ]
    if public.policy.is_noisy and any(told):
        return _withheld(
            finding,
            languages,
            message(
                "The counts of this release are published with noise, which exact findings would undo, so its numbers "
                "are withheld."
            ),
        )
    shown = _rounded(finding)
    cells = _cells(finding, public)
    allowed = _counts_of(finding, public)
    is_hidden = None in cells
    says_too_much = any(not _may_be_said(number, name, allowed, finding, public) for name, number in _said(finding))
    if is_hidden or says_too_much or (not cells and not public.may_leave(finding["n"])):
        return _withheld(
            finding,
            languages,
            message("Counts that this finding rests on are too small to publish, so its numbers are withheld."),
        )

    def may_leave(count: int | None) -> bool:
        if count is None or count == 0:
            return True
        return count in allowed if cells else public.may_leave(count)

    figures = []
    for figure in shown["figures"]:
        counts = {key: figure[key] for key in ("k", "n") if key in figure}
        leave = all(map(may_leave, counts.values()))  # one of them and the share give the other
        figures.append(figure if leave else {**figure, **dict.fromkeys(counts)})
    return {**shown, "n": shown["n"] if may_leave(shown["n"]) else None, "figures": figures}


def _withheld(finding: Mapping[str, Any], languages: Sequence[str], reason: Any) -> dict[str, Any]:
    texts = reason.in_languages(languages)
    nothing = dict.fromkeys(("headline", "estimate", "low", "high", "n", "chart"))
    return {**finding, **nothing, "sentence": texts, "verdict": "cannot tell", "reason": texts, "figures": []}


def _rounded(finding: Mapping[str, Any]) -> dict[str, Any]:
    def short(record: Mapping[str, Any]) -> dict[str, Any]:
        return {key: rounded(value) if isinstance(value, float) else value for key, value in record.items()}

    return {**short(finding), "figures": [short(figure) for figure in finding["figures"]]}


def _cells(finding: Mapping[str, Any], public: Public) -> list[int | None]:
    """The public counts of the cells that it names; None where one is hidden or not there."""
    return [
        cell_count(public.tables[cell["table"]], cell["where"]) if cell["table"] in public.tables else None
        for cell in finding["counts"]
    ]


def _counts_of(finding: Mapping[str, Any], public: Public) -> frozenset[int]:
    """The counts that follow from the cells it names: each of them, and every sum of some."""
    known = np.array([count for count in _cells(finding, public) if count is not None], dtype=np.int64)
    if len(known) > _MOST_NAMED:
        return frozenset([*known.tolist(), int(known.sum())])
    sums = {int(sum(some)) for size in range(1, len(known) + 1) for some in combinations(known.tolist(), size)}
    return frozenset(sums)


def _is_allowed(number: int, allowed: frozenset[int], finding: Mapping[str, Any], public: Public) -> bool:
    """Whether a whole number in a finding is a count that may leave, or a number of another kind."""
    if number < _LEAST_IN_TEXT or number in _ROUND or 1900 <= number <= 2100 or number in allowed:
        return True
    if number in public.counts or (not finding["counts"] and number not in public.hidden):
        return True
    return _is_estimate(number, finding)


def _is_estimate(number: int, finding: Mapping[str, Any]) -> bool:
    """Whether a whole number is a rate of one of its figures, such as 46 a thousand."""
    numbers = (value for figure in finding["figures"] for value in figure.values())
    return any(isinstance(each, float) and rounded(each) == number for each in numbers)


def _may_be_said(number: int, name: str, allowed: frozenset[int], finding: Mapping[str, Any], public: Public) -> bool:
    """Whether a text may say a whole number. Small ones in a reason are those of a rule ("fewer than 5")."""
    if number >= _LEAST_IN_TEXT or name == "reason" or number == _CONFIDENCE:
        return _is_allowed(number, allowed, finding, public)
    return number == 0 or number in allowed or public.may_leave(number) or _is_estimate(number, finding)


def _said(finding: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for name in _TEXTS:
        for number in _in_text(finding[name]):
            yield name, number


def _numbers(record: Mapping[str, Any], place: str) -> Iterator[tuple[str, int | float]]:
    for name, value in record.items():
        if name in ("counts", "confidence", "minute"):  # the minute of the clock, a place in a picture
            continue
        if isinstance(value, list):
            for at, each in enumerate(value):
                if isinstance(each, Mapping):
                    yield from _numbers(each, f"{place}, {name} {at + 1}")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{place}, {name}", value


def _in_text(texts: Mapping[str, str] | None) -> Iterator[int]:
    """Whole numbers that a text says; not shares, and not what has a decimal point."""
    for text in (texts or {}).values():
        for found in _NUMBER.findall(_PERIOD.sub(" ", text)):
            plain = found.replace(",", "").strip()
            if plain.isdecimal():
                yield int(plain)


def _with_status(record: dict[str, Any], told: Iterable[int | None]) -> dict[str, Any]:
    return {**record, "status": "suppressed"} if None in told else record


def _looked_up(public: Public, column: str, code: str, count: int | None, rows: int) -> int | None:
    """A count of `column` = `code` among all `rows`: as a table says it, or as it is where it bounds no cell of one."""
    counted_by = [name for name, table in public.tables.items() if column in table.column_names]
    whole = next((name for name in counted_by if not public.where[name]), None)
    if not count or (whole is not None and code not in public.tables[whole][column].to_pylist()):
        return count
    if whole is not None:
        return cell_count(public.tables[whole], {column: code})
    if public.policy.is_noisy or not public.may_leave(count) or not public.may_leave(rows - count):
        return None
    derived = {name for name, source in _DERIVED_FROM.items() if source == column}
    if any(derived & set(table.column_names) for table in public.tables.values()):
        return None
    return count if all(_leaves_room(public, name, {column: code}, count, rows) for name in counted_by) else None


def _leaves_room(public: Public, name: str, where: Mapping[str, str], count: int, rows: int) -> bool:
    """Whether the count of a cell in a table with a fixed condition can be all it could be, once the count without that
    condition is known: the rest is no small number, and both rests stay 0 or more over the whole interval."""
    table = public.tables[name]
    dimension, code = next(iter(where.items()))
    if code not in table[dimension].to_pylist():
        return True
    within, total = cell_count(table, where), cell_count(table, {})
    if within is not None:
        return public.may_leave(count - within)
    conditions = {*public.where[name].items(), (dimension, code)}
    interval = next(
        (
            found
            for cell, found in public.intervals.items()
            if {pair for pair in cell.conditions if pair[0] != PERIOD} == conditions
        ),
        None,
    )
    return (
        interval is not None and total is not None and interval.high <= count and interval.low >= count - (rows - total)
    )


def _tells(place: str, number: float) -> TellsHidden:
    return TellsHidden(
        f"{place}: {number:,} does not follow from published counts, and might give a hidden one away.",
        "Nothing was published. Name the cells that it follows from, or leave it out; this is a bug in how it was made.",
    )
