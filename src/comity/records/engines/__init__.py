"""Where rows are worked on: Ibis expressions on an engine, behind an interface narrow enough to move to another one.

Only grouped counts leave an engine as data; rows stay in it or go to private files. Measured differences between
engines that this interface hides: reading text files, parsing dates without raising on the first bad one, finding
repeated keys in little memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from comity.records.reading import SourceFile

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

ALLOWED_OPERATIONS = frozenset(
    [
        "Abs",
        "And",
        "Argument",
        "Array",
        "ArrayFilter",
        "ArrayIndex",
        "ArrayLength",
        "Coalesce",
        "Date",
        "Equals",
        "Field",
        "Floor",
        "GreaterEqual",
        "IfElse",
        "InValues",
        "IsNull",
        "Less",
        "LessEqual",
        "Literal",
        "Lowercase",
        "Not",
        "NotNull",
        "Or",
        "Project",
        "SearchedCase",
        "SimpleCase",
        "StrRight",
        "StringConcat",
        "StringContains",
        "StringLength",
        "StringSQLLike",
        "StringSplit",
        "Time",
        "TryCast",
        "UnboundTable",
    ]
)
"""The Ibis operations a mapping compiles to; each must mean the same on an engine before that engine is added.

Not among them, because engines differ: timestamps by format, back-references and look-behind, hashes, zones.
"""


class Engine(Protocol):
    """What `standardise`, `check` and `count` ask of an engine. Every expression argument is an Ibis expression."""

    name: str

    def stage(self, files: Sequence[SourceFile], folder: Path) -> None:
        """Read the source files once, every value as text, into `folder`."""

    def raw(self) -> ir.Table:
        """The rows staged: source_file, raw_row_number (from 1 in each file, after the header), raw_<name> as text."""

    def unreadable(self) -> ir.Table:
        """The rows that do not fit their header: source_file, raw_row_number, reason, raw_line."""

    def trim(self, text: ir.StringValue, characters: str, *, has_few_values: bool) -> ir.StringValue:
        """`text` without `characters` at both ends. has_few_values: a hint that the column repeats a few values."""

    def parse_time(self, text: ir.StringValue, format: str) -> ir.TimestampValue:
        """`text` as a timestamp without zone, or null where it does not follow `format` (directives of strptime)."""

    def repeated_keys(self, rows: ir.Table, key: Sequence[str]) -> ir.Table | None:
        """Distinct values of `key` that more than one row has (a superset is allowed), or None when there are none."""

    def left_out(self, kept: Path) -> ir.Table:
        """The source_file and raw_row_number of every staged row that the Parquet file `kept` does not hold."""

    def keep(self, rows: ir.Table) -> ir.Table:
        """Work out a small table now, so that later steps read the result."""

    def read(self, path: Path) -> ir.Table:
        """A Parquet file as a table."""

    def write_parquet(self, rows: ir.Table, path: Path) -> None:
        """Write the rows to one Parquet file, in no particular order."""

    def write_csv(self, rows: ir.Table, path: Path) -> None:
        """Write the rows to one CSV file with a header, in the order of the rows."""

    def to_arrow(self, rows: ir.Table) -> pa.Table:
        """A small result: counts, not records."""

    def close(self) -> None:
        """Let go of memory and files."""
