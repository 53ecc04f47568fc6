"""What people wrote in their own words: made safe by a person, and counted by theme. Never public as written."""

from comity.site.surveys.free_text.redaction import Mark, Redacted, RedactionError, propose_marks, redact
from comity.site.surveys.free_text.themes import Theme, ThemesError, find_themes

__all__ = ["Mark", "Redacted", "RedactionError", "Theme", "ThemesError", "find_themes", "propose_marks", "redact"]
