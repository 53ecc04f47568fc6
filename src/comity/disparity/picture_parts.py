"""Parts of pictures, described in Vega-Lite: dots with intervals, layers, axes, and the frame that all pictures share."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from comity.disparity.finding import Figure, rounded
from comity.wording import Message, message

Size = Literal["wide", "narrow"]
Rows = list[dict[str, Any]]
Spec = dict[str, Any]

BLUE, VERMILLION, GREY, INK = "#0072B2", "#D55E00", "#767676", "#1b1b1b"
_WIDTH: dict[str, int] = {"wide": 720, "narrow": 360}
_FONT = "Public Sans, Source Sans Pro, Helvetica, Arial, sans-serif"
_HALO: tuple[Spec, ...] = ({"stroke": "white", "strokeWidth": 4}, {"color": INK})


@dataclass(frozen=True)
class Drawing:
    """A picture as a Vega-Lite specification; a notebook shows it drawn."""

    specification: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The specification, ready for JSON."""
        return dict(self.specification)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {"application/vnd.vegalite.v6+json": self.to_dict(), "text/plain": "a Vega-Lite picture"}


def around(rows: Rows, *, zero: bool) -> Spec:
    """A scale that holds every interval to its ends (Vega takes only one end of a bar into account)."""
    low, high = min(row["low"] for row in rows), max(row["high"] for row in rows)
    room = 0.04 * (high - low)
    return {"domain": [0 if zero else low - room, high + room], "nice": False}


def dots(
    rows: Rows,
    language: str,
    size: Size,
    *,
    axis: Message,
    scale: str = "linear",
    percent: bool = False,
    rule: float | None = None,
    zero: bool = False,
    left: int = 10,
    colours: tuple[str, ...] = (INK,),
) -> Spec:
    """A row per estimate: its name above the line (so that long names never collide), the interval, the value beside it."""
    for at, row in enumerate(rows):
        row["at"], row["colour"] = at, colours[at % len(colours)]
        row["text"] = f"{row['name']}: {row['numbers']}"
        if size == "narrow" and len(row["text"]) > 50:
            row["text"] = f"{row['name']}:\n{row['numbers']}"
    two_lines = any("\n" in row["text"] for row in rows)
    x_scale = {"type": scale, "domain": domain(rows, scale, rule, zero=zero), "nice": False, "zero": zero}
    x_axis = {"format": "%" if percent else ",~r", "tickCount": 5, "grid": True, "title": axis.in_language(language)}

    def x(field: str) -> Spec:
        return quantity(field, scale=x_scale, axis=x_axis)

    y = {"field": "at", "type": "ordinal", "axis": None, "scale": {"padding": 0.5}}
    layers = []
    if rule is not None:
        layers.append(layer([{"rule": rule}], {"type": "rule", "strokeDash": [4, 3], "color": GREY}, x=x("rule")))
    layers += [
        layer(
            rows,
            {"type": "rule", "strokeWidth": 3, "opacity": 0.6},
            x=x("low"),
            x2={"field": "high"},
            y=y,
            color=own_colour(),
        ),
        layer(
            rows,
            {"type": "point", "filled": True, "size": 70, "opacity": 1},
            x=x("estimate"),
            y=y,
            color=own_colour(),
        ),
    ]
    # The name and its numbers above the interval, from the left edge, with a halo where a line passes behind them.
    text = {"type": "text", "align": "left", "baseline": "bottom", "fontSize": 12, "lineBreak": "\n"}
    lift = {"dy": -23 if two_lines else -8}
    layers += [layer(rows, {**text, **lift, **halo}, x={"value": 2}, y=y, text=nominal("text")) for halo in _HALO]
    return {"layer": layers, "width": plot_width(size, left), "height": (60 if two_lines else 46) * max(len(rows), 1)}


def domain(rows: Rows, scale: str, rule: float | None, *, zero: bool) -> list[float]:
    """From the lowest to the highest end of an interval, the rule included, with some room."""
    low = min((row["low"] for row in rows), default=0.0)
    high = max((row["high"] for row in rows), default=1.0)
    if rule is not None:
        low, high = min(low, rule), max(high, rule)
    if scale == "log":
        room = (high / low) ** 0.06
        return [low / room, high * room]
    return [0.0 if zero else low - 0.06 * (high - low), high + 0.06 * (high - low)]


def estimate_row(figure: Figure, language: str, *, percent: bool) -> dict[str, Any]:
    label = figure.label.in_language(language)
    label = label[:1].upper() + label[1:]
    low, high = number(figure.low, percent), number(figure.high, percent)
    between = f"{low}–{high}"
    if (figure.low or 0) < 0:  # a dash before a minus cannot be read
        between = message("{low} to {high}", low=low, high=high).in_language(language)
    return {
        "estimate": figure.estimate,
        "low": figure.low,
        "high": figure.high,
        "name": label,
        "numbers": f"{number(figure.estimate, percent)} ({between})",
    }


def number(value: float | None, percent: bool) -> str:
    if value is None:
        return "–"
    return f"{value:.1%}" if percent else f"{rounded(value):,g}"


def layer(rows: Rows, mark: Spec, **encoding: Spec) -> Spec:
    return {"data": {"values": rows}, "mark": mark, "encoding": encoding}


def quantity(field: str, **options: Any) -> Spec:
    return {"field": field, "type": "quantitative", **options}


def nominal(field: str) -> Spec:
    return {"field": field, "type": "nominal"}


def own_colour() -> Spec:
    return {**nominal("colour"), "scale": None}


def stack(above: Spec, below: Spec) -> Spec:
    return {"vconcat": [above, below], "spacing": 18}


def plot_width(size: Size, left: int) -> int:
    return _WIDTH[size] - left - 14


def subtitle(text: str) -> Spec:
    return {"text": text, "anchor": "start", "fontSize": 12, "fontWeight": "normal", "color": INK}


def finish(chart: Spec, language: str, size: Size, title: Message | None) -> Drawing:
    letters = 88 if size == "wide" else 42
    if title is not None:
        lines = textwrap.wrap(title.in_language(language), letters)
        chart = {**chart, "title": {"text": lines, "anchor": "start", "fontSize": 15, "color": INK, "offset": 14}}
    axis = {
        "labelFontSize": 11,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "gridColor": "#e6e6e6",
        "labelColor": INK,
    }
    return Drawing(
        {
            "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
            **chart,
            "background": "white",
            "padding": 6,
            "config": {"font": _FONT, "view": {"stroke": None}, "axis": axis},
        }
    )
