"""Estimates as plain data: every number with its n, interval and method; as records, Arrow, a table, or a picture."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import pyarrow as pa

from comity.estimates.columns import Floats
from comity.wording import Message

MOST_DRAWN = 60
RECORD_FIELDS = ("variable", "statistic", "domain", "estimate", "se", "df", "low", "high", "n", "deff")


@dataclass(frozen=True)
class Estimate:
    """One number of a survey.

    domain: column -> category; empty for everyone. estimate is None where n is below the floor. se, df, low, high and
    deff are None where the sample allows no margin of error; `note` says why. deff compares with a simple random
    sample of the same n drawn without replacement. variance: "linearised" or the name of the replicates.
    """

    variable: str
    statistic: str
    domain: Mapping[str, str]
    estimate: float | None
    se: float | None
    df: float | None
    low: float | None
    high: float | None
    n: int
    deff: float | None
    confidence: float = 0.95
    variance: str = "linearised"
    note: Message | None = None

    @property
    def domain_name(self) -> str | None:
        """The category of a single domain column, "a=x, b=y" for several, None for everyone."""
        if len(self.domain) == 1:
            return next(iter(self.domain.values()))
        return ", ".join(f"{column}={value}" for column, value in self.domain.items()) or None

    def as_record(self) -> dict[str, object]:
        """The ten fields of `comity estimate --json`."""
        return {name: self.domain_name if name == "domain" else getattr(self, name) for name in RECORD_FIELDS}


@dataclass(frozen=True, eq=False)
class Estimates(Sequence[Estimate]):
    """Estimates made together; `covariance` (k, k) between them, None where there are too many."""

    items: tuple[Estimate, ...]
    covariance: Floats | None = field(default=None, repr=False)

    @overload
    def __getitem__(self, at: int) -> Estimate: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Estimate]: ...
    def __getitem__(self, at: int | slice) -> Estimate | Sequence[Estimate]:
        return self.items[at]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Estimate]:
        return iter(self.items)

    def as_records(self) -> list[dict[str, object]]:
        return [each.as_record() for each in self.items]

    def as_arrow(self) -> pa.Table:
        """One row an estimate: the ten fields, then confidence, variance and note."""
        rows = [
            each.as_record()
            | {"confidence": each.confidence, "variance": each.variance, "note": str(each.note) if each.note else None}
            for each in self.items
        ]
        schema = pa.schema(
            [(name, pa.string()) for name in ("variable", "statistic", "domain")]
            + [(name, pa.float64()) for name in ("estimate", "se", "df", "low", "high")]
            + [("n", pa.int64()), ("deff", pa.float64()), ("confidence", pa.float64())]
            + [("variance", pa.string()), ("note", pa.string())]
        )
        return pa.Table.from_pylist(rows, schema=schema)

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """So that `pyarrow.table(estimates)` and other readers of the Arrow interface work."""
        return self.as_arrow().__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return "\n".join(" ".join(row) for row in _aligned(self.items))

    def picture(self) -> Any:
        """An Altair chart of the estimates with their intervals."""
        from comity.estimates.pictures import draw_estimates

        return draw_estimates(self.items)

    def _repr_html_(self) -> str:
        head, *rows = _cells(self.items)
        headings = "".join(f"<th scope='col'>{html.escape(cell)}</th>" for cell in head)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        notes = sorted({str(each.note) for each in self.items if each.note})
        below = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
        return f"<table><thead><tr>{headings}</tr></thead><tbody>{body}</tbody></table>{below}{self._pictures()}"

    def _pictures(self) -> str:
        """The pictures that stand below the table in a notebook; none where there are too many rows to look at."""
        if len(self.items) > MOST_DRAWN:
            return ""
        from comity.estimates.pictures import draw_each_statistic

        return "".join(draw_each_statistic(self.items))


def format_number(value: float | None) -> str:
    """Four significant digits, thousands separated; "–" for no number."""
    if value is None:
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def _cells(items: Sequence[Estimate]) -> list[list[str]]:
    rows = [
        [
            "variable",
            "statistic",
            "domain",
            "estimate",
            "95% interval" if _all_95(items) else "interval",
            "se",
            "n",
            "deff",
        ]
    ]
    for each in items:
        interval = f"{format_number(each.low)} to {format_number(each.high)}" if each.low is not None else "–"
        rows.append(
            [each.variable, each.statistic, each.domain_name or "everyone", format_number(each.estimate), interval]
            + [format_number(each.se), f"{each.n:,}", format_number(each.deff)]
        )
    return rows


def _all_95(items: Sequence[Estimate]) -> bool:
    return all(each.confidence == 0.95 for each in items)


def _aligned(items: Sequence[Estimate]) -> list[list[str]]:
    rows = _cells(items)
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
