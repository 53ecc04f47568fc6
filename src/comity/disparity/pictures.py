"""One picture a finding, described in Vega-Lite and drawn by someone else (releases render SVG at publish time).

Rules: intervals are always drawn, labels stand beside what they name and never on each other, colours stay apart for
colour-blind readers (Okabe and Ito 2008), and nothing is shown by colour alone. Two sizes: "wide" (720 px) and "narrow"
(360 px, a phone). The specifications are written out as they are: a library that builds them takes a tenth of a second each.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from comity.disparity.change import FunnelPoint
from comity.disparity.finding import Figure, Finding, rounded
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


def picture(finding: Finding, language: str = "en", size: Size = "wide") -> Drawing:
    """The finding's picture, with texts in `language`. Raises ValueError for a finding without figures (chart is None)."""
    if finding.chart is None:
        raise ValueError(f"finding {finding.id} has no picture")
    if finding.method == "veil_of_darkness":
        return _veil(finding, language, size)
    if finding.method in ("change", "rollout"):
        return _course(finding, language, size)
    if finding.unit == "difference":
        return _differences(finding, language, size)
    return _rates(finding, language, size)


def forest(
    figures: Sequence[Figure], *, title: Message, no_difference: float, ratio: bool, language: str, size: Size
) -> Drawing:
    """Estimates with intervals, one a line, and a rule at no difference; ratios on a log axis."""
    rows = [_row(figure, language, percent=False) for figure in figures if figure.low is not None]
    dots = _dots(rows, language, size, axis=title, scale="log" if ratio else "linear", rule=no_difference)
    return _finish(dots, language, size, None)


def funnel_picture(
    points: Sequence[FunnelPoint], *, title: Message, language: str = "en", size: Size = "wide"
) -> Drawing:
    """Rates of places against their exposure, inside the limits of chance (95% and 99.8%); those that stand out are named."""
    rows = sorted(
        (
            {
                "place": p.place, "rate": p.rate, "exposure": p.exposure, "low": p.low, "high": p.high,
                "far_low": p.far_low, "far_high": p.far_high, "colour": VERMILLION if p.stands_out else BLUE,
            }
            for p in points
        ),
        key=lambda row: float(str(row["exposure"])),
    )  # fmt: skip
    x = _quantity("exposure", title=message("Exposure").in_language(language), scale={"zero": False})
    rate = message("Rate").in_language(language)
    limits = (("low", [4, 3]), ("high", [4, 3]), ("far_low", [1, 0]), ("far_high", [1, 0]))
    layers = [
        _layer(
            rows,
            {"type": "line", "color": GREY, "strokeDash": dash, "interpolate": "monotone"},
            x=x,
            y=_quantity(name, title=rate),
        )
        for name, dash in limits
    ]
    layers.append(
        _layer(
            rows,
            {"type": "circle", "size": 50, "opacity": 0.9},
            x=x,
            y=_quantity("rate"),
            color=_own_colour(),
            tooltip=_name("place"),
        )
    )
    named = [row for row in rows if row["colour"] == VERMILLION]
    label = {"type": "text", "align": "right", "dx": -7, "fontSize": 11}
    layers.append(_layer(named, label, x=x, y=_quantity("rate"), text=_name("place")))
    return _finish({"layer": layers, "width": _plot_width(size, 60), "height": 300}, language, size, title)


