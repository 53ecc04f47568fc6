"""Pictures are the same whoever draws them, and come back in order."""

from __future__ import annotations

import pytest

from comity.releases.drawing import draw


def bars(height: int) -> dict:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": [{"a": f"figure {height}", "b": height}]},
        "mark": "bar",
        "encoding": {"x": {"field": "a", "type": "nominal"}, "y": {"field": "b", "type": "quantitative"}},
    }


def test_helpers_draw_what_is_drawn_here_in_the_same_order():
    shares: list[float] = []

    here = [draw([bars(height)])[0] for height in range(1, 14)]
    there = draw([bars(height) for height in range(1, 14)], progress=shares.append)

    assert there == here
    assert all(f"figure {height}".encode() in picture for height, picture in enumerate(there, start=1))
    assert sorted(shares)[-1] == 1
    assert len(shares) == 13


def test_a_picture_that_cannot_be_drawn_is_an_error_and_not_a_gap():
    with pytest.raises(RuntimeError, match="drew"):
        draw([*(bars(height) for height in range(1, 13)), {"mark": "no such mark"}])


def test_no_picture_is_no_work():
    assert draw([]) == []
