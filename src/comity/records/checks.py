"""The mapping becomes one query whose steps can be printed: texts, values, consistency, and every reason against a row.

A row's reasons are one expression, worked out only for rows that have any: a list of all of them, in the order of the
columns.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from comity.records.engines import Engine
from comity.records.mapping import (
    MISSING,
    REJECT,
    WHITE_SPACE,
    ColumnMapping,
    Mapping,
    accepted_codes,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

REASONS = "reject_reasons"
DROPPED = "dropped_values"
FIRST_DAY, LAST_DAY = datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)
"""Days outside are misread, not believed: "%Y" reads the 17 of "1/2/17" as the year 17."""


@dataclass(frozen=True)
class CheckedRows:
    """The query of one mapping over raw rows. steps: each intermediate table by name, the last being `rows`."""

    steps: dict[str, ir.Table]
    rows: ir.Table
    columns: tuple[str, ...]
    format_columns: dict[str, str]
    reasons: tuple[str, ...]
    drops: tuple[str, ...]


def check_rows(raw: ir.Table, mapping: Mapping, raw_name: dict[str, str], engine: Engine) -> CheckedRows:
    """Standard columns, `reject_reasons` and `dropped_values` (lists of text, null where there is none) of each row.

    raw_name: source column -> its name in `raw`. Columns with formats also get `format_of_<column>`, the format that
    read it.
    """
    return _Compiler(raw, mapping, raw_name, engine).compile()


_Where = Callable[[Any], Any]
"""A condition on a row, made for a step once the columns it needs are there."""


class _Compiler:
    def __init__(self, raw: ir.Table, mapping: Mapping, raw_name: dict[str, str], engine: Engine) -> None:
        self.raw = raw
        self.mapping = mapping
        self.raw_name = raw_name
        self.engine = engine
        self.steps: dict[str, ir.Table] = {}
        self.against: list[tuple[str, _Where]] = []
        self.dropped: list[tuple[str, _Where]] = []
        self.formats: dict[str, str] = {}
        self.text: dict[str, str] = {}  # column -> the step's column that holds its text
        self.parsed: dict[str, list[str]] = {}  # column -> those that hold it as read by each format

    def compile(self) -> CheckedRows:
        table = self._step("texts", self.raw, self._texts(self.raw))
        table = self._parsed(table)
        table = self._step("read", table, self._read(table))
        table = self._step("values", table, self._values(table))
        table = self._step("derived", table, self._derived(table))
        table = self._step("consistent", table, self._consistent(table))
        place = {name: position for position, name in enumerate(self.mapping.columns)}
        for conditions in (self.against, self.dropped):
            conditions.sort(key=lambda condition: place[condition[0].split(":")[0]])
        table = self._step(
            "judged",
            table,
            {
                **{f"against {n}": where(table) for n, (_, where) in enumerate(self.against)},
                **{f"dropped {n}": where(table) for n, (_, where) in enumerate(self.dropped)},
            },
        )
        table = self._step(
            "checked",
            table,
            {
                REASONS: _listed([(reason, table[f"against {n}"]) for n, (reason, _) in enumerate(self.against)]),
                DROPPED: _listed([(reason, table[f"dropped {n}"]) for n, (reason, _) in enumerate(self.dropped)]),
            },
        )
        names = tuple(self.mapping.columns)
        rows = table.select(
            "raw_row_number",
            "source_file",
            **{name: table[f"kept {name}"] for name in names},
            **{output: table[column] for output, column in self.formats.items()},
            **{REASONS: table[REASONS], DROPPED: table[DROPPED]},
            **{column: table[column] for column in self.raw.columns if column not in ("raw_row_number", "source_file")},
        )
        self.steps["rows"] = rows
        return CheckedRows(
            self.steps,
            rows,
            names,
            {output.removeprefix("format_of_"): output for output in self.formats},
            tuple(reason for reason, _ in self.against),
            tuple(reason for reason, _ in self.dropped),
        )

    def _step(self, name: str, table: ir.Table, columns: dict[str, Any]) -> ir.Table:
        self.steps[name] = table.mutate(**columns) if columns else table
        return self.steps[name]

    # --- texts: what the source says, trimmed ----------------------------------------------------------------------

    def _texts(self, raw: ir.Table) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        made: dict[object, str] = {}
        for name, mapped in self.mapping.columns.items():
            if mapped.source is None:
                continue
            key = (mapped.source, mapped.missing, _is_coded(mapped))
            if key in made:  # a day and a time from one source column
                self.text[name] = made[key]
                continue
            self.text[name] = made[key] = f"text {name}"
            columns[f"text {name}"] = self._folded(raw, mapped) if _is_coded(mapped) else self._text(raw, mapped)
        return columns

    def _folded(self, raw: ir.Table, mapped: ColumnMapping) -> Any:
        """For coded columns: lower case, words for "missing" left in; an engine does this once a distinct value."""
        source = mapped.source
        if source is not None and source.combine == "one" and source.split_by is None:
            value = raw[self.raw_name[source.columns[0]]]
            return self.engine.trim(value, WHITE_SPACE, has_few_values=True).lower()
        return self._text(raw, mapped).lower()

    def _text(self, raw: ir.Table, mapped: ColumnMapping) -> Any:
        """Null where one of the words for "missing" stands."""
        source = mapped.source
        assert source is not None
        parts = [self._said(raw[self.raw_name[column]], mapped.missing) for column in source.columns]
        text = parts[0]
        if source.combine == "first of":
            text = ibis.coalesce(*parts)
        elif source.combine == "joined":
            # A missing part makes the whole missing: half a date is no date.
            for part in parts[1:]:
                text = text + source.separator + part
        if source.split_by is not None:
            pieces = text.split(source.split_by)
            piece = ibis.ifelse(pieces.length() >= source.part, pieces[source.part - 1], ibis.null("string"))
            text = self._said(piece, mapped.missing)
        return text

    def _said(self, value: Any, missing: tuple[str, ...]) -> Any:
        trimmed = self.engine.trim(value, WHITE_SPACE, has_few_values=False)
        is_short = trimmed.length() <= max(len(word) for word in missing)  # spares long texts the comparison
        return ibis.ifelse(is_short & trimmed.lower().isin(list(missing)), ibis.null("string"), trimmed)

    # --- dates and times: one step a format, so that each is tried only where those before it failed ---------------

    def _parsed(self, table: ir.Table) -> ir.Table:
        timed: dict[tuple[str, tuple[str, ...]], None] = {}
        for name, mapped in self.mapping.columns.items():
            if mapped.formats:
                timed[self.text[name], mapped.formats] = None
                self.parsed[name] = [
                    f"parsed {self.text[name]} {mapped.formats} {n}" for n in range(len(mapped.formats))
                ]
        for position in range(max((len(formats) for _, formats in timed), default=0)):
            columns = {}
            for text_name, formats in timed:
                if position >= len(formats):
                    continue
                text = table[text_name]
                if position:
                    earlier = [table[f"parsed {text_name} {formats} {n}"].notnull() for n in range(position)]
                    text = ibis.ifelse(ibis.or_(*earlier), ibis.null("string"), text)
                columns[f"parsed {text_name} {formats} {position}"] = self._time(text, formats[position])
            table = self._step(f"format {position + 1}", table, columns)
        return table

    def _time(self, text: Any, format: str) -> Any:
        moment = self.engine.parse_time(text, format)
        if not {"%Y", "%y"} & {format[at : at + 2] for at in range(len(format))}:
            return moment  # a time without a day
        believable = (moment >= ibis.timestamp(FIRST_DAY.isoformat())) & (moment < ibis.timestamp(LAST_DAY.isoformat()))
        return ibis.ifelse(believable, moment, ibis.null("timestamp"))

    # --- values: each column read as its kind; what cannot be read is a reason against the row ---------------------

    def _read(self, table: ir.Table) -> dict[str, Any]:
        return {
            f"read {name}": self._value(table, name, mapped)
            for name, mapped in self.mapping.columns.items()
            if not (mapped.any_of or mapped.all_of)
        }

    def _value(self, table: ir.Table, name: str, mapped: ColumnMapping) -> Any:
        kind = mapped.column.kind
        if mapped.value is not None:
            return ibis.literal(mapped.value == "yes" if kind == "boolean" else mapped.value)
        text_name = self.text[name]
        text = table[text_name]
        if mapped.required:
            self.against.append((f"{name}: it is missing", lambda step: _is_missing(step[text_name], mapped)))
        if mapped.equals is not None:
            return ibis.ifelse(_is_missing(text, mapped), ibis.null("boolean"), text.isin(list(mapped.equals)))
        if kind == "text":
            return self._renamed(text, mapped) if mapped.codes is not None else text
        if kind in ("code", "boolean"):
            value, wrong = self._coded(text, mapped), "it is not in the code list"
        elif kind in ("date", "time"):
            value, wrong = self._moment(table, name, mapped), "it follows none of the formats"
        else:
            value, wrong = self._number(text, kind), f"it is not a {'whole ' if kind == 'integer' else ''}number"

        def cannot_be_read(step: Any) -> Any:
            said = ~_is_missing(step[text_name], mapped, also=_emptied(mapped))
            return ibis.ifelse(step[f"read {name}"].notnull(), ibis.literal(False), said)

        self._judge(name, mapped, wrong, cannot_be_read)
        return value

    def _values(self, table: ir.Table) -> dict[str, Any]:
        columns = {}
        for name, mapped in self.mapping.columns.items():
            if mapped.any_of or mapped.all_of:
                continue
            value = table[f"read {name}"]
            if mapped.between is not None:
                value = self._within(name, value, mapped, mapped.between)
            columns[f"value {name}"] = value
        return columns

    def _within(self, name: str, value: Any, mapped: ColumnMapping, between: tuple[Any, Any]) -> Any:
        low, high = (ibis.literal(bound) for bound in between)
        shown = " to ".join(f"{bound:g}" if isinstance(bound, int | float) else f"{bound}" for bound in between)
        self._judge(
            name,
            mapped,
            f"it is outside {shown}",
            lambda step: step[f"read {name}"].notnull() & step[f"value {name}"].isnull(),
        )
        return ibis.ifelse((value >= low) & (value <= high), value, ibis.null(value.type()))

    def _judge(self, name: str, mapped: ColumnMapping, wrong: str, where: _Where) -> None:
        (self.dropped if mapped.otherwise == MISSING else self.against).append((f"{name}: {wrong}", where))

    def _coded(self, folded: Any, mapped: ColumnMapping) -> Any:
        is_yes_no = mapped.column.kind == "boolean"

        def literal(code: str) -> Any:
            return ibis.literal(code == "yes" if is_yes_no else code)

        rest: Any = ibis.null("boolean" if is_yes_no else "string")
        if mapped.otherwise not in (REJECT, MISSING):
            rest = ibis.ifelse(_is_missing(folded, mapped, also=_emptied(mapped)), rest, literal(mapped.otherwise))
        words = [(word, literal(code)) for word, code in accepted_codes(mapped).items() if code is not None]
        return folded.cases(*words, else_=rest) if words else rest

    def _renamed(self, text: Any, mapped: ColumnMapping) -> Any:
        words = [
            (word, ibis.null("string") if code is None else ibis.literal(code))
            for word, code in accepted_codes(mapped).items()
        ]
        return text.lower().cases(*words, else_=text)

    def _moment(self, table: ir.Table, name: str, mapped: ColumnMapping) -> Any:
        self.formats[f"format_of_{name}"] = f"format {name}"
        moment = ibis.coalesce(*(table[parsed] for parsed in self.parsed[name]))
        return moment.date() if mapped.column.kind == "date" else moment.time()

    def _number(self, text: Any, kind: str) -> Any:
        number = text.try_cast("float64")
        if kind == "number":
            return ibis.ifelse(number.abs() < float("1e300"), number, ibis.null("float64"))  # "nan" and "inf" are words
        is_whole = (number == number.floor()) & (number.abs() < 2**31)
        return ibis.ifelse(is_whole, number, ibis.null("float64")).try_cast("int32")

    # --- columns made from other columns ---------------------------------------------------------------------------

    def _derived(self, table: ir.Table) -> dict[str, Any]:
        columns = {}
        for name, mapped in self.mapping.columns.items():
            if mapped.any_of:  # Kleene's logic: one yes is enough; no needs every no; otherwise it is not known
                columns[f"value {name}"] = ibis.or_(*(table[f"value {other}"] for other in mapped.any_of))
            elif mapped.all_of:
                columns[f"value {name}"] = ibis.and_(*(table[f"value {other}"] for other in mapped.all_of))
        for output, column in self.formats.items():
            name = output.removeprefix("format_of_")
            formats = self.mapping.columns[name].formats
            branches = [
                (table[parsed].notnull(), ibis.literal(format))
                for parsed, format in zip(self.parsed[name], formats, strict=True)
            ]
            columns[column] = ibis.cases(*branches, else_=ibis.null("string"))
        return columns

    def _consistent(self, table: ir.Table) -> dict[str, Any]:
        columns = {}
        for name, mapped in self.mapping.columns.items():
            value = table[f"value {name}"]
            columns[f"kept {name}"] = value
            condition = mapped.column.needs or mapped.column.contradicts_no
            if condition not in self.mapping.columns:
                continue
            stated = table[f"value {condition}"]
            # Where searches were not recorded, what was found is not known; a "no search" rules out a yes only.
            holds = stated.fill_null(False) if mapped.column.needs else stated.fill_null(True)
            if mapped.column.needs:
                columns[f"kept {name}"] = ibis.ifelse(holds, value, ibis.null(value.type()))
            else:
                columns[f"kept {name}"] = ibis.ifelse(value & ~holds, ibis.null("boolean"), value)
            self.dropped.append((f"{name}: {condition} is {'not yes' if mapped.column.needs else 'no'}", _clash(name)))
        return columns


def _clash(name: str) -> _Where:
    """Where consistency removed something that was said; a removed "no" says nothing that the condition does not."""

    def where(step: Any) -> Any:
        before = step[f"value {name}"]
        said = before.fill_null(False) if before.type().is_boolean() else before.notnull()
        return said & step[f"kept {name}"].isnull()

    return where


def _is_coded(mapped: ColumnMapping) -> bool:
    return mapped.column.kind in ("code", "boolean")


def _is_missing(text: Any, mapped: ColumnMapping, also: Sequence[str] = ()) -> Any:
    """Where nothing was said; only the folded texts of coded columns still hold words for it."""
    known = set(accepted_codes(mapped)) if mapped.codes is not None else set()
    words = [*(word for word in mapped.missing if word not in known), *also]
    return text.isnull() | text.isin(words) if _is_coded(mapped) else text.isnull()


def _emptied(mapped: ColumnMapping) -> list[str]:
    """Source values whose code is "missing"."""
    return [word for word, code in (mapped.codes or {}).items() if code is None]


def _listed(conditions: list[tuple[str, Any]]) -> Any:
    if not conditions:
        return ibis.null("array<string>")
    told = [ibis.ifelse(where, ibis.literal(reason), ibis.null("string")) for reason, where in conditions]
    listed = ibis.array(told).filter(lambda reason: reason.notnull())
    return ibis.ifelse(ibis.or_(*(where for _, where in conditions)), listed, ibis.null("array<string>"))