def scatter(
    points: Sequence[tuple[str, float, float, float]],
    *,
    across: Message,
    upward: Message,
    title: Message,
    language: str = "en",
    size: Size = "wide",
) -> Drawing:
    """A group's value against the reference's, one circle a place (area by weight), with the line of equality.

    points: (place, value of the reference, value of the group, weight). For the agency's own eyes where counts are small.
    """
    most = 1.05 * max((max(x, y) for _, x, y, _ in points), default=1.0)
    rows: Rows = [{"place": place, "x": x, "y": y, "weight": weight} for place, x, y, weight in points]
    axis, scale = {"format": "%", "tickCount": 5}, {"domain": [0, most], "nice": False}
    x = _quantity("x", title=across.in_language(language), axis=axis, scale=scale)
    y = _quantity("y", title=upward.in_language(language), axis=axis, scale=scale)
    equal: Rows = [{"x": 0.0, "y": 0.0}, {"x": most, "y": most}]
    side = _plot_width(size, 60)
    layers = [
        _layer(equal, {"type": "line", "strokeDash": [4, 3], "color": GREY}, x=x, y=y),
        _layer(
            rows,
            {"type": "circle", "opacity": 0.6, "color": BLUE},
            x=x,
            y=y,
            size=_quantity("weight", legend=None),
            tooltip=_name("place"),
        ),
    ]
    return _finish({"layer": layers, "width": side, "height": min(side, 420)}, language, size, title)


def _rates(finding: Finding, language: str, size: Size) -> Drawing:
    """Above: each group's rate. Below: the ratio, pooled and within places, on a log axis with a line at 1."""
    share = finding.method != "stop_rate"
    groups = [_row(f, language, percent=share) for f in finding.figures if f.part == "group"]
    ratios = [_row(f, language, percent=False) for f in finding.figures if f.part in ("comparison", "sensitivity")]
    rates_axis = {
        "search_rate": message("Share of stops with a search"),
        "outcome_test": message("Share of searches that find something"),
        "stop_rate": message("Stops per 1,000 in the benchmark"),
    }[finding.method]
    above = _dots(groups, language, size, axis=rates_axis, percent=share, colours=(BLUE, VERMILLION), zero=True)
    below = _dots(ratios, language, size, axis=message("Ratio of the two (1 = no difference)"), scale="log", rule=1.0)
    return _finish(_above(above, below), language, size, finding.question)


def _differences(finding: Finding, language: str, size: Size) -> Drawing:
    """Above: each group's level. Below: the difference and its sensitivities, around a line at 0."""
    groups = [_row(f, language, percent=True) for f in finding.figures if f.part == "group"]
    gaps = [
        _row(f, language, percent=True)
        for f in finding.figures
        if f.part in ("comparison", "sensitivity") and f.low is not None
    ]
    level, gap = message("Level of each group"), message("Difference (0 = no difference)")
    if finding.method == "threshold_test":
        level = message("Chance of contraband at which people are searched")
    below = _dots(gaps, language, size, axis=gap, percent=True, rule=0.0)
    if not groups:
        return _finish(below, language, size, finding.question)
    above = _dots(groups, language, size, axis=level, percent=True, colours=(BLUE, VERMILLION), zero=True)
    return _finish(_above(above, below), language, size, finding.question)


