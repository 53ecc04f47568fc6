"""Whatever a file holds, the result is one sentence or an account that adds up; never a traceback, never a lost row."""

from __future__ import annotations

import contextlib
import csv
import io

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from comity.errors import ComityError
from comity.records import parse_mapping
from comity.records.standardise import standardise_in

MAPPING = """
source: Messy
record_type: call for service
columns:
  date: {from: a, formats: ["%Y-%m-%d"], required: no}
  neighborhood: b
duplicates: {key: [a, b]}
"""

settings.register_profile(
    "files", max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
files_profile = settings.get_profile("files")


def account_of(content: bytes, folder, name: str = "messy.csv"):
    (folder / name).write_bytes(content)
    return standardise_in(parse_mapping(MAPPING), folder / name, folder)


fragments = st.sampled_from(
    [
        "2017-01-01",
        "x",
        "",
        ",",
        ",,",
        '"',
        '""',
        "\n",
        "\r\n",
        "\r",
        '"a,b"',
        '"a\nb"',
        " ",
        "\t",
        "\0",
        "é",
        "\ufeff",
        "NA",
        "'",
        "\\",
    ]
)
bodies = st.lists(fragments, max_size=40).map("".join).map(str.encode) | st.binary(max_size=60)


@given(bodies)
@example(b'1,"open\n2,x\n3,y\n')
@example(b"1,\xff\n2,x\n")
@example(b"\n\n,\n")
@example(b"\n2017-01-01")
@example(b"\nx\n\n\n1,2\n3,\xff\n")
@files_profile
def test_any_bytes_after_a_header_give_a_sentence_or_an_account_that_adds_up(tmp_path_factory, body):
    folder = tmp_path_factory.mktemp("messy")
    try:
        records = account_of(b"a,b\n" + body, folder)
    except ComityError:
        return  # one sentence

    account = records.accounting
    written = pq.read_metadata(records.path).num_rows, pq.read_metadata(records.rejects_parquet).num_rows
    assert (account.accepted, account.rejected) == written
    assert account.source_rows == account.accepted + account.rejected + account.duplicates


@given(st.binary(max_size=80) | bodies)
@files_profile
def test_any_bytes_as_a_file_give_a_sentence_or_an_account(tmp_path_factory, content):
    with contextlib.suppress(ComityError):
        account_of(content, tmp_path_factory.mktemp("bytes"))


cells = st.text(st.sampled_from("ab,\"\n'; é\t"), max_size=6)


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=20), st.sampled_from(["\n", "\r\n"]))
@files_profile
def test_well_formed_rows_are_all_read_with_every_character(tmp_path_factory, rows, line_end):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b"), *rows])
    folder = tmp_path_factory.mktemp("formed")

    records = account_of(text.getvalue().encode(), folder)

    kept = [
        (row["raw_row_number"], row["raw_a"] or "", row["raw_b"] or "")
        for path in (records.path, records.rejects_parquet, records.duplicates_parquet)
        if path.exists()
        for row in pq.read_table(path).to_pylist()
    ]
    assert sorted(kept) == [(number, *row) for number, row in enumerate(rows, 1)]


def test_a_stray_quote_costs_only_the_rows_it_swallows_and_says_so(tmp_path):
    rows = ["2017-01-01,n"] * 50
    rows[10] = '2017-01-01,"n'
    rows[30] = '2017-01-01,n"'

    account = account_of(("a,b\n" + "\n".join(rows) + "\n").encode(), tmp_path).accounting

    assert account.source_rows == account.accepted + account.rejected + account.duplicates
    assert account.source_rows >= 30


@pytest.mark.parametrize("rows", [1, 70_000])
def test_long_files_keep_their_row_numbers(tmp_path, rows):
    text = "a,b\n" + "".join(f"2017-01-01,{n}\n" if n % 1000 else f"never,{n}\n" for n in range(1, rows + 1))

    records = account_of(text.encode(), tmp_path)

    table = pq.read_table(records.path, columns=["raw_row_number", "neighborhood"]).to_pydict()
    assert all(number == int(text) for number, text in zip(table["raw_row_number"], table["neighborhood"], strict=True))
    assert records.accounting.rejected == rows // 1000
