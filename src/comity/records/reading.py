"""Source files are found, recognised by what they hold and not by their name, and described before they are read.

CSV follows RFC 4180 with the liberties that real exports take: any delimiter, a byte order mark, gzip, other encodings.
"""

from __future__ import annotations

import codecs
import csv
import glob
import gzip
import hashlib
import io
import itertools
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal, cast

from comity.errors import ComityError
from comity.records.mapping import FileOptions

LONGEST_VALUE = 2_000_000
"""Characters in one row before it is taken for a quote that never closes; the embedded engine's own limit."""


class SourceError(ComityError):
    """A source file is missing, empty, or not what its name says."""


@dataclass(frozen=True)
class SourceFile:
    """One file as found: what it is, its columns in order, and its digest.

    name: what the records call it: its file name, or its path where two have the same name.
    columns: the header as written. raw_names: the same columns as they are called in the records ("raw_" before each).
    """

    path: Path
    name: str
    kind: Literal["csv", "xlsx", "parquet"]
    columns: tuple[str, ...]
    raw_names: tuple[str, ...]
    sha256: str
    bytes: int
    is_gzip: bool = False
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    skip_rows: int = 0
    sheet: str | int = 0


def find_files(files: str | Path | Iterable[str | Path]) -> list[Path]:
    """The files meant by paths and patterns such as "stops_*.csv", each once, sorted within a pattern."""
    found: dict[Path, None] = {}
    for each in [files] if isinstance(files, str | Path) else list(files):
        path = Path(each)
        if not str(each) or "\0" in str(each):
            raise SourceError(f"{str(each)!r} is not a file name.", "Give the path of a file.")
        if path.is_file():
            found[path] = None
        elif path.is_dir():
            raise SourceError(f"{path} is a folder.", f"Name its files, for example '{path}/*.csv'.")
        else:
            matches = sorted(Path(match) for match in glob.glob(str(each), recursive=True) if Path(match).is_file())
            if not matches:
                raise SourceError(f"There is no file {each}.", "Check the path and its spelling.")
            found.update(dict.fromkeys(matches))
    if not found:
        raise SourceError("No file was given.", "Name at least one source file.")
    return list(found)


def describe_files(paths: Sequence[Path], options: FileOptions) -> list[SourceFile]:
    """Look at each file. Raises SourceError, one plain sentence, for a file that is empty or not a table."""
    described = [_describe(path, options) for path in paths]
    names = [path.name for path in paths]
    return [
        replace(file, raw_names=raw, name=file.name if names.count(file.name) == 1 else str(file.path))
        for file, raw in zip(described, _raw_names(described), strict=True)
    ]


def text_lines(file: SourceFile, *, errors: str = "strict") -> IO[str]:
    """The text of a CSV file, decompressed and decoded, line ends as they are. errors: as Python's codecs call it."""
    binary = _open(file.path, is_gzip=file.is_gzip)
    codecs.register_error(_FILL_FIVE_BYTES, _five_undefined_bytes)
    errors = _FILL_FIVE_BYTES if file.encoding == "windows-1252" else errors
    return io.TextIOWrapper(binary, encoding=_python_codec(file.encoding), errors=errors, newline="")