def _course(finding: Finding, language: str, size: Size) -> Drawing:
    """Above: estimates with intervals in order of time. Below: the comparison and its variants."""
    change = finding.method == "change"
    rows: Rows = []
    for at, figure in enumerate(f for f in finding.figures if f.part == "detail" and f.low is not None and f.more):
        when = figure.more["period"] if change else figure.more["event_time"]
        colour = VERMILLION if (not change and int(when or 0) < 0) or figure.more.get("break") else BLUE
        rows.append(
            {
                "at": at,
                "when": str(when),
                "y": figure.estimate,
                "low": figure.low,
                "high": figure.high,
                "colour": colour,
            }
        )
    every = max(1, len(rows) // (12 if size == "wide" else 6))
    shown = {row["at"]: row["when"] for row in rows if row["at"] % every == 0}
    lookup = "{" + ",".join(f"'{at}': '{when}'" for at, when in shown.items()) + "}"
    title = message("Period") if change else message("Periods from adoption")
    x = _quantity(
        "at",
        title=title.in_language(language),
        axis={"values": sorted(shown), "labelExpr": f"{lookup}[datum.value]", "grid": False},
        scale={"padding": 10, "nice": False},
    )
    no_effect = {"type": "rule", "strokeDash": [4, 3], "color": GREY}
    layers = [] if change else [_layer([{"zero": 0.0}], no_effect, y=_quantity("zero"))]
    layers += [
        _layer(
            rows,
            {"type": "rule", "strokeWidth": 2, "opacity": 0.7},
            x=x,
            y=_quantity("low", title=None),
            y2={"field": "high"},
            color=_own_colour(),
        ),
        _layer(
            rows,
            {"type": "point", "filled": True, "size": 45, "opacity": 1},
            x=x,
            y=_quantity("y", title=None, scale=_around(rows, zero=change)),
            color=_own_colour(),
        ),
    ]
    label = message("Rate in each period") if change else message("Effect against comparable units")
    above = {
        "layer": layers,
        "width": _plot_width(size, 46),
        "height": 200,
        "title": _subtitle(label.in_language(language)),
    }
    kept = [f for f in finding.figures if f.low is not None and (f.part != "detail" or not f.more)]
    ratios = [_row(f, language, percent=False) for f in kept]
    axis = message("Ratio to before (1 = no change)") if change else message("Difference (0 = no difference)")
    scale, rule = ("log", 1.0) if change else ("linear", 0.0)
    below = _dots(ratios, language, size, axis=axis, scale=scale, rule=rule, left=46)
    return _finish(_above(above, below), language, size, finding.question)


def _veil(finding: Finding, language: str, size: Size) -> Drawing:
    """Above: the group's share by clock time, light against dark. Below: the odds ratio and its sensitivities."""
    rows: Rows = []
    for figure in finding.figures:
        if figure.part == "detail" and "minute" in figure.more:
            minute, dark = figure.more["minute"], bool(figure.more["dark"])
            rows.append(
                {
                    # Light and dark stand a little apart, so that their intervals do not cover each other.
                    "minute": float(minute or 0) + (3 if dark else -3),
                    "share": figure.estimate,
                    "low": figure.low,
                    "high": figure.high,
                    "series": figure.label.in_language(language),
                }
            )
    ratios = [
        _row(f, language, percent=False)
        for f in finding.figures
        if f.part in ("comparison", "sensitivity")
        or (f.part == "detail" and f.low is not None and "minute" not in f.more)
    ]
    odds = message("Odds ratio, dark against light (1 = no difference)")
    below = _dots(ratios, language, size, axis=odds, scale="log", rule=1.0, left=46)
    if not rows:
        return _finish(below, language, size, finding.question)
    x = _quantity(
        "minute",
        title=message("Clock time").in_language(language),
        scale={"zero": False, "padding": 12},
        axis={
            "values": list(range(0, 1441, 60)),
            "grid": False,
            "labelExpr": "format(floor(datum.value / 60), '02') + ':' + format(datum.value % 60, '02')",
        },
    )
    names = [message("in the light").in_language(language), message("in the dark").in_language(language)]
    key = {"orient": "top", "title": None, "symbolSize": 80, "labelFontSize": 12}
    colour = {**_name("series"), "scale": {"domain": names, "range": [VERMILLION, BLUE]}, "legend": key}
    shape = {**_name("series"), "scale": {"domain": names, "range": ["circle", "square"]}, "legend": key}
    y = _quantity("share", title=None, scale=_around(rows, zero=False), axis={"format": "%", "tickCount": 5})
    layers = [
        _layer(
            rows,
            {"type": "rule", "strokeWidth": 2, "opacity": 0.7},
            x=x,
            y=_quantity("low", title=None),
            y2={"field": "high"},
            color=colour,
        ),
        _layer(rows, {"type": "point", "filled": True, "size": 55, "opacity": 1}, x=x, y=y, color=colour, shape=shape),
    ]
    axis = message("Share of the people stopped").in_language(language)
    above = {"layer": layers, "width": _plot_width(size, 46), "height": 200, "title": _subtitle(axis)}
    return _finish(_above(above, below), language, size, finding.question)


def _around(rows: Rows, *, zero: bool) -> Spec:
    """A scale that holds every interval to its ends (Vega takes only one end of a bar into account)."""
    low, high = min(row["low"] for row in rows), max(row["high"] for row in rows)
    room = 0.04 * (high - low)
    return {"domain": [0 if zero else low - room, high + room], "nice": False}


def _dots(
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
    x_scale = {"type": scale, "domain": _domain(rows, scale, rule, zero=zero), "nice": False, "zero": zero}
    x_axis = {"format": "%" if percent else "~g", "tickCount": 5, "grid": True, "title": axis.in_language(language)}

    def x(field: str) -> Spec:
        return _quantity(field, scale=x_scale, axis=x_axis)

    y = {"field": "at", "type": "ordinal", "axis": None, "scale": {"padding": 0.5}}
    layers = []
    if rule is not None:
        layers.append(_layer([{"rule": rule}], {"type": "rule", "strokeDash": [4, 3], "color": GREY}, x=x("rule")))
    layers += [
        _layer(
            rows,
            {"type": "rule", "strokeWidth": 3, "opacity": 0.6},
            x=x("low"),
            x2={"field": "high"},
            y=y,
            color=_own_colour(),
        ),
        _layer(
            rows,
            {"type": "point", "filled": True, "size": 70, "opacity": 1},
            x=x("estimate"),
            y=y,
            color=_own_colour(),
        ),
    ]
    # The name and its numbers above the interval, from the left edge, with a halo where a line passes behind them.
    text = {"type": "text", "align": "left", "baseline": "bottom", "fontSize": 12, "lineBreak": "\n"}
    lift = {"dy": -23 if two_lines else -8}
    layers += [_layer(rows, {**text, **lift, **halo}, x={"value": 2}, y=y, text=_name("text")) for halo in _HALO]
    return {"layer": layers, "width": _plot_width(size, left), "height": (60 if two_lines else 46) * max(len(rows), 1)}


def _domain(rows: Rows, scale: str, rule: float | None, *, zero: bool) -> list[float]:
    """From the lowest to the highest end of an interval, the rule included, with some room."""
    low = min((row["low"] for row in rows), default=0.0)
    high = max((row["high"] for row in rows), default=1.0)
    if rule is not None:
        low, high = min(low, rule), max(high, rule)
    if scale == "log":
        room = (high / low) ** 0.06
        return [low / room, high * room]
    return [0.0 if zero else low - 0.06 * (high - low), high + 0.06 * (high - low)]


def _row(figure: Figure, language: str, *, percent: bool) -> dict[str, Any]:
    label = figure.label.in_language(language)
    label = label[:1].upper() + label[1:]
    between = f"{_number(figure.low, percent)}–{_number(figure.high, percent)}"
    return {
        "estimate": figure.estimate,
        "low": figure.low,
        "high": figure.high,
        "name": label,
        "numbers": f"{_number(figure.estimate, percent)} ({between})",
    }


def _number(value: float | None, percent: bool) -> str:
    if value is None:
        return "–"
    return f"{value:.1%}" if percent else f"{rounded(value):,g}"


def _layer(rows: Rows, mark: Spec, **encoding: Spec) -> Spec:
    return {"data": {"values": rows}, "mark": mark, "encoding": encoding}


def _quantity(field: str, **options: Any) -> Spec:
    return {"field": field, "type": "quantitative", **options}


def _name(field: str) -> Spec:
    return {"field": field, "type": "nominal"}


def _own_colour() -> Spec:
    return {**_name("colour"), "scale": None}


def _above(above: Spec, below: Spec) -> Spec:
    return {"vconcat": [above, below], "spacing": 18}


def _plot_width(size: Size, left: int) -> int:
    return _WIDTH[size] - left - 14


def _subtitle(text: str) -> Spec:
    return {"text": text, "anchor": "start", "fontSize": 12, "fontWeight": "normal", "color": INK}


def _finish(chart: Spec, language: str, size: Size, title: Message | None) -> Drawing:
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
