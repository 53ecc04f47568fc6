"""A progress bar a step on the terminal; nothing where the output is not a terminal but a line a step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class Shown:
    """Called with (step, share done 0-1), draws each step as a bar of its own with its time, or says that it is done."""

    def __init__(self, bars: Bars | None) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._said: set[str] = set()

    def __call__(self, step: str, share: float) -> None:
        if self._bars is None:
            if share >= 1 and step not in self._said:
                self._said.add(step)
                click.echo(f"{step}: done", err=True)
            return
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(step, total=1.0)
        self._bars.update(self._tasks[step], completed=min(share, 1.0))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stops drawing, so that somebody can be asked something."""
        if self._bars is None:
            yield
            return
        self._bars.stop()
        try:
            yield
        finally:
            self._bars.start()


@contextmanager
def shown_progress() -> Iterator[Shown]:
    """What draws progress while the block runs."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Shown(None)
        return
    bars = Bars(
        TextColumn("{task.description:<34}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        console=console,
    )
    with bars:
        yield Shown(bars)
