"""Source files become one vocabulary: accepted rows, rejected rows with every reason, and an account that adds up.

rows of the source = accepted + rejected + duplicates, always: the three are counted from the files written, and a
difference is an error. The folder appears only when it is complete.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.errors import ComityError, nearest
from comity.records.mapping import WHITE_SPACE, Mapping, MappingError
from comity.records.reading import SourceFile, describe_files, find_files
from comity.records.vocabulary import codes_for_yes_no
from comity.wording import message

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from comity.records.checks import CheckedRows
    from comity.records.engines import Engine

PLACE = ["source_file", "raw_row_number"]
"""What identifies a row of the source."""

Progress = Callable[[str, float], None]
"""Called with the step that begins and the share (0-1) of the work that is done."""


class RefusedError(ComityError):
    """The rows were read and the result is not one to build on."""


@dataclass(frozen=True)
class Accounting:
    """Where every source row went, and what was set to missing on the way.

    rejects_by_reason, drops_by_reason: rows per reason; a row with two reasons counts under both. missing_by_column:
    accepted rows without a value. date_format_hits: per column with formats, rows read by each format. filters: what
    was done to rows, in order, each with action, reason, rows_before and rows_after. files: name, sha256, bytes, rows.
    """

    source_rows: int
    accepted: int
    rejected: int
    duplicates: int
    rejects_by_reason: dict[str, int]
    drops_by_reason: dict[str, int]
    missing_by_column: dict[str, int]
    date_format_hits: dict[str, dict[str, int]]
    filters: list[dict[str, Any]]
    files: list[dict[str, Any]]

    def as_record(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class StandardisedRecords:
    """A folder of standardised records. Rows stay in it; `comity.records.count` takes grouped counts out.

    hierarchies: per column with local codes, {local code: standard code}. dictionary: every standard column that the
    source fills, and its codes, defined in each language. raw_columns: {source column: its name in the files}.
    """

    folder: Path
    source: str
    record_type: str
    time_zone: str | None
    columns: tuple[str, ...]
    hierarchies: dict[str, dict[str, str]]
    dictionary: list[dict[str, Any]]
    raw_columns: dict[str, str]
    accounting: Accounting

    @property
    def path(self) -> Path:
        return self.folder / "accepted.parquet"

    @property
    def rejects_parquet(self) -> Path:
        return self.folder / "rejects.parquet"

    @property
    def rejects_csv(self) -> Path:
        return self.folder / "rejects.csv"

    @property
    def duplicates_parquet(self) -> Path:
        return self.folder / "duplicates.parquet"


def standardise(
    mapping: Mapping,
    files: str | Path | Iterable[str | Path],
    into: str | Path,
    *,
    progress: Progress | None = None,
) -> StandardisedRecords:
    """Write the standardised records of `files` into the folder `into`, replacing what is there only when all is done.

    Raises SourceError for files that cannot be read, MappingError where the mapping and the files do not fit,
    RefusedError when every row is rejected.
    """
    into = Path(into)
    with _written_aside(into) as aside:
        records = standardise_in(mapping, files, aside, progress=progress)
        account = records.accounting
        if account.source_rows == 0:
            raise RefusedError("The source files have a header and no rows.", "Export them again.")
        if account.accepted == 0:
            reason, rows = next(iter(account.rejects_by_reason.items()))
            raise RefusedError(
                f"All {account.source_rows:,} rows are rejected; the commonest reason ({rows:,} rows) is '{reason}'.",
                "Run `comity check` to see examples, and correct the mapping.",
            )
    return open_records(into)


def open_records(folder: str | Path) -> StandardisedRecords:
    """The records that `standardise` wrote into `folder`."""
    folder = Path(folder)
    try:
        record = json.loads((folder / "records.json").read_text())
        accounting = Accounting(**record.pop("accounting"))
        record["columns"] = tuple(record["columns"])
        return StandardisedRecords(folder=folder, accounting=accounting, **record)
    except FileNotFoundError:
        raise ComityError(
            f"There are no standardised records in {folder}.", "Standardise the source files first."
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ComityError(f"{folder / 'records.json'} is damaged.", "Standardise the source files again.") from error


def standardise_in(
    mapping: Mapping, files: str | Path | Iterable[str | Path], folder: Path, *, progress: Progress | None = None
) -> StandardisedRecords:
    """As `standardise`, in the existing `folder` and without refusing: what `comity.records.check` reports from."""
    from comity.records.engines.embedded import EmbeddedEngine

    tell = progress or (lambda step, share: None)
    tell("reading", 0.0)
    found = describe_files(find_files(files), mapping.files)
    raw_name = {column: raw for file in found for column, raw in zip(file.columns, file.raw_names, strict=True)}
    _fit(mapping, found)
    work = folder / "work"
    work.mkdir()
    engine = EmbeddedEngine(work)
    try:
        records = _Run(mapping, found, raw_name, engine, folder, tell).run(work)
    finally:
        engine.close()
        shutil.rmtree(work, ignore_errors=True)
    tell("done", 1.0)
    return records


class _Run:
    """One standardisation, step by step; every count is taken from what was written."""

    def __init__(
        self,
        mapping: Mapping,
        files: list[SourceFile],
        raw_name: dict[str, str],
        engine: Engine,
        folder: Path,
        tell: Progress,
    ) -> None:
        self.mapping = mapping
        self.files = files
        self.raw_name = raw_name
        self.engine = engine
        self.tell = tell
        self.records = StandardisedRecords(
            folder=folder,
            source=mapping.source,
            record_type=mapping.record_type.name,
            time_zone=mapping.time_zone,
            columns=tuple(mapping.columns),
            hierarchies=mapping.hierarchies,
            dictionary=dictionary(mapping),
            raw_columns=raw_name,
            accounting=Accounting(0, 0, 0, 0, {}, {}, {}, {}, [], []),
        )

    def run(self, work: Path) -> StandardisedRecords:
        from comity.records.checks import REASONS, check_rows

        self.engine.stage(self.files, work)
        self.tell("checking", 0.3)
        raw = self.engine.raw()
        checked = check_rows(raw, self.mapping, self.raw_name, self.engine)
        later_copies = self._later_copies(raw)
        accepted = checked.rows.filter(checked.rows[REASONS].isnull())
        if later_copies is not None:
            accepted = accepted.anti_join(later_copies, PLACE)
            self.engine.write_parquet(raw.semi_join(later_copies, PLACE), self.records.duplicates_parquet)
        self.tell("writing", 0.4)
        self.engine.write_parquet(accepted.drop(REASONS), self.records.path)
        self.tell("writing rejects", 0.8)
        rejects = self._write_rejects(raw)
        self.tell("accounting", 0.9)
        accounting = self._account(raw, checked, rejects, has_duplicates=later_copies is not None)
        record = {**vars(self.records), "accounting": accounting.as_record()}
        record.pop("folder")
        (self.records.folder / "records.json").write_text(json.dumps(record, indent=1, ensure_ascii=False))
        (self.records.folder / "mapping.yaml").write_text(self.mapping.text)
        return open_records(self.records.folder)

    def _later_copies(self, raw: ir.Table) -> ir.Table | None:
        """Where rows stand that repeat another. Keys first: only rows with a repeated key are looked at whole."""
        import ibis

        from comity.records.checks import REASONS, check_rows

        rule = self.mapping.duplicates
        if rule is None:
            return None
        columns = list(self.raw_name) if rule.key == "all columns" else list(rule.key)
        key = [self.raw_name[column] for column in columns]
        repeated = self.engine.repeated_keys(raw.select(key), key)
        if repeated is None:
            return None
        if rule.key == "all columns":
            matches = raw.semi_join(repeated, [raw[name].identical_to(repeated[name]) for name in key])
        else:  # a record without its number is not the copy of another one without
            for name in key:
                trimmed = self.engine.trim(repeated[name], WHITE_SPACE, has_few_values=False)
                repeated = repeated.filter(repeated[name].notnull(), ~trimmed.lower().isin(list(self.mapping.missing)))
            matches = raw.semi_join(repeated, key)
        candidates = check_rows(matches, self.mapping, self.raw_name, self.engine).rows
        candidates = candidates.filter(candidates[REASONS].isnull())
        order = []
        for name in rule.order_by:
            order += [candidates[name].isnull(), candidates[name].desc() if rule.keep == "last" else candidates[name]]
        place = [candidates["source_file"], candidates["raw_row_number"]]
        order += [each.desc() for each in place] if rule.keep == "last" else place
        window = ibis.window(group_by=[candidates[name] for name in key], order_by=order)
        ranked = candidates.mutate(place_in_group=ibis.row_number().over(window))
        later = ranked.filter(ranked["place_in_group"] > 0).select(*PLACE)
        return self.engine.keep(later)

    def _write_rejects(self, raw: ir.Table) -> ir.Table:
        """Only rows that were not accepted are checked again, for their reasons: they are few."""
        import ibis

        from comity.records.checks import REASONS, check_rows

        left_out = raw.semi_join(self.engine.left_out(self.records.path), PLACE)
        rows = check_rows(left_out, self.mapping, self.raw_name, self.engine).rows
        raw_columns = [name for name in raw.columns if name not in ("source_file", "raw_row_number")]
        rejected = rows.filter(rows[REASONS].notnull()).select("source_file", "raw_row_number", REASONS, *raw_columns)
        rejected = rejected.mutate(raw_line=ibis.null("string"))
        lost = self.engine.unreadable()
        unreadable = lost.select(
            "source_file",
            "raw_row_number",
            **{REASONS: ibis.array(["row: " + lost["reason"]])},
            **{name: ibis.null("string") for name in raw_columns},
            raw_line=lost["raw_line"],
        )
        self.engine.write_parquet(rejected.union(unreadable), self.records.rejects_parquet)
        rejects = self.engine.read(self.records.rejects_parquet)
        texts = {name: _harmless(rejects[name]) for name in (*raw_columns, "raw_line")}
        readable = rejects.mutate(**texts, **{REASONS: rejects[REASONS].join("; ")})
        self.engine.write_csv(readable.order_by("source_file", "raw_row_number"), self.records.rejects_csv)
        return rejects

    def _account(self, raw: ir.Table, checked: CheckedRows, rejects: ir.Table, *, has_duplicates: bool) -> Accounting:
        from comity.records.checks import DROPPED, REASONS

        accepted = self.engine.read(self.records.path)
        files = self._files(raw)
        counted = self.engine.to_arrow(
            accepted.agg(accepted=accepted.count(), **{name: accepted[name].count() for name in checked.columns})
        ).to_pylist()[0]
        rows = counted.pop("accepted")
        rejected = self._count(rejects)
        duplicates = self._count(self.engine.read(self.records.duplicates_parquet)) if has_duplicates else 0
        source_rows = sum(file["rows"] for file in files)
        if source_rows != rows + rejected + duplicates:
            raise AssertionError(f"{source_rows} rows became {rows} + {rejected} + {duplicates}")
        drops = self._by_reason(accepted, DROPPED)
        return Accounting(
            source_rows=source_rows,
            accepted=rows,
            rejected=rejected,
            duplicates=duplicates,
            rejects_by_reason=self._by_reason(rejects, REASONS),
            drops_by_reason=drops,
            missing_by_column={name: rows - value for name, value in counted.items()},
            date_format_hits={
                name: self._hits(accepted, output, self.mapping.columns[name].formats)
                for name, output in checked.format_columns.items()
            },
            filters=_filters(source_rows, rejected, duplicates, drops, self.mapping),
            files=files,
        )

    def _files(self, raw: ir.Table) -> list[dict[str, Any]]:
        rows = dict.fromkeys((file.name for file in self.files), 0)
        for table in (raw, self.engine.unreadable()):
            for each in self.engine.to_arrow(table.group_by("source_file").agg(n=table.count())).to_pylist():
                rows[each["source_file"]] += each["n"]
        return [
            {"name": file.name, "sha256": file.sha256, "bytes": file.bytes, "rows": rows[file.name]}
            for file in self.files
        ]

    def _count(self, table: ir.Table) -> int:
        return int(self.engine.to_arrow(table.agg(n=table.count()))["n"][0].as_py())

    def _by_reason(self, table: ir.Table, column: str) -> dict[str, int]:
        reasons = table.filter(table[column].notnull()).select(reason=table[column].unnest())
        counted = self.engine.to_arrow(reasons.group_by("reason").agg(n=reasons.count())).to_pylist()
        return {each["reason"]: each["n"] for each in sorted(counted, key=lambda each: (-each["n"], each["reason"]))}

    def _hits(self, accepted: ir.Table, column: str, formats: tuple[str, ...]) -> dict[str, int]:
        counted = self.engine.to_arrow(accepted.group_by(column).agg(n=accepted.count())).to_pylist()
        hits = {each[column]: each["n"] for each in counted}
        return {format: hits.get(format, 0) for format in formats}


def _harmless(text: ir.StringValue) -> ir.StringValue:
    """`text` with an apostrophe before what a spreadsheet would run; the Parquet file beside it has it as it came."""
    import ibis

    first = text.left(1)
    is_signed_text = first.isin(["+", "-"]) & text.try_cast("float64").isnull()
    return ibis.ifelse(first.isin(["=", "@", "\t", "\r"]) | is_signed_text, ibis.literal("'") + text, text)


def dictionary(mapping: Mapping) -> list[dict[str, Any]]:
    """Every standard column the mapping fills and its codes, local ones included, defined in each language."""
    described = []
    for name, mapped in mapping.columns.items():
        column = mapped.column
        codes = [
            {"value": code.value, "label": code.label.in_languages(), "definition": code.definition.in_languages()}
            for code in (codes_for_yes_no() if column.kind == "boolean" else column.codes)
        ]
        labels = {code.value: code.label for code in column.codes}
        codes += [
            {
                "value": code.value,
                "label": dict(code.label),
                "definition": {
                    language: message(
                        "This agency's own group “{name}”, kept apart; in the standard groups it is part of “{group}”.",
                        name=text,
                        group=labels[code.within],
                    ).in_language(language)
                    for language, text in code.label.items()
                },
                "within": code.within,
            }
            for code in mapped.local_codes
        ]
        described.append(
            {
                "name": name,
                "kind": column.kind,
                "label": column.label.in_languages(),
                "definition": column.definition.in_languages(),
                "codes": codes,
                "is_personal": column.is_personal,
            }
        )
    return described


def _fit(mapping: Mapping, files: list[SourceFile]) -> None:
    """Every source column the mapping names is in every file's header."""
    for file in files:
        for column in mapping.source_columns:
            if column in file.columns:
                continue
            close = nearest(column, file.columns)
            has = f"Did you mean '{close}'?" if close else f"Its columns are: {', '.join(file.columns[:40])}."
            if len(file.columns) == 1 and file.kind == "csv" and any(mark in file.columns[0] for mark in ",;\t|"):
                has = "It seems to use another delimiter; set 'delimiter' under 'files'."
            raise MappingError(f"{file.name} has no column '{column}', which {mapping.name} reads.", has)


