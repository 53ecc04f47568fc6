"""Lists that people are drawn from: CSV files with one row a unit, read as text, and written so that only their owner reads them.

Nothing of a row is ever in a message: errors name columns and row numbers.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from comity.errors import ComityError, nearest

MOST_ROWS = 5_000_000


class FrameError(ComityError):
    """A list of people, addresses or numbers cannot be drawn from as it is."""


@dataclass(frozen=True)
class Frame:
    """rows: {column: text} each, in the order of the file."""

    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, str]]

    def need(self, *names: str) -> None:
        """Raises FrameError naming the nearest column when one of `names` is not there."""
        for name in names:
            if name not in self.columns:
                near = nearest(name, self.columns)
                raise FrameError(
                    f"The list has no column '{name}'.",
                    f"Did you mean '{near}'?" if near else f"It has: {', '.join(self.columns)}.",
                )


def read_frame(path: Path) -> Frame:
    """The list in a CSV file with a header (UTF-8). Raises FrameError for a file that is none, with the row number."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FrameError(f"There is no file {path}.", "Check its name.") from None
    except UnicodeDecodeError:
        raise FrameError(f"{path} is not a CSV file in UTF-8.", "Save it as CSV in UTF-8, then try again.") from None
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        columns = tuple(each.strip() for each in next(reader, ()))
        if not columns or len(set(columns)) < len(columns) or not all(columns):
            raise FrameError(
                f"{path} has no header, or a column name is empty or occurs twice.",
                "Name each column once in the first row.",
            )
        rows: list[dict[str, str]] = []
        for number, cells in enumerate(reader, 2):
            if not any(cells):
                continue
            if len(cells) != len(columns):
                raise FrameError(
                    f"Row {number} of {path} has {len(cells)} cells; the header has {len(columns)}.", "Mend the row."
                )
            rows.append({column: cell.strip() for column, cell in zip(columns, cells, strict=True)})
            if len(rows) > MOST_ROWS:
                raise FrameError(f"{path} has more than {MOST_ROWS:,} rows.", "Split it by area, and draw in each.")
    except csv.Error as error:
        raise FrameError(f"{path} is not a CSV file ({error}).", "Save it as CSV again.") from None
    if not rows:
        raise FrameError(f"{path} has no rows.", "Give a list with at least one.")
    return Frame(columns, rows)


def write_private_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows as CSV that only their owner can read (mode 0600): aside first, then renamed."""
    aside = path.with_name(f".{path.name}.writing")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(columns), extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
