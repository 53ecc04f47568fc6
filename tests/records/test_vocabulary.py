"""The vocabulary is complete in every language, and its reference page says what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from comity.records import record_types
from comity.wording import LANGUAGES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "vocabulary.md"


def page() -> str:
    lines = [
        "# The vocabulary",
        "",
        "The standard columns and codes of each record type, as residents read them. Stops follow the names of the",
        "Stanford Open Policing Project. Written from `comity.records.vocabulary`; a test keeps it in step.",
    ]
    for kind in record_types().values():
        lines += [
            "",
            f"## {kind.label} (`{kind.name}`)",
            "",
            f"One row is: {kind.one_row_is}",
            "",
            "| Column | Kind | Meaning |",
            "|---|---|---|",
        ]
        for column in kind.columns.values():
            meaning = str(column.definition)
            if column.codes:
                meaning += " Codes: " + ", ".join(f"`{code}`" for code in column.code_values) + "."
            if column.between:
                meaning += f" From {column.between[0]:g} to {column.between[1]:g}."
            if column.required:
                meaning += " Required."
            kinds = {"boolean": "yes/no"}
            lines.append(f"| `{column.name}` | {kinds.get(column.kind, column.kind)} | {meaning} |")
    return "\n".join(lines) + "\n"


def test_the_reference_page_says_what_the_code_says():
    assert PAGE.read_text() == page()


def texts():
    for kind in record_types().values():
        yield from (kind.label, kind.one_row_is)
        for column in kind.columns.values():
            yield from (column.label, column.definition)
            for code in column.codes:
                yield from (code.label, code.definition)


def test_every_column_and_code_is_defined_in_every_language():
    for text in texts():
        for language in LANGUAGES:
            assert text.in_language(language).strip()
    untranslated = {str(text) for text in texts() if text.in_language("es") == text.text} - {"No"}
    assert untranslated == set()


@pytest.mark.parametrize("kind", record_types().values(), ids=lambda kind: kind.name)
def test_conditions_name_yes_no_columns_of_the_same_record(kind):
    for column in kind.columns.values():
        for condition in filter(None, (column.needs, column.contradicts_no)):
            assert kind.columns[condition].kind == "boolean"
        assert (column.kind == "code") == bool(column.codes)


def test_the_stop_columns_and_codes_are_the_ones_of_stanford_open_policing():
    stop = record_types()["stop"].columns

    standard = """
        date time location lat lng county_name neighborhood beat district precinct zone subject_age subject_race
        subject_sex officer_id_hash department_name type violation arrest_made citation_issued warning_issued outcome
        contraband_found contraband_drugs contraband_weapons frisk_performed search_conducted search_person
        search_vehicle search_basis reason_for_stop reason_for_search use_of_force_description
    """
    assert set(standard.split()) <= set(stop)
    assert stop["subject_race"].code_values == (
        "asian/pacific islander",
        "black",
        "hispanic",
        "white",
        "other",
        "unknown",
    )
    assert stop["search_basis"].code_values == ("k9", "plain view", "consent", "probable cause", "other")
