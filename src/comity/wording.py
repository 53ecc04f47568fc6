"""Sentences that residents read, kept so that each can be given in every language of an instance.

A `Message` is English text with {named} places and their values. Its translations are in `locale/` (GNU gettext, domain
"comity"); `tests/test_translations.py` fails while a message has no Spanish.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "es")


@dataclass(frozen=True)
class Message:
    """English text with {named} places, and the values for them (text, numbers, or further messages)."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def in_language(self, language: str) -> str:
        """The sentence in `language` ("en", "es", ...); English where no translation exists."""
        values = {
            name: value.in_language(language) if isinstance(value, Message) else value
            for name, value in self.values.items()
        }
        return _catalogue(language).gettext(self.text).format(**values)

    def in_languages(self, languages: Iterable[str] = LANGUAGES) -> dict[str, str]:
        """The sentence in each of `languages`, as release files store it."""
        return {language: self.in_language(language) for language in languages}

    def __str__(self) -> str:
        return self.in_language("en")


def message(text: str, /, **values: object) -> Message:
    """A `Message`; translators find every literal first argument of this function."""
    return Message(text, values)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("comity", Path(__file__).parent / "locale", [language], fallback=True)
