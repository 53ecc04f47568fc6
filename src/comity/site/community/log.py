"""The log of what was done: append-only, each entry bound to the one before, readable by the auditor, sealed daily."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connections, router, transaction

from comity.site.community.models import Account, Agency, Entry

BEGINNING = "0" * 64


def record(
    action: str,
    subject: str,
    *,
    by: Account | None,
    agency: Agency | None = None,
    details: Mapping[str, Any] | None = None,
    public: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Entry:
    """Appends an entry, in the transaction of the action that it tells of; without one it raises.

    by: None where nobody acted. agency: the actor's, unless said. public: JSON for the sealed log, without personal data.
    """
    connection = connections[router.db_for_write(Entry)]
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("An entry belongs into the transaction of its action.")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('community_entry'))")
    last = Entry.objects.order_by("-number").first()
    entry = Entry(
        at=at or settings.CLOCK(),
        actor=by.username if by else "",
        role=by.role if by else "",
        agency=agency or (by.agency if by else None),
        action=action,
        subject=subject,
        details=dict(details or {}),
        public=dict(public) if public is not None else None,
        before=last.hash if last else BEGINNING,
    )
    entry.hash = entry_hash(entry)
    entry.save(force_insert=True)
    return entry


def entry_hash(entry: Entry) -> str:
    """SHA-256, in hex, of what `entry` says and of the hash before it."""
    said = {
        "at": entry.at.astimezone(UTC).isoformat(),
        "actor": entry.actor,
        "role": entry.role,
        "agency": entry.agency.slug if entry.agency else None,
        "action": entry.action,
        "subject": entry.subject,
        "details": entry.details,
        "public": entry.public,
        "before": entry.before,
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def first_broken(entries: Iterable[Entry], before: str = BEGINNING) -> Entry | None:
    """The first of `entries`, in their order, that does not follow from the one before it; None where all do."""
    for entry in entries:
        if entry.before != before or entry.hash != entry_hash(entry):
            return entry
        before = entry.hash
    return None
