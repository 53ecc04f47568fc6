"""What people wrote in their own words: made safe by a person, and counted by theme. Never public as written."""

from comity.site.surveys.free_text.coding import (
    NamedTheme,
    NamedThemes,
    approved_texts,
    coded_themes,
    read_themes,
    text_digest,
    themes_toml,
)
from comity.site.surveys.free_text.redaction import Mark, Redacted, RedactionError, propose_marks, redact
from comity.site.surveys.free_text.themes import Theme, ThemesError, find_themes

__all__ = [
    "Mark",
    "NamedTheme",
    "NamedThemes",
    "Redacted",
    "RedactionError",
    "Theme",
    "ThemesError",
    "approved_texts",
    "coded_themes",
    "find_themes",
    "propose_marks",
    "read_themes",
    "redact",
    "text_digest",
    "themes_toml",
]
