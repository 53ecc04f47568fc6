"""One picture for the findings of a survey: each answer with its interval, and what it is compared with as a hollow mark beside it.

Vega-Lite specifications as plain values; `releases` draws them. Colours stay apart for colour-blind readers, and the shape of a mark
says as much as its colour.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from comity.wording import Message, message

BLUE, VERMILLION, INK = "#0072B2", "#D55E00", "#1b1b1b"
_WIDTH = {"wide": 720, "narrow": 360}
_LABEL = {"wide": 38, "narrow": 22}
_FONT = "Public Sans, Source Sans Pro, Helvetica, Arial, sans-serif"


def picture(
    figures: Sequence[Mapping[str, Any]],
    *,
    unit: str,
    language: str,
    size: Literal["wide", "narrow"],
    marks: tuple[Message, Message],
) -> dict[str, Any]:
    """The specification for the figures of one finding. unit: "share" (drawn in percent) or "points" (0-100); marks: what the full and
    the hollow mark (`unweighted`, or `population`) are called."""
    factor = 100 if unit == "share" else 1
    rows = [
        {
            "label": textwrap.wrap(each["label"][language], _LABEL[size]),
            "key": f"{at:03}",
            "estimate": each["estimate"] * factor,
            "low": (each["estimate"] if each["low"] is None else each["low"]) * factor,
            "high": (each["estimate"] if each["high"] is None else each["high"]) * factor,
            "beside": None if (beside := each.get("unweighted", each.get("population"))) is None else beside * factor,
        }
        for at, each in enumerate(figures)
        if each["estimate"] is not None and each["part"] == "group"
    ]
    lines = max(len(row["label"]) for row in rows)
    title = message("percent") if unit == "share" else message("points of 100")
    first, second = (mark.in_language(language) for mark in marks)
    labels = " : ".join(f"datum.value == '{row['key']}' ? {_quoted(row['label'])}" for row in rows)
    x = {
        "type": "quantitative",
        "scale": {"domain": [0, 100], "clamp": True},
        "axis": {"title": title.in_language(language), "grid": True},
    }
    y = {
        "field": "key",
        "type": "nominal",
        "sort": None,
        "axis": {"title": None, "labelExpr": f"{labels} : ''", "labelLimit": 320, "ticks": False, "domain": False},
    }
    shapes = {
        "type": "nominal",
        "scale": {"domain": [first, second], "range": ["circle", "diamond"]},
        "legend": {"title": None, "orient": "top"},
    }
    colours = {**shapes, "scale": {"domain": [first, second], "range": [BLUE, VERMILLION]}, "field": "kind"}
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "rule", "strokeWidth": 2.5, "color": BLUE},
            "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}},
        },
    ]
    if any(row["beside"] is not None for row in rows):
        layers += [
            {
                "transform": [{"calculate": f"'{first}'", "as": "kind"}],
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {"x": {**x, "field": "estimate"}, "shape": {**shapes, "field": "kind"}, "color": colours},
            },
            {
                "transform": [{"calculate": f"'{second}'", "as": "kind"}],
                "mark": {"type": "point", "filled": False, "size": 70, "strokeWidth": 1.8, "opacity": 1},
                "encoding": {"x": {**x, "field": "beside"}, "shape": {**shapes, "field": "kind"}, "color": colours},
            },
        ]
    else:
        layers.append(
            {
                "mark": {"type": "point", "filled": True, "size": 90, "color": BLUE, "opacity": 1},
                "encoding": {"x": {**x, "field": "estimate"}},
            }
        )
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": rows},
        "padding": {"left": 40, "right": 40, "top": 8, "bottom": 8},  # readers' fonts are wider than the one it is drawn with
        "width": _WIDTH[size] - 250 if size == "wide" else _WIDTH[size] - 160,
        "height": {"step": 16 + 13 * lines},
        "encoding": {"y": y},
        "layer": layers,
        "config": {"font": _FONT, "axis": {"labelFontSize": 12, "titleFontSize": 12, "labelColor": INK, "titleColor": INK}, "view": {"stroke": None}, "legend": {"labelFontSize": 12, "columnPadding": 48, "labelLimit": 320}},
    }  # fmt: skip


def _quoted(lines: Sequence[str]) -> str:
    return "[" + ", ".join("'" + line.replace("\\", "\\\\").replace("'", "\\'") + "'" for line in lines) + "]"
