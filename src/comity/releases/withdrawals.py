"""Withdrawals: a version that may no longer be read leaves a tombstone that says who took it away, when, why, and what it was.

The tombstone is `withdrawals/<dataset>/<period>/v<N>.json`, named by the same entry of the ledger that ends the version.
It holds the SHA-256 of the version's manifest, so that whoever kept a copy can still prove what was there; it repeats
nothing of the content.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from comity.errors import ComityError

Text = Mapping[str, str]


class WithdrawalError(ComityError):
    """There is nothing to withdraw, no reason for it, or a tombstone is not one."""


@dataclass(frozen=True)
class Withdrawal:
    """A tombstone. sha256, bytes: of the manifest that the ledger had sealed."""

    dataset: str
    period: str
    version: int
    title: Text
    published: date
    withdrawn: date
    by: Text
    reason: Text
    sha256: str
    bytes: int

    @property
    def id(self) -> str:
        return f"{self.dataset}/{self.period}/v{self.version}"

    @property
    def path(self) -> str:
        """Of its file, from the public folder."""
        return f"withdrawals/{self.id}.json"

    def as_record(self) -> dict[str, Any]:
        """As its file has it."""
        return {
            "release": self.id,
            "title": dict(self.title),
            "published": self.published.isoformat(),
            "withdrawn": self.withdrawn.isoformat(),
            "by": dict(self.by),
            "reason": dict(self.reason),
            "manifest": {"sha256": self.sha256, "bytes": self.bytes},
        }


def read_withdrawals(public: Path) -> tuple[Withdrawal, ...]:
    """Every tombstone, newest first. Raises WithdrawalError for a file that is not one."""
    found = [_read(path, public) for path in public.glob("withdrawals/*/*/v*.json")]
    return tuple(sorted(found, key=lambda each: (each.withdrawn, each.id), reverse=True))


def _read(path: Path, public: Path) -> Withdrawal:
    try:
        record = json.loads(path.read_bytes())
        dataset, period, version = record["release"].split("/")
        found = Withdrawal(
            dataset,
            period,
            int(version.removeprefix("v")),
            record["title"],
            date.fromisoformat(record["published"]),
            date.fromisoformat(record["withdrawn"]),
            record["by"],
            record["reason"],
            record["manifest"]["sha256"],
            int(record["manifest"]["bytes"]),
        )
        if found.path != path.relative_to(public).as_posix():
            raise ValueError("it does not lie where it says")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WithdrawalError(
            f"The published file '{path}' is not a tombstone: {type(error).__name__} {error}.",
            "Run comity verify on the folder to see whether it was altered.",
        ) from None
    return found
