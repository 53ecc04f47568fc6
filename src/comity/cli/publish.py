"""`comity publish`: the main job, from source files to a sealed release."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import click

from comity.cli.agreeing import agrees, yes_option
from comity.cli.reasons import because_option, read_reasons


@click.command("publish")
@click.argument("dataset", required=False)
@click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), default=None, help="Publication date.  [today]")
@because_option("Why a period that is public already is corrected.")
@yes_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    dataset: str | None, folder: Path, day: datetime | None, reasons: tuple[str, ...], yes: bool, as_json: bool
) -> None:
    """Standardise, count, analyse, protect, show, and seal DATASET (or the only one there is).

    Before anything is sealed, it shows what will become public, what is hidden, what the audit found and what changed,
    and asks.

    \b
    Example:  comity publish --instance our-town stops
    Correct:  comity publish --instance our-town stops --because en="..." --because es="..."
    """
    from comity.cli.progress import shown_progress
    from comity.cli.witness import post
    from comity.instance.preview import Preview
    from comity.instance.publish import publish
    from comity.instance.settings import read_instance

    because = read_reasons(reasons, read_instance(folder).agency.languages) if reasons else None

    with shown_progress() as progress:

        def confirm(shown: Preview) -> bool:
            with progress.paused():
                return agrees(shown.summary(), "Seal it, and make it public?", yes=yes, see=str(shown.page))

        published = publish(
            folder,
            dataset,
            today=day.date() if day else date.today(),
            because=because,
            confirm=confirm,
            post=post,
            progress=progress,
        )
    click.echo(json.dumps(published.as_record(), indent=2) if as_json else published.summary())
