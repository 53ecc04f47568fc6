"""In which file of the sealed public log a consultation's rule and ballot paper stand, so that nobody need believe "beforehand"."""

from __future__ import annotations

import json
from bisect import bisect_right

from django.conf import settings

from comity.site.community.models import Entry
from comity.site.planning.models import Consultation


def sealed_in(consultation: Consultation) -> int | None:
    """The number of the file of public/log that holds the step `planning.sealed`; None while it waits for `comity work`."""
    if consultation.sealed_at is None:
        return None
    step = Entry.objects.filter(action="planning.sealed", subject=f"consultation {consultation.pk}").first()
    numbers = sorted(int(path.stem) for path in (settings.PUBLIC / "log").glob("*.json"))
    if step is None or not numbers:
        return None
    at = bisect_right(numbers, step.number, key=lambda number: _ends(number)[0]) - 1
    return numbers[at] if at >= 0 and step.number <= _ends(numbers[at])[1] else None


def _ends(number: int) -> tuple[int, int]:
    """The first and the last entry that a file of the log covers."""
    said = json.loads((settings.PUBLIC / "log" / f"{number}.json").read_bytes())
    return said["first"], said["last"]
