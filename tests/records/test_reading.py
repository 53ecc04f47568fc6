"""Files are read as they come; a row that does not fit is a reject with a reason; a bad file is one sentence."""

from __future__ import annotations

import gzip
import json
import re

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from comity.errors import ComityError
from comity.records import SourceError, count, parse_mapping, standardise

PLACES = "  neighborhood: place\n"
ROWS = 'day,place\n2017-01-01,North\n2017-01-02,"South, ""old"" part"\n2017-01-03,"Two\nlines"\n'
READ = ["North", 'South, "old" part', "Two\nlines"]


def neighborhoods(records) -> list[str]:
    return count(records, ["neighborhood"]).column("neighborhood").to_pylist()


@pytest.mark.parametrize(
    ("content", "rest"),
    [
        (ROWS.encode(), ""),
        (b"\xef\xbb\xbf" + ROWS.encode(), ""),
        (gzip.compress(ROWS.encode(), mtime=0), ""),
        (ROWS.encode("utf-16"), ""),
        (re.sub("(?m)^(day|2017-01-0.),", r"\1|", ROWS).encode(), "files: {delimiter: pipe}\n"),
        (("Exported today\n\n" + ROWS).encode(), "files: {skip_rows: 2}\n"),
        (b'day,place\r\n2017-01-01,North\n2017-01-02,"South, ""old"" part"\r\n2017-01-03,"Two\nlines"\n', ""),
    ],
    ids=["plain", "byte order mark", "gzip", "utf-16", "pipe", "lines before the header", "two kinds of line ends"],
)  # fmt: skip
def test_the_same_rows_are_read_however_the_file_is_written(standardised, content, rest):
    records = standardised(content, PLACES, rest)

    assert neighborhoods(records) == READ
    assert records.accounting.accepted == records.accounting.source_rows == 3


def test_latin_1_letters_survive_and_no_byte_is_lost(standardised):
    records = standardised(
        "day,place\n2017-01-01,Peña\n".encode("latin-1") + b"2017-01-01,\x81\n", PLACES, "files: {encoding: latin-1}\n"
    )

    assert neighborhoods(records) == ["Peña", "\x81"]


def test_tab_separated_files_are_known_by_their_name(standardised):
    assert neighborhoods(standardised("day\tplace\n2017-01-01\ta,b\n", PLACES, name="stops.tsv")) == ["a,b"]


def test_parquet_and_workbooks_are_read(standardised, tmp_path):
    table = pa.table({"day": ["2017-01-01", "2017-01-02"], "place": ["North", None], "n": [1, 2]})
    pq.write_table(table, tmp_path / "t.parquet")
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["day", "place"], ["2017-01-01", "North"], ["2017-01-02", None]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")

    for name in ("t.parquet", "t.xlsx"):
        records = standardised((tmp_path / name).read_bytes(), PLACES, name=f"stops.{name}")
        assert neighborhoods(records) == ["North", "not recorded"]


def test_a_pattern_reads_files_whose_columns_differ_in_order(standardised, tmp_path):
    (tmp_path / "a1.csv").write_text("day,place\n2017-01-01,North\n")
    (tmp_path / "a2.csv").write_text("place,extra,day\nSouth,x,2017-01-02\n,,\nshort\n")
    text = 'source: A\nrecord_type: stop\ncolumns:\n  date: {from: day, formats: ["%Y-%m-%d"]}\n  neighborhood: place\n'

    records = standardise(parse_mapping(text), tmp_path / "a*.csv", tmp_path / "out")

    assert neighborhoods(records) == ["North", "South"]
    assert [file["rows"] for file in records.accounting.files] == [1, 3]
    assert records.accounting.rejected == 2


def test_ragged_rows_are_rejects_with_their_line_and_number(standardised):
    text = "day,place\n2017-01-01,North\n2017-01-02\n2017-01-03,a,b\n2017-01-04,South\nnever,East\n"

    records = standardised(text, PLACES)

    rejects = pq.read_table(records.rejects_parquet).sort_by("raw_row_number").to_pylist()
    assert [(row["raw_row_number"], row["reject_reasons"], row["raw_line"]) for row in rejects] == [
        (2, ["row: it has too few values"], "2017-01-02"),
        (3, ["row: it has too many values"], "2017-01-03,a,b"),
        (5, ["date: it follows none of the formats"], None),
    ]
    accepted = pq.read_table(records.path, columns=["raw_row_number", "neighborhood"]).sort_by("raw_row_number")
    assert accepted.to_pydict() == {"raw_row_number": [1, 4], "neighborhood": ["North", "South"]}
    assert pyarrow.csv.read_csv(records.rejects_csv).num_rows == 3


def test_bytes_that_are_no_utf_8_are_rejects(standardised):
    records = standardised(b"day,place\n2017-01-01,Pe\xf1a\n2017-01-02,North\n", PLACES)

    assert records.accounting.rejects_by_reason == {"row: it is not valid UTF-8": 1}
    assert neighborhoods(records) == ["North"]


def test_every_source_column_is_kept_as_it_was_also_where_names_collide(standardised):
    records = standardised("day,Place,place,row_number\n2017-01-01, a ,b,7\n", PLACES)

    row = pq.read_table(records.path).to_pylist()[0]
    assert [row[records.raw_columns[name]] for name in ("day", "Place", "place", "row_number")] == [
        "2017-01-01",
        " a ",
        "b",
        "7",
    ]
    assert row["raw_row_number"] == 1


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.csv", b"", "is empty"),
        ("empty.csv.gz", gzip.compress(b"", mtime=0), "is empty"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(200), "is a binary file, not text"),
        ("zip.csv", b"PK\x03\x04" + bytes(100), "is not text: it is a zip archive"),
        ("cut.csv.gz", gzip.compress(ROWS.encode(), mtime=0)[:20], "is a damaged gzip file"),
        ("cut.parquet", b"PAR1" + bytes(20), "begins like a Parquet file"),
        ("book.xlsx", b"PK\x03\x04" + bytes(100), "is not a workbook"),
        ("twice.csv", b"day,day\n1,2\n", "names 'day' twice"),
        ("blank.csv", b"\n\n", "has no header line"),
        ("header.csv", b"day,place\n", "a header and no rows"),
        ("other.csv", b"dey,place\n1,2\n", "has no column 'day', which mapping reads. Did you mean 'dey'?"),
        ("semicolon.csv", b"day;place\n1;2\n", "another delimiter"),
        ("open.csv", b'"day,place\n1,2\n', "quotes that do not close"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_sentence_and_leaves_nothing(standardised, tmp_path, name, content, told):
    with pytest.raises(ComityError) as caught:
        standardised(content, PLACES, name=name)

    assert told in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    mapping = parse_mapping(json.dumps({"source": "A", "record_type": "complaint", "columns": {"beat": "b"}}))

    with pytest.raises(SourceError, match=r"There is no file .*none\.csv"):
        standardise(mapping, tmp_path / "none.csv", tmp_path / "out")
    with pytest.raises(SourceError, match="is a folder"):
        standardise(mapping, tmp_path, tmp_path / "out")


def test_blank_lines_are_no_rows_and_shift_no_numbers(standardised):
    records = standardised("day,place\n\n2017-01-01\n\n2017-01-02,North\n2017-01-03,a,b\n", PLACES)

    rejects = pq.read_table(records.rejects_parquet).sort_by("raw_row_number").column("raw_row_number").to_pylist()
    assert rejects == [1, 3]
    assert pq.read_table(records.path).column("raw_row_number").to_pylist() == [2]
    assert records.accounting.source_rows == 3
