"""A progress bar a step on the terminal; nothing where the output is not a terminal but a line a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

Progress = Callable[[str, float], None]


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """A function (step, share done 0-1) that draws each step as a bar of its own, with its time."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not console.is_terminal:
        seen: set[str] = set()

        def line(step: str, share: float) -> None:
            if share >= 1 and step not in seen:
                seen.add(step)
                click.echo(f"{step}: done", err=True)

        yield line
        return
    bars = Bars(
        TextColumn("{task.description:<34}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        console=console,
    )
    tasks: dict[str, TaskID] = {}
    with bars:

        def bar(step: str, share: float) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=1.0)
            bars.update(tasks[step], completed=min(share, 1.0))

        yield bar
