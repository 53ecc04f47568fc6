"""The measure's picture: the baseline and every release since, each with its interval, and where it would count as moved.

Only positions are worked out here; `components/commitment_picture.html` writes the SVG, so a page draws it in microseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from comity.site.commitments import in_words
from comity.site.commitments.models import Measurement, Terms

WIDTH, LEFT, RIGHT, ROW, TOP = 380, 64, 14, 34, 14


@dataclass(frozen=True)
class Line:
    """One period's number. y, low, mid, high: in pixels of the drawing."""

    period: str
    said: str
    y: int
    low: float
    mid: float
    high: float
    is_baseline: bool


@dataclass(frozen=True)
class Picture:
    """wanted_from, wanted_width: the band in which the number would count as moved. ticks: (x, text)."""

    width: int
    height: int
    bottom: int
    left: int
    lines: tuple[Line, ...]
    wanted_from: float
    wanted_width: float
    ticks: tuple[tuple[float, str], ...]


def picture_of(terms: Terms, measurements: Sequence[Measurement]) -> Picture:
    """terms: those that hold; measurements: theirs, earliest first."""
    unit, base = terms.baseline["unit"], terms.baseline
    rows = [(terms.period, (base["estimate"], base["low"], base["high"]), True)]
    for each in measurements:
        after = each.after
        if after is not None:
            factor = base["days"] / after["days"] if base.get("days") and after.get("days") else 1.0
            values = (after["estimate"] * factor, after["low"] * factor, after["high"] * factor)
            rows.append((each.release.split("/")[1], values, False))
    size = terms.size * base["estimate"] if terms.size_is == "relative" else terms.size
    goal = base["estimate"] + (size if terms.wants == "up" else -size)
    least, most = min(goal, *(row[1][1] for row in rows)), max(goal, *(row[1][2] for row in rows))
    room = (most - least or abs(most) or 1.0) * 0.08
    least, most = least - room, most + room
    if unit in ("share", "count"):
        least = max(least, 0.0)

    def x(value: float) -> float:
        return round(LEFT + (value - least) / (most - least) * (WIDTH - LEFT - RIGHT), 1)

    lines = tuple(
        Line(
            period,
            in_words.number(values[0], unit),
            TOP + ROW * at + ROW // 2,
            x(values[1]),
            x(values[0]),
            x(values[2]),
            first,
        )
        for at, (period, values, first) in enumerate(rows)
    )
    bottom = TOP + ROW * len(rows)
    edge = x(goal)
    start, end = (edge, WIDTH - RIGHT) if terms.wants == "up" else (LEFT, edge)
    ticks = tuple((x(value), in_words.number(value, unit)) for value in (least + room, (least + most) / 2, most - room))
    return Picture(WIDTH, bottom + 24, bottom, LEFT, lines, start, round(max(end - start, 0.0), 1), ticks)
