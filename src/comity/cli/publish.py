"""`comity publish`: the main job, from source files to a sealed release."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import click


@click.command("publish")
@click.argument("dataset", required=False)
@click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), default=None, help="Publication date.  [today]")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(dataset: str | None, folder: Path, day: datetime | None, as_json: bool) -> None:
    """Standardise, count, analyse, protect, write and seal DATASET (or the only one there is).

    \b
    Example:  comity publish --instance our-town stops
    """
    from comity.cli.progress import shown_progress
    from comity.instance.publish import publish

    with shown_progress() as progress:
        published = publish(folder, dataset, today=day.date() if day else date.today(), progress=progress)
    click.echo(json.dumps(published.as_record(), indent=2) if as_json else published.summary())
