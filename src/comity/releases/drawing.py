"""Vega-Lite to SVG without a browser, on every core.

The renderer works on one picture at a time in a process, so several pictures are drawn by helper processes: this module run as
a program, which takes specifications on standard input, one a line, and answers with SVG, one JSON string a line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

_PICTURES_WORTH_A_PROCESS = 6  # a helper takes about as long to start as six pictures to draw


def draw(
    specifications: Sequence[Mapping[str, Any]], *, progress: Callable[[float], None] = lambda share: None
) -> list[bytes]:
    """The SVG of each Vega-Lite specification, in their order. progress: called with the share done, from 0 to 1."""
    lines = [json.dumps(each) for each in specifications]
    done = count(1)

    def drawn() -> None:
        progress(next(done) / len(lines))

    helpers = min(os.cpu_count() or 1, len(lines) // _PICTURES_WORTH_A_PROCESS)
    if helpers < 2:
        return [_draw_here(line, drawn) for line in lines]
    pictures: list[bytes] = [b""] * len(lines)
    with ThreadPoolExecutor(helpers) as threads:
        shares = list(threads.map(lambda first: _draw_there(lines[first::helpers], drawn), range(helpers)))
    for first, share in enumerate(shares):
        pictures[first::helpers] = share
    return pictures


def watermarked(picture: bytes) -> bytes:
    """The SVG `picture` of invented numbers, with that written across it."""
    mark = (
        b'<text x="50%" y="50%" text-anchor="middle" font-family="sans-serif" font-size="34" font-weight="bold" fill="#b00" '
        b'fill-opacity="0.25" transform="rotate(-18)" transform-origin="center">SAMPLE DATA</text>'
    )
    head, end, tail = picture.rpartition(b"</svg>")
    return head + mark + end + tail


def _draw_here(line: str, drawn: Callable[[], None]) -> bytes:
    import vl_convert

    picture: str = vl_convert.vegalite_to_svg(line)
    drawn()
    return picture.encode()


def _draw_there(lines: Sequence[str], drawn: Callable[[], None]) -> list[bytes]:
    pictures = []
    with subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as helper:
        assert helper.stdin is not None
        assert helper.stdout is not None
        helper.stdin.write("\n".join(lines) + "\n")
        helper.stdin.close()
        for answer in helper.stdout:
            pictures.append(str(json.loads(answer)).encode())
            drawn()
    if helper.returncode or len(pictures) != len(lines):
        raise RuntimeError(f"a helper drew {len(pictures)} of {len(lines)} pictures and ended with {helper.returncode}")
    return pictures


def _help() -> None:
    for line in sys.stdin.read().splitlines():
        print(json.dumps(_draw_here(line, lambda: None).decode()), flush=True)


if __name__ == "__main__":
    _help()
