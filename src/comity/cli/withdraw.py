"""`comity withdraw`: take a version out of the public folder, and say so for ever."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from comity.cli.agreeing import agrees, yes_option
from comity.cli.reasons import because_option, read_reasons


@click.command("withdraw")
@click.argument("release")
@click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]")
@because_option("Why it may no longer be read.")
@click.option("--by", default="", help="Who decided.  [the agency]")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), default=None, help="Date of the withdrawal.  [today]")
@click.option("--keep-differences", is_flag=True, help="Also when a correction of it, which stays, repeats its cells.")
@yes_option
def command(
    release: str,
    folder: Path,
    reasons: tuple[str, ...],
    by: str,
    day: datetime | None,
    keep_differences: bool,
    yes: bool,
) -> None:
    """Withdraw one version of a RELEASE, such as stops/2017/v1. Its address then shows who withdrew it, when and why.

    For numbers that are wrong, publish a correction instead: it leaves the old version readable. What was public once
    stays known to the audit of later releases, in the private folder withdrawn/.

    \b
    Example:  comity withdraw stops/2017/v1 --because en="..." --because es="..." --by "Records Division"
    """
    from comity.cli.witness import post
    from comity.instance.promising import withdraw
    from comity.instance.settings import read_instance

    because = read_reasons(reasons, read_instance(folder).agency.languages)
    said = "\n".join([f"{release} will answer with its tombstone from now on:", *because.values()])
    if not agrees(said, "Withdraw it for good?", yes=yes):
        raise click.Abort
    stone = withdraw(
        folder,
        release,
        because=because,
        by=by,
        today=day.date() if day else date.today(),
        keep_differences=keep_differences,
        post=post,
    )
    click.echo(f"{stone.id} is withdrawn. Its tombstone is {folder / 'public' / stone.path}.")
