"""Whether the site shows an invented town: then its files and ballots say so too."""

from __future__ import annotations

import json

from django.conf import settings


def is_sample_town() -> bool:
    """What the public folder says of the agency; False where nothing is published yet."""
    try:
        return bool(json.loads((settings.PUBLIC / "agency.json").read_bytes()).get("sample"))
    except (OSError, ValueError):
        return False
