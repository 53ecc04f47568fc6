"""Pictures of places and officers, one point each, for the agency's own eyes: scatter, funnel. And pictures stacked.

A public release draws groups only (comity.disparity.pictures), because a place's point gives its counts away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from comity.disparity.change import FunnelPoint
from comity.disparity.picture_parts import (
    BLUE,
    GREY,
    VERMILLION,
    Drawing,
    Rows,
    Size,
    finish,
    layer,
    nominal,
    own_colour,
    plot_width,
    quantity,
)
from comity.wording import Message, message


def _hit_rate(group: Message) -> Message:
    return message("{group}: share of searches that find something", group=group)


def _threshold(group: Message) -> Message:
    return message("{group}: chance of contraband at which people are searched", group=group)


SCATTERS: dict[str, tuple[Message, Callable[[Message], Message]]] = {
    "hit_rate": (message("Hit rates by place"), _hit_rate),
    "threshold": (message("Thresholds by place"), _threshold),
}
"""Title, and what is on an axis for a group, of each kind of scatter."""


def funnel_picture(
    points: Sequence[FunnelPoint], *, title: Message, language: str = "en", size: Size = "wide"
) -> Drawing:
    """Rates of places (or officers) against their exposure, inside the limits of chance (95% and 99.8%); those that stand out are named."""
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
    x = quantity("exposure", title=message("Exposure").in_language(language), scale={"zero": False})
    rate = message("Rate").in_language(language)
    limits = (("low", [4, 3]), ("high", [4, 3]), ("far_low", [1, 0]), ("far_high", [1, 0]))
    layers = [
        layer(
            rows,
            {"type": "line", "color": GREY, "strokeDash": dash, "interpolate": "monotone"},
            x=x,
            y=quantity(name, title=rate),
        )
        for name, dash in limits
    ]
    layers.append(
        layer(
            rows,
            {"type": "circle", "size": 50, "opacity": 0.9},
            x=x,
            y=quantity("rate"),
            color=own_colour(),
            tooltip=nominal("place"),
        )
    )
    # Names stand by turns left and right of their points, so that neighbours do not cover each other.
    standing = sorted((row for row in rows if row["colour"] == VERMILLION), key=lambda row: float(str(row["rate"])))
    for side, align, shift in ((0, "right", -7), (1, "left", 7)):
        label = {"type": "text", "align": align, "dx": shift, "fontSize": 11}
        layers.append(layer(standing[side::2], label, x=x, y=quantity("rate"), text=nominal("place")))
    return finish({"layer": layers, "width": plot_width(size, 60), "height": 300}, language, size, title)


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
    x = quantity("x", title=across.in_language(language), axis=axis, scale=scale)
    y = quantity("y", title=upward.in_language(language), axis=axis, scale=scale)
    equal: Rows = [{"x": 0.0, "y": 0.0}, {"x": most, "y": most}]
    side = plot_width(size, 60)
    layers = [
        layer(equal, {"type": "line", "strokeDash": [4, 3], "color": GREY}, x=x, y=y),
        layer(
            rows,
            {"type": "circle", "opacity": 0.6, "color": BLUE},
            x=x,
            y=y,
            size=quantity("weight", legend=None),
            tooltip=nominal("place"),
        ),
    ]
    return finish({"layer": layers, "width": side, "height": min(side, 420)}, language, size, title)


def stacked(drawings: Sequence[Drawing]) -> Drawing:
    """The drawings one below the other, as one picture. Raises ValueError for none."""
    if not drawings:
        raise ValueError("there is no picture to stack")
    if len(drawings) == 1:
        return drawings[0]
    frame = ("$schema", "background", "padding", "config")
    first = drawings[0].to_dict()
    inner = [{key: value for key, value in each.to_dict().items() if key not in frame} for each in drawings]
    return Drawing({**{key: first[key] for key in frame}, "vconcat": inner, "spacing": 40})
