"""Pictures of estimates and of weights: Altair charts, and SVG files made from them.

Every picture of an estimate shows its interval; one without a margin of error is drawn hollow and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa

from comity.errors import ComityError
from comity.estimates.design import Survey
from comity.estimates.diagnostics import diagnose_weights
from comity.estimates.notes import statistic_name
from comity.estimates.results import Estimate
from comity.wording import message

INK = "#1b4f72"


def draw_estimates(estimates: Sequence[Estimate], *, width: int = 360, language: str = "en") -> Any:
    """A chart of points with their intervals, one row an estimate; numbers with no margin of error are hollow."""
    shown = [each for each in estimates if each.estimate is not None]
    if not shown:
        raise ComityError("There is no number to draw.", "Every estimate is below the floor of answers.")
    order = [_label(each, language) for each in shown]
    table = pa.table({
        "label": order,
        "estimate": [each.estimate for each in shown],
        "low": [each.estimate if each.low is None else each.low for each in shown],
        "high": [each.estimate if each.high is None else each.high for each in shown],
        "margin": ["interval" if each.low is not None else "no margin of error" for each in shown],
    })  # fmt: skip
    y = alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=width // 2))
    base = alt.Chart(table).encode(y=y)
    title = statistic_name(shown[0].statistic, language)
    x = alt.X("low:Q", title=title, scale=alt.Scale(zero=False, padding=8))
    lines = base.mark_rule(color=INK, strokeWidth=2).encode(x=x, x2="high:Q")
    points = base.mark_point(size=70, color=INK).encode(
        x="estimate:Q",
        fill=alt.Fill(
            "margin:N", scale=alt.Scale(domain=["interval", "no margin of error"], range=[INK, "white"]), legend=None
        ),
    )
    return (lines + points).properties(width=width, height=alt.Step(24))


def draw_each_statistic(estimates: Sequence[Estimate], *, language: str = "en") -> list[str]:
    """One picture, as SVG text, for each statistic that has a number."""
    by_statistic: dict[str, list[Estimate]] = {}
    for each in estimates:
        if each.estimate is not None:
            by_statistic.setdefault(each.statistic, []).append(each)
    return [svg_of(draw_estimates(group, language=language)) for group in by_statistic.values()]


def draw_weights(survey: Survey, *, width: int = 360, language: str = "en") -> Any:
    """A chart of how the final weights are spread, as multiples of their mean (marked), with what the weighting costs."""
    found = diagnose_weights(survey)
    weights = survey.weights[survey.weights != 0]
    counts, edges = np.histogram(weights / weights.mean(), bins=30)
    table = pa.table({"from": edges[:-1], "to": edges[1:], "rows": counts})
    said = [
        message(
            "{n:,} answers are worth {effective:,.0f} equally weighted ones.", n=found.n, effective=found.effective_n
        ),
        message("Kish design effect {deff:.2f}.", deff=found.deff_kish),
        message("The largest weight is {times:.1f} times the median.", times=found.largest_to_median),
        message("The heaviest hundredth of the answers carries {share:.1%}.", share=found.largest_share),
    ]
    if found.negative:
        said.append(message("{count:,} weights are negative.", count=found.negative))
    x_title = message("weight, as a multiple of the mean weight").in_language(language)
    x = alt.X("from:Q", title=x_title, bin="binned")
    y = alt.Y("rows:Q", title=message("answers").in_language(language))
    bars = alt.Chart(table).mark_bar(color=INK, stroke="white", strokeWidth=0.5).encode(x=x, x2="to:Q", y=y)
    mean = alt.Chart(pa.table({"mean": [1.0]})).mark_rule(color="black", strokeDash=[4, 3]).encode(x="mean:Q")
    title = alt.TitleParams(
        message("How much the weights differ").in_language(language),
        subtitle=[each.in_language(language) for each in said], anchor="start",
    )  # fmt: skip
    return (bars + mean).properties(width=width, height=180, title=title)


def svg_of(chart: Any) -> str:
    """The chart as SVG text."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(chart.to_json()))


def write_svg(chart: Any, path: Path) -> None:
    """Write the chart to an .svg file."""
    if path.suffix.casefold() != ".svg":
        raise ComityError(f"'{path.name}' is not an .svg file.", "Give a name that ends in .svg.")
    if not path.parent.is_dir():
        raise ComityError(f"There is no folder '{path.parent}'.", "Make it first.")
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(svg_of(chart), encoding="utf-8")
    partial.replace(path)


def _label(each: Estimate, language: str) -> str:
    return f"{each.variable}: {each.domain_name or message('everyone').in_language(language)}"
