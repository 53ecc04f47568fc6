"""`comity serve`: the public portal of one instance, and its survey pages where it has any."""

from __future__ import annotations

from pathlib import Path

import click

PARTS = ("portal", "codes", "answers")


@click.command("serve")
@click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]")
@click.option("--host", default="127.0.0.1", help="Address to listen on.  [127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="Port; 0 takes a free one.  [8000]")
@click.option("--workers", type=click.IntRange(1, 64), default=2, help="Processes.  [2]")
@click.option("--url", "site_url", default="", help="The https address that people use, behind a proxy.")
@click.option(
    "--only",
    type=click.Choice(PARTS),
    multiple=True,
    help="Serve this part alone, so that another process or organisation runs the others; may be repeated.",
)
def command(folder: Path, host: str, port: int, workers: int, site_url: str, only: tuple[str, ...]) -> None:
    """Serve the public portal of an instance, or of a copied public folder, and the surveys of the instance.

    \b
    Examples:  comity serve --instance our-town --port 8000
               comity serve --instance our-town --only codes --port 8001
    """
    from comity.instance.site import read_site
    from comity.site.server import Surveys, serve

    public = folder if (folder / "agency.json").is_file() else folder / "public"
    has_surveys = any((folder / "keys").glob("tokens-*.key"))
    parts = tuple(each for each in PARTS if each in only) or (PARTS if has_surveys else PARTS[:1])
    surveys = None
    if set(parts) - {"portal"}:
        site, time_zone = read_site(folder)
        surveys = Surveys(folder, site.databases, site.codes_url, site.answers_url, time_zone)
    serve(
        public,
        parts=parts,
        surveys=surveys,
        host=host,
        port=port,
        workers=workers,
        site_url=site_url,
        announce=click.echo,
    )
