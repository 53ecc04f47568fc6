"""The explorer's answers are the published cells, and a sum over a hidden one is hidden."""

from __future__ import annotations

import csv
import itertools
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.releases.catalogue import read_catalogue
from comity.releases.explore import BadQuestion, Question, Value, as_csv, cross, outermost, read_cells, select_rows

SUPPRESSED = Value(None, "suppressed")


@pytest.fixture(scope="module")
def table(small_public):
    return read_catalogue(small_public).release("stops", "2017", 2).table("stops_by_place")


@pytest.fixture(scope="module")
def cells(table):
    return read_cells(table.parquet)


@pytest.fixture(scope="module")
def parents(table):
    return {each.name: {c.code: c.parent for c in each.codes if c.parent} for each in table.dimensions}


@pytest.fixture(scope="module")
def published(table):
    """Cell -> count, None where hidden, read from the CSV: another file and another reader."""
    with table.csv.open() as file:
        return {
            (row["neighborhood"], row["subject_race"]): None if row["status"] == "suppressed" else int(row["count"])
            for row in csv.DictReader(file)
        }


def test_every_cell_of_a_crossing_is_the_published_one(cells, published):
    answer = cross(cells, Question("neighborhood", "subject_race"))

    found = {
        (row, column): value.count
        for row, values in zip(answer.row_codes, answer.values, strict=True)
        for column, value in zip(answer.column_codes, values, strict=True)
    }
    assert found == published


def test_one_condition_picks_published_cells(cells, published):
    answer = cross(cells, Question("neighborhood", None, {"subject_race": ("black",)}))

    assert {row: values[0].count for row, values in zip(answer.row_codes, answer.values, strict=True)} == {
        place: count for (place, race), count in published.items() if race == "black"
    }


def test_a_sum_over_a_hidden_cell_is_hidden_and_never_the_rest_of_it(cells, published):
    assert published["Holland", "hispanic"] is None

    answer = cross(cells, Question("neighborhood", None, {"subject_race": ("black", "hispanic")}))

    values = dict(zip(answer.row_codes, (row[0] for row in answer.values), strict=True))
    assert values["Holland"] == SUPPRESSED
    assert values["Downtown West"] == Value(1367 + 63, "published")
    assert values["all"] == Value(2715 + 225, "published")
    assert answer.has_suppressed


def test_the_total_of_chosen_rows_is_their_sum_and_hidden_with_any_of_them(cells, published):
    shown = cross(cells, Question("neighborhood", "subject_race", {"neighborhood": ("Holland", "Marcy Holmes")}))

    total = dict(zip(shown.column_codes, shown.values[-1], strict=True))
    assert shown.row_codes == ("Holland", "Marcy Holmes", "all")
    assert total["black"] == Value(420 + 262, "published")
    assert total["hispanic"] == SUPPRESSED


def test_a_place_inside_another_chosen_one_is_not_counted_twice(cells, parents, published):
    answer = cross(cells, Question("neighborhood", None, {"neighborhood": ("2", "Holland")}), parents=parents)

    assert answer.values[-1][0].count == published["2", "all"]
    assert outermost(("a", "b", "c"), {"b": "a", "c": "b"}) == ("a",)


def test_a_zero_is_published_and_a_cell_the_file_lacks_is_absent(tmp_path):
    rows = [
        ("a", "x", 0, "published"),
        ("a", "all", 0, "published"),
        ("all", "x", 5, "published"),
        ("all", "all", 5, "published"),
        ("b", "all", 5, "published"),
    ]
    names = ("one", "two", "count", "status")
    pq.write_table(pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))), tmp_path / "t.parquet")

    answer = cross(read_cells(tmp_path / "t.parquet"), Question("one", "two"))

    assert answer.values == (
        (Value(0, "published"), Value(0, "published")),
        (Value(None, "absent"), Value(5, "published")),
        (Value(5, "published"), Value(5, "published")),
    )


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (Question("neighbourhood"), "no column 'neighbourhood'. Did you mean 'neighborhood'"),
        (Question("neighborhood", "neighborhood"), "cannot be crossed with itself"),
        (Question("neighborhood", None, {"subject_race": ("blck",)}), "'blck' is not a value of 'subject_race'"),
        (Question("neighborhood", None, {"sex": ("x",)}), "no column 'sex'"),
    ],
)
def test_a_question_about_what_is_not_there_is_one_sentence(cells, question, sentence):
    with pytest.raises(BadQuestion, match=sentence):
        cross(cells, question)


def test_rows_are_counted_by_code(cells, published):
    found = select_rows(cells, {"subject_race": ["black", "white"]}, facets=["neighborhood", "subject_race"], limit=2)

    assert found.count == sum(race in ("black", "white") for _, race in published)
    assert found.facets["subject_race"] == {"black": 11, "white": 11}
    assert found.facets["neighborhood"] == Counter(place for place, race in published if race in ("black", "white"))
    assert len(found.page) == 2


def test_rows_without_a_condition_are_all_of_them_page_by_page(cells, published):
    pages = [select_rows(cells, {}, limit=40, offset=offset).page for offset in (0, 40, 80)]

    assert {codes: value.count for codes, value in itertools.chain(*pages)} == published


def test_the_download_has_the_shape_of_the_tables(cells):
    question = Question(
        "neighborhood", "subject_race", {"neighborhood": ("2", "Marcy Holmes"), "subject_race": ("black",)}
    )

    text = as_csv(cross(cells, question), ("neighborhood", "subject_race"))

    assert text.splitlines() == [
        "neighborhood,subject_race,count,status",
        "2,black,767,published",
        "Marcy Holmes,black,262,published",
        "2; Marcy Holmes,black,1029,published",
    ]


@settings(max_examples=60, deadline=None)
@given(
    places=st.lists(st.sampled_from(["1", "2", "Holland", "Waite Park", "Elliot Park"]), max_size=4),
    races=st.lists(st.sampled_from(["black", "white", "hispanic", "not recorded"]), max_size=3),
    turned=st.booleans(),
)
def test_any_answer_agrees_with_adding_published_cells_by_hand(cells, parents, published, places, races, turned):
    where = {"neighborhood": tuple(dict.fromkeys(places)), "subject_race": tuple(dict.fromkeys(races))}
    rows, columns = ("subject_race", "neighborhood") if turned else ("neighborhood", "subject_race")
    answer = cross(cells, Question(rows, columns, where), parents=parents)

    for row, values in zip(answer.row_codes, answer.values, strict=True):
        for column, value in zip(answer.column_codes, values, strict=True):
            asked = {rows: row, columns: column}
            parts = [
                outermost(where[name], parents[name]) if asked[name] == "all" and where[name] else (asked[name],)
                for name in ("neighborhood", "subject_race")
            ]
            found = [published[each] for each in itertools.product(*parts)]
            assert value == (SUPPRESSED if None in found else Value(sum(found), "published"))
