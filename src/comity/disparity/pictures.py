"""One picture a finding, described in Vega-Lite and drawn by someone else (releases render SVG at publish time).

Rules: intervals are always drawn, labels stand beside what they name and never on each other, colours stay apart for
colour-blind readers (Okabe and Ito 2008), and nothing is shown by colour alone. Two sizes: "wide" (720 px) and "narrow"
(360 px, a phone). The specifications are written out as they are: a library that builds them takes a tenth of a second each.
"""

from __future__ import annotations

from collections.abc import Sequence

from comity.disparity.finding import Figure, Finding
from comity.disparity.picture_parts import (
    BLUE,
    GREY,
    VERMILLION,
    Drawing,
    Rows,
    Size,
    around,
    dots,
    estimate_row,
    finish,
    layer,
    nominal,
    own_colour,
    plot_width,
    quantity,
    stack,
    subtitle,
)
from comity.wording import Message, message


def picture(finding: Finding, language: str = "en", size: Size = "wide") -> Drawing:
    """The finding's picture, with texts in `language`. Raises ValueError for a finding without figures (chart is None)."""
    if finding.chart is None:
        raise ValueError(f"finding {finding.id} has no picture")
    if finding.method == "veil_of_darkness":
        return _veil(finding, language, size)
    if finding.method in ("change", "rollout"):
        return _course(finding, language, size)
    if finding.method == "selection_bounds":
        return _sweep(finding, language, size)
    if finding.method == "benchmarks":
        ratio = message("Ratio of the two (1 = no difference)")
        return forest(
            finding.figures,
            title=ratio,
            no_difference=1.0,
            ratio=True,
            language=language,
            size=size,
            question=finding.question,
        )
    if finding.unit == "difference":
        return _differences(finding, language, size)
    return _rates(finding, language, size)


def forest(
    figures: Sequence[Figure],
    *,
    title: Message,
    no_difference: float,
    ratio: bool,
    language: str,
    size: Size,
    question: Message | None = None,
) -> Drawing:
    """Estimates with intervals, one a line, and a rule at no difference; ratios on a log axis."""
    rows = [estimate_row(figure, language, percent=False) for figure in figures if figure.low is not None]
    lines = dots(rows, language, size, axis=title, scale="log" if ratio else "linear", rule=no_difference)
    return finish(lines, language, size, question)


def _rates(finding: Finding, language: str, size: Size) -> Drawing:
    """Above: each group's rate. Below: the ratio, pooled and within places, on a log axis with a line at 1."""
    share = finding.method != "stop_rate"
    groups = [estimate_row(f, language, percent=share) for f in finding.figures if f.part == "group"]
    ratios = [
        estimate_row(f, language, percent=False) for f in finding.figures if f.part in ("comparison", "sensitivity")
    ]
    rates_axis = {
        "search_rate": message("Share of stops with a search"),
        "outcome_test": message("Share of searches that find something"),
        "stop_rate": message("Stops per 1,000 in the benchmark"),
    }[finding.method]
    above = dots(groups, language, size, axis=rates_axis, percent=share, colours=(BLUE, VERMILLION), zero=True)
    below = dots(ratios, language, size, axis=message("Ratio of the two (1 = no difference)"), scale="log", rule=1.0)
    return finish(stack(above, below), language, size, finding.question)


