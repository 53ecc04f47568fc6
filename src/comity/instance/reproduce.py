"""Recomputes every published statistic of a release that its public tables allow, and lists the rest.

Shares, Wilson intervals (1927), ratios and, where a table counts by place without a hidden cell, cluster-robust
intervals and Mantel-Haenszel ratios, by the code that made them; texts and pictures against the numbers they show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from comity.disclosure import ALL, PUBLISHED, PublishedTable
from comity.disparity.counts import read_counts
from comity.disparity.finding import rounded
from comity.disparity.intervals import wilson
from comity.disparity.outcome import outcome_findings
from comity.disparity.rates import search_rate_findings
from comity.disparity.stops import YES
from comity.errors import ComityError
from comity.releases.reproduce import Check, Release, check, check_quality, check_tables, read_release
from comity.releases.withholding import cell_count

_RATES = ("search_rate", "outcome_test", "stop_rate")
_HIT = "contraband_found"
_IN_PICTURE = re.compile(r"([\d.,]+)(%?) \(([\d.,]+)%?–([\d.,]+)%?\)")
_IN_TEXT = re.compile(r"(?<![\w.,])(\d[\d,]*(?:\.\d+)?)(%?)")


@dataclass(frozen=True)
class Reproduction:
    """What came of recomputing a release: how many numbers were, those that differ, and what needs private rows."""

    release: str
    recomputed: int
    differences: tuple[Check, ...]
    private: tuple[str, ...]

    def as_record(self) -> dict[str, Any]:
        return {
            "release": self.release,
            "recomputed": self.recomputed,
            "agree": self.recomputed - len(self.differences),
            "differences": [
                {"where": each.where, "published": each.published, "recomputed": each.recomputed}
                for each in self.differences
            ],
            "needs_private_rows": list(self.private),
        }


def reproduce(place: str) -> Reproduction:
    """Recomputes the release in the folder or at the address `place`. Raises ComityError when there is none to read."""
    release = read_release(place)
    try:
        checks = [*check_tables(release), *check_quality(release)]
        private: list[str] = []
        for finding in release.json("findings.json")["findings"]:
            checks += _check_finding(release, finding, private)
    except (KeyError, TypeError, AttributeError) as error:
        raise ComityError(
            f"A file of {place} is not as Comity publishes it: {type(error).__name__} {error}.",
            "Run comity verify to see whether it was altered.",
        ) from None
    differences = tuple(each for each in checks if not each.agrees)
    return Reproduction(release.about["id"], len(checks), differences, tuple(private))


def _check_finding(release: Release, finding: Mapping[str, Any], private: list[str]) -> Iterator[Check]:
    name = f"findings.json, {finding['id']}"
    if finding["estimate"] is None:
        return
    comparison = next((each for each in finding["figures"] if each["part"] == "comparison"), None)
    if comparison is not None:
        for key in ("estimate", "low", "high"):
            yield check(f"{name}, {key} (of its table)", finding[key], comparison[key])
    if finding["method"] in ("search_rate", "outcome_test") and finding["counts"]:
        yield from _check_rates(release, finding, name)
        again = _by_place(release, finding)
        if again is None:
            private.append(f"{name}: intervals over places, and the ratio within places")
        else:
            yield from _check_again(finding, again, name)
    elif finding["method"] == "stop_rate":
        yield from _check_ratio_of_rates(finding, name)
        private.append(f"{name}: rates by population, their intervals, and the ratio within places")
    else:
        private.append(f"{name}: every estimate and interval")
    if finding["method"] in _RATES:
        yield from _check_texts(finding, name)
    yield from _check_pictures(release, finding)


def _check_rates(release: Release, finding: Mapping[str, Any], name: str) -> Iterator[Check]:
    """Counts, shares, Wilson intervals and the ratio, from the cells that the finding names."""
    group_column = _group_column(finding)
    groups = list(dict.fromkeys(cell["where"][group_column] for cell in finding["counts"]))
    figures = [each for each in finding["figures"] if each["part"] == "group"]
    shares = []
    for group, figure in zip(groups, figures, strict=True):
        k, n = _k_and_n(release, finding, group_column, group)
        where = f"{name}, {figure['label']['en']}"
        yield check(f"{where}, k", figure["k"], k)
        yield check(f"{where}, n", figure["n"], n)
        shares.append((k, n))
        yield check(f"{where}, estimate", figure["estimate"], rounded(k / n) if n else None)
        interval = wilson(k, n)
        yield check(f"{where}, wilson_low", figure["wilson_low"], rounded(interval.low))
        yield check(f"{where}, wilson_high", figure["wilson_high"], rounded(interval.high))
    yield check(f"{name}, n", finding["n"], sum(n for _, n in shares))
    (k1, n1), (k0, n0) = shares
    if n1 and n0 and k0:
        yield check(f"{name}, estimate", finding["estimate"], rounded((k1 / n1) / (k0 / n0)))


def _group_column(finding: Mapping[str, Any]) -> str:
    """The column whose codes are the groups: the one that every named cell has, and that has several codes."""
    shared = set.intersection(*(set(cell["where"]) for cell in finding["counts"]))
    by_columns = {column: {cell["where"][column] for cell in finding["counts"]} for column in sorted(shared)}
    groups = finding["id"].split(":")[1:]
    return str(next(column for column, codes in by_columns.items() if codes == set(groups)))


def _k_and_n(release: Release, finding: Mapping[str, Any], group_column: str, group: str) -> tuple[int, int]:
    cells = [cell for cell in finding["counts"] if cell["where"][group_column] == group]
    k = n = 0
    for cell in cells:
        count = cell_count(release.tables[cell["table"]].rows, cell["where"]) or 0
        other = next(code for column, code in cell["where"].items() if column not in (group_column, _HIT))
        if finding["method"] == "search_rate":
            n += count
            k += count if other in YES else 0
        elif _HIT in cell["where"]:
            k += count
        else:
            n += count
    return k, n


def _by_place(release: Release, finding: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The finding made anew from a table that counts by place too and hides nothing; None where there is none."""
    named = release.tables[finding["counts"][0]["table"]]
    group_column = _group_column(finding)
    others = {column for cell in finding["counts"] for column in cell["where"]} - {group_column}
    for record in release.about["tables"]:
        table = release.tables[record["name"]]
        place = next((each["name"] for each in record["dimensions"] if each.get("place")), None)
        fits = table.where == named.where and place and {group_column, *others} <= set(table.dimensions)
        if fits and set(table.rows["status"].to_pylist()) == {PUBLISHED}:
            assert place is not None
            return _made_anew(table, finding, place, group_column)
    return None


