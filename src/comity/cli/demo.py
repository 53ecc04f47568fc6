"""`comity demo`: the main job on the bundled Minneapolis stops and a survey of an invented town, then the site."""

from __future__ import annotations

import json
import socket
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
@click.option("--lan", is_flag=True, help="Let phones on this network answer the sample survey too.")
@click.option(
    "--town", is_flag=True, help="The invented town instead: survey, results, commitments, plans, training, events."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was published as JSON.")
def command(folder: Path, no_serve: bool, port: int, lan: bool, town: bool, as_json: bool) -> None:
    """Publish the 51,920 stops that Minneapolis made in 2017, and serve the portal and a sample survey on this machine.

    \b
    Examples:  comity demo --into demo --no-serve
               comity demo --town --lan
    """
    from comity.cli.demo_town import fill_rooms, publish_town, sample_survey
    from comity.cli.progress import shown_progress
    from comity.demo.minneapolis import publish_demo

    if town:
        folder = folder / "sample-town"
        publish_town(folder, today=date.today())
    else:
        with shown_progress() as progress:
            published = publish_demo(folder, today=date.today(), progress=progress)
        click.echo(json.dumps(published.as_record(), indent=2) if as_json else published.summary())
    if not no_serve:
        from comity.instance.site import read_site
        from comity.site.parts import PARTS
        from comity.site.server import SiteSetup, serve

        host, address = ("0.0.0.0", own_address()) if lan else ("127.0.0.1", "127.0.0.1")
        shown = f"http://{address}:{port}"
        code = sample_survey(folder, site_url=shown if lan else "")
        if town:
            fill_rooms(folder)
        click.echo(f"Answer the sample survey of an invented town: {shown}/code/#{code}")
        if lan:
            _show_qr(f"{shown}/code/#{code}")
        serve(
            folder / "public",
            parts=PARTS,
            setup=SiteSetup(folder, time_zone=read_site(folder)[1]),
            host=host,
            port=port,
            workers=2,
            site_url=shown if lan else "",
        )


def own_address() -> str:
    """The address by which this machine is reached on its network; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _show_qr(address: str) -> None:
    import segno

    segno.make(address, micro=False).terminal(compact=True)
