"""Marks every file of a release of invented data, so that none of them passes for a real one when it is alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from comity.releases.draft import Draft
from comity.wording import message

MARK = message("SAMPLE DATA")
PREFIX = "sample_data_"


def watermarked(draft: Draft) -> Draft:
    """`draft` with the mark in its title, description, source, definitions and findings, in each table's name and title, and in each picture.

    The name of a table is the name of its files, which keep it when they are saved alone.
    """
    names = {each.counts.name: _named(each.counts.name) for each in draft.tables}
    return replace(
        draft,
        is_sample=True,
        title=marked(draft.title),
        description=marked(draft.description or dict.fromkeys(draft.languages, "")),
        tables=[
            replace(each, counts=replace(each.counts, name=names[each.counts.name]), title=marked(each.title))
            for each in draft.tables
        ],
        columns={name: replace(column, definition=marked(column.definition)) for name, column in draft.columns.items()},
        findings=[
            {**_renamed(each, names), **({"sentence": marked(each["sentence"])} if "sentence" in each else {})}
            for each in draft.findings
        ],
        quality={
            **draft.quality,
            "missing": [{**each, "label": marked(each["label"])} for each in draft.quality.get("missing", ())],
        },
        methods={
            name: {**each, "title": marked(each["title"])} if "title" in each else each
            for name, each in draft.methods.items()
        },
        pictures=[
            replace(
                each,
                alt=marked(each.alt),
                specifications={
                    (language, size): {**chart, "title": _title(chart.get("title"), MARK.in_language(language))}
                    for (language, size), chart in each.specifications.items()
                },
            )
            for each in draft.pictures
        ],
        source={**draft.source, "name": marked(draft.source["name"])} if "name" in draft.source else draft.source,
    )


def marked(texts: Mapping[str, str]) -> dict[str, str]:
    """`texts` with the mark before each, once."""
    return {language: _title(text, MARK.in_language(language)) for language, text in texts.items()}


def _named(table: str) -> str:
    return table if table.startswith("sample") else f"{PREFIX}{table}"


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """A finding whose cells point to the tables' new names."""
    if isinstance(value, Mapping):
        return {
            key: names.get(each, each) if key == "table" and isinstance(each, str) else _renamed(each, names)
            for key, each in value.items()
        }
    return [_renamed(each, names) for each in value] if isinstance(value, list | tuple) else value


def _title(found: Any, mark: str) -> Any:
    if isinstance(found, Mapping):
        return {**found, "text": f"{mark}: {found.get('text', '')}"}
    return found if found and found.startswith(mark) else f"{mark}: {found}" if found else mark
