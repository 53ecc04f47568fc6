"""Rows become standard columns by the mapping and nothing else; what happens to each row is accounted for."""

from __future__ import annotations

import errno
import os
from datetime import date

import pyarrow.parquet as pq
import pytest

from comity.errors import ComityError
from comity.records import RefusedError, count, open_records, parse_mapping, standardise
from comity.records.engines import embedded

SEARCHES = """
  search_conducted: searched
  search_person: person
  search_basis: basis
  contraband_found: found
"""


def values(records, *columns: str) -> list[tuple]:
    table = pq.read_table(records.path).sort_by("raw_row_number")
    return list(zip(*(table.column(name).to_pylist() for name in columns), strict=True))


def test_every_reason_against_a_row_is_listed(standardised):
    text = "day,race,age\n2017-01-01,black,30\n31/31/2017,martian,-1\n"

    records = standardised(text, "  subject_race: race\n  subject_age: age\n")

    assert pq.read_table(records.rejects_parquet).column("reject_reasons").to_pylist() == [
        [
            "date: it follows none of the formats",
            "subject_age: it is outside 0 to 120",
            "subject_race: it is not in the code list",
        ]
    ]
    account = records.accounting
    assert (account.source_rows, account.accepted, account.rejected, account.duplicates) == (2, 1, 1, 0)


def test_nothing_about_a_search_is_known_where_none_was_conducted(standardised):
    text = (
        "day,searched,person,basis,found\n"
        "2017-01-01,yes,yes,consent,yes\n2017-01-02,no,no,,no\n2017-01-03,no,yes,consent,yes\n2017-01-04,,yes,,no\n"
    )

    records = standardised(text, SEARCHES)

    assert values(records, "search_conducted", "search_person", "search_basis", "contraband_found") == [
        (True, True, "consent", True),
        (False, False, None, None),
        (False, None, None, None),
        (None, True, None, None),
    ]
    assert records.accounting.drops_by_reason == {
        "contraband_found: search_conducted is not yes": 1,
        "search_basis: search_conducted is not yes": 1,
        "search_person: search_conducted is no": 1,
    }
    assert [step["rows_changed"] for step in records.accounting.filters if step["action"] == "set to missing"] == [
        1,
        1,
        1,
    ]


def test_a_derived_yes_needs_one_yes_and_a_derived_no_needs_every_no(standardised):
    text = "day,p,v\n2017-01-01,yes,NA\n2017-01-02,no,no\n2017-01-03,no,NA\n2017-01-04,NA,NA\n"
    columns = "  search_person: p\n  search_vehicle: v\n  search_conducted: {any_of: [search_person, search_vehicle]}\n"

    records = standardised(text, columns)

    assert [value for (value,) in values(records, "search_conducted")] == [True, False, None, None]


def test_formats_are_tried_in_order_and_their_hits_are_counted(standardised):
    text = "day\n2017-01-02\n02/03/2017\n1/2/17\nepoch\n"

    records = standardised(text)

    assert [value for (value,) in values(records, "date")] == [date(2017, 1, 2), date(2017, 2, 3)]
    assert records.accounting.date_format_hits == {"date": {"%Y-%m-%d": 1, "%m/%d/%Y": 1}}
    assert records.accounting.rejected == 2  # the year 17 and the word that the engine takes for a time


DUPLICATES = """id,day,place
1,2017-01-02,late
1,2017-01-01,early
1,never,broken
,2017-01-01,a
,2017-01-01,b
NA,2017-01-01,c
"""


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("{key: id, order_by: date, keep: first}", ["a", "b", "c", "early"]),
        ("{key: id, order_by: date, keep: last}", ["a", "b", "c", "late"]),
        ("{key: id}", ["a", "b", "c", "late"]),
        ("{key: [id, place]}", ["a", "b", "c", "early", "late"]),
    ],
)
def test_one_row_of_each_key_is_kept_by_a_total_order(standardised, rule, kept):
    records = standardised(DUPLICATES, "  neighborhood: place\n", f"duplicates: {rule}\n")

    assert count(records, ["neighborhood"]).column("neighborhood").to_pylist() == kept
    assert records.accounting.rejected == 1
    assert records.accounting.duplicates == 5 - len(kept)
    if records.accounting.duplicates:
        assert pq.read_metadata(records.duplicates_parquet).num_rows == records.accounting.duplicates


def test_rows_that_are_the_same_in_all_columns_are_one(standardised):
    text = "day,place\n2017-01-01,a\n2017-01-01,a\n2017-01-01,\n2017-01-01,\n2017-01-01,b\n"

    records = standardised(text, "  neighborhood: place\n", "duplicates: {key: all columns}\n")

    assert records.accounting.duplicates == 2


def test_all_rows_rejected_is_refused_with_the_commonest_reason(standardised, tmp_path):
    with pytest.raises(RefusedError) as caught:
        standardised("day,race\nx,martian\ny,black\n2017-01-01,klingon\n", "  subject_race: race\n")

    assert "All 3 rows are rejected; the commonest reason (2 rows) is 'date: it follows none" in str(caught.value)
    assert not (tmp_path / "records").exists()


def test_a_failure_leaves_the_earlier_records_as_they_were(standardised, tmp_path, monkeypatch):
    before = standardised("day\n2017-01-01\n")

    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for step in ("stage", "write_parquet", "write_csv", "left_out"):
        with monkeypatch.context() as patch:
            patch.setattr(embedded.EmbeddedEngine, step, no_space)
            with pytest.raises(ComityError, match="No space left"):
                standardised("day\n2017-01-01\n2017-01-02\n")
        assert open_records(before.folder).accounting.accepted == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == ["records", "stops.csv"]


def test_publishing_again_gives_the_same_account(standardised):
    first = standardised(DUPLICATES, "  neighborhood: place\n", "duplicates: {key: id, order_by: date}\n")
    second = standardised(DUPLICATES, "  neighborhood: place\n", "duplicates: {key: id, order_by: date}\n")

    assert first.accounting == second.accounting


def test_the_records_are_readable_by_their_owner_only(standardised):
    assert standardised("day\n2017-01-01\n").folder.stat().st_mode & 0o077 == 0


def test_progress_names_each_step_and_ends_at_one(tmp_path):
    (tmp_path / "a.csv").write_text("day\n2017-01-01\n")
    mapping = parse_mapping('source: A\nrecord_type: stop\ncolumns:\n  date: {from: day, formats: ["%Y-%m-%d"]}\n')
    told: list[tuple[str, float]] = []

    standardise(mapping, tmp_path / "a.csv", tmp_path / "out", progress=lambda step, share: told.append((step, share)))

    assert told[0] == ("reading", 0.0)
    assert told[-1] == ("done", 1.0)
    assert [share for _, share in told] == sorted(share for _, share in told)


def test_a_folder_without_records_or_with_damaged_ones_is_one_sentence(tmp_path):
    with pytest.raises(ComityError, match="There are no standardised records"):
        open_records(tmp_path)
    (tmp_path / "records.json").write_text("{")
    with pytest.raises(ComityError, match="is damaged"):
        open_records(tmp_path)
