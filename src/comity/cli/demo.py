"""`comity demo`: the main job on the bundled Minneapolis stops, then the portal."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click


@click.command("demo")
@click.option(
    "--into",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("comity-demo"),
    help="Where to make the instance.  [comity-demo]",
)
@click.option("--no-serve", is_flag=True, help="Publish only.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, help="Port of the portal.  [8000]")
@click.option("--json", "as_json", is_flag=True, help="Print what was published as JSON.")
def command(folder: Path, no_serve: bool, port: int, as_json: bool) -> None:
    """Publish the 51,920 stops that Minneapolis made in 2017, and serve the portal on this machine.

    \b
    Example:  comity demo --into demo --no-serve
    """
    from comity.cli.progress import shown_progress
    from comity.demo.minneapolis import publish_demo

    with shown_progress() as progress:
        published = publish_demo(folder, today=date.today(), progress=progress)
    click.echo(json.dumps(published.as_record(), indent=2) if as_json else published.summary())
    if not no_serve:
        from comity.site.server import serve

        serve(folder / "public", host="127.0.0.1", port=port, workers=2)