def _filters(
    source_rows: int, rejected: int, duplicates: int, drops: dict[str, int], mapping: Mapping
) -> list[dict[str, Any]]:
    """What was done to rows, in order, with row counts before and after."""
    steps = [
        ("reject rows", "a value cannot be read; the reasons are beside each row", source_rows, source_rows - rejected),
    ]
    if mapping.duplicates:
        key = mapping.duplicates.key
        named = "all columns" if key == "all columns" else ", ".join(key)
        steps.append(
            (
                "remove duplicates",
                f"the {mapping.duplicates.keep} row of each {named} is kept",
                source_rows - rejected,
                source_rows - rejected - duplicates,
            )
        )
    log = [
        {"action": action, "reason": reason, "rows_before": before, "rows_after": after, "rows_changed": before - after}
        for action, reason, before, after in steps
    ]
    kept = source_rows - rejected - duplicates
    log += [
        {"action": "set to missing", "reason": reason, "rows_before": kept, "rows_after": kept, "rows_changed": rows}
        for reason, rows in drops.items()
    ]
    return log


@contextlib.contextmanager
def _written_aside(into: Path) -> Iterator[Path]:
    """A folder beside `into` that takes its place when the block ends well, and vanishes otherwise."""
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{into.name}-", dir=into.parent))
    except OSError as error:
        raise ComityError(f"{into.parent} cannot be written to: {error.strerror}.", "Check its permissions.") from error
    try:
        yield aside
        aside.chmod(0o700)  # records are private
        if into.exists():
            old = aside.with_name(aside.name + "-old")
            into.rename(old)
            aside.rename(into)
            shutil.rmtree(old)
        else:
            aside.rename(into)
    except OSError as error:
        raise ComityError(
            f"{into} cannot be written: {error.strerror or error}.", "Free space or check permissions."
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
