"""Progress bars stop drawing while somebody is asked, or nobody would see the question."""

from __future__ import annotations

import io

from rich.console import Console
from rich.progress import Progress

from comity.cli.progress import Shown, shown_progress


def test_bars_stand_still_while_somebody_is_asked():
    bars = Progress(console=Console(file=io.StringIO(), force_terminal=True))

    with bars:
        shown = Shown(bars)
        shown("Count", 0.5)
        with shown.paused():
            drawn_while_asked = bars.live.is_started
        drawn_after = bars.live.is_started

    assert (drawn_while_asked, drawn_after) == (False, True)


def test_where_there_is_no_terminal_each_step_is_said_once(capsys):
    with shown_progress() as progress:
        for share in (0.5, 1.0, 1.0):
            progress("Count", share)
        with progress.paused():
            progress("Seal", 1.0)

    assert capsys.readouterr().err == "Count: done\nSeal: done\n"
