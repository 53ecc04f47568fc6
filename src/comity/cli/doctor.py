"""`comity doctor`: what is well, what wants attention and what is broken in an instance."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from comity.instance.doctor import Check

_MARKS = {"well": "ok       ", "attention": "attention", "broken": "BROKEN   "}


@click.command("doctor", epilog="Example: comity doctor --instance our-town")
@click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The day to judge by.  [today]")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
@click.pass_context
def command(context: click.Context, folder: Path, day: datetime | None, as_json: bool) -> None:
    """Look an instance over: keys, sources, public folder, promises, clock, databases, disk, log, mail. Changes nothing.

    Exit code 1 when something is broken.
    """
    from comity.instance.doctor import examine

    today = day.date() if day else date.today()
    checks = (*examine(folder, today=today), *_of_the_site(folder, today))
    if as_json:
        click.echo(json.dumps([each.as_record() for each in checks], indent=2))
    else:
        for each in checks:
            click.echo(f"{_MARKS[each.state]}  {each.name}: {each.what}")
            if each.next_step:
                click.echo(f"           {each.next_step}")
    context.exit(1 if any(each.state == "broken" for each in checks) else 0)


def _of_the_site(folder: Path, today: date) -> list[Check]:
    """What the site's own database shows, where the instance has accounts."""
    from comity.cli.setting_up import configure_site, has_accounts
    from comity.instance.doctor import Check

    if not has_accounts(folder):
        return []
    configure_site(folder, "community")
    from comity.site.community.checkup import look_over

    end_of_day = datetime.combine(today, time.max, UTC)
    return [Check(*found) for found in look_over(folder / "public", end_of_day)]  # type: ignore[arg-type]
