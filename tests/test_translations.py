"""Every sentence that residents read exists in Spanish, with the same places for numbers."""

from __future__ import annotations

import string
from pathlib import Path

from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

SOURCE = Path(__file__).parents[1] / "src" / "comity"
CATALOGUE = SOURCE / "locale" / "es" / "LC_MESSAGES" / "comity.po"


def messages_in_code() -> set[str]:
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        extracted = extract_from_file("python", str(path), keywords={"message": None})
        found |= {each[1] for each in extracted if isinstance(each[1], str)}
    return found


def translations() -> dict[str, str]:
    with CATALOGUE.open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file, locale="es") if entry.id}


def places(text: str) -> list[str]:
    return sorted({f"{name}" for _, name, _, _ in string.Formatter().parse(text) if name})


def test_every_message_is_translated():
    assert sorted(messages_in_code() - {text for text, spanish in translations().items() if spanish}) == []


def test_no_translation_is_left_over():
    assert sorted(set(translations()) - messages_in_code()) == []


def test_a_translation_has_the_places_of_its_original():
    wrong = {text: spanish for text, spanish in translations().items() if places(text) != places(spanish)}

    assert wrong == {}


def test_no_message_stands_twice_in_the_catalogue():
    ids = CATALOGUE.read_text().split("\nmsgid ")[1:]
    texts = [block.split("\nmsgstr")[0] for block in ids]

    assert sorted({text for text in texts if texts.count(text) > 1}) == []