def _made_anew(
    table: PublishedTable, finding: Mapping[str, Any], place: str, group_column: str
) -> Mapping[str, Any] | None:
    search = next(
        column for cell in finding["counts"] for column in cell["where"] if column not in (group_column, _HIT)
    )
    used = {place, group_column, search, *([_HIT] if finding["method"] == "outcome_test" else [])}
    rows = table.rows
    for column in table.dimensions:
        rows = rows.filter(pc.invert(pc.equal(rows[column], ALL)) if column in used else pc.equal(rows[column], ALL))
    known = {code for cell in finding["counts"] for column, code in cell["where"].items() if column == search}
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows.to_pylist():
        into = sums.setdefault((row[place], row[group_column]), {"stops": 0, "searches": 0, "hits": 0})
        into["stops"] += row["count"] if row[search] in known or finding["method"] == "outcome_test" else 0
        into["searches"] += row["count"] if row[search] in YES else 0
        into["hits"] += row["count"] if row[search] in YES and row.get(_HIT) in YES else 0
    measures = ["stops", "searches", *(["hits"] if finding["method"] == "outcome_test" else [])]
    counts = read_counts(
        pa.table(
            {
                "place": [place for place, _ in sums],
                "group": [group for _, group in sums],
                **{measure: [each[measure] for each in sums.values()] for measure in measures},
            }
        )
    )
    reference = finding["id"].split(":")[2]
    make = search_rate_findings if finding["method"] == "search_rate" else outcome_findings
    again = next((each for each in make(counts, reference=reference) if each.id == finding["id"]), None)
    return None if again is None else again.as_record(["en"])


def _check_again(finding: Mapping[str, Any], again: Mapping[str, Any], name: str) -> Iterator[Check]:
    for mine, theirs in zip(finding["figures"], again["figures"], strict=True):
        for key in ("estimate", "low", "high"):
            yield check(f"{name}, {mine['label']['en']}, {key} (over places)", mine[key], theirs[key])