def _differences(finding: Finding, language: str, size: Size) -> Drawing:
    """Above: each group's level. Below: the difference and its sensitivities, around a line at 0."""
    groups = [estimate_row(f, language, percent=True) for f in finding.figures if f.part == "group"]
    gaps = [
        estimate_row(f, language, percent=True)
        for f in finding.figures
        if f.part in ("comparison", "sensitivity") and f.low is not None
    ]
    level, gap = message("Level of each group"), message("Difference (0 = no difference)")
    if finding.method == "threshold_test":
        level = message("Chance of contraband at which people are searched")
    below = dots(gaps, language, size, axis=gap, percent=True, rule=0.0)
    if not groups:
        return finish(below, language, size, finding.question)
    above = dots(groups, language, size, axis=level, percent=True, colours=(BLUE, VERMILLION), zero=True)
    return finish(stack(above, below), language, size, finding.question)


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
    x = quantity(
        "at",
        title=title.in_language(language),
        axis={"values": sorted(shown), "labelExpr": f"{lookup}[datum.value]", "grid": False},
        scale={"padding": 10, "nice": False},
    )
    no_effect = {"type": "rule", "strokeDash": [4, 3], "color": GREY}
    layers = [] if change else [layer([{"zero": 0.0}], no_effect, y=quantity("zero"))]
    layers += [
        layer(
            rows,
            {"type": "rule", "strokeWidth": 2, "opacity": 0.7},
            x=x,
            y=quantity("low", title=None),
            y2={"field": "high"},
            color=own_colour(),
        ),
        layer(
            rows,
            {"type": "point", "filled": True, "size": 45, "opacity": 1},
            x=x,
            y=quantity("y", title=None, scale=around(rows, zero=change)),
            color=own_colour(),
        ),
    ]
    label = message("Rate in each period") if change else message("Effect against comparable units")
    above = {
        "layer": layers,
        "width": plot_width(size, 46),
        "height": 200,
        "title": subtitle(label.in_language(language)),
    }
    kept = [f for f in finding.figures if f.low is not None and (f.part != "detail" or not f.more)]
    ratios = [estimate_row(f, language, percent=False) for f in kept]
    axis = message("Ratio to before (1 = no change)") if change else message("Difference (0 = no difference)")
    scale, rule = ("log", 1.0) if change else ("linear", 0.0)
    below = dots(ratios, language, size, axis=axis, scale=scale, rule=rule, left=46)
    return finish(stack(above, below), language, size, finding.question)


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
        estimate_row(f, language, percent=False)
        for f in finding.figures
        if f.part in ("comparison", "sensitivity")
        or (f.part == "detail" and f.low is not None and "minute" not in f.more)
    ]
    odds = message("Odds ratio, dark against light (1 = no difference)")
    below = dots(ratios, language, size, axis=odds, scale="log", rule=1.0, left=46)
    if not rows:
        return finish(below, language, size, finding.question)
    x = quantity(
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
    colour = {**nominal("series"), "scale": {"domain": names, "range": [VERMILLION, BLUE]}, "legend": key}
    shape = {**nominal("series"), "scale": {"domain": names, "range": ["circle", "square"]}, "legend": key}
    y = quantity("share", title=None, scale=around(rows, zero=False), axis={"format": "%", "tickCount": 5})
    layers = [
        layer(
            rows,
            {"type": "rule", "strokeWidth": 2, "opacity": 0.7},
            x=x,
            y=quantity("low", title=None),
            y2={"field": "high"},
            color=colour,
        ),
        layer(rows, {"type": "point", "filled": True, "size": 55, "opacity": 1}, x=x, y=y, color=colour, shape=shape),
    ]
    axis = message("Share of the people stopped").in_language(language)
    above = {"layer": layers, "width": plot_width(size, 46), "height": 200, "title": subtitle(axis)}
    return finish(stack(above, below), language, size, finding.question)


def _sweep(finding: Finding, language: str, size: Size) -> Drawing:
    """Across: the share of the stops that would not have been made. Up: the difference, with its interval, and between
    its bounds a band for the effect among everybody stopped.
    """
    effects: Rows = []
    bounds: Rows = []
    for figure in finding.figures:
        rho = figure.more.get("rho")
        if figure.part in ("comparison", "sensitivity"):
            effects.append({"rho": rho, "y": figure.estimate, "low": figure.low, "high": figure.high})
        elif rho is not None:
            bounds.append({"rho": rho, "low": figure.more["least"], "high": figure.more["most"]})
    x = quantity(
        "rho",
        title=message("Share of these stops that would not have been made").in_language(language),
        axis={"format": "%", "tickCount": 6, "grid": False},
        scale={"padding": 10, "nice": False},
    )
    percent = {"format": "+.0%", "tickCount": 5}
    scale = around([*effects, *bounds, {"low": 0.0, "high": 0.0}], zero=False)
    y = quantity("y", title=None, axis=percent, scale=scale)
    none = {"type": "rule", "strokeDash": [4, 3], "color": GREY}
    layers = [
        layer(
            bounds,
            {"type": "area", "color": GREY, "opacity": 0.25},
            x=x,
            y=quantity("low", title=None, scale=scale),
            y2={"field": "high"},
        ),
        layer([{"zero": 0.0}], none, y=quantity("zero")),
        layer(
            effects,
            {"type": "rule", "strokeWidth": 2, "opacity": 0.7, "color": BLUE},
            x=x,
            y=quantity("low"),
            y2={"field": "high"},
        ),
        layer(effects, {"type": "line", "color": BLUE, "point": {"filled": True, "size": 60, "color": BLUE}}, x=x, y=y),
    ]
    label = message("Difference in the share searched; grey: bounds for everybody stopped").in_language(language)
    chart = {"layer": layers, "width": plot_width(size, 46), "height": 260, "title": subtitle(label)}
    return finish({"vconcat": [chart]}, language, size, finding.question)
