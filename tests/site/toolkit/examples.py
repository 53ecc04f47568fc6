"""One template of the toolkit."""

from __future__ import annotations


def examples(town) -> dict[str, dict]:
    return {
        "toolkit-template": {"name": "meeting-minutes"},
        "toolkit-blank": {"name": "meeting-minutes", "kind": "pdf"},
    }