def _check_ratio_of_rates(finding: Mapping[str, Any], name: str) -> Iterator[Check]:
    """The ratio against the two rates beside it, as closely as their digits allow: two, where no count is told."""
    figures = [each for each in finding["figures"] if each["part"] == "group"]
    digits = 2 if any(each["n"] is None for each in figures) else 3
    rates = [each["estimate"] for each in figures]
    if len(rates) == 2 and all(rates):
        ratio = rates[0] / rates[1]
        slack = sum(_half_unit(rate, digits) / rate for rate in rates) * ratio + _half_unit(finding["estimate"], digits)
        agrees = abs(ratio - finding["estimate"]) <= slack
        yield Check(f"{name}, estimate", str(finding["estimate"]), f"{ratio:.3g}", agrees)


def _check_texts(finding: Mapping[str, Any], name: str) -> Iterator[Check]:
    """Every number in headline and sentence is one of the finding's own."""
    numbers = list(_numbers_of(finding))
    for part in ("headline", "sentence"):
        for language, text in (finding[part] or {}).items():
            for digits, percent in _IN_TEXT.findall(text):
                value, half = _read(digits, percent)
                if value in (95, 1000) or (value < 100 and "." not in digits and not percent):
                    continue
                nearest_one = min(numbers, key=lambda each: abs(each - value), default=None)
                agrees = any(abs(each - value) <= half + _half_digit(each) for each in numbers)
                yield Check(f"{name}, {part} ({language})", digits + percent, f"{nearest_one:.4g}", agrees)


def _check_pictures(release: Release, finding: Mapping[str, Any]) -> Iterator[Check]:
    """Every estimate with its interval that a picture writes is one of the finding's, and stands in every picture."""
    triples = [
        (figure["estimate"], figure["low"], figure["high"])
        for figure in finding["figures"]
        if figure["low"] is not None and figure["estimate"] is not None
    ]
    for path, content in release.files.items():
        if finding["chart"] is None or not path.startswith(f"charts/{finding['chart']}."):
            continue
        for written in _IN_PICTURE.finditer(content.decode()):
            estimate, percent, low, high = written.groups()
            shown = [_read(digits, percent) for digits in (estimate, low, high)]
            agrees = any(
                all(abs(a - b) <= half + _half_digit(b) for (a, half), b in zip(shown, triple, strict=True))
                for triple in triples
            )
            yield Check(path, written[0], written[0] if agrees else "none of the finding's figures", agrees)


def _numbers_of(finding: Mapping[str, Any]) -> Iterator[float]:
    for record in (finding, *finding["figures"]):
        for value in record.values():
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield float(value)


def _read(digits: str, percent: str) -> tuple[float, float]:
    """A number as written, and half a unit of its last digit."""
    plain = digits.strip(".,").replace(",", "")
    half = 0.5 * 10.0 ** -len(plain.partition(".")[2])
    scale = 100 if percent else 1
    return float(plain) / scale, half / scale + 1e-9


def _half_digit(value: float) -> float:
    """Half a unit of the third significant digit of a fraction; a whole number is exact."""
    return 0.0 if float(value).is_integer() else _half_unit(value, 3)


def _half_unit(value: float, digits: int) -> float:
    """Half a unit of the last of `digits` significant digits."""
    return 0.5 * 10.0 ** (floor(log10(abs(value))) - digits + 1)


def summary_of(found: Reproduction, *, most: int = 20) -> Sequence[str]:
    """For a terminal: the first difference, or that all agree; then what only private rows could show."""
    lines = []
    if found.differences:
        first = found.differences[0]
        lines.append(f"DIFFERS: {first.where}: published {first.published}, recomputed {first.recomputed}.")
        lines += [f"also:    {each.where}: {each.published}, {each.recomputed}." for each in found.differences[1:most]]
        if len(found.differences) > most:
            lines.append(f"and {len(found.differences) - most:,} more; --json lists them all.")
    else:
        lines.append(
            f"{found.release}: all {found.recomputed:,} numbers that public tables allow come out as published."
        )
    if found.private:
        lines.append(f"Needs private rows ({len(found.private)}):")
        lines += [f"  {each}" for each in found.private]
    return lines
