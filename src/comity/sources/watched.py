"""A folder in which a records system leaves its exports: the newest whole file is the source."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from comity.sources.pages import Column, Page, SourceRefused

QUIET_SECONDS = 60
"""A file that changed in the last minute may still be being written."""


class Watched:
    """One reading of the newest CSV file that matches `pattern` and has been left alone for a minute before `now`."""

    def __init__(self, pattern: str, *, page_rows: int, now: datetime) -> None:
        place = Path(pattern)
        found = [path for path in place.parent.glob(place.name) if path.is_file() and not path.name.startswith(".")]
        whole = [path for path in found if now.timestamp() - path.stat().st_mtime >= QUIET_SECONDS]
        if not whole:
            waiting = f"; {len(found)} may still be being written" if found else ""
            raise SourceRefused(f"No file in {place.parent} matches {place.name}{waiting}.", "Wait, then fetch again.")
        self._path = max(whole, key=lambda path: (path.stat().st_mtime, path.name))
        self._rows = page_rows
        with self._path.open(newline="", encoding="utf-8-sig") as file:
            try:
                header = next(csv.reader(file), [])
            except UnicodeDecodeError:
                raise SourceRefused(
                    f"{self._path.name} is not UTF-8.", "Export it as UTF-8, or name it under files of its dataset."
                ) from None
        self.columns: Sequence[Column] = [Column(name, "text") for name in header]

    def expected_rows(self) -> int | None:
        return None

    def pages(self) -> Iterator[Page]:
        with self._path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            next(reader, None)
            rows: list[list[str | None]] = []
            for number, row in enumerate(reader, 2):
                if len(row) != len(self.columns):
                    raise SourceRefused(
                        f"Line {number} of {self._path.name} has {len(row)} values and the header {len(self.columns)}.",
                        "Name such a file under files of its dataset instead: mappings reject single rows.",
                    )
                rows.append([value or None for value in row])
                if len(rows) == self._rows:
                    yield Page(rows, b"")
                    rows = []
            if rows:
                yield Page(rows, b"")
