"""Acting at another moment: how a sample town gets a past."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings


@contextmanager
def as_of(moment: datetime) -> Iterator[None]:
    """Within it the site's clock stands at `moment`. For sample data only, never while pages are served."""
    before = settings.CLOCK
    settings.CLOCK = lambda: moment
    try:
        yield
    finally:
        settings.CLOCK = before
