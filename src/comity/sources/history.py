"""What each fetch found, one line of JSON after the other: the memory that makes a silent change visible."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

TAKEN, WAITING, ACCEPTED = "taken", "waiting", "accepted"


@dataclass(frozen=True)
class Fetch:
    """One fetch, or the acceptance of one that waited.

    at: UTC, ISO 8601. columns: name -> the source's word for its type. newest: greatest value of the column that
    `newest_by` names. alarms: sentences. state: "taken", "waiting" or "accepted". because: language -> the reason of an
    acceptance, which readers of the next releases get.
    """

    at: str
    state: str
    rows: int
    sha256: str
    columns: dict[str, str]
    newest: str | None = None
    alarms: tuple[str, ...] = ()
    because: Mapping[str, str] = field(default_factory=dict)

    def as_record(self) -> dict[str, Any]:
        """As its line has it."""
        return asdict(self) | {"alarms": list(self.alarms)}


def history_path(folder: Path, name: str) -> Path:
    """Where the history of the source `name` of the instance in `folder` is."""
    return folder / "sources" / name / "history.jsonl"


def read_history(folder: Path, name: str) -> tuple[Fetch, ...]:
    """Every fetch of the source, first to last."""
    path = history_path(folder, name)
    if not path.exists():
        return ()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return tuple(Fetch(**{**line, "alarms": tuple(line["alarms"])}) for line in lines)


def remember(folder: Path, name: str, fetch: Fetch) -> None:
    """Adds a line, durably."""
    path = history_path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(fetch.as_record(), ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def in_use(history: tuple[Fetch, ...]) -> Fetch | None:
    """The fetch whose rows are in use now."""
    return next((each for each in reversed(history) if each.state != WAITING), None)
