"""Series breaks: from which period on a dataset counts differently, declared and sealed, never guessed.

Each is a file that never changes, `breaks/<dataset>/<name>.json`, with its own entry in the ledger. Figures from before
and from after one are not put side by side without it. docs/reference/release-json.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from comity.errors import ComityError

KINDS = ("series break", "definition change")


class BreakError(ComityError):
    """A sealed break would be changed, or its file is not one."""


@dataclass(frozen=True)
class Break:
    """From `period` on, `dataset` counts differently.

    kind: "series break" (figures before and after do not compare) or "definition change" (a word means something else).
    tables: those concerned, all when empty. text: what changed and why, in each language.
    """

    dataset: str
    name: str
    period: str
    text: Mapping[str, str]
    kind: str = "series break"
    tables: tuple[str, ...] = ()
    sealed: date | None = None

    @property
    def path(self) -> str:
        """Of its file, from the public folder."""
        return f"breaks/{self.dataset}/{self.name}.json"

    def concerns(self, table: str) -> bool:
        """Whether the table of this name is affected."""
        return not self.tables or table in self.tables

    def as_record(self) -> dict[str, Any]:
        """As its file has it."""
        return {
            "dataset": self.dataset,
            "name": self.name,
            "kind": self.kind,
            "period": self.period,
            "tables": list(self.tables),
            "text": dict(self.text),
            "sealed": self.sealed.isoformat() if self.sealed else None,
        }


def read_breaks(public: Path) -> tuple[Break, ...]:
    """Every sealed break, by dataset and period. Raises BreakError for a file that is not one."""
    found = [_read(path, public) for path in public.glob("breaks/*/*.json")]
    return tuple(sorted(found, key=lambda each: (each.dataset, each.period, each.name)))


def breaks_to_seal(public: Path, breaks: Sequence[Break]) -> tuple[Break, ...]:
    """Those of `breaks` that are not sealed yet. Raises BreakError when a sealed one would say something else."""
    sealed = {each.path: each for each in read_breaks(public)} if public.exists() else {}
    for each in breaks:
        old = sealed.get(each.path)
        if old and {**old.as_record(), "sealed": None} != {**each.as_record(), "sealed": None}:
            raise BreakError(
                f"The break '{each.name}' of {each.dataset} is sealed as of {old.sealed} and says something else.",
                "A sealed break never changes: put it back as it was, and declare another one with another name.",
            )
    return tuple(each for each in breaks if each.path not in sealed)


def _read(path: Path, public: Path) -> Break:
    try:
        record = json.loads(path.read_bytes())
        found = Break(
            record["dataset"],
            record["name"],
            record["period"],
            record["text"],
            record["kind"],
            tuple(record["tables"]),
            date.fromisoformat(record["sealed"]),
        )
        if found.path != path.relative_to(public).as_posix():
            raise ValueError("it does not lie where it says")
    except (ValueError, KeyError, TypeError) as error:
        raise BreakError(
            f"The published file '{path}' is not a series break: {type(error).__name__} {error}.",
            "Run comity verify on the folder to see whether it was altered.",
        ) from None
    return found
