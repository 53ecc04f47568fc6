"""What every kind of source gives: its columns first, then its rows page by page, each page with the answer as it came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from comity.errors import ComityError


class SourceRefused(ComityError):
    """A source did not answer, or answered something else than rows."""


@dataclass(frozen=True)
class Column:
    """A column as the source declares it. kind: the source's own word for its type."""

    name: str
    kind: str


@dataclass(frozen=True)
class Page:
    """rows: one text a column, in their order; None where the source has no value. raw: the bytes of the answer."""

    rows: Sequence[Sequence[str | None]]
    raw: bytes


class Pages(Protocol):
    """One reading of a source, from its first row to its last."""

    columns: Sequence[Column]

    def expected_rows(self) -> int | None:
        """How many rows the source says it has; None where it does not say."""

    def pages(self) -> Iterator[Page]:
        """Every row once, in an order that rows added meanwhile do not disturb."""
