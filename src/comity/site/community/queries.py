"""What is read of the log: entries, whether they hold together, and how far they are sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet

from comity.site.community.log import BEGINNING, entry_hash
from comity.site.community.models import Account, Entry
from comity.site.community.sealing import Sealing, contradiction, is_late, sealings


def entries(
    auditor: Account,
    *,
    actor: str | None = None,
    action: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[Entry]:
    """The entries of the auditor's agency and those of no agency, newest first. since, until: days where the agency is."""
    found = _of(auditor).select_related("agency").order_by("-number")
    zone = ZoneInfo(settings.TIME_ZONE_OF_AGENCY)
    if actor:
        found = found.filter(actor=actor)
    if action:
        found = found.filter(action=action)
    if since:
        found = found.filter(at__gte=datetime.combine(since, time(), zone))
    if until:
        found = found.filter(at__lt=datetime.combine(until + timedelta(days=1), time(), zone))
    return found


def actions(auditor: Account) -> list[str]:
    """Every kind of action there is among them."""
    return list(_of(auditor).order_by("action").values_list("action", flat=True).distinct())


def broken_among(shown: Sequence[Entry]) -> list[int]:
    """Numbers of those of `shown` that were changed, or whose predecessor was changed or taken away."""
    before = set(Entry.objects.filter(hash__in=[each.before for each in shown]).values_list("hash", flat=True))
    return [
        each.number
        for each in shown
        if each.hash != entry_hash(each) or (each.before != BEGINNING and each.before not in before)
    ]


@dataclass(frozen=True)
class SealingState:
    """How far the log is sealed. contradicted: the first sealing that the database contradicts."""

    count: int
    last: Sealing | None
    contradicted: Sealing | None
    is_late: bool


def sealing() -> SealingState:
    """The sealings in the public folder, held against the database."""
    past = sealings(settings.PUBLIC)
    return SealingState(len(past), past[-1] if past else None, contradiction(past), is_late(past, settings.CLOCK()))


def _of(auditor: Account) -> QuerySet[Entry]:
    return Entry.objects.filter(Q(agency=auditor.agency_id) | Q(agency=None))
