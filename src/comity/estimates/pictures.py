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
from comity.estimates.results import Estimate

INK = "#1b4f72"


def draw_estimates(estimates: Sequence[Estimate], *, width: int = 360) -> Any:
    """A chart of points with their intervals, one row an estimate; numbers with no margin of error are hollow."""
    shown = [each for each in estimates if each.estimate is not None]
    if not shown:
        raise ComityError("There is no number to draw.", "Every estimate is below the floor of answers.")
    order = [_label(each) for each in shown]
    table = pa.table({
        "label": order,
        "estimate": [each.estimate for each in shown],
        "low": [each.estimate if each.low is None else each.low for each in shown],
        "high": [each.estimate if each.high is None else each.high for each in shown],
        "margin": ["interval" if each.low is not None else "no margin of error" for each in shown],
    })  # fmt: skip
    y = alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=width // 2))
    base = alt.Chart(table).encode(y=y)
    x = alt.X("low:Q", title=shown[0].statistic, scale=alt.Scale(zero=False))
    lines = base.mark_rule(color=INK, strokeWidth=2).encode(x=x, x2="high:Q")
    points = base.mark_point(size=70, color=INK).encode(
        x="estimate:Q",
        fill=alt.Fill(
            "margin:N", scale=alt.Scale(domain=["interval", "no margin of error"], range=[INK, "white"]), legend=None
        ),
    )
    return (lines + points).properties(width=width, height=alt.Step(24))


def draw_weights(survey: Survey, *, width: int = 360) -> Any:
    """A chart of how the final weights are spread, as multiples of their mean."""
    weights = survey.weights[survey.weights != 0]
    counts, edges = np.histogram(weights / weights.mean(), bins=30)
    table = pa.table({"from": edges[:-1], "to": edges[1:], "rows": counts})
    x = alt.X("from:Q", title="weight, as a multiple of the mean weight", bin="binned")
    return (
        alt.Chart(table)
        .mark_bar(color=INK)
        .encode(x=x, x2="to:Q", y=alt.Y("rows:Q", title="people"))
        .properties(width=width, height=180)
    )


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


def _label(each: Estimate) -> str:
    return f"{each.variable}: {each.domain_name}" if each.domain_name else each.variable
