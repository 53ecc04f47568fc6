"""Survey files to columns: CSV, Parquet, SPSS (.sav, .zsav, .por) and Stata (.dta).

SPSS and Stata files are read by pyreadstat (extra `spss`); their value labels name the categories, and the codes they
declare as missing are missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from comity.errors import ComityError
from comity.estimates.columns import Columns, read_columns

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", ".")


def read_survey_file(path: Path) -> Columns:
    """The table in `path`, by its ending. Raises ComityError where it cannot be read."""
    if not path.is_file():
        raise ComityError(f"There is no file '{path}'.", "Check the path.")
    name = path.name.casefold().removesuffix(".gz")
    try:
        if name.endswith((".csv", ".tsv")):
            return Columns(_read_csv(path, "\t" if name.endswith(".tsv") else ","))
        if name.endswith(".parquet"):
            return Columns(pyarrow.parquet.read_table(path))
    except pa.ArrowInvalid as error:
        raise ComityError(
            f"'{path.name}' cannot be read: {error}.", "Check that the file is whole and of this kind."
        ) from error
    if name.endswith((".sav", ".zsav", ".por", ".dta")):
        return _read_labelled(path, name)
    raise ComityError(
        f"'{path.name}' is of a kind that is not read.",
        "Give a .csv, .csv.gz, .parquet, .sav, .zsav, .por or .dta file.",
    )


def _read_csv(path: Path, delimiter: str) -> pa.Table:
    table = pyarrow.csv.read_csv(
        path,
        parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            null_values=list(MISSING), strings_can_be_null=True, true_values=[], false_values=[]
        ),
    )
    repeated = {name for name in table.column_names if table.column_names.count(name) > 1}
    if repeated:
        raise ComityError(f"'{path.name}' has two columns named '{min(repeated)}'.", "Rename one of them.")
    return table


def _read_labelled(path: Path, name: str) -> Columns:
    try:
        import pyreadstat
    except ImportError as error:
        raise ComityError(
            "SPSS and Stata files need the package pyreadstat.", "Install Comity with its extra: comity[spss]."
        ) from error
    readers: dict[str, Any] = {".dta": pyreadstat.read_dta, ".por": pyreadstat.read_por}
    reader = readers.get(name[name.rindex(".") :], pyreadstat.read_sav)
    try:
        data, meta = reader(str(path), output_format="dict")
    except Exception as error:  # the reader raises its own errors and plain ones for broken files
        raise ComityError(
            f"'{path.name}' cannot be read: {error}.", "Check that the file is whole and of this kind."
        ) from error
    labels = {
        column: {code: str(label) for code, label in codes.items()}
        for column, codes in meta.variable_value_labels.items()
    }
    return Columns(read_columns(data).table, labels)


def write_table(table: pa.Table, path: Path) -> None:
    """Write `table` to a .csv or .parquet file: to a temporary name beside it, then renamed."""
    name = path.name.casefold()
    if not name.endswith((".csv", ".parquet")):
        raise ComityError(f"'{path.name}' is of a kind that is not written.", "Give a .csv or .parquet file.")
    if not path.parent.is_dir():
        raise ComityError(f"There is no folder '{path.parent}'.", "Make it first.")
    partial = path.with_name(f".{path.name}.partial")
    try:
        if name.endswith(".csv"):
            pyarrow.csv.write_csv(table, partial)
        else:
            pyarrow.parquet.write_table(table, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
