"""DuckDB inside this process: the engine of every instance that names no other. It downloads no extension."""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import numpy
import pyarrow as pa
import pyarrow.parquet as pq

from comity.errors import ComityError
from comity.records.reading import LONGEST_VALUE, SourceError, SourceFile, has_blank_lines, rows_one_by_one, transcode

if TYPE_CHECKING:
    import ibis.expr.types as ir


_PARQUET = "FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 61440, DICTIONARY_SIZE_LIMIT 5000"
"""Columns of many values cost a fifth of the writing when dictionaries of them are begun and given up."""


class EngineError(ComityError):
    """The engine ran out of memory or disk."""


@dataclass(frozen=True)
class Resources:
    """What the engine may use. memory: as DuckDB writes it, such as "512MB"; what does not fit goes to `spill_to`."""

    threads: int = 2
    memory: str = "512MB"


@ibis.udf.scalar.builtin(name="try_strptime")  # type: ignore[untyped-decorator]
def _try_strptime(text: str, format: str) -> ibis.dtype("timestamp(6)"):  # type: ignore[valid-type]
    """DuckDB's own: null where the text does not follow the format."""


@ibis.udf.scalar.builtin(name="trim")  # type: ignore[untyped-decorator]
def _trim(text: str, characters: str) -> str:  # type: ignore[empty-body]
    """DuckDB's own, with the characters to remove; the standard one removes spaces only."""


