"""A mapping that cannot mean what its author meant is refused with the line, the value and the nearest valid word."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.errors import ComityError
from comity.records import MappingError, parse_mapping, read_mapping
from comity.records.mapping import accepted_codes

STOP = """source: A
record_type: stop
columns:
  date: {from: day, formats: ["%Y-%m-%d"]}
"""


def refusal(text: str) -> str:
    with pytest.raises(MappingError) as caught:
        parse_mapping(text, name="stops.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "sorce: A\nrecord_type: stop\n",
            "stops.yaml, line 1: 'sorce' is not a known key of the mapping. Did you mean 'source'?",
        ),
        (STOP.replace("formats", "format"), "Did you mean 'formats'?"),
        (
            STOP + "  subjct_race: race\n",
            "'subjct_race' is not a known key of the columns of a stop. Did you mean 'subject_race'?",
        ),
        (STOP.replace("stop", "stops"), "'stops' is not a known record type. Did you mean 'stop'?"),
        (STOP + "time_zone: America/Chicgo\n", "Did you mean 'America/Chicago'?"),
        (STOP + "source: B\n", "line 5: 'source' appears twice in the mapping"),
        (STOP + "  date: day\n", "'date' appears twice in the columns of a stop"),
        (STOP + "  type: {from: t, codes: {Car: vehicular, ' car ': pedestrian}}\n", "has 'car' twice"),
        (STOP + "  type: {from: t, codes: {car: vehiculr}}\n", "Did you mean 'vehicular'?"),
        (
            STOP + "  type: {from: t, codes: {car: {value: truck, within: vehicle, label: {en: T, es: C}}}}\n",
            "'vehicle'",
        ),
        (
            STOP + "  type: {from: t, codes: {car: {value: truck, within: vehicular, label: {en: T}}}}\n",
            "no label in 'es'",
        ),
        (STOP + "  type: {from: t, codes: {}}\n", "the code list of type is empty"),
        (STOP.replace("%Y-%m-%d", "%Y-%q-%d"), "has '%q', which is not known"),
        (STOP.replace("%Y-%m-%d", "%m/%d"), "lacks a year, a month and a day"),
        (STOP.replace("%Y-%m-%d", "%Y-%m-%d %y"), "names one part of a date twice"),
        (STOP.replace(', formats: ["%Y-%m-%d"]', ""), "date has no formats"),
        (STOP + "  time: {from: t, formats: ['%I:%M']}\n", "lacks %H, or %I with %p"),
        (STOP + "  lat: {from: a, value: b}\n", "has both 'from' and 'value'"),
        (STOP + "  lat: {missing: [x]}\n", "does not say where it comes from"),
        (STOP + "  search_conducted: {any_of: [search_person]}\n", "search_person, which is not a yes/no column read"),
        (STOP + "  subject_age: {from: a, between: [9, 1]}\n", "the range of subject_age is [9, 1]"),
        (STOP + "duplicates: {keep: first}\n", "'duplicates' has no key"),
        (STOP + "files: {encoding: utf8mb4}\n", "'utf8mb4' is not a known encoding"),
        (STOP + "files: {delimiter: ab}\n", "the delimiter 'ab' is not one character"),
        ("source: A\nrecord_type: stop\ncolumns:\n  lat: a\n", "the column date of a stop is not mapped"),
        ("columns: [a", "this is not YAML"),
        ("", "is empty"),
        ("- a\n", "is not a list of 'key: value' lines"),
    ],
)
def test_a_wrong_mapping_names_the_value_and_what_to_do(text, told):
    assert told in refusal(text)


def test_a_missing_or_binary_mapping_file_is_one_sentence(tmp_path):
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(MappingError, match="There is no mapping file"):
        read_mapping(tmp_path / "none.yaml")
    with pytest.raises(MappingError, match="is not UTF-8"):
        read_mapping(tmp_path / "binary.yaml")


def test_yes_and_no_stay_the_words_they_are():
    mapping = parse_mapping(STOP + "  arrest_made: {from: a, codes: {YES: yes, No: no, off: missing}}\n")

    assert accepted_codes(mapping.columns["arrest_made"]) == {"yes": "yes", "no": "no", "off": None}


def test_a_local_code_names_the_standard_code_it_lies_within():
    codes = "{somali: {value: somali, within: black, label: {en: Somali, es: Somalí}}, black: black}"
    mapping = parse_mapping(STOP + f"  subject_race: {{from: race, codes: {codes}}}\n")

    assert mapping.hierarchies == {"subject_race": {"somali": "black"}}


words = st.sampled_from(
    ["source", "record_type", "columns", "stop", "date", "from", "formats", "codes", "yes", "no", "missing"]
    + ["subject_race", "type", "%Y-%m-%d", "value", "within", "label", "en"]
)
yaml_like = st.recursive(
    words | st.text(max_size=8) | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words | st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(
    st.one_of(
        st.text(max_size=200),
        yaml_like.map(repr),
        yaml_like.map(lambda column: STOP + f"  subject_race: {column!r}\n"),
        yaml_like.map(lambda column: STOP.replace('["%Y-%m-%d"]', repr(column))),
        yaml_like.map(lambda rest: STOP + f"duplicates: {rest!r}\nfiles: {rest!r}\n"),
    )
)
@settings(max_examples=300, deadline=None)
def test_no_text_makes_the_reader_stumble(text):
    with contextlib.suppress(ComityError):
        parse_mapping(text)
