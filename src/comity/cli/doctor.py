"""`comity doctor`: what is well, what wants attention and what is broken in an instance."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import click

_MARKS = {"well": "ok       ", "attention": "attention", "broken": "BROKEN   "}


@click.command("doctor", epilog="Example: comity doctor --instance our-town")
@click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The day to judge by.  [today]")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
@click.pass_context
def command(context: click.Context, folder: Path, day: datetime | None, as_json: bool) -> None:
    """Look an instance over: keys, sources, public folder, promises, clock, databases, disk. Changes nothing.

    Exit code 1 when something is broken.
    """
    from comity.instance.doctor import examine

    checks = examine(folder, today=day.date() if day else date.today())
    if as_json:
        click.echo(json.dumps([each.as_record() for each in checks], indent=2))
    else:
        for each in checks:
            click.echo(f"{_MARKS[each.state]}  {each.name}: {each.what}")
            if each.next_step:
                click.echo(f"           {each.next_step}")
    context.exit(1 if any(each.state == "broken" for each in checks) else 0)
