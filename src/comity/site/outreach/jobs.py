"""What outreach does without being asked, once `comity work` comes round: each job may run twice without harm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from comity.site.outreach.actions.profiles import erase_expired
from comity.site.outreach.actions.subscriptions import forget_unconfirmed, tell_subscribers

Job = Callable[[Path, datetime], int]


def erase_expired_profiles(folder: Path, now: datetime) -> int:
    """Erases what is off the pages already, because its consent ran out."""
    return erase_expired(now)


JOBS: tuple[Job, ...] = (erase_expired_profiles, forget_unconfirmed, tell_subscribers)
