"""A dry run that says what a mapping would do: what is read, what is rejected and why, and what nobody decided.

Nothing is kept. Examples show the offending value and the number of its row, and nothing else of the row.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from comity.errors import nearest
from comity.records.mapping import ColumnMapping, Mapping, accepted_codes, fold
from comity.records.standardise import Accounting, Progress, standardise_in

if TYPE_CHECKING:
    import pyarrow as pa

EXAMPLES = 3
"""Offending values shown for each reason, the commonest first."""


@dataclass(frozen=True)
class Example:
    """An offending value, the rows that have it, and the first such row of its file (counted after the header)."""

    value: str
    rows: int
    file: str
    row: int


@dataclass(frozen=True)
class UnmappedCode:
    """A value that a code list does not know, with the nearest value that it does know."""

    column: str
    value: str
    rows: int
    nearest: str | None


@dataclass(frozen=True)
class CheckReport:
    """What `standardise` would do.

    examples: per reason. ambiguous_dates: per column, rows that a later format of its list reads as another day.
    unmapped_columns: source columns neither read nor listed under `unused`.
    idle_columns: names under `unused` that no file has. unmapped_codes holds at most 100 values, the commonest first.
    """

    source: str
    record_type: str
    accounting: Accounting
    examples: dict[str, list[Example]]
    unmapped_codes: list[UnmappedCode]
    unmapped_columns: list[str]
    idle_columns: list[str]
    ambiguous_dates: dict[str, int]

    @property
    def loses_silently(self) -> bool:
        """Whether something would be left out that nobody decided about.

        That is a source column or a code that the mapping does not name, or every row. Rows rejected for what they hold
        are not silent: each is kept with its reasons.
        """
        return bool(self.unmapped_columns or self.unmapped_codes or not self.accounting.accepted)

    def as_record(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {**asdict(self), "loses_silently": self.loses_silently}

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        account = self.accounting
        rows = [
            ("rows in the source", account.source_rows),
            ("accepted", account.accepted),
            ("rejected", account.rejected),
            ("duplicates", account.duplicates),
        ]
        parts = [_html_table(f"{self.source}: {self.record_type}", ("", "rows"), rows)]
        rejects = [
            (reason, number, "; ".join(example.value for example in self.examples.get(reason, [])))
            for reason, number in account.rejects_by_reason.items()
        ]
        if rejects:
            parts.append(_html_table("Rejected", ("reason", "rows", "examples"), rejects))
        hits = [
            (name, format, rows)
            for name, formats in account.date_format_hits.items()
            for format, rows in formats.items()
        ]
        if hits:
            parts.append(_html_table("Date formats", ("column", "format", "rows"), hits))
        if self.unmapped_codes:
            codes = [(code.column, code.value, code.rows, code.nearest or "") for code in self.unmapped_codes]
            parts.append(_html_table("Codes nobody mapped", ("column", "value", "rows", "nearest known"), codes))
        if self.unmapped_columns:
            parts.append(_html_table("Columns nobody mapped", ("column",), [(name,) for name in self.unmapped_columns]))
        return "".join(parts)


def check(
    mapping: Mapping, files: str | Path | Iterable[str | Path], *, progress: Progress | None = None
) -> CheckReport:
    """Run `mapping` over `files` and keep nothing.

    Raises what `standardise` raises, but reports when all rows are rejected.
    """
    from comity.records.engines.embedded import EmbeddedEngine

    with TemporaryDirectory(prefix="comity-check-") as folder:
        records = standardise_in(mapping, files, Path(folder), progress=progress)
        engine_folder = Path(folder) / "engine"
        engine_folder.mkdir()
        engine = EmbeddedEngine(engine_folder)
        try:
            rejects = engine.read(records.rejects_parquet)
            offenders = {
                reason: _offenders(engine, rejects, reason, mapping, records.raw_columns)
                for reason in records.accounting.rejects_by_reason
            }
            ambiguous = {
                name: rows
                for name, mapped in mapping.columns.items()
                if mapped.column.kind == "date" and len(mapped.formats) > 1
                if (rows := _ambiguous(engine, records.path, name, mapped, records.raw_columns))
            }
        finally:
            engine.close()
    named = {*mapping.source_columns, *mapping.unused}
    return CheckReport(
        source=mapping.source,
        record_type=mapping.record_type.name,
        accounting=records.accounting,
        examples={reason: found[:EXAMPLES] for reason, found in offenders.items()},
        unmapped_codes=_unmapped_codes(mapping, offenders),
        unmapped_columns=[column for column in records.raw_columns if column not in named],
        idle_columns=[column for column in mapping.unused if column not in records.raw_columns],
        ambiguous_dates=ambiguous,
    )


def _offenders(engine: Any, rejects: Any, reason: str, mapping: Mapping, raw_name: dict[str, str]) -> list[Example]:
    """The values of a reason's column in the rows it rejects; none for a row that cannot be read at all."""
    import ibis

    rows = rejects.filter(rejects["reject_reasons"].contains(reason))
    mapped = mapping.columns.get(reason.split(":")[0])
    if mapped is None or mapped.source is None:
        value: Any = ibis.literal("")
    else:
        texts = [rows[raw_name[column]].fill_null("") for column in mapped.source.columns]
        value = texts[0]
        for text in texts[1:]:
            value = value + " | " + text
    grouped = rows.mutate(offender=value.substr(0, 60)).group_by("offender")
    listed = grouped.agg(
        rows=lambda t: t.count(), row=lambda t: t["raw_row_number"].min(), file=lambda t: t["source_file"].min()
    )
    table: pa.Table = engine.to_arrow(listed.order_by(listed["rows"].desc(), listed["offender"]).limit(100))
    return [Example(each["offender"], each["rows"], each["file"], each["row"]) for each in table.to_pylist()]


def _unmapped_codes(mapping: Mapping, offenders: dict[str, list[Example]]) -> list[UnmappedCode]:
    found: list[UnmappedCode] = []
    for reason, examples in offenders.items():
        name, _, what = reason.partition(": ")
        if what != "it is not in the code list":
            continue
        known = list(accepted_codes(mapping.columns[name]))
        merged: dict[str, int] = {}
        for example in examples:
            merged[fold(example.value)] = merged.get(fold(example.value), 0) + example.rows
        found += [UnmappedCode(name, value, rows, nearest(value, known)) for value, rows in merged.items()]
    return sorted(found, key=lambda code: (-code.rows, code.column, code.value))[:100]


def _ambiguous(engine: Any, accepted: Path, name: str, mapped: ColumnMapping, raw_name: dict[str, str]) -> int:
    """Rows of a date column that a later format of its list reads as another day: there the order decides."""
    import ibis

    if mapped.source is None or len(mapped.source.columns) > 1 or mapped.source.split_by is not None:
        return 0
    table = engine.read(accepted)
    text = table[raw_name[mapped.source.columns[0]]]
    other_days = [
        (engine.parse_time(text, format).date() != table[name]).fill_null(False)
        for position, format in enumerate(mapped.formats)
        if position > 0
    ]
    ambiguous = table.filter(table[name].notnull() & ibis.or_(*other_days))
    return int(engine.to_arrow(ambiguous.agg(n=ambiguous.count()))["n"][0].as_py())


def _html_table(caption: str, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in header)
    body = "".join(f"<tr>{''.join(f'<td>{_html_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    title = html.escape(caption)
    return f"<table><caption>{title}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _html_text(cell: object) -> str:
    return html.escape(f"{cell:,}" if isinstance(cell, int) else str(cell))
