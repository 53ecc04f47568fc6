"""Tables and texts as files: counts to CSV and Parquet, everything else to JSON."""

from __future__ import annotations

import csv as csv_format
import io
import json

import pyarrow as pa
import pyarrow.parquet


def csv(table: pa.Table) -> bytes:
    """`table` as CSV in UTF-8, quoted only where needed; a hidden count is an empty field beside the status `suppressed`."""
    text = io.StringIO()
    writer = csv_format.writer(text, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return text.getvalue().encode()


def parquet(table: pa.Table) -> bytes:
    """`table` as Parquet, the same bytes for the same table."""
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def json_bytes(value: object) -> bytes:
    """JSON as people can read it and machines can compare it: two spaces, keys in the order given, UTF-8, one final newline."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
