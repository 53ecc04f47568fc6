"""What `comity doctor` looks at in the site's database: the log's chain, its sealings, and mail that does not leave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from comity.site.community.log import first_broken
from comity.site.community.mail import stuck_mail
from comity.site.community.models import Entry, Mail
from comity.site.community.sealing import contradiction, is_late, sealings

Finding = tuple[str, str, str, str]
"""(what was looked at; "well", "attention" or "broken"; what was found; what to do, or "")."""

KEEP = "Keep the database as it is, restore the last backup beside it, and compare."


def look_over(public: Path, now: datetime) -> Iterator[Finding]:
    """Every finding at `now`, for the instance whose public folder is `public`; nothing is changed."""
    name = connection.settings_dict["NAME"]
    if isinstance(name, Path) and not name.exists():
        return
    try:
        yield _log(public, now)
        yield _mail(now)
    except DatabaseError:
        step = "Run comity work --once; it brings the tables to this version."
        yield "log", "attention", "The site's database cannot be read, or has not this version's tables.", step
    finally:
        connection.close()


def _log(public: Path, now: datetime) -> Finding:
    past = sealings(public)
    entries = Entry.objects.select_related("agency").order_by("number")
    if broken := first_broken(entries.iterator()):
        what = f"Entry {broken.number} of the log was changed, or does not follow from the one before it."
        return "log", "broken", what, KEEP
    if wrong := contradiction(past):
        return "log", "broken", f"The log is not what was sealed on {wrong.day} as log/{wrong.number}.json.", KEEP
    if is_late(past, now):
        return (
            "log",
            "attention",
            "Entries of the log wait longer than two days to be sealed.",
            "comity work --every 60",
        )
    return "log", "well", f"{entries.count():,} entries in one chain, {len(past):,} sealings that agree with it", ""


def _mail(now: datetime) -> Finding:
    if stuck := stuck_mail(now):
        what = f"{stuck:,} messages were refused by the mail server, or a worker stopped while it sent them."
        return "mail", "attention", what, "Ask whoever runs the mail server; none of them is sent again."
    waiting = Mail.objects.filter(state=Mail.State.WAITING, queued_at__lt=now - timedelta(hours=1)).count()
    if waiting and not settings.MAIL_FROM:
        what = f"{waiting:,} messages wait, and comity.toml names no mail server."
        return "mail", "attention", what, "Name it in [site.mail] of comity.toml."
    if waiting:
        return "mail", "attention", f"{waiting:,} messages wait longer than an hour.", "comity work --once"
    return "mail", "well", "no message waits", ""