class EmbeddedEngine:
    """The `Engine` interface on DuckDB. `folder` takes what does not fit in memory."""

    name = "duckdb"

    def __init__(self, folder: Path, resources: Resources | None = None) -> None:
        resources = resources or Resources()
        self._folder = folder
        self._connection = duckdb.connect(
            config={
                "threads": resources.threads,
                "memory_limit": resources.memory,
                "temp_directory": str(folder / "spilled"),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        with contextlib.suppress(
            duckdb.InvalidInputException
        ):  # a notebook without ipywidgets has no bar to switch off
            self._connection.execute("SET enable_progress_bar = false")  # callers have a progress of their own
        self._staged: list[Path] = []
        self._rows: dict[str, int] = {}  # per file, readable or not
        self._names = 0

    def stage(self, files: Sequence[SourceFile], folder: Path) -> None:
        self._connection.execute("SET preserve_insertion_order = true")  # a row's number is its place in the file
        self._connection.execute(
            "CREATE TABLE unreadable (source_file VARCHAR, raw_row_number BIGINT, reason VARCHAR, raw_line VARCHAR)"
        )
        for number, file in enumerate(files):
            target = folder / f"raw-{number:04}.parquet"
            with _as_ours(file):
                {"csv": self._stage_csv, "xlsx": self._stage_workbook, "parquet": self._stage_parquet}[file.kind](
                    file, target
                )
            self._staged.append(target)
            self._rows[file.name] = pq.read_metadata(target).num_rows + self._count_unreadable(file)
        # Order within the result costs memory, and every row carries its number.
        self._connection.execute("SET preserve_insertion_order = false")

    def raw(self) -> ir.Table:
        paths = ", ".join(_quoted(str(path)) for path in self._staged)
        staged = (
            "SELECT * EXCLUDE (file_row_number), file_row_number + 1 AS raw_row_number "
            f"FROM read_parquet([{paths}], union_by_name = true, file_row_number = true)"
        )
        if not self._count(self.unreadable()):
            return self._view(staged)
        # The n-th unreadable row of a file, at row r, has r - n staged rows before it; the staged rows after them move
        # by n.
        return self._view(
            f"WITH staged AS ({staged}), moved AS (SELECT source_file, raw_row_number - row_number() OVER "
            "(PARTITION BY source_file ORDER BY raw_row_number) + 1 AS begins, "
            "row_number() OVER (PARTITION BY source_file ORDER BY raw_row_number) AS by_rows FROM unreadable), "
            "moves AS (SELECT source_file, begins, max(by_rows) AS by_rows FROM moved GROUP BY ALL) "
            "SELECT staged.* REPLACE (staged.raw_row_number + coalesce(by_rows, 0) AS raw_row_number) "
            "FROM staged ASOF LEFT JOIN moves "
            "ON staged.source_file = moves.source_file AND staged.raw_row_number >= moves.begins"
        )

    def unreadable(self) -> ir.Table:
        return self._table("unreadable")

    def trim(self, text: ir.StringValue, characters: str, *, has_few_values: bool) -> ir.StringValue:
        if has_few_values:
            return _trim(text, characters)  # DuckDB does this once for each distinct value
        # Trimming a set of characters costs four times this look at both ends.
        odd = [character for character in characters if character > " "]
        may_need_it = ibis.or_(text < "!", text.right(1) <= " ", *(text.contains(character) for character in odd))
        return ibis.ifelse(may_need_it, _trim(text, characters), text)

    def parse_time(self, text: ir.StringValue, format: str) -> ir.TimestampValue:
        # A failed parse costs ten times a successful one, so text that cannot follow the format is kept away from it.
        shape = _shape(format)
        may_follow = text.like(shape)
        if len(shape.replace("%", "")) < 2:  # DuckDB takes these words for times, whatever the format
            may_follow = ~text.lower().isin(["epoch", "infinity", "-infinity"])
        return ibis.ifelse(may_follow, _try_strptime(text, format), ibis.null("timestamp"))

    def repeated_keys(self, rows: ir.Table, key: Sequence[str]) -> ir.Table | None:
        repeated = self.keep(rows.group_by(list(key)).having(ibis._.count() > 1).agg().select(list(key)))
        return repeated if self._count(repeated) else None

    def left_out(self, kept: Path) -> ir.Table:
        # A byte a row: 20 MB for 20 million rows.
        places = {file: numpy.ones(1 + rows, bool) for file, rows in self._rows.items()}
        for file, row in self._connection.execute("SELECT source_file, raw_row_number FROM unreadable").fetchall():
            places[file][row] = False
        has_one_file = len(places) == 1
        columns = ["raw_row_number"] if has_one_file else ["source_file", "raw_row_number"]
        for batch in pq.ParquetFile(kept, read_dictionary=columns[:-1]).iter_batches(columns=columns):
            numbers = numpy.from_dlpack(batch["raw_row_number"])  # to_numpy() would import pandas
            if has_one_file:
                next(iter(places.values()))[numbers] = False
                continue
            files = batch["source_file"].dictionary.to_pylist()
            codes = numpy.from_dlpack(batch["source_file"].indices)
            for code, file in enumerate(files):
                places[file][numbers[codes == code]] = False
        selects = []
        for file, are_left in places.items():
            rows = numpy.flatnonzero(are_left[1:]) + 1
            # pa.array() would import pandas, which takes longer than all of this.
            column = pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(rows)])
            path = self._folder / f"{self._new_name()}.parquet"
            pq.write_table(pa.Table.from_arrays([column], names=["raw_row_number"]), path)
            selects.append(
                f"SELECT {_quoted(file)} AS source_file, raw_row_number FROM read_parquet({_quoted(str(path))})"
            )
        return self._view(" UNION ALL ".join(selects))

    def keep(self, rows: ir.Table) -> ir.Table:
        name = self._new_name()
        with _resources_named():
            self._connection.execute(f"CREATE TABLE {name} AS {self._sql(rows)}")
        return self._table(name)

    def read(self, path: Path) -> ir.Table:
        return self._view(f"SELECT * FROM read_parquet({_quoted(str(path))})")

    def write_parquet(self, rows: ir.Table, path: Path) -> None:
        self._copy(rows, path, _PARQUET)

    def write_csv(self, rows: ir.Table, path: Path) -> None:
        self._copy(rows, path, "FORMAT csv, HEADER true")

    def to_arrow(self, rows: ir.Table) -> pa.Table:
        with _resources_named():
            return self._connection.sql(self._sql(rows)).to_arrow_table()

    def close(self) -> None:
        self._connection.close()

    # --- reading ---------------------------------------------------------------------------------------------------

    def _stage_csv(self, file: SourceFile, target: Path) -> None:
        path = file.path
        if file.encoding != "utf-8":
            path = target.with_suffix(".csv")
            transcode(file, path)
        is_gzip = file.is_gzip and path == file.path
        columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(file.columns)))
        named = ", ".join(f"c{position} AS {_name(raw)}" for position, raw in enumerate(file.raw_names))
        self._connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
        try:
            self._connection.execute(
                f"COPY (SELECT {_quoted(file.name)} AS source_file, {named} FROM read_csv({_quoted(str(path))}, "
                f"auto_detect = false, header = true, columns = {{{columns}}}, skip = {file.skip_rows}, "
                f"delim = {_quoted(file.delimiter)}, quote = {_quoted(file.quote)}, escape = {_quoted(file.quote)}, "
                f"store_rejects = true, rejects_limit = 0, max_line_size = {LONGEST_VALUE}, "
                f"compression = '{'gzip' if is_gzip else 'none'}')) "
                f"TO {_quoted(str(target))} ({_PARQUET})"
            )
        except duckdb.InvalidInputException:
            self._stage_slowly(file, target)  # line ends of two kinds in one file, for one
        else:
            lost = self._connection.execute("SELECT count(*) FROM reject_errors").fetchone()
            if lost and lost[0] and has_blank_lines(file):
                # DuckDB tells the line of such a row and counts blank lines, which are no rows; the slow way is exact.
                self._stage_slowly(file, target)
                return
            self._connection.execute(
                "INSERT INTO unreadable "
                f"SELECT {_quoted(file.name)}, line - 1, min(CASE error_type {_REASONS} ELSE 'it cannot be read' END), "
                "min(csv_line) FROM reject_errors GROUP BY line"
            )
        finally:
            if path != file.path:
                path.unlink(missing_ok=True)

    def _stage_slowly(self, file: SourceFile, target: Path) -> None:
        width = len(file.columns)
        names = ["source_file", *file.raw_names]
        schema = pa.schema([(name, pa.string()) for name in names])
        unreadable: list[tuple[str, int, str, str]] = []

        def batches() -> Iterator[pa.RecordBatch]:
            rows: list[list[str]] = []
            for number, row in enumerate(rows_one_by_one(file), 1):
                if isinstance(row, str):
                    unreadable.append((file.name, number, row, ""))
                elif len(row) != width:
                    reason = "it has too few values" if len(row) < width else "it has too many values"
                    unreadable.append((file.name, number, reason, file.delimiter.join(row)))
                else:
                    rows.append(row)
                if len(rows) == 50_000:
                    yield _batch(rows, file.name, schema)
                    rows = []
            yield _batch(rows, file.name, schema)

        with pq.ParquetWriter(target, schema) as writer:
            for batch in batches():
                writer.write_batch(batch)
        if unreadable:
            self._connection.executemany("INSERT INTO unreadable VALUES (?, ?, ?, ?)", unreadable)

    def _stage_workbook(self, file: SourceFile, target: Path) -> None:
        import fastexcel

        sheet = fastexcel.read_excel(file.path).load_sheet(file.sheet, header_row=file.skip_rows, dtypes="string")
        table = pa.Table.from_batches([pa.record_batch(sheet)])
        if table.num_columns != len(file.columns):
            raise SourceError(f"The rows of {file.path} do not fit its header.", "Export the sheet as CSV.")
        names = pa.array([file.name] * table.num_rows, pa.string())
        table = table.rename_columns(list(file.raw_names)).add_column(0, "source_file", names)
        pq.write_table(table, target)

    def _stage_parquet(self, file: SourceFile, target: Path) -> None:
        named = ", ".join(
            f"CAST({_name(column)} AS VARCHAR) AS {_name(raw)}"
            for column, raw in zip(file.columns, file.raw_names, strict=True)
        )
        self._connection.execute(
            f"COPY (SELECT {_quoted(file.name)} AS source_file, {named} FROM read_parquet({_quoted(str(file.path))})) "
            f"TO {_quoted(str(target))} ({_PARQUET})"
        )

    # --- SQL -------------------------------------------------------------------------------------------------------

    def _new_name(self) -> str:
        self._names += 1
        return f"step_{self._names}"

    def _view(self, sql: str) -> ir.Table:
        name = self._new_name()
        with _resources_named():
            self._connection.execute(f"CREATE VIEW {name} AS {sql}")
        return self._table(name)

    def _table(self, name: str) -> ir.Table:
        described = self._connection.execute(f"DESCRIBE {name}").fetchall()
        return ibis.table({column: _type(kind) for column, kind, *_ in described}, name=name)

    def _sql(self, rows: ir.Table) -> str:
        # Ibis would merge the steps into one and write shared expressions out again and again.
        with _unfused():
            return str(ibis.to_sql(rows, dialect="duckdb", pretty=False))

    def _count(self, rows: ir.Table) -> int:
        return int(self.to_arrow(rows.agg(n=rows.count()))["n"][0].as_py())

    def _count_unreadable(self, file: SourceFile) -> int:
        found = self._connection.execute(
            "SELECT count(*) FROM unreadable WHERE source_file = ?", [file.name]
        ).fetchone()
        return int(found[0]) if found else 0

    def _copy(self, rows: ir.Table, path: Path, options: str) -> None:
        with _resources_named():
            self._connection.execute(f"COPY ({self._sql(rows)}) TO {_quoted(str(path))} ({options})")


