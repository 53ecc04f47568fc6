"""What is wrong with a fetch, compared with the one in use: another shape, fewer rows, or silence."""

from __future__ import annotations

from datetime import datetime, timedelta

from comity.sources.history import Fetch
from comity.sources.settings import SourceSettings


def changes(settings: SourceSettings, before: Fetch | None, now: Fetch) -> list[str]:
    """Sentences on what changed since `before`; each is a reason not to take `now` without a person's word."""
    if before is None:
        return [] if now.rows else ["It has no rows."]
    found = [f"The column '{name}' is gone." for name in before.columns if name not in now.columns]
    found += [f"There is a new column '{name}'." for name in now.columns if name not in before.columns]
    found += [
        f"The column '{name}' was of type {kind} and is of type {now.columns[name]}."
        for name, kind in before.columns.items()
        if name in now.columns and now.columns[name] != kind
    ]
    if now.rows < before.rows * (1 - settings.may_shrink):
        found.append(f"It had {before.rows:,} rows and has {now.rows:,}.")
    if before.newest and now.newest and now.newest < before.newest:
        found.append(f"Its newest {settings.newest_by} was {before.newest} and is {now.newest}.")
    return found


def silence(settings: SourceSettings, newest: str | None, now: datetime) -> str | None:
    """A sentence when the newest row is older than `expect_days`; the rows themselves may still be taken."""
    if not settings.newest_by:
        return None
    if not newest:
        return f"No row has a {settings.newest_by}."
    limit = (now - timedelta(days=settings.expect_days)).date().isoformat()
    if newest[:10] < limit:
        return f"Its newest {settings.newest_by} is {newest[:10]}, more than {settings.expect_days} days ago."
    return None
