"""The templates as data: each a YAML file in documents/ with every sentence in English and Spanish.

A text is written [English, Spanish]. The parts of a document are, in order:
heading, text, quote: a text. list, steps, check: several texts.
field: [id, kind, English, Spanish], kind being line, long, day, time or number; several make `fields`.
grid: {id, rows, columns: fields}; a column of the kind money is summed under the table.
reach: {id, rows}, the record of whom was reached, worked out by reach.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DOCUMENTS = Path(__file__).parent / "documents"
AUDIENCES = ("residents", "departments", "both")
KINDS = ("line", "long", "day", "time", "number", "money")
WORDS = ("heading", "text", "quote", "list", "steps", "check")

LONGEST = {"line": 200, "long": 2000, "day": 40, "time": 40, "number": 12, "money": 12}


@dataclass(frozen=True)
class Text:
    """A text in each language; English where a language has none."""

    en: str
    es: str

    def said(self, language: str) -> str:
        return self.es if language == "es" else self.en


@dataclass(frozen=True)
class Field:
    """A place to fill in."""

    id: str
    kind: str
    label: Text


@dataclass(frozen=True)
class Part:
    """One part of a document. texts: of words. fields: of fields, grid and reach (its columns); rows: of a grid or reach."""

    kind: str
    texts: tuple[Text, ...] = ()
    fields: tuple[Field, ...] = ()
    id: str = ""
    rows: int = 0


@dataclass(frozen=True)
class Document:
    """A template. layout: "page", or "flyer" for what hangs on a wall."""

    id: str
    audience: str
    layout: str
    title: Text
    use: Text
    parts: tuple[Part, ...]

    def cells(self) -> Iterator[tuple[str, Field]]:
        """(name in the form, field) of every place to fill in."""
        for part in self.parts:
            if part.kind == "fields":
                yield from ((field.id, field) for field in part.fields)
            elif part.rows:
                for row in range(1, part.rows + 1):
                    yield from ((cell_name(part, row, field), field) for field in part.fields)


REACH_COLUMNS = (
    Field("group", "line", Text("Group", "Grupo")),
    Field("living", "number", Text("Live here", "Viven aquí")),
    Field("reached", "number", Text("Reached", "Alcanzadas")),
)


def cell_name(part: Part, row: int, field: Field) -> str:
    return f"{part.id}-{row}-{field.id}"


@cache
def documents() -> Mapping[str, Document]:
    """Every template by id, in the order of their files."""
    found = {}
    for path in sorted(DOCUMENTS.glob("*.yaml")):
        document = _document(path.stem, yaml.safe_load(path.read_text(encoding="utf-8")))
        found[document.id] = document
    return found


def _document(name: str, given: Mapping[str, Any]) -> Document:
    return Document(
        id=name,
        audience=given["for"],
        layout=given.get("layout", "page"),
        title=Text(*given["title"]),
        use=Text(*given["use"]),
        parts=tuple(_part(*next(iter(part.items()))) for part in given["parts"]),
    )


def _part(kind: str, given: Any) -> Part:
    if kind in ("heading", "text", "quote"):
        return Part(kind, texts=(Text(*given),))
    if kind in WORDS:
        return Part(kind, texts=tuple(Text(*each) for each in given))
    if kind == "fields":
        return Part(kind, fields=tuple(_field(each) for each in given))
    if kind == "grid":
        return Part(kind, fields=tuple(_field(each) for each in given["columns"]), id=given["id"], rows=given["rows"])
    if kind == "reach":
        return Part(kind, fields=REACH_COLUMNS, id=given["id"], rows=given["rows"])
    raise ValueError(f"'{kind}' is no part of a template")


def _field(given: list[str]) -> Field:
    field_id, kind, english, spanish = given
    if kind not in KINDS:
        raise ValueError(f"'{kind}' is no kind of field")
    return Field(field_id, kind, Text(english, spanish))
