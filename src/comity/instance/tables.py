"""Which tables a release has: those that `comity.toml` names, or the usual ones for this kind of record.

Also what every column and code in them means, for the dictionary: from the vocabulary, the mapping's own codes and `comity.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from comity.disclosure import CountTable, Policy
from comity.errors import ComityError, nearest
from comity.instance.protection import ready_for
from comity.instance.settings import Dataset, Table
from comity.records import NOT_RECORDED, StandardisedRecords, count
from comity.releases.draft import Code, Column
from comity.wording import Message, message

PLACES = ("neighborhood", "beat", "district", "precinct", "zone")
_BY_GROUP = (
    "type",
    "subject_sex",
    "search_conducted",
    "outcome",
    "force_type",
    "finding",
    "discipline",
    "offense_level",
)
_DERIVED: dict[str, tuple[Message, Message]] = {
    "year": (message("Year"), message("The year in which it happened.")),
    "quarter": (message("Quarter"), message("The quarter of the year in which it happened, in local time.")),
    "month": (message("Month"), message("The month in which it happened, in local time.")),
    "hour": (message("Hour"), message("The hour of the day in which it happened, in local time, from 00 to 23.")),
}


@dataclass(frozen=True)
class PolicedTable(Table):
    """A table to publish, and how its dataset's counts are protected."""

    policy: Policy = field(default_factory=Policy)


def groupable_columns(records: StandardisedRecords) -> tuple[str, ...]:
    """The columns that may stand in a public table: never one about a single person, never one with a value of its own for each row."""
    described = {each["name"]: each for each in records.dictionary}
    standing = [
        name
        for name in records.columns
        if name in described
        and not described[name]["is_personal"]
        and described[name]["kind"] in ("code", "boolean", "text")
    ]
    derived = ["year", "quarter", "month"] if "date" in records.columns else []
    return (*standing, *derived, *(["hour"] if "time" in records.columns else []))


def tables_of(dataset: Dataset, records: StandardisedRecords, languages: Sequence[str]) -> tuple[PolicedTable, ...]:
    """The tables to publish. Raises ComityError for a column that these records do not have or may not publish."""
    columns = groupable_columns(records)
    tables = dataset.tables or _usual_tables(columns, records, languages)
    policy = Policy.from_dict({name: value for name, value in dataset.policy.items() if name != "reason"})
    for table in tables:
        for name in (*table.dimensions, *table.where):
            if name not in columns:
                near = nearest(name, columns)
                raise ComityError(
                    f"Table '{table.name}' in comity.toml counts by '{name}', which these records do not have or may not publish.",
                    f"Did you mean '{near}'?" if near else f"They have: {', '.join(columns)}.",
                )
    return tuple(
        PolicedTable(table.name, table.dimensions, table.title, table.where, policy=policy) for table in tables
    )


def columns_of(
    tables: Sequence[Table], dataset: Dataset, records: StandardisedRecords, languages: Sequence[str]
) -> dict[str, Column]:
    """Every column of `tables` with its meaning, and the codes that these records have, in the vocabulary's order."""
    names = dict.fromkeys(name for table in tables for name in table.dimensions)
    return {name: _column(name, dataset, records, languages) for name in names}


def count_table(
    table: PolicedTable, records: StandardisedRecords, measure: str, columns: Mapping[str, Column]
) -> CountTable:
    """The counts of `table`, finest cells only, with every code of each column, and what its policy needs beside them."""
    counted = CountTable(
        name=table.name,
        measure=measure,
        dimensions=table.dimensions,
        counts=count(records, by=table.dimensions, where=table.where),
        categories={name: tuple(code.code for code in columns[name].codes) for name in table.dimensions},
        where=table.where,
    )
    return ready_for(table.policy, counted, records)


def _usual_tables(columns: Sequence[str], records: StandardisedRecords, languages: Sequence[str]) -> tuple[Table, ...]:
    """By place, month and each of the usual columns, crossed with race where it is known."""
    group = ("subject_race",) if "subject_race" in columns else ()
    wanted = [name for name in (*PLACES, "month", *_BY_GROUP) if name in columns]
    labels = {each["name"]: each["label"] for each in records.dictionary} | {
        name: label.in_languages(languages) for name, (label, _) in _DERIVED.items()
    }
    return tuple(
        Table(
            name=f"by_{name}",
            dimensions=(name, *group),
            title={language: _title([labels[each] for each in (name, *group)], language) for language in languages},
        )
        for name in wanted
    )


def _title(labels: Sequence[Mapping[str, str]], language: str) -> str:
    first, *others = (each[language][:1].lower() + each[language][1:] for each in labels)
    text = (
        message("By {column} and {group}", column=first, group=others[0])
        if others
        else message("By {column}", column=first)
    )
    return text.in_language(language)


def _column(name: str, dataset: Dataset, records: StandardisedRecords, languages: Sequence[str]) -> Column:
    present = count(records, by=[name])[name].to_pylist()
    if name in _DERIVED:
        label, definition = (text.in_languages(languages) for text in _DERIVED[name])
        described: dict[str, Any] = {"label": label, "definition": definition, "codes": []}
    else:
        described = next(each for each in records.dictionary if each["name"] == name)
    known = {each["value"]: Code(each["value"], each["label"], each["definition"]) for each in described["codes"]} | {
        code: Code(code, texts) for code, texts in dataset.labels.get(name, {}).items()
    }
    not_recorded = Code(
        NOT_RECORDED,
        message("Not recorded").in_languages(languages),
        message("The record says nothing here. Not the same as unknown, and not a zero.").in_languages(languages),
    )
    _refuse_formulas(name, present)
    ordered = [known[code] for code in known if code in present]
    ordered += [
        Code(code, dict.fromkeys(languages, code)) for code in present if code not in known and code != NOT_RECORDED
    ]
    if NOT_RECORDED in present:
        ordered.append(not_recorded)
    return Column(name, described["label"], described["definition"], ordered, is_place=name in PLACES)


def _refuse_formulas(column: str, codes: Sequence[str]) -> None:
    """Codes of free text become cells of public CSV files, and a spreadsheet runs a cell that begins like these."""
    for code in codes:
        if code.startswith(("=", "+", "-", "@", "\t", "\r")):
            raise ComityError(
                f"A value of '{column}' is {code!r}, which a spreadsheet that opens the published table would run.",
                f"Give it another name under 'codes' of '{column}' in the mapping.",
            )