def transcode(file: SourceFile, target: Path) -> None:
    """Write the file's text as UTF-8, for an engine that reads nothing else."""
    try:
        with text_lines(file) as source, open(target, "w", encoding="utf-8", newline="") as sink:
            while block := source.read(1 << 20):
                sink.write(block)
    except UnicodeError as error:
        raise SourceError(
            f"{file.path} is not {file.encoding}: {_reason(error)}.", "Set 'encoding' under 'files'."
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(file.path, error) from error


def rows_one_by_one(file: SourceFile) -> Iterator[list[str] | str]:
    """Every row after the header by Python's own reader, or a sentence for one that cannot be read. For odd files."""
    csv.field_size_limit(LONGEST_VALUE)
    with text_lines(file, errors="surrogateescape") as lines:
        for _ in range(file.skip_rows):
            lines.readline()
        reader = _csv_reader(lines, file.delimiter, file.quote)
        next(reader, None)
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield "the quotes do not close"
                continue
            if not all(_is_unicode(value) for value in row):
                yield "it is not valid UTF-8"
            elif row or len(file.columns) == 1:
                yield row or [""]


def has_blank_lines(file: SourceFile) -> bool:
    """Whether the text of a CSV file has two line ends in a row, within quotes or not."""
    end = ""
    with text_lines(file, errors="replace") as text:
        while block := text.read(1 << 20):
            seen = (end + block).replace("\r\n", "\n").replace("\r", "\n")
            if "\n\n" in seen:
                return True
            end = block[-2:]
    return False


# --- looking at one file ------------------------------------------------------------------------------------------


def _describe(path: Path, options: FileOptions) -> SourceFile:
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            start = file.read(8)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error
    if size == 0:
        raise SourceError(f"{path} is empty.", "Export it again; it should have a header line.")
    if start.startswith(b"PAR1"):
        return _describe_parquet(path, digest, size)
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _describe_workbook(path, digest, size, options)
    return _describe_text(path, digest, size, options, is_gzip=start.startswith(b"\x1f\x8b"))


def _describe_parquet(path: Path, digest: str, size: int) -> SourceFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(
            f"{path} begins like a Parquet file and cannot be read.", "Copy or export it again."
        ) from error
    nested = [field.name for field in schema if pa.types.is_nested(field.type) or pa.types.is_binary(field.type)]
    if nested:
        raise SourceError(f"The column '{nested[0]}' of {path} holds lists or bytes.", "Export plain values.")
    return SourceFile(path, path.name, "parquet", _header(path, list(schema.names)), (), digest, size)


def _describe_workbook(path: Path, digest: str, size: int, options: FileOptions) -> SourceFile:
    import fastexcel

    sheet: str | int = 0
    try:
        book = fastexcel.read_excel(path)
        if options.sheet is not None:
            sheet = int(options.sheet) - 1 if options.sheet.isdigit() else options.sheet
            if sheet not in (*book.sheet_names, *range(len(book.sheet_names))):
                raise SourceError(
                    f"{path} has no sheet '{options.sheet}'.", f"Its sheets are: {', '.join(book.sheet_names)}."
                )
        loaded = book.load_sheet(sheet, header_row=options.skip_rows, n_rows=0, dtypes="string")
    except fastexcel.FastExcelError as error:
        if path.suffix.lower() in (".csv", ".tsv", ".txt"):
            what = f"{path} is not text: it is a zip archive or another binary file"
        else:
            what = f"{path} is not a workbook that can be read"
        raise SourceError(f"{what}.", "Unpack it, or export the table again as CSV or XLSX.") from error
    names = [column.name for column in loaded.available_columns()]
    if not names:
        raise SourceError(f"The sheet of {path} is empty.", "Set 'sheet' under 'files' in the mapping.")
    return SourceFile(
        path, path.name, "xlsx", _header(path, names), (), digest, size, skip_rows=options.skip_rows, sheet=sheet
    )


def _describe_text(path: Path, digest: str, size: int, options: FileOptions, *, is_gzip: bool) -> SourceFile:
    try:
        with _open(path, is_gzip=is_gzip) as file:
            start = file.read(1 << 18)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from error
    if not start:
        raise SourceError(f"{path} is empty.", "Export it again; it should have a header line.")
    encoding = options.encoding
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif encoding != "utf-16" and (b"\0" in start or _share_of_control_bytes(start) > 0.05):
        raise SourceError(f"{path} is a binary file, not text.", "Export the table as CSV, XLSX or Parquet.")
    delimiter = options.delimiter or ("\t" if path.name.lower().removesuffix(".gz").endswith((".tsv", ".tab")) else ",")
    file_so_far = SourceFile(
        path, path.name, "csv", (), (), digest, size, is_gzip, delimiter, options.quote, encoding, options.skip_rows
    )
    return replace(file_so_far, columns=_header(path, _first_row(file_so_far)))


def _open(path: Path, *, is_gzip: bool) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if is_gzip else path.open("rb")


def _first_row(file: SourceFile) -> list[str]:
    csv.field_size_limit(LONGEST_VALUE)
    try:
        with text_lines(file, errors="replace") as lines:  # bytes after the header are judged row by row
            for _ in range(file.skip_rows):
                lines.readline()
            return next(_csv_reader(itertools.islice(lines, 100), file.delimiter, file.quote), [])
    except csv.Error:
        raise SourceError(
            f"The header of {file.path} has quotes that do not close.",
            "Correct it, or set 'quote: none' under 'files'.",
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(file.path, error) from error


def _header(path: Path, names: list[str]) -> tuple[str, ...]:
    names = [name.strip(" \t\r\n\v\f\u00a0\ufeff") for name in names]
    if any("\ufffd" in name for name in names):
        raise SourceError(
            f"The header of {path} holds letters in another encoding than expected.",
            "Set 'encoding' under 'files' in the mapping, for example windows-1252.",
        )
    if not any(names):
        raise SourceError(f"{path} has no header line.", "Its first line should name the columns; see 'skip_rows'.")
    named = [name or f"column {position}" for position, name in enumerate(names, 1)]
    repeated = sorted({name for name in named if named.count(name) > 1})
    if repeated:
        raise SourceError(f"The header of {path} names '{repeated[0]}' twice.", "Rename one of the two columns.")
    return tuple(named)


def _raw_names(files: list[SourceFile]) -> list[tuple[str, ...]]:
    """A name for each source column that no other one has, upper and lower case being the same for the engines."""
    taken = {"raw_row_number": ""}
    names: dict[str, str] = {}
    for column in itertools.chain.from_iterable(file.columns for file in files):
        if column not in names:
            name = f"raw_{column}"
            number = 2
            while name.lower() in taken:
                name = f"raw_{column}_{number}"
                number += 1
            taken[name.lower()] = column
            names[column] = name
    return [tuple(names[column] for column in file.columns) for file in files]


def _csv_reader(lines: Iterable[str], delimiter: str, quote: str) -> Iterator[list[str]]:
    if quote:
        return csv.reader(lines, delimiter=delimiter, quotechar=quote, doublequote=True, strict=True)
    return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _share_of_control_bytes(start: bytes) -> float:
    return sum(start.count(byte) for byte in range(32) if byte not in b"\t\n\r\f\v\x1b") / len(start)


def _unreadable(path: Path, error: BaseException) -> SourceError:
    if isinstance(error, EOFError | zlib.error | gzip.BadGzipFile):
        return SourceError(f"{path} is a damaged gzip file.", "Copy or download it again.")
    return SourceError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.", "Check its permissions.")


def _reason(error: UnicodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"byte 0x{error.object[error.start]:02x} does not belong there"
    return "it has no byte order mark"


def _python_codec(encoding: str) -> str:
    return {"utf-8": "utf-8-sig", "windows-1252": "cp1252"}.get(encoding, encoding)


def _five_undefined_bytes(error: UnicodeError) -> tuple[str, int]:
    """Windows-1252 leaves five bytes undefined; like the WHATWG standard, keep them as control characters."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


_FILL_FIVE_BYTES = "comity.windows-1252"
