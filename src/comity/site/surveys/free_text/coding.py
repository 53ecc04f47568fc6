"""From approved texts to coded answers: which themes they have, as a person named them, and which of them may be quoted.

Only approved texts are read. A text is found by the digest of what was written, so that neither a file of approved texts nor one of
themes points to a response.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from comity.estimates import Survey
from comity.site.surveys.free_text.themes import Theme, ThemesError, find_themes

Texts = Mapping[str, str]


@dataclass(frozen=True)
class NamedTheme:
    """words: as they were found. name: {language: text}, {} to leave the theme out. quotes: approved texts, word for word."""

    words: tuple[str, ...]
    name: Texts
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True)
class NamedThemes:
    """The themes of one question. count, seed: what they were found with."""

    count: int
    seed: int
    themes: tuple[NamedTheme, ...]


def text_digest(survey: str, question: str, text: str) -> bytes:
    """What an approved text is found by, 32 bytes."""
    return hashlib.sha256("\n".join((survey, question, text)).encode()).digest()


def approved_texts(
    responses: Sequence[Mapping[str, Any]], *, survey: str, question: str, approved: Mapping[bytes, str]
) -> list[str | None]:
    """The text of each response as it may leave, None where nothing was written. Raises ThemesError while one is not decided."""
    found: list[str | None] = []
    waiting = 0
    for each in responses:
        text = (each["answers"].get(question) or "").strip()
        digest = text_digest(survey, question, text)
        waiting += bool(text) and digest not in approved
        found.append(approved.get(digest) if text else None)
    if waiting:
        raise ThemesError(
            f"{waiting} texts of '{question}' were not decided by a redactor.",
            "Finish redacting first (comity survey redact); a text that nobody decided on is not counted and not left out.",
        )
    return found


def coded_themes(survey: Survey, texts: Sequence[str | None], named: NamedThemes) -> list[tuple[NamedTheme, Theme]]:
    """The themes found again, each with its name; those without one are left out.

    Raises ThemesError when they are not those that were named, or a quote is not an approved text, or says a number.
    """
    found = find_themes(survey, texts, count=named.count, seed=named.seed)
    if [each.words for each in found] != [each.words for each in named.themes]:
        raise ThemesError(
            "The themes that are found now are not those that were named.",
            "Texts or weights changed since: run comity survey themes again, and name them anew.",
        )
    approved = {text for text in texts if text}
    for quote in (quote for each in named.themes for quote in each.quotes):
        if quote not in approved:
            raise ThemesError(
                "A quote is not word for word an approved text.", "Copy it from the file of approved texts, whole."
            )
        if any(letter.isdigit() for letter in quote):
            raise ThemesError("A quote has a number in it.", "Choose another: a number could be one that is hidden.")
    return [(name, theme) for name, theme in zip(named.themes, found, strict=True) if name.name]


def themes_toml(question: str, themes: Iterable[Theme], *, count: int, seed: int, languages: Sequence[str]) -> str:
    """A part of themes.toml for a person to fill in: the words of each theme and how many people wrote of it, no share."""
    lines = [f"[{question}]", f"count = {count}", f"seed = {seed}", ""]
    for theme in themes:
        lines += [
            f"[[{question}.themes]]  # {theme.n} people",
            f"words = {json.dumps(theme.words)}",
            "name = {" + ", ".join(f'{language} = ""' for language in languages) + "}  # left out while empty",
            "quotes = []  # approved texts, word for word",
            "",
        ]
    return "\n".join(lines)


def read_themes(content: Mapping[str, Any], languages: Sequence[str]) -> dict[str, NamedThemes]:
    """{question: themes} of a themes.toml. Raises ThemesError for what is missing, and for a name in one language only."""
    found = {}
    for question, part in content.items():
        try:
            themes = tuple(_read_theme(each, question, languages) for each in part["themes"])
            found[question] = NamedThemes(int(part["count"]), int(part["seed"]), themes)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ThemesError(
                f"The themes of '{question}' have no count, seed or list of themes.",
                "Make the file again with comity survey themes, and fill in names and quotes only.",
            ) from None
        if not any(each.name for each in found[question].themes):
            raise ThemesError(f"No theme of '{question}' has a name.", "Name those that are to be published.")
    return found


def _read_theme(given: Mapping[str, Any], question: str, languages: Sequence[str]) -> NamedTheme:
    name = {language: str(given["name"].get(language, "")).strip() for language in languages}
    if any(name.values()) and not all(name.values()):
        missing = next(language for language, text in name.items() if not text)
        raise ThemesError(
            f"A theme of '{question}' has no name in '{missing}'.", "Name it in every language, or in none."
        )
    return NamedTheme(
        tuple(map(str, given["words"])), name if all(name.values()) else {}, tuple(map(str, given.get("quotes", ())))
    )
