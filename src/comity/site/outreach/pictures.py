"""Bars of shares side by side, as an SVG that the page holds: no script, no inline style, and the table says the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from comity.site.outreach.queries.workforce import Line

ROW, BAR, WIDTH = 62, 16, 360


def shares_picture(lines: Sequence[Line]) -> dict[str, Any] | None:
    """Places of the bars, in pixels, of the groups for which both shares are known; None where there are none."""
    both = [each for each in lines if each.share is not None and each.here is not None]
    if not both:
        return None
    longest = max(max(each.share or 0, each.here or 0) for each in both)
    return {
        "width": WIDTH,
        "height": ROW * len(both),
        "rows": [
            {
                "label": each.label,
                "top": at * ROW,
                "text": at * ROW + 14,
                "first": at * ROW + 20,
                "second": at * ROW + 20 + BAR + 2,
                "officers": _pixels(each.share, longest),
                "residents": _pixels(each.here, longest),
                "share": each.share,
                "here": each.here,
            }
            for at, each in enumerate(both)
        ],
    }


def _pixels(share: float | None, longest: float) -> int:
    return round((share or 0) / longest * (WIDTH - 60)) if longest else 0
