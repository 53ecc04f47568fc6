"""`comity promise`: seal what will be published, and by when, before the data exist."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from comity.cli.agreeing import agrees, yes_option


@click.command("promise")
@click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), default=None, help="Date of the entries.  [today]")
@yes_option
def command(folder: Path, day: datetime | None, yes: bool) -> None:
    """Seal the promises and series breaks of comity.toml that are not sealed yet; no record is read.

    A promise that changed needs `because`, one that is dropped needs `broken`: docs/how-to/promise-a-release.md.

    \b
    Example:  comity promise --instance our-town
    """
    from comity.cli.witness import post
    from comity.instance.promising import promise

    def confirm(lines: tuple[str, ...]) -> bool:
        return agrees("\n".join(lines), "Seal it? It stays, for all to read.", yes=yes)

    done = promise(folder, today=day.date() if day else date.today(), confirm=confirm, post=post)
    if done.lines:
        click.echo(f"Sealed {len(done.lines)} in {done.public}; verify with: comity verify {done.public}")
    else:
        click.echo("Nothing to seal: all that comity.toml promises is sealed.")