_REASONS = (
    "WHEN 'MISSING COLUMNS' THEN 'it has too few values' "
    "WHEN 'TOO MANY COLUMNS' THEN 'it has too many values' "
    "WHEN 'UNQUOTED VALUE' THEN 'the quotes do not close' "
    "WHEN 'LINE SIZE OVER MAXIMUM' THEN 'it is longer than any row can be' "
    "WHEN 'INVALID ENCODING' THEN 'it is not valid UTF-8'"
)


def _shape(format: str) -> str:
    """A LIKE pattern that every text in `format` matches: the separators in order, anything between them."""
    literal = re.sub(r"%[^%]|\s+", "%", format.replace("%%", "_")).replace("_", "%")
    return "%" + re.sub(r"%+", "%", literal).strip("%") + "%"


def _batch(rows: list[list[str]], file_name: str, schema: pa.Schema) -> pa.RecordBatch:
    columns = list(zip(*rows, strict=True)) if rows else [()] * (len(schema) - 1)
    return pa.record_batch(
        [pa.array([file_name] * len(rows), pa.string()), *(pa.array(c, pa.string()) for c in columns)], schema
    )


def _type(kind: str) -> Any:
    """DuckDB's name of a type as an Ibis type."""
    if kind.endswith("[]"):
        return f"array<{_type(kind.removesuffix('[]'))}>"
    return _TYPES[kind]


_TYPES = {
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "DOUBLE": "float64",
    "DATE": "date",
    "TIME": "time",
    "INTEGER": "int32",
    "BIGINT": "int64",
}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@contextlib.contextmanager
def _unfused() -> Iterator[None]:
    before = ibis.options.sql.fuse_selects
    ibis.options.sql.fuse_selects = False
    try:
        yield
    finally:
        ibis.options.sql.fuse_selects = before


@contextlib.contextmanager
def _resources_named() -> Iterator[None]:
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise EngineError(
            "The records do not fit in the memory the engine may use.", "Allow more under 'engine'."
        ) from error
    except (duckdb.IOException, OSError) as error:
        raise EngineError(
            f"The disk refused to write: {_first_line(error)}.", "Free space, then run it again."
        ) from error


@contextlib.contextmanager
def _as_ours(file: SourceFile) -> Iterator[None]:
    try:
        with _resources_named():
            yield
    except (duckdb.Error, pa.ArrowException, UnicodeError, csv.Error) as error:
        raise SourceError(
            f"{file.path} cannot be read: {_first_line(error)}.", "Export it again, or as CSV."
        ) from error


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")[:200] if str(error).strip() else type(error).__name__
