"""Seals the log of what was done: its public steps, and the head of its chain, which nobody can then rewrite unnoticed.

public/log/<n>.json holds what was recorded since the sealing before: `first`, `last` (numbers of entries), `entries`
(how many), `before` and `head` (hashes at both ends of that stretch of the chain), and `steps`, what is public of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from comity.errors import ComityError
from comity.ledger import Signer, seal_files, start_ledger
from comity.releases.states import Countersign, next_state, only_publisher, write_file
from comity.site.community.log import BEGINNING, first_broken
from comity.site.community.models import Entry

LATE_AFTER = timedelta(days=2)


class LogBroken(ComityError):
    """The log was changed behind its back, so it cannot be sealed."""


@dataclass(frozen=True)
class Sealing:
    """One file of public/log. first, last: numbers of entries; head: the hash of the last one."""

    number: int
    day: date
    first: int
    last: int
    entries: int
    before: str
    head: str


def seal_log(folder: Path, *, signer: Signer, today: date, countersign: Countersign | None = None) -> int:
    """Seals the entries that are not sealed yet, and returns how many.

    Public steps are sealed at once, private ones once a day. Raises LogBroken where the chain does not hold.
    """
    with only_publisher(folder):
        past = sealings(folder / "public")
        last = past[-1] if past else None
        waiting = Entry.objects.filter(number__gt=last.last if last else 0).select_related("agency").order_by("number")
        if not waiting or (all(each.public is None for each in waiting) and last and last.day == today):
            return 0
        before = last.head if last else BEGINNING
        if broken := first_broken(waiting, before):
            raise LogBroken(
                f"Entry {broken.number} of the log does not follow from the one before it, so nothing was sealed.",
                "Keep the database as it is, restore the last backup beside it, and compare.",
            )
        number = len(past) + 1
        path = f"log/{number}.json"
        content = json.dumps(_record(list(waiting), number, today, before), ensure_ascii=False, indent=1) + "\n"
        with next_state(folder, countersign=countersign) as state:
            if not (state / "ledger").exists():
                start_ledger(state, signer=signer, extra={"date": today.isoformat()})
            write_file(state / path, content.encode())
            seal_files(state, "log", [path], signer=signer, extra={"date": today.isoformat()})
        return len(waiting)


def sealings(public: Path) -> list[Sealing]:
    """Every file of `public`/log, in order; empty where nothing was sealed yet."""
    found = []
    for path in sorted(public.glob("log/*.json"), key=lambda path: int(path.stem)):
        said = json.loads(path.read_text(encoding="utf-8"))
        numbers = {name: said[name] for name in ("first", "last", "entries", "before", "head")}
        found.append(Sealing(int(path.stem), date.fromisoformat(said["day"]), **numbers))
    return found


def contradiction(past: list[Sealing]) -> Sealing | None:
    """The first sealing whose head is not the hash that the database has there; None where all agree."""
    heads = dict(Entry.objects.filter(number__in=[each.last for each in past]).values_list("number", "hash"))
    return next((each for each in past if heads.get(each.last) != each.head), None)


def is_late(past: list[Sealing], now: datetime) -> bool:
    """Whether an entry waits longer than LATE_AFTER to be sealed."""
    last = past[-1].last if past else 0
    return Entry.objects.filter(number__gt=last, at__lt=now - LATE_AFTER).exists()


def _record(entries: list[Entry], number: int, today: date, before: str) -> Mapping[str, Any]:
    return {
        "log": number,
        "day": today.isoformat(),
        "first": entries[0].number,
        "last": entries[-1].number,
        "entries": len(entries),
        "before": before,
        "head": entries[-1].hash,
        "steps": [
            {
                "number": each.number,
                "at": each.at.astimezone(UTC).isoformat(),
                "agency": each.agency.slug if each.agency else None,
                "action": each.action,
                "subject": each.subject,
                "public": each.public,
            }
            for each in entries
            if each.public is not None
        ],
    }
